"""The parts that the reports of searches and of leaderboards share."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import search_spaces
from nas.common.errors import UserError
from nas.data.dataset import LensDataset
from nas.data.options import ReadOptions
from nas.report.architecture_drawing import ArchitectureDrawing, short_name
from nas.report.drawing import Picture, picture
from nas.report.examples import Positions, example_figure, mistakes, open_same, successes, verdicts
from nas.report.page import Cell, Section, Table, number
from nas.report.predictions import Predictions, confusion_figure, roc_figure
from search_spaces.hybrid import is_hybrid

_MISTAKES, _SUCCESSES = 12, 6


def search_caption(called: str = "AUC") -> str:
    """Return the caption of what :func:`nas.report.search_figures.search_figure` draws.

    Args:
        called: what the score is called.
    """
    return (
        f"Left, the validation {called} of the best candidate so far, in the order of the "
        "proposals; right, the regret: how far that is from the best in the end."
    )


def architecture_cell(space: str, line: str) -> Cell:
    """Return a cell with an architecture in short, which unfolds to the architecture's line."""
    return Cell(short_name(search_spaces.get_space(space).parse(line)), more=line)


def architecture_section(title: str, drawings: Mapping[str, ArchitectureDrawing]) -> Section:
    """Return a section with networks drawn stage by stage, and the same in a table.

    Of networks of one's own nothing is known but their genes, which stand in a table.

    Args:
        title: title of the section.
        drawings: what to draw, by name of the network.
    """
    genes = [
        (Cell(name), Cell(gene), Cell(str(choice)))
        for name, drawing in drawings.items()
        if not is_hybrid(drawing.architecture)
        for gene, choice in drawing.architecture.genes
    ]
    own = (Table("Networks by their genes", ("network", "gene", "choice"), genes),) if genes else ()
    drawings = {name: it for name, it in drawings.items() if is_hybrid(it.architecture)}
    if not drawings:
        return Section(title, tables=own)
    pictures = [
        picture(
            f"architecture-{position}",
            drawing.figure,
            f"{name}: {drawing.architecture}",
            drawing.alt(),
        )
        for position, (name, drawing) in enumerate(drawings.items(), start=1)
    ]
    rows = [
        (
            Cell(name),
            Cell(stage.title),
            Cell(stage.operator),
            number(stage.depth),
            Cell(", ".join(stage.block)),
            Cell(" × ".join(map(str, stage.side)), stage.side[0]),
            number(stage.width),
            number(stage.params),
        )
        for name, drawing in drawings.items()
        for stage in drawing.stages()
    ]
    columns = (
        "network",
        "stage",
        "operator",
        "blocks",
        "each block",
        "maps, pixels",
        "channels",
        "parameters",
    )
    stages = Table("The same, stage by stage", columns, rows)
    return Section(title, pictures=tuple(pictures), tables=(stages, *own))


def classes_section(networks: Mapping[str, Predictions], choice: str) -> Section:
    """Return a section on how well networks tell the classes of the test images apart.

    Args:
        networks: what the networks said, by name.
        choice: how these networks were chosen, in a sentence.
    """
    areas = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{word} {told.class_auc(label):.3f}" for label, word in enumerate(told.classes)
        )
        for name, told in networks.items()
    )
    confusions = "; ".join(
        f"{name}: " + ", ".join(_taken(told, row) for row in range(len(told.classes)))
        for name, told in networks.items()
    )
    first = next(iter(networks.values()))
    return Section(
        "Classes",
        (
            f"{choice} The scores are on {len(first.labels):,} test images, on which nothing was "
            "chosen.",
        ),
        (
            picture(
                "roc",
                partial(roc_figure, networks),
                "ROC curves, each class against the rest: the mean over trainings, and the range "
                "of several. Areas (AUC) stand in the order of the names.",
                f"ROC curves of each class against the rest. Areas: {areas}.",
            ),
            picture(
                "confusion",
                partial(confusion_figure, networks),
                "Confusion matrices: the share of a true class that was taken for each class, and "
                "in brackets how many images, mean over trainings. The numbers are rounded so that "
                "those of a class add up to its images.",
                f"Confusion matrices. {confusions}.",
            ),
        ),
    )


def _taken(predictions: Predictions, row: int) -> str:
    counts = predictions.confusion()[row]
    names = zip(predictions.classes, counts / counts.sum(), strict=True)
    return f"{predictions.classes[row]} taken for " + " and ".join(
        f"{word} {share:.0%}" for word, share in names
    )


def examples_section(
    name: str, predictions: Predictions, directory: Path, options: ReadOptions, fingerprint: str
) -> Section:
    """Return a section with images that a network got wrong, and right.

    Where the images cannot be shown, the section says why.

    Args:
        name: name of the network.
        predictions: what the network said of the test images.
        directory: directory of the data set.
        options: how the data set was read.
        fingerprint: fingerprint that the data set had.
    """
    wrong, right = mistakes(predictions), successes(predictions, _SUCCESSES)
    words = (
        f"Of {len(predictions.labels):,} test images, {name} takes {len(wrong):,} for another "
        "class (the training that validation likes best).",
    )
    groups = (
        ("mistakes", wrong[:_MISTAKES], "The mistakes that the network is surest of."),
        ("successes", right, "What the network is right and surest about."),
    )
    try:
        dataset = open_same(directory, options, fingerprint)
        pictures = [
            _example(key, dataset, predictions, positions, caption)
            for key, positions, caption in groups
            if len(positions)
        ]
    except UserError as error:
        return Section("Mistakes", (*words, f"The images cannot be shown: {error}."))
    return Section("Mistakes", words, tuple(pictures))


def _example(
    key: str, dataset: LensDataset, predictions: Predictions, positions: Positions, caption: str
) -> Picture:
    draw = partial(example_figure, dataset, predictions, positions)
    lines = "; ".join(map(str, verdicts(predictions, positions)))
    stretch = (
        "Brightness is stretched by asinh, each image by itself; in brackets the probability of "
        "the class told."
    )
    return picture(key, draw, f"{caption} {stretch}", f"{caption} From left to right: {lines}.")
