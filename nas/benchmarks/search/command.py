"""Does a search find more than chance? ``python -m nas.benchmarks.search``."""

import sys
from collections.abc import Sequence

import optuna

from nas.benchmarks.search.report import publish_proof
from nas.benchmarks.search.ridge import make_ridge
from nas.benchmarks.search.settings import RIDGE, SearchBenchmarkSettings
from nas.benchmarks.search.simulated import search_count, search_table
from nas.benchmarks.search.trained import SearchOutcome, search_from_end_to_end
from nas.benchmarks.table.bench import LensBench
from nas.cluster.connection import cluster
from nas.common.files import make_directory
from nas.common.progress import progress
from nas.common.settings import SPACE
from nas.samplers.names import SAMPLERS
from nas.samplers.registry import register_sampler
from search_spaces import find_architecture


def run(settings: SearchBenchmarkSettings) -> None:
    """Do the searches that are missing, and publish after each.

    Raises:
        UserError: A strategy is unknown, the table is not whole, or a directory holds another
            search.
        SpaceError: There is no network of the name.
    """
    register_sampler(RIDGE, make_ridge)
    for strategy in settings.strategies:
        SAMPLERS.require(strategy)
    find_architecture(settings.named, SPACE)
    make_directory(settings.out, "--out")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    simulated = None
    if settings.simulated:
        bench = LensBench.read_whole(settings.table, finals=True)
        with progress("searching the table", search_count(settings), "searches") as advance:
            simulated = search_table(bench, settings, advance)

    def publish(outcomes: Sequence[SearchOutcome]) -> str:
        return publish_proof(settings, simulated, outcomes)

    outcomes: Sequence[SearchOutcome] = ()
    if settings.runs:
        with cluster(None, settings.workers):
            outcomes = search_from_end_to_end(settings, publish)
    sys.stdout.write(publish(outcomes))
