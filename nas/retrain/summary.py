"""The file ``summary.json``: the outcome of one architecture's trainings from several seeds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.common.artefacts import checked, read_json, reading
from nas.common.files import write_json
from nas.common.provenance import command, environment
from nas.common.rules import Count
from nas.training.bootstrap import interval_of
from nas.training.networks.card import KnownCard, with_present_names
from nas.training.predictions import PREDICTIONS
from nas.training.repeated import Repeated
from nas.training.spec import TrainingSpec
from nas.training.task import task_of

SUMMARY = "summary.json"
"""Name of the summary in the directory of the trainings."""


@dataclass(frozen=True)
class Summary:
    """The outcome of all trainings of one architecture.

    Attributes:
        directory: directory of the trainings; each has a directory ``seed-<n>`` of its own there.
        card: card of the network.
        params: number of parameters.
        flops: FLOPs of one image.
        scores: scores of the trainings.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.common.provenance import Made
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.retrain.summary import Summary
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.recipe import Recipe
        >>> from nas.training.repeated import Repeated
        >>> from nas.training.result import FinalScores
        >>> from nas.training.spec import TrainingSpec
        >>> from search_spaces import get_space
        >>> scale = Normalisation(sky=(0.0,), softening=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> line = str(get_space("hybrid_nano").smallest)
        >>> card = ModelCard("hybrid_nano", line, ("cdm", "axion"), 1, (64, 64), scale)
        >>> made = Made("cpu", 1, 1, "a processor", "Python 3.11", "0123abc")
        >>> scores = [{"auc": auc, "accuracy": 0.9} for auc in (0.96, 0.98)]
        >>> trainings = [FinalScores(i, scores[i], scores[i], 60.0, 4, made) for i in (0, 1)]
        >>> spec = TrainingSpec(data="0" * 64, card=card, recipe=Recipe(), seed=0)
        >>> with tempfile.TemporaryDirectory() as name:
        ...     directory = Path(name)
        ...     Summary(directory, card, 28_889, 10**7, Repeated(tuple(trainings))).write(spec)
        ...     summary = Summary.read(directory)
        >>> mean, deviation = summary.scores.spread("test", "auc")
        >>> f"{mean:.3f} ± {deviation:.3f}"
        '0.970 ± 0.014'
    """

    directory: Path
    card: KnownCard
    params: Count
    flops: Count
    scores: Repeated

    @property
    def architecture(self) -> str:
        """Line of the architecture."""
        return str(self.card.architecture)

    @property
    def validation_score(self) -> float:
        """Mean validation AUC, or R², over the seeds, by which architectures are chosen."""
        return self.scores.spread("validation", task_of(self.card).decides)[0]

    def test_interval(self) -> tuple[float, float]:
        """Return the 95 % bootstrap interval of the mean test AUC, or R², over the test images.

        Raises:
            UserError: the predictions of a training are missing or damaged.
        """
        task = task_of(self.card)
        told = [
            task.read(self.directory / f"seed-{training.seed}" / PREDICTIONS)
            for training in self.scores.trainings
        ]
        truth, _ = told[0]
        return interval_of(task.resampled(truth)([answers for _, answers in told]))

    def write(self, spec: TrainingSpec) -> None:
        """Write ``summary.json``.

        Args:
            spec: spec of any of the trainings.
        """
        values = {
            "command": command(),
            "params": self.params,
            "flops": self.flops,
            **spec.without_seed(),
            **self.scores.to_json(),
            **environment(),
        }
        write_json(self.directory / SUMMARY, values)

    @staticmethod
    def read(directory: Path) -> "Summary":
        """Return the summary in a directory.

        Raises:
            UserError: the file is missing or damaged.
        """
        path = directory / SUMMARY
        with reading(path, "remove it, and python -m nas.retrain writes it anew"):
            values = checked(dict[str, Any], read_json(path))
            own = {
                "directory": str(directory),
                "card": with_present_names(values.get("model")),
                "scores": values,
            }
            return checked(Summary, {**values, **own})
