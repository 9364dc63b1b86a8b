"""The table of the benchmark."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from statistics import mean, median
from typing import NamedTuple

from scipy import stats

from nas.benchmarks.markdown import table
from nas.benchmarks.trainings import Training, groups
from nas.common.provenance import command, environment

_HEAD = (
    "change",
    "free parameters",
    "MFLOPs",
    "seconds",
    "seeds",
    "validation AUC, by seed",
    "difference to the base",
)


BASE = "base"
"""Name of the network that is changed."""

_FAR = 4.0
"""Seeds that are so many times as far apart as usual say that the usual spread is not theirs."""


def ablation_page(trainings: Sequence[Training]) -> str:
    """Return the page of Markdown.

    Args:
        trainings: Trainings that are done, those of the base first.
    """
    found = {group[0].network: group for group in groups(trainings)}
    spread = spread_of_seeds(list(found.values()))
    lines = [
        "# What a gene is worth",
        "",
        f"Base: `{found[BASE][0].architecture}`.",
        "",
        "Small-scale trainings on a CPU: each line changes one gene of the base and leaves all "
        "others as they are; genes that become active have the middle one of their choices. "
        "Validation AUC of the best epoch; the test images are not looked at, since the table is "
        "there to choose. "
        + _said_of(spread, len(found) - 1)
        + " The command and the environment are those that "
        "added the last rows; trainings.csv has the commit, the data and the curve of each. Later "
        "spaces may lack genes that brought nothing: such rows are made by the commit that they "
        "name.",
        "",
        *table(
            ("what", "value"), [("command", f"`{command()}`"), *map(_told, environment().items())]
        ),
        "",
        *table(_HEAD, [_row(name, group, found[BASE], spread) for name, group in found.items()]),
        "",
    ]
    return "\n".join(lines)


class SeedSpread(NamedTuple):
    """How far seeds of a network differ.

    Attributes:
        deviation: Standard deviation of the AUC between seeds, the same for all networks.
        pairs: Number of pairs of seeds that it comes from.
    """

    deviation: float
    pairs: int

    def half(self, seeds: int) -> float:
        """Return half the interval of 95 % of a difference of two networks with so many seeds."""
        quantile: float = stats.t.ppf(0.975, self.pairs)
        return quantile * self.deviation * sqrt(2 / seeds)


def spread_of_seeds(groups: Sequence[Sequence[Training]]) -> SeedSpread | None:
    """Return how far seeds of a network differ; None where no network has two.

    It is taken from the median distance of two seeds of a network, so that a training that went
    astray does not count for more than another.

    Args:
        groups: The trainings of each network.
    """
    apart = [abs(one.val_auc - other.val_auc) for group in groups for one, other in pairwise(group)]
    # Half of the distances between two normal numbers are below this many standard deviations.
    middle: float = sqrt(2) * stats.norm.ppf(0.75)
    return SeedSpread(median(apart) / middle, len(apart)) if apart else None


def _said_of(spread: SeedSpread | None, changes: int) -> str:
    if spread is None:
        return "With one seed nothing is known of the spread between seeds."
    return (
        f"Seeds of a network have a standard deviation of {spread.deviation:.4f} (from the median "
        f"distance of two seeds, {spread.pairs} pairs), and from it come the intervals of 95 % "
        f"(Student's t). They hold for one change at a time: of {changes} changes without any "
        f"effect {changes / 20:.1f} would lie outside, and all share the luck of one base. A "
        "network whose own seeds are much farther apart has no interval."
    )


def _told(item: tuple[str, object]) -> tuple[str, str]:
    return item[0], str(item[1])


def _row(
    name: str, group: Sequence[Training], base: Sequence[Training], spread: SeedSpread | None
) -> tuple[str, ...]:
    return (
        name,
        f"{group[0].params:,}",
        f"{group[0].mflops:.1f}",
        f"{mean(one.seconds for one in group):,.0f}",
        str(len(group)),
        " / ".join(f"{one.val_auc:.4f}" for one in group),
        "–" if name == BASE else _gain(group, base, spread),
    )


def _gain(group: Sequence[Training], base: Sequence[Training], spread: SeedSpread | None) -> str:
    of_base = {one.seed: one.val_auc for one in base}
    gains = [one.val_auc - of_base[one.seed] for one in group if one.seed in of_base]
    if not gains:
        return "–"
    aucs = [one.val_auc for one in group]
    if spread is None or max(aucs) - min(aucs) > _FAR * sqrt(2) * spread.deviation:
        return f"{mean(gains):+.4f}"
    return f"{mean(gains):+.4f} ± {spread.half(len(gains)):.4f}"
