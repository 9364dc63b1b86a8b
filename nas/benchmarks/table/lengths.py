"""Tables of other lengths of training: is the order of networks the one that lasts?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.benchmarks.table.bench import LensBench
from nas.common.errors import UserError
from nas.fidelity.ranking import Estimate, Values, estimate, kendall
from search_spaces import Architecture

_SAME = ("space", "genes", "images")


@dataclass(frozen=True)
class Length:
    """How trainings of another length agree with those of a benchmark, on networks of both.

    Each ranking is by validation AUC with some seeds, and is compared with test AUC of others, as
    far as there are others: so they share no luck.

    Attributes:
        epochs: Epochs of the other trainings.
        networks: Number of networks that both have.
        seeds: Seeds of the other trainings.
        theirs: Mean test AUC of the other trainings.
        ours: Mean test AUC of the same networks in the benchmark.
        foretold: Kendall's τ of the other trainings' ranking to the benchmark.
        lasting: Kendall's τ of the benchmark's ranking to the other trainings.
        cut: Kendall's τ of the benchmark's trainings to themselves, when they are cut short after
            as many epochs; None where the others are not shorter.
    """

    epochs: int
    networks: int
    seeds: int
    theirs: float
    ours: float
    foretold: Estimate
    lasting: Estimate
    cut: Estimate | None


def open_others(paths: Sequence[Path], bench: LensBench) -> list[LensBench]:
    """Return the tables of other lengths.

    Raises:
        UserError: One is not there or damaged, is of another space or other images, or has fewer
            than two networks that the benchmark has too.
    """
    others = []
    for path in paths:
        other = LensBench.read(path)
        for what in _SAME:
            if other.about.get(what) != bench.about.get(what):
                raise UserError(
                    f"{path} is a table of other {what} than that which it is compared with: make "
                    "one that differs in --epochs alone"
                )
        others.append(other)
    return others


def length(bench: LensBench, other: LensBench) -> Length | None:
    """Return how trainings of another length agree; None where there are too few networks yet."""
    known = set(bench.networks)
    networks = [network for network in other.networks if network in known]
    if len(networks) < 2:
        return None
    # Where there is no other seed, what is compared shares its luck.
    unlike = [seed for seed in bench.seeds if seed not in other.seeds] or bench.seeds
    alike = [seed for seed in bench.seeds if seed not in unlike] or bench.seeds
    epochs = len(other.rows[0].curve)
    ours, theirs = _test(bench, networks, unlike), _test(other, networks, other.seeds)
    cut = None
    if epochs < len(bench.rows[0].curve):
        cut = estimate(kendall, _val(bench, networks, alike, epochs), ours)
    return Length(
        epochs=epochs,
        networks=len(networks),
        seeds=len(other.seeds),
        theirs=float(theirs.mean()),
        ours=float(_test(bench, networks, bench.seeds).mean()),
        foretold=estimate(kendall, _val(other, networks, other.seeds), ours),
        lasting=estimate(kendall, _val(bench, networks, unlike), theirs),
        cut=cut,
    )


def _test(bench: LensBench, networks: Sequence[Architecture], seeds: Sequence[int]) -> Values:
    return np.array(
        [np.mean([bench.row(one, seed).test_auc for seed in seeds]) for one in networks]
    )


def _val(
    bench: LensBench,
    networks: Sequence[Architecture],
    seeds: Sequence[int],
    epochs: int | None = None,
) -> Values:
    return np.array([np.mean([bench.val(one, seed, epochs) for seed in seeds]) for one in networks])
