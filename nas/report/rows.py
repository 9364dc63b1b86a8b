"""The rows of a leaderboard: networks, with what became of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from nas.common.artefacts import DamageError, short
from nas.common.rules import Amount, Count, Must, Share, Text
from nas.training.deciding import deciding
from nas.training.networks.card import ModelCard
from nas.training.result import FinalScores

RowKind = Literal["baseline", "found", "named", "reference"]
"""Kinds of rows: a hand-designed network; the best network of a search; an architecture that the
user wrote or that was drawn at random; a row without a network."""


@dataclass(frozen=True)
class Spread:
    """A score over several seeds.

    Attributes:
        mean: mean over the seeds.
        std: sample standard deviation over the seeds; None for one seed.
    """

    mean: float
    std: Amount | None


@dataclass(frozen=True, kw_only=True)
class JudgedTraining(FinalScores):
    """One training of one network.

    Attributes:
        predictions: file of what was said of the test images (:mod:`nas.training.predictions`),
            relative to the board's directory.
    """

    predictions: Text


@dataclass(frozen=True)
class PairedComparison:
    """A network against the best found one, by a paired bootstrap over the test images.

    Attributes:
        difference: this network's macro AUC, or R², less that of the best found network, both
            means over seeds.
        interval: interval that holds 95 % of the bootstrap's differences.
        p_value: two-sided p-value of no difference, corrected for the number of networks that are
            compared.
    """

    difference: float
    interval: tuple[float, float]
    p_value: float

    @property
    def p_words(self) -> str:
        """The p-value as it is printed."""
        return f"p {self.p_value:.3f}" if self.p_value >= 0.001 else "p < 0.001"


@dataclass(frozen=True)
class Published:
    """A score that others published, on other data.

    Attributes:
        dataset: name of their data set.
        auc: macro one-vs-rest AUC.
        accuracy: share of images that were classified rightly; None where it was not published.
        source: where the score was published.
    """

    dataset: Text
    auc: Share
    accuracy: Share | None
    source: Text


_Card = Annotated[
    dict[str, Any],
    Must(lambda card: ModelCard.from_json(card).to_json().keys() <= card.keys(), "a whole card"),
]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: title in tables; no two rows have the same.
        kind: whether the row is a baseline, a found or a named network, or a reference.
        source: directory of the search that found the network, relative to the board's directory;
            empty for others.
        card: the network's :class:`~nas.training.networks.card.ModelCard` as JSON values; None for
            a reference.
        params: number of parameters.
        flops: FLOPs of one image, at the size that the network is fed.
        latency_ms: median time of a forward pass, in milliseconds, by batch size.
        learning_rate: learning rate that validation chose.
        tried: validation AUC, or R², of the first seed by learning rate; None where that training
            failed.
        weight_decay: weight decay that validation chose; None where an earlier version wrote the
            row.
        tried_decays: the same by weight decay, with that learning rate.
        interval: interval that holds 95 % of the bootstrap's macro AUCs, or R² (mean over seeds),
            over the test images.
        comparison: comparison with the best found network; None where there is none, and for that
            network itself.
        published: what others published of this network.
        trainings: one training for each seed, the first seed first.
        metrics: scores by split (``validation``, ``test``) and name; those of a reference follow
            from the class counts, or from the numbers themselves.
        notes: what a reader must know of this row.
        failure: why there are no scores; empty where there are.
    """

    name: Text
    kind: RowKind
    source: Text = ""
    card: _Card | None = None
    params: Count | None = None
    flops: Count | None = None
    latency_ms: dict[str, Amount] = field(default_factory=dict)
    learning_rate: float | None = None
    tried: dict[str, float | None] = field(default_factory=dict)
    weight_decay: float | None = None
    tried_decays: dict[str, float | None] = field(default_factory=dict)
    interval: tuple[float, float] | None = None
    comparison: PairedComparison | None = None
    published: tuple[Published, ...] = ()
    trainings: tuple[JudgedTraining, ...] = ()
    metrics: dict[str, dict[str, Spread]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: str = ""

    @property
    def untied_params(self) -> int | None:
        """Weights of the network, those that a symmetry ties to others counted too."""
        if self.card is None:
            return self.params
        untied = ModelCard.from_json(self.card).untied_params
        return self.params if untied is None else untied

    @property
    def test_score(self) -> float:
        """Macro one-vs-rest AUC, or R², on the test images, mean over seeds.

        A row without it has minus infinity.
        """
        return _decides(self.metrics["test"]).mean if self.metrics else float("-inf")

    @property
    def validation_score(self) -> float:
        """Macro one-vs-rest AUC, or R², on the validation images, mean over seeds.

        All choices are made by it. A row without trainings has minus infinity.
        """
        return _decides(self.metrics["validation"]).mean if self.trainings else float("-inf")


def _decides(scores: Mapping[str, Spread]) -> Spread:
    return scores[deciding(scores)]


def check_row(row: Row, scores: Collection[str]) -> None:
    """Check that a row has all that tables and figures show of it.

    Args:
        row: a row.
        scores: names of the scores that a network has, the one that decides among them.

    Raises:
        DamageError: something is missing.
    """
    needed = {"test": set(scores)} if row.metrics else {}
    if row.trainings:
        needed["validation"] = {deciding(scores)}
    for split, scores in needed.items():
        if missing := scores - row.metrics.get(split, {}).keys():
            raise DamageError(f"{short(row.name)}: no {short(min(missing))} of {split}")
    if row.trainings and None in (row.card, row.params, row.flops):
        raise DamageError(f"{short(row.name)}: no card, or no size")
