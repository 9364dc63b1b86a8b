"""The command ``python -m nas.predict``: what a trained network says of images."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nas.common.errors import UserError
from nas.common.files import room_for, write_text
from nas.common.next_steps import show_next
from nas.common.progress import progress, say
from nas.common.screen import screen
from nas.common.settings import part
from nas.data.dataset import LensDataset, open_dataset
from nas.data.options import ImageOptions, ReadOptions
from nas.data.targets import Target
from nas.predict.judged import Judged, JudgedNumbers, judge_classes, judge_numbers
from nas.predict.settings import ClassifySettings, PredictSettings
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.networks.classifier import Classifier
from nas.training.networks.loading import load_network
from nas.training.networks.regressor import Regressor
from nas.training.precision import pick_device
from nas.training.result import RESULT, read_result
from nas.training.temperature import scaled

# Of the files that cannot be used so many are named; the others are counted.
_NAMED = 5


def run(settings: PredictSettings) -> None:
    """Ask the network of every image, write the table, and print what it holds in short.

    Where the folder tells what is right, the scores are printed too.
    """
    predicted = ask_network(settings)
    # Probabilities have six digits behind the point, and masses in eV some twenty zeros.
    form = "%.6f" if predicted.target is None else "%.7g"
    text = predicted.table.to_csv(index=False, float_format=form, lineterminator="\n")
    with room_for(settings.out, "give the same command again"):
        write_text(settings.out, text)
    screen().print(f"{settings.out}: {predicted.summary}", soft_wrap=True)
    for words in _judged(predicted, settings):
        screen().print(words, soft_wrap=True)
    if predicted.target is None:
        network = shlex.quote(str(settings.checkpoint))
        onnx = f"export --checkpoint {network} --onnx network.onnx"
        show_next({"Write the network as ONNX": onnx})


@dataclass(frozen=True)
class Predicted:
    """What a network says of the images of a folder.

    Attributes:
        table: a row for each image: its file, its row in a file of many, and either the most
            probable class and the probability of each class, or the number that was read off it.
        target: the number; None where the network tells classes apart.
    """

    table: pd.DataFrame
    target: Target | None

    @property
    def summary(self) -> str:
        """The table in a few words."""
        if self.target is None:
            counts = self.table["predicted"].value_counts(sort=False)
            return ", ".join(f"{count:,} {name}" for name, count in counts.items())
        low, middle, high = self.table[self.target.name].quantile([0, 0.5, 1])
        return (
            f"{self.target.name} of {len(self.table):,} images, {low:.4g} to "
            f"{self.target.words(high)}, median {middle:.4g}"
        )


def ask_network(settings: ClassifySettings) -> Predicted:
    """Classify the images of a folder, or read a number off each.

    Raises:
        UserError: the checkpoint or the images cannot be read, or do not belong together.
    """
    device = pick_device(settings.device)
    network, card = load_network(settings.checkpoint)
    temperature = _temperature(settings.checkpoint, card) if settings.calibrated else None
    kind = Classifier if card.target is None else Regressor
    asked = kind(network, card, settings.average_symmetries).eval().to(device)
    options = ReadOptions(layout="unlabelled", **vars(part(ImageOptions, settings)))
    dataset = open_dataset(settings.data, options)
    _require_fit(dataset, card, settings)
    _say_skipped(dataset)
    rows = []
    doing = "classifying" if card.target is None else f"reading {card.target.name} off"
    with progress(doing, len(dataset.images), "images") as advance:
        for batch in asked.batches(dataset.images):
            rows.append(batch)
            advance(len(batch))
    table = dataset.table[["file", "row"]].copy()
    # The row tells images of one array apart; a file with one image has none.
    if (table["row"] < 0).all():
        del table["row"]
    answers = np.concatenate(rows)
    if card.target is not None:
        return Predicted(table.assign(**{card.target.name: answers}), card.target)
    classes = list(card.classes)
    table["predicted"] = pd.Categorical.from_codes(answers.argmax(axis=1), pd.Index(classes))
    table[classes] = answers if temperature is None else scaled(answers, temperature)
    return Predicted(table, None)


def _judged(predicted: Predicted, settings: ClassifySettings) -> Iterator[str]:
    """Return the scores of each split in a line, where the folder tells what is right."""
    table, target = predicted.table, predicted.target
    judged: Iterable[Judged | JudgedNumbers] = (
        judge_classes(table, settings) if target is None else judge_numbers(target, table, settings)
    )
    return (one.words for one in judged)


def _temperature(checkpoint: Path, card: ModelCard) -> float:
    """Return the temperature that the training of a checkpoint wrote down."""
    if card.target is not None:
        raise UserError(
            f"{checkpoint} reads {card.target.name} off images and tells no classes apart: leave "
            "out --calibrated"
        )
    outcome = read_result(checkpoint, load_checkpoint(checkpoint).about)
    result = checkpoint.with_name(RESULT)
    if outcome is None:
        raise UserError(
            f"{result} is not there, or of another training than {checkpoint}: give the checkpoint "
            "where its training left it, or leave out --calibrated"
        )
    if outcome.temperature is None:
        raise UserError(
            f"{result} has no temperature, for an earlier version wrote it: remove it, and the "
            "command that it names writes it anew, or leave out --calibrated"
        )
    return outcome.temperature


def _require_fit(dataset: LensDataset, card: ModelCard, settings: ClassifySettings) -> None:
    channels, height, width = dataset.images.shape[1:]
    if channels != card.in_chans:
        raise UserError(
            f"images in {settings.data} have {channels} channel(s), the network of "
            f"{settings.checkpoint} takes {card.in_chans}: give images like those that it learned "
            "from"
        )
    if (height, width) != card.image_size:
        own = f"{card.image_size[0]} × {card.image_size[1]}"
        raise UserError(
            f"images in {settings.data} have {height} × {width} pixels, the network of "
            f"{settings.checkpoint} learned from {own}: crop or pad them with --crop "
            f"{card.image_size[0]}, or give images of that size"
        )


def _say_skipped(dataset: LensDataset) -> None:
    skipped = dataset.info["skipped"]
    for item in skipped[:_NAMED]:
        say(f"passed over: {item['file']} {item['reason']}")
    if len(skipped) > _NAMED:
        say(f"passed over: {len(skipped) - _NAMED} more files")
