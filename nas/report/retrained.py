"""The networks that ``python -m nas.retrain`` made of a search's architectures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from nas.report.calibration import calibration_errors, calibration_section
from nas.report.page import EMPTY, Cell, Section, Table, number
from nas.report.predictions import Predictions
from nas.report.sections import architecture_cell, classes_section, examples_section
from nas.retrain.summary import SUMMARY, Summary
from nas.search.result import Best
from nas.search.run_directory import RunDirectory
from nas.training.predictions import PREDICTIONS
from nas.training.result import AVERAGED


@dataclass(frozen=True)
class RetrainedNetwork:
    """One network, trained from scratch.

    Attributes:
        summary: what the trainings of the network came to.
        predictions: what the trainings said of the test images; None where that was removed.
    """

    summary: Summary
    predictions: Predictions | None


def read_retrained(run: RunDirectory) -> list[RetrainedNetwork]:
    """Return the networks of a search that were retrained, by falling validation AUC.

    Networks whose trainings have not all ended are left out.

    Raises:
        UserError: a file is damaged.
    """
    found = [
        _with_predictions(Summary.read(path.parent))
        for path in sorted(run.path.glob(f"retrain/*/{SUMMARY}"))
    ]
    return sorted(found, key=lambda item: -item.summary.scores.spread("validation", "auc")[0])


def _with_predictions(summary: Summary) -> RetrainedNetwork:
    trainings = summary.scores.trainings
    files = [summary.directory / f"seed-{training.seed}" / PREDICTIONS for training in trainings]
    validation = [training.validation["auc"] for training in trainings]
    return RetrainedNetwork(summary, Predictions.read(files, summary.card.classes, validation))


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
    title = "Trained from scratch"
    columns = (
        "directory",
        "architecture",
        "parameters",
        "untied",
        "MFLOPs",
        "seeds",
        "validation AUC",
        "test AUC",
        "spread of the test AUC",
        "test AUC averaged over symmetries",
        "test accuracy",
        "ECE",
    )
    table = Table(
        "Trained from scratch, means over seeds",
        columns,
        [_row(item) for item in retrained],
        marked=frozenset({0}),
    )
    first = retrained[0]
    if first.predictions is None:
        return [
            Section(title, ("The predictions of the test images were removed.",), tables=(table,))
        ]
    name = architecture_cell(first.summary.card.model, first.summary.architecture).text
    told = {name: first.predictions}
    place = data or Path(best.data.directory)
    return [
        Section(title, tables=(table,)),
        classes_section(
            told, "This is the network trained from scratch that validation likes best."
        ),
        calibration_section(told, {name: first.summary.scores.trainings}, [name]),
        examples_section(
            name, first.predictions, place, best.data.read_options(), best.data.fingerprint
        ),
    ]


def _row(item: RetrainedNetwork) -> tuple[Cell, ...]:
    summary = item.summary
    spread, trainings = summary.scores.spread, summary.scores.trainings
    return (
        Cell(summary.directory.name),
        architecture_cell(summary.card.model, summary.architecture),
        number(summary.params),
        number(summary.card.untied_params),
        number(summary.flops / 1e6, ",.1f"),
        number(len(trainings)),
        number(spread("validation", "auc")[0], ".4f"),
        number(spread("test", "auc")[0], ".4f"),
        number(spread("test", "auc")[1], ".4f"),
        number(spread("test", AVERAGED)[0], ".4f")
        if all(AVERAGED in training.test for training in trainings)
        else EMPTY,
        number(spread("test", "accuracy")[0], ".4f"),
        EMPTY
        if item.predictions is None
        else number(mean(calibration_errors(item.predictions)), ".4f"),
    )
