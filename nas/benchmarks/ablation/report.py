"""The table of the benchmark."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from statistics import mean, median

from scipy import stats

from nas.benchmarks.markdown import table
from nas.benchmarks.networks import Network
from nas.benchmarks.trainings import Training
from nas.common.provenance import command, environment

_HEAD = (
    "change",
    "free parameters",
    "MFLOPs",
    "seconds",
    "seeds",
    "validation AUC, by seed",
    "less that of the base",
)


def ablation_page(trainings: Sequence[Training], variants: Sequence[Network]) -> str:
    """Return the page of Markdown.

    Args:
        trainings: Trainings that are done.
        variants: The network that was changed, and its variants.
    """
    base = str(variants[0].architecture)
    groups = [(one.name, [each for each in trainings if _is_of(each, one)]) for one in variants]
    spread = spread_of_seeds([group for _, group in groups])
    lines = [
        "# What a gene is worth",
        "",
        f"Base: `{base}`.",
        "",
        "Small-scale trainings on a CPU: each line changes one gene of the base and leaves all "
        "others as they are; genes that become active have the middle one of their choices. "
        "Validation AUC of the best epoch; the test images are not looked at, since the table is "
        "there to choose. " + _said_of(spread) + " The command and the environment are those that "
        "added the last rows; trainings.csv has the commit, the data and the curve of each.",
        "",
        *table(
            ("what", "value"), [("command", f"`{command()}`"), *map(_told, environment().items())]
        ),
        "",
        *table(_HEAD, [_row(name, group, groups[0][1], spread) for name, group in groups if group]),
        "",
    ]
    return "\n".join(lines)


def _is_of(training: Training, network: Network) -> bool:
    described = network.name, str(network.architecture)
    return (training.network, training.architecture) == described


def spread_of_seeds(groups: Sequence[Sequence[Training]]) -> float | None:
    """Return the standard deviation of the AUC between seeds, the same for all networks.

    It is taken from the median distance of two seeds of a network, so that a training that went
    astray does not count for more than another.

    Args:
        groups: The trainings of each network.
    """
    apart = [abs(one.val_auc - other.val_auc) for group in groups for one, other in pairwise(group)]
    # Half of the distances between two normal numbers are below this many standard deviations.
    middle: float = sqrt(2) * stats.norm.ppf(0.75)
    return median(apart) / middle if apart else None


def _said_of(spread: float | None) -> str:
    if spread is None:
        return "With one seed nothing is known of the spread between seeds."
    return (
        f"Seeds of a network have a standard deviation of {spread:.4f} (from the median distance "
        "of two seeds, over all networks); from it come the intervals of 95 %, and a difference "
        "within its interval says nothing."
    )


def _told(item: tuple[str, object]) -> tuple[str, str]:
    return item[0], str(item[1])


def _row(
    name: str, group: Sequence[Training], base: Sequence[Training], spread: float | None
) -> tuple[str, ...]:
    return (
        name,
        f"{group[0].params:,}",
        f"{group[0].mflops:.1f}",
        f"{mean(one.seconds for one in group):,.0f}",
        str(len(group)),
        " / ".join(f"{one.val_auc:.4f}" for one in group),
        "–" if name == "base" else _gain(group, base, spread),
    )


def _gain(group: Sequence[Training], base: Sequence[Training], spread: float | None) -> str:
    of_base = {one.seed: one.val_auc for one in base}
    gains = [one.val_auc - of_base[one.seed] for one in group if one.seed in of_base]
    if not gains:
        return "–"
    half = "" if spread is None else f" ± {1.96 * spread * sqrt(2 / len(gains)):.4f}"
    return f"{mean(gains):+.4f}{half}"
