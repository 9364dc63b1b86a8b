"""The command ``python -m nas.predict``: classifying images with a trained network."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from nas.common.errors import UserError
from nas.common.files import room_for, write_text
from nas.common.progress import progress, say
from nas.common.screen import screen
from nas.common.settings import part
from nas.data.dataset import LensDataset, open_dataset
from nas.data.options import ImageOptions, ReadOptions
from nas.predict.settings import PredictSettings
from nas.training.evaluation import BATCH
from nas.training.networks.card import ModelCard
from nas.training.networks.classifier import Classifier, load_classifier
from nas.training.precision import pick_device

# Of the files that cannot be used so many are named; the others are counted.
_NAMED = 5


def run(settings: PredictSettings) -> None:
    """Classify the images, write the table, and print how many are of which class."""
    device = pick_device(settings.device)
    classifier, card = load_classifier(settings.checkpoint, settings.average_symmetries)
    options = ReadOptions(layout="unlabelled", **vars(part(ImageOptions, settings)))
    dataset = open_dataset(settings.data, options)
    _require_fit(dataset, card, settings)
    _say_skipped(dataset)
    probabilities = _classify(classifier.to(device), dataset.images, device)
    predicted = [card.classes[label] for label in probabilities.argmax(axis=1)]
    table = pd.DataFrame(
        {"file": dataset.table["file"], "row": dataset.table["row"], "predicted": predicted}
    )
    # The row tells images of one array apart; a file with one image has none.
    if (table["row"] < 0).all():
        del table["row"]
    table[list(card.classes)] = probabilities
    text = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    with room_for(settings.out, "give the same command again"):
        write_text(settings.out, text)
    counts = Counter(predicted)
    line = f"{settings.out}: " + ", ".join(f"{counts[name]:,} {name}" for name in card.classes)
    screen().print(line, soft_wrap=True)


def _classify(
    classifier: Classifier, images: npt.NDArray[np.float32], device: torch.device
) -> npt.NDArray[np.float32]:
    """Return class probabilities (N, K) of images (N, C, H, W).

    The images are read from the disk as they are needed.
    """
    rows = []
    with torch.no_grad(), progress("classifying", len(images), "images") as advance:
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.array(images[start : start + BATCH])).to(device)
            rows.append(classifier(batch).cpu())
            advance(len(batch))
    return torch.cat(rows).numpy()


def _require_fit(dataset: LensDataset, card: ModelCard, settings: PredictSettings) -> None:
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
