"""A page of Markdown with a table of trainings."""

from collections.abc import Sequence

from nas.benchmarks.markdown import interval, table
from nas.benchmarks.trainings import Training, groups
from nas.common.provenance import command, environment

_FIXED = 100
"""Seconds of training after which networks are compared too, however far they have come."""

_HEAD = (
    "nuisance",
    "images",
    "epochs",
    "network",
    "parameters",
    "MFLOPs",
    "seeds",
    "test AUC",
    "averaged over symmetries",
    "least seconds",
    f"validation AUC after {_FIXED} s",
)


def trainings_page(title: str, words: str, trainings: Sequence[Training], image_size: int) -> str:
    """Return the page, with the seeds of each kind of training in one row.

    Args:
        title: Title of the page.
        words: What is special about these trainings.
        trainings: Trainings that are done.
        image_size: Side of the images in pixels.
    """
    about = {"command": f"`{command()}`", "image size": image_size, **environment()}
    lines = [
        f"# {title}",
        "",
        "Small-scale trainings on a CPU. An untied network has the layers and shapes of the "
        "symmetric one above it, with weights of its own. Validation chose the epoch. Intervals "
        "are of 95 % over seeds (Student's t); one seed has none. Fewer images get more epochs. "
        "The command and the environment are those that added the last rows; trainings.csv has "
        "the commit and the epochs of each. Seconds are the least over seeds, of one core: other "
        "work on the machine and earlier versions of the toolkit make them more. After "
        f"{_FIXED} of these seconds the learning rate of a longer training is still high, and a "
        "shorter one is at its end.",
        "",
        *([words, ""] if words else []),
        *table(("what", "value"), [(key, str(value)) for key, value in about.items()]),
        "",
        *table(_HEAD, [_row(group) for group in _groups(trainings)]),
        "",
    ]
    return "\n".join(lines)


def _groups(trainings: Sequence[Training]) -> list[list[Training]]:
    """Return the trainings that differ in their seed only, network by network."""
    order = list(dict.fromkeys(one.network for one in trainings))

    def place(group: list[Training]) -> tuple[float, int, int]:
        return group[0].nuisance, -group[0].images, order.index(group[0].network)

    return sorted(groups(trainings), key=place)


def _row(group: Sequence[Training]) -> tuple[str, ...]:
    first, least = group[0], min(one.seconds for one in group)
    return (
        f"{first.nuisance:g}",
        f"{first.images:,}",
        str(first.epochs),
        first.network,
        f"{first.params:,}",
        f"{first.mflops:.1f}",
        str(len(group)),
        interval([one.test_auc for one in group]),
        interval([one.averaged_auc for one in group]),
        f"{least:,.0f}",
        _after(group, _FIXED / least if least else 1),
    )


def _after(group: Sequence[Training], share: float) -> str:
    """Return the validation AUC when so much of the training's time has passed."""
    so_far = [one.aucs[: int(share * len(one.aucs))] for one in group]
    return interval([aucs[-1] for aucs in so_far]) if all(so_far) else "–"
