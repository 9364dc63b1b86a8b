"""The table of the benchmark."""

from collections.abc import Sequence
from statistics import mean

from nas.benchmarks.markdown import interval, table
from nas.benchmarks.trainings import Training
from nas.common.provenance import command, environment
from search_spaces import Architecture

_HEAD = (
    "change",
    "free parameters",
    "MFLOPs",
    "seconds",
    "seeds",
    "validation AUC",
    "against the base, by seed",
)


def ablation_page(
    trainings: Sequence[Training], variants: Sequence[tuple[str, Architecture]]
) -> str:
    """Return the page of Markdown.

    Args:
        trainings: Trainings that are done.
        variants: The architecture that was changed, and its variants, with their names.
    """
    base = str(variants[0][1])
    groups = [
        (name, [one for one in trainings if one.architecture == str(architecture)])
        for name, architecture in variants
    ]
    of_base = {one.seed: one.val_auc for one in groups[0][1]}
    lines = [
        "# What a gene is worth",
        "",
        f"Base: `{base}`.",
        "",
        "Small-scale trainings on a CPU: each line changes one gene of the base and leaves all "
        "others as they are; genes that become active have the middle one of their choices. "
        "Validation AUC of the best epoch; the test images are not looked at, since the table is "
        "there to choose. Intervals are of 95 % over seeds (Student's t); with two seeds they are "
        "wide, and what is smaller than the spread between seeds says nothing. The command and "
        "the environment are those that added the last rows; trainings.csv has the commit, the "
        "data and the curve of each.",
        "",
        *table(
            ("what", "value"), [("command", f"`{command()}`"), *map(_told, environment().items())]
        ),
        "",
        *table(_HEAD, [_row(name, group, of_base) for name, group in groups if group]),
        "",
    ]
    return "\n".join(lines)


def _told(item: tuple[str, object]) -> tuple[str, str]:
    return item[0], str(item[1])


def _row(name: str, group: Sequence[Training], of_base: dict[int, float]) -> tuple[str, ...]:
    gains = [one.val_auc - of_base[one.seed] for one in group if one.seed in of_base]
    return (
        name,
        f"{group[0].params:,}",
        f"{group[0].mflops:.1f}",
        f"{mean(one.seconds for one in group):,.0f}",
        str(len(group)),
        interval([one.val_auc for one in group]),
        "–" if name == "base" or not gains else interval(gains, sign="+"),
    )
