"""Tables of other lengths of training: is the order of networks the one that lasts?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.benchmarks.table.bench import LensBench
from nas.common.errors import UserError
from nas.fidelity.ranking import Estimate, Values, estimate, kendall
from search_spaces import Architecture


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
        UserError: One is not there or damaged, or differs in more than the number of epochs.
    """
    others = []
    for path in paths:
        other = LensBench.read(path)
        for what, value in _shared(bench).items():
            if _shared(other)[what] != value:
                raise UserError(
                    f"{path} is a table of other {what} than that which it is compared with: make "
                    "one that differs in --epochs alone"
                )
        others.append(other)
    return others


def _shared(bench: LensBench) -> dict[str, Any]:
    """Return what must be the same where trainings of other lengths are compared."""
    about = {what: bench.about.get(what) for what in ("space", "genes", "images")}
    return {**about, "recipe": {**bench.about["recipe"], "epochs": None}}


def length(bench: LensBench, other: LensBench) -> Length | None:
    """Return how trainings of another length agree; None where there are too few networks yet."""
    known = set(bench.networks)
    networks = [network for network in other.networks if network in known]
    if len(networks) < 2:
        return None
    # Some of our seeds rank, and others judge, which the other table has not. Where there is one
    # seed, what is compared shares its luck.
    rank = [seed for seed in bench.seeds if seed in other.seeds] or bench.seeds[:1]
    judge = [seed for seed in bench.seeds if seed not in rank] or bench.seeds
    epochs = len(other.rows[0].curve)
    ours, theirs = _test(bench, networks, judge), _test(other, networks, other.seeds)
    cut = None
    if epochs < len(bench.rows[0].curve):
        cut = estimate(kendall, _val(bench, networks, rank, epochs), ours)
    return Length(
        epochs=epochs,
        networks=len(networks),
        seeds=len(other.seeds),
        theirs=float(theirs.mean()),
        ours=float(_test(bench, networks, bench.seeds).mean()),
        foretold=estimate(kendall, _val(other, networks, other.seeds), ours),
        lasting=estimate(kendall, _val(bench, networks, judge), theirs),
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
