"""Architectures that were trained from scratch and judged, as programs ask for them."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import pandas as pd
from torch import nn

from nas.retrain.summary import Summary
from nas.training.networks.classifier import Classifier


@dataclass(frozen=True, repr=False)
class Retrained:
    """What came of architectures that were trained from several seeds.

    Attributes:
        summaries: one for each architecture, by falling validation AUC.

    Example:
        The best network of a search, judged and used::

            from nas import api

            retrained = api.retrain("results/runs/mine", seeds=3)
            print(retrained.scores)
            probabilities = retrained.classifier.predict_proba(images)
    """

    summaries: tuple[Summary, ...]

    def __repr__(self) -> str:
        best = self.summaries[0]
        auc, deviation = best.scores.spread("test", "auc")
        spread = "" if deviation is None else f" ± {deviation:.4f}"
        return (
            f"Retrained({best.card.model}, {best.params:,} parameters: test AUC {auc:.4f}{spread} "
            f"over {len(best.scores.trainings)} seeds; {best.directory})"
        )

    def _repr_html_(self) -> str:
        """Return the scores as a table, which notebooks ask for."""
        return f"<p>{escape(repr(self))}</p>{self.scores.to_html(border=0)}"

    @property
    def scores(self) -> pd.DataFrame:
        """Validation and test scores, a row for each architecture and seed."""
        rows = [
            {
                "architecture": summary.architecture,
                "seed": training.seed,
                "parameters": summary.params,
                "flops": summary.flops,
                "seconds": training.seconds,
                **{f"validation_{name}": value for name, value in training.validation.items()},
                **{f"test_{name}": value for name, value in training.test.items()},
            }
            for summary in self.summaries
            for training in summary.scores.trainings
        ]
        return pd.DataFrame(rows).set_index(["architecture", "seed"])

    @property
    def checkpoint(self) -> Path:
        """The ``model.safetensors`` that validation likes best, of the best architecture."""
        best = self.summaries[0]
        chosen = max(best.scores.trainings, key=lambda training: training.validation["auc"])
        return best.directory / f"seed-{chosen.seed}" / "model.safetensors"

    @cached_property
    def classifier(self) -> Classifier:
        """The network of :attr:`checkpoint`, from the pixels of a file to class probabilities."""
        return Classifier.load(self.checkpoint)

    @property
    def network(self) -> nn.Module:
        """The network of :attr:`checkpoint` alone, which takes normalised images."""
        return self.classifier.network
