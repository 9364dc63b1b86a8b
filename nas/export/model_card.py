"""The model card of a network: what a hub shows of it, with numbers from its training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from huggingface_hub import EvalResult, ModelCardData

from nas.common.artefacts import checked, reading
from nas.export.lines import lines_for_folder
from nas.training.bootstrap import auc_interval
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.networks.classifier import Classifier
from nas.training.predictions import PREDICTIONS, read_predictions
from nas.training.result import JudgedScores, WrittenResult, read_result
from search_spaces.tying import order

_HERE = Path(__file__).parent
_TASK = "image-classification"
_CLASS = "auc_"
_THEN = "train the network anew"


@dataclass(frozen=True)
class Scored:
    """The scores of a network on the images of one split.

    Attributes:
        split: ``validation`` or ``test``.
        images: number of images; None where it is not known.
        auc: macro one-vs-rest AUC.
        accuracy: share of images whose most probable class is right.
        classes: one-vs-rest AUC by class.
        interval: 95 % bootstrap interval of the AUC, over the images; None where the predictions
            are not known.
    """

    split: str
    images: int | None
    auc: float
    accuracy: float
    classes: Mapping[str, float]
    interval: tuple[float, float] | None = None


def model_card(classifier: Classifier, checkpoint: Path, title: str) -> str:
    """Return the card of a network as Markdown, with the head that hubs read.

    The scores on validation images are in the checkpoint. Those on test images are in the files
    beside it, if it lies where its training left it.

    Args:
        classifier: the network.
        checkpoint: its ``model.safetensors``.
        title: name of the model.

    Raises:
        UserError: the checkpoint is damaged, or a file of its training beside it.
    """
    card, about = classifier.card, load_checkpoint(checkpoint).about
    spec = {name: value for name, value in about.items() if name != "outcome"}
    outcome = read_result(checkpoint, about)
    scores = [*_validated(checkpoint, about, outcome), *_tested(checkpoint, card, outcome)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown, in which words from outside stand as code
    )
    environment.filters["code"] = _code
    scale = card.normalisation
    return environment.get_template("model_card.md").render(
        head=_head(title, card, scores),
        title=title,
        card=card,
        parameters=sum(weight.numel() for weight in classifier.network.parameters()),
        symmetric=order(classifier.network) > 1,
        lines=lines_for_folder(card, "FOLDER"),
        numbers=[list(getattr(scale, name)) for name in ("sky", "softening", "offset", "scale")],
        scores=scores,
        tested=any(row.split == "test" for row in scores),
        facts=_facts(card, spec, outcome),
    )


def _validated(
    checkpoint: Path, about: Mapping[str, Any], outcome: WrittenResult | None
) -> Iterator[Scored]:
    """Yield the validation scores of the epoch whose weights are in the checkpoint."""
    if "outcome" in about:
        with reading(f"what {checkpoint} says of its scores", _THEN):
            best = checked(dict[str, Any], about["outcome"])
            yield _scored("validation", checked(JudgedScores, best.get("val")), outcome, "val")


def _tested(checkpoint: Path, card: ModelCard, outcome: WrittenResult | None) -> Iterator[Scored]:
    if outcome is not None and outcome.test is not None:
        path = checkpoint.parent / PREDICTIONS
        interval = None
        if path.exists():
            table = read_predictions(path, card.classes)
            labels = np.array([card.classes.index(label) for label in table["label"]])
            interval = auc_interval(labels, table[list(card.classes)].to_numpy(np.float64))
        yield _scored("test", outcome.test, outcome, "test", interval)


def _scored(
    split: str,
    scores: Mapping[str, float],
    outcome: WrittenResult | None,
    counted: str,
    interval: tuple[float, float] | None = None,
) -> Scored:
    classes = {
        name.removeprefix(_CLASS): value
        for name, value in scores.items()
        if name.startswith(_CLASS)
    }
    images = None if outcome is None else outcome.images.get(counted)
    return Scored(split, images, scores["auc"], scores["accuracy"], classes, interval)


def _head(title: str, card: ModelCard, scores: list[Scored]) -> str:
    """Return what hubs read: task, library, tags, and the scores."""
    results = [
        EvalResult(
            task_type=_TASK,
            dataset_type="strong-lenses",
            dataset_name="strong lenses",
            dataset_split=row.split,
            metric_type=kind,
            metric_name=name,
            metric_value=round(value, 4),
        )
        for row in scores
        for kind, name, value in (
            ("roc_auc", "macro one-vs-rest AUC", row.auc),
            ("accuracy", "accuracy", row.accuracy),
        )
    ]
    data = ModelCardData(
        library_name="timm",
        pipeline_tag=_TASK,
        tags=[_TASK, "timm", "lens-nas", "astronomy", "gravitational-lensing", card.model],
        model_name=title,
        eval_results=results or None,
    )
    return data.to_yaml().strip()


def _facts(
    card: ModelCard, spec: Mapping[str, Any], outcome: WrittenResult | None
) -> dict[str, str]:
    """Return what is known of the training, by name."""
    facts = {"network": card.model, "architecture": card.architecture}
    facts |= {"fingerprint of the data set": spec.get("data"), "seed": spec.get("seed")}
    if outcome is not None:
        counts = (
            f"{outcome.images[name]} {name}"
            for name in ("train", "val", "test")
            if name in outcome.images
        )
        facts |= {"images": ", ".join(counts), "command": outcome.command, "date": outcome.date}
        facts |= {"versions": outcome.versions, "commit": outcome.commit}
        facts |= {"hardware": outcome.hardware}
    facts["recipe"] = ", ".join(_settings(spec.get("recipe")))
    return {name: _code(value) for name, value in facts.items() if value not in (None, "")}


def _settings(values: Any, name: str = "") -> Iterator[str]:
    """Yield settings with their values; those of a group have its name before their own."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _settings(value, f"{name}.{key}" if name else key)
    elif values is not None:
        yield f"{name} {values}"


def _code(text: object) -> str:
    """Return a text as code, in which Markdown means nothing, not even in a table."""
    plain = " ".join(str(text).replace("`", "'").replace("|", "¦").split())
    return f"`{plain}`"
