"""How many images networks need: ``python -m nas.benchmarks.efficiency``."""

import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from nas.benchmarks.efficiency.settings import EfficiencySettings
from nas.benchmarks.figures import write_figure
from nas.benchmarks.networks import Network, with_twins
from nas.benchmarks.page import trainings_page
from nas.benchmarks.trainings import Training, carry_out, length_for, plan, read_trainings
from nas.common.errors import UserError
from nas.common.files import make_directory, write_text
from nas.report.efficiency import efficiency_figure, read_efficiency

_WORDS = (
    "The report of a leaderboard shows the same figure where it is given the table: `python -m "
    "nas.report DIR --data-efficiency trainings.csv`."
)


def run(settings: EfficiencySettings) -> None:
    """Do the trainings that are not done yet, and write table and figure after each."""
    make_directory(settings.out, "--out")

    path = settings.out / "trainings.csv"
    trainings = list(trainings_on_fewer(settings))
    _check(read_trainings(path), trainings[0][0], path)

    def page(done: Sequence[Training]) -> str:
        return trainings_page("How many images it takes", _WORDS, done, settings.image_size)

    def publish(done: Sequence[Training]) -> None:
        write_text(settings.out / "README.md", page(done))
        write_figure(
            lambda: efficiency_figure(read_efficiency(path)), settings.out / "efficiency.png"
        )

    sys.stdout.write(page(carry_out(trainings, path, publish)))


def _check(done: Sequence[Training], wanted: Training, path: Path) -> None:
    """Check that the trainings of a table can stand in one figure with those that are wanted."""
    longest = {one.images: one.epochs for one in done}
    if any(one.data != wanted.data for one in done) or (
        longest.get(wanted.images, wanted.epochs) != wanted.epochs
    ):
        raise UserError(
            f"{path} has trainings on other images, or of other lengths: give another --out"
        )


def trainings_on_fewer(settings: EfficiencySettings) -> Iterator[tuple[Training, Network]]:
    """Yield all trainings without their outcomes, seed by seed, from many images to few."""
    images = sorted(set(settings.images), reverse=True)
    for seed, count in product(range(settings.seeds), images):
        length = length_for(count, settings.epochs, images[0])
        for network in with_twins(settings.networks):
            yield plan(
                settings,
                network,
                nuisance=settings.nuisance,
                images=count,
                seed=seed,
                **length,
            )
