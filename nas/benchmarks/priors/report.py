"""The table of the benchmark."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

from nas.benchmarks.markdown import interval, table
from nas.benchmarks.trainings import Prior, Training, groups
from nas.common.provenance import command, environment

_TITLES: dict[Prior, str] = {
    "none": "the image",
    "turned": "half of the training images turned by any angle (commit e4a8b47, not kept)",
    "residual": "the image, and what a smooth lens before any galaxy leaves of it",
    "sersic residual": "the same, before a galaxy with a Sérsic profile",
}
_HEAD = (
    "nuisance",
    "network",
    "images",
    "epochs",
    "what the network is given",
    "seeds",
    "validation AUC",
    "against the image alone, by seed",
    "test AUC",
    "seconds",
)


def prior_page(trainings: Sequence[Training]) -> str:
    """Return the page of Markdown.

    Args:
        trainings: Trainings that are done.
    """
    lines = [
        "# What it brings to know more of the data",
        "",
        "Small-scale trainings on a CPU. Validation chose the epoch; it also says whether "
        "something is worth having, and test images report. Intervals are of 95 % over seeds "
        "(Student's t). The smooth lens is fitted to the image alone (`python -m nas.data "
        "residual`). Simulated galaxies have Sérsic profiles, real ones have not: what is reached "
        "with such a profile is not reached on the sky. The command and the environment are those "
        "that added the last rows; trainings.csv has the commit, the epochs and the curve of each.",
        "",
        *table(
            ("what", "value"),
            [("command", f"`{command()}`"), *((a, str(b)) for a, b in environment().items())],
        ),
        "",
        *table(_HEAD, [_row(group, trainings) for group in _groups(trainings)]),
        "",
    ]
    return "\n".join(lines)


def _groups(trainings: Sequence[Training]) -> list[list[Training]]:
    order = list(_TITLES)

    def place(group: list[Training]) -> tuple[float, int, int, int]:
        first = group[0]
        return first.nuisance, first.images, first.epochs, order.index(first.prior)

    return sorted(groups(trainings), key=place)


def _row(group: Sequence[Training], trainings: Sequence[Training]) -> tuple[str, ...]:
    first = group[0]
    without = replace(first, prior="none").kind
    alone = {one.seed: one.val_auc for one in trainings if one.kind == without}
    gains = [one.val_auc - alone[one.seed] for one in group if one.seed in alone]
    return (
        f"{first.nuisance:g}",
        first.network,
        f"{first.images:,}",
        str(first.epochs),
        _TITLES[first.prior],
        str(len(group)),
        interval([one.val_auc for one in group]),
        "–" if first.prior == "none" or not gains else interval(gains, sign="+"),
        interval([one.test_auc for one in group]),
        f"{mean(one.seconds for one in group):,.0f}",
    )
