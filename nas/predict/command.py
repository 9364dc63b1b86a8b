"""The command ``python -m nas.predict``: classifying images with a trained network."""

import shlex
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
from nas.predict.judged import judge
from nas.predict.settings import ClassifySettings, PredictSettings
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.networks.classifier import Classifier
from nas.training.precision import pick_device
from nas.training.result import read_result
from nas.training.temperature import scaled

# Of the files that cannot be used so many are named; the others are counted.
_NAMED = 5


def run(settings: PredictSettings) -> None:
    """Classify the images, write the table, and print how many are of which class.

    Where the folder tells the classes of its images, the AUC is printed too.
    """
    table = classify_images(settings)
    text = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    with room_for(settings.out, "give the same command again"):
        write_text(settings.out, text)
    counts = table["predicted"].value_counts(sort=False)
    line = f"{settings.out}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items())
    screen().print(line, soft_wrap=True)
    for judged in judge(table, settings):
        screen().print(judged.words, soft_wrap=True)
    network = shlex.quote(str(settings.checkpoint))
    show_next({"Write the network as ONNX": f"export --checkpoint {network} --onnx network.onnx"})


def classify_images(settings: ClassifySettings) -> pd.DataFrame:
    """Classify the images of a folder.

    Returns:
        A row for each image: its file, its row in a file of many, the most probable class, and the
        probability of each class.

    Raises:
        UserError: the checkpoint or the images cannot be read, or do not belong together.
    """
    device = pick_device(settings.device)
    temperature = _temperature(settings.checkpoint) if settings.calibrated else None
    classifier = Classifier.load(settings.checkpoint, settings.average_symmetries).to(device)
    options = ReadOptions(layout="unlabelled", **vars(part(ImageOptions, settings)))
    dataset = open_dataset(settings.data, options)
    _require_fit(dataset, classifier.card, settings)
    _say_skipped(dataset)
    rows = []
    with progress("classifying", len(dataset.images), "images") as advance:
        for batch in classifier.batches(dataset.images):
            rows.append(batch)
            advance(len(batch))
    probabilities, classes = np.concatenate(rows), list(classifier.classes)
    if temperature is not None:
        probabilities = scaled(probabilities, temperature).astype(np.float32)
    names = pd.Categorical.from_codes(probabilities.argmax(axis=1), pd.Index(classes))
    table = dataset.table[["file", "row"]].assign(predicted=names)
    # The row tells images of one array apart; a file with one image has none.
    if (table["row"] < 0).all():
        del table["row"]
    table[classes] = probabilities
    return table


def _temperature(checkpoint: Path) -> float:
    """Return the temperature that the training of a checkpoint wrote down."""
    outcome = read_result(checkpoint, load_checkpoint(checkpoint).about)
    if outcome is None or outcome.temperature is None:
        raise UserError(
            f"no temperature is known of {checkpoint}: give a checkpoint beside the result.json of "
            "its training, which this version writes, or leave out --calibrated"
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
