"""The networks that ``python -m nas.retrain`` made of a search's architectures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from nas.report.calibration import calibration_errors, calibration_section
from nas.report.numbers import ReadNumbers, numbers_section
from nas.report.page import EMPTY, Cell, Section, Table, number
from nas.report.predictions import Predictions
from nas.report.sections import architecture_cell, classes_section, examples_section
from nas.retrain.summary import SUMMARY, Summary
from nas.search.result import Best
from nas.search.run_directory import RunDirectory
from nas.training.deciding import CALLED, averaged_name
from nas.training.predictions import PREDICTIONS
from nas.training.task import task_of


@dataclass(frozen=True)
class RetrainedNetwork:
    """One network, trained from scratch.

    Attributes:
        summary: what the trainings of the network came to.
        predictions: what the trainings said of the test images: of their classes, or the numbers
            that were read off them; None where that was removed.
    """

    summary: Summary
    predictions: Predictions | ReadNumbers | None


def read_retrained(run: RunDirectory) -> list[RetrainedNetwork]:
    """Return the networks of a search that were retrained, by falling validation score.

    Networks whose trainings have not all ended are left out.

    Raises:
        UserError: a file is damaged.
    """
    found = [
        _with_predictions(Summary.read(path.parent))
        for path in sorted(run.path.glob(f"retrain/*/{SUMMARY}"))
    ]
    return sorted(found, key=lambda item: -item.summary.validation_score)


def _with_predictions(summary: Summary) -> RetrainedNetwork:
    trainings, card = summary.scores.trainings, summary.card
    files = [summary.directory / f"seed-{training.seed}" / PREDICTIONS for training in trainings]
    validation = [training.validation[task_of(card).decides] for training in trainings]
    if card.target is not None:
        return RetrainedNetwork(summary, ReadNumbers.read(files, validation, card.target))
    return RetrainedNetwork(summary, Predictions.read(files, validation, card.classes))


def trained_sections(
    retrained: Sequence[RetrainedNetwork], best: Best, data: Path | None
) -> list[Section]:
    """Show what became of the architectures that were trained from scratch; nothing of none.

    Args:
        retrained: the networks, the one that validation likes best first.
        best: outcome of the search.
        data: where the data set is now; None for where it was.
    """
    if not retrained:
        return []
    title, first = "Trained from scratch", retrained[0]
    rows = [_row(item) for item in retrained]
    caption = "Trained from scratch, means over seeds"
    table = Table(caption, tuple(rows[0]), [list(row.values()) for row in rows], frozenset({0}))
    if first.predictions is None:
        return [
            Section(title, ("The predictions of the test images were removed.",), tables=(table,))
        ]
    name = architecture_cell(first.summary.card.model, first.summary.architecture).text
    choice = "This is the network trained from scratch that validation likes best."
    section = Section(title, tables=(table,))
    if isinstance(first.predictions, ReadNumbers):
        return [section, numbers_section({name: first.predictions}, choice)]
    told = {name: first.predictions}
    place = data or Path(best.data.directory)
    return [
        section,
        classes_section(told, choice),
        calibration_section(told, {name: first.summary.scores.trainings}, [name]),
        examples_section(
            name, first.predictions, place, best.data.read_options(), best.data.fingerprint
        ),
    ]


def _row(item: RetrainedNetwork) -> dict[str, Cell]:
    """Return what stands below each title."""
    summary, task = item.summary, task_of(item.summary.card)
    spread, trainings = summary.scores.spread, summary.scores.trainings
    name, called, averaged = task.decides, CALLED[task.decides], averaged_name(task.decides)
    mean_score, deviation = spread("test", name)
    cells = {
        "directory": Cell(summary.directory.name),
        "architecture": architecture_cell(summary.card.model, summary.architecture),
        "parameters": number(summary.params),
        "untied": number(summary.card.untied_params),
        "MFLOPs": number(summary.flops / 1e6, ",.1f"),
        "seeds": number(len(trainings)),
        f"validation {called}": number(spread("validation", name)[0], ".4f"),
        f"test {called}": number(mean_score, ".4f"),
        f"spread of the test {called}": number(deviation, ".4f"),
        f"test {called} averaged over symmetries": number(spread("test", averaged)[0], ".4f")
        if all(averaged in training.test for training in trainings)
        else EMPTY,
        f"test {task.beside.title}": number(spread("test", task.beside.name)[0], task.beside.form),
    }
    if summary.card.target is None:
        told = item.predictions if isinstance(item.predictions, Predictions) else None
        cells["ECE"] = number(mean(calibration_errors(told)) if told else None, ".4f")
    return cells
