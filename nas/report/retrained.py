"""The networks that ``python -m nas.retrain`` made of a search's architectures."""

from dataclasses import dataclass

from nas.report.predictions import Predictions
from nas.retrain.summary import SUMMARY, Summary
from nas.search.run_directory import RunDirectory
from nas.training.predictions import PREDICTIONS


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
