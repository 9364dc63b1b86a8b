"""Networks: one that is trained, and what trained ones are used for."""

from pathlib import Path
from typing import Any

import pandas as pd

from nas.api.keywords import command_line, settings_from, shows_settings
from nas.common.provenance import asked
from nas.data.dataset import LensDataset
from nas.export.command import Export
from nas.export.settings import ExportSettings
from nas.export.settings import check as check_export
from nas.predict.command import ask_network
from nas.predict.settings import ClassifySettings
from nas.train.command import Trained, train_network
from nas.train.settings import TrainSettings
from nas.train.settings import check as check_training
from nas.training.networks.classifier import Classifier as Classifier
from nas.training.networks.regressor import Regressor as Regressor


@shows_settings(TrainSettings)
def train(data: LensDataset | Path | str, **settings: Any) -> Trained:
    """Train one network, as ``python -m nas.train`` does.

    The same call goes on with a training that was interrupted, and only reads one that is finished.

    Args:
        data: the data set, or its directory.
        settings: fields of :class:`~nas.train.settings.TrainSettings`.

    Returns:
        The network with its scores: ``scores``, ``epochs``, ``network``, and ``classifier``, or
        ``regressor`` where a number was learned.

    Raises:
        UserError: a setting cannot be used, or the data set cannot be read.
        search_spaces.SpaceError: there is no such architecture.

    Example:
        >>> import numpy as np
        >>> from nas import api
        >>> images = np.random.default_rng(0).random((60, 32, 32), dtype=np.float32)
        >>> labels = np.arange(60) % 2
        >>> data = api.from_arrays(images + labels[:, None, None], labels)
        >>> trained = api.train(data, model="test_resnet", epochs=1, device="cpu")
        >>> sorted(trained.scores)[:3]
        ['accuracy', 'auc', 'auc_class_0']
        >>> trained.classifier.predict_proba(images[:5]).shape
        (5, 2)
    """
    given = {"data": data, **settings}
    wanted = settings_from(TrainSettings, given, check_training)
    with asked(command_line("nas.train", TrainSettings, given)):
        return train_network(wanted)


@shows_settings(ClassifySettings)
def predict(
    checkpoint: Path | str, data: LensDataset | Path | str, **settings: Any
) -> pd.DataFrame:
    """Classify a folder of images, as ``python -m nas.predict`` does, and return the table.

    A network that was trained for a number reads it off each image instead. Images in memory are
    classified by ``predict_proba`` of a classifier, or read by ``predict`` of a regressor.

    Args:
        checkpoint: the ``model.safetensors`` of a trained network.
        data: folder of images, labelled or not, or a data set.
        settings: fields of :class:`~nas.predict.settings.ClassifySettings`.

    Raises:
        UserError: the checkpoint or the images cannot be read, or do not belong together.

    Example:
        >>> import numpy as np
        >>> from nas import api
        >>> images = np.random.default_rng(0).random((60, 32, 32), dtype=np.float32)
        >>> data = api.from_arrays(images, np.arange(60) % 2, classes=["ring", "arc"])
        >>> trained = api.train(data, model="test_resnet", epochs=1, device="cpu")
        >>> table = api.predict(trained.checkpoint, data, device="cpu")
        >>> list(table.columns), len(table)
        (['file', 'row', 'predicted', 'ring', 'arc'], 60)
    """
    given = {"checkpoint": checkpoint, "data": data, **settings}
    return ask_network(settings_from(ClassifySettings, given)).table


@shows_settings(ExportSettings)
def export(checkpoint: Path | str, onnx: Path | str | None = None, **settings: Any) -> Export:
    """Write a trained network for other programs, as ``python -m nas.export`` does.

    Args:
        checkpoint: the ``model.safetensors`` of a trained network.
        onnx: file to write as ONNX.
        settings: fields of :class:`~nas.export.settings.ExportSettings`; ``timm`` is a new
            directory to write in the layout of timm's models on a hub.

    Returns:
        What was written: ``onnx``, ``timm``, ``classifier``, and ``timm_lines``, which load the
        network.

    Raises:
        UserError: a package or the checkpoint is missing, or the network cannot be written.

    Example:
        >>> import numpy as np
        >>> import timm
        >>> from nas import api
        >>> images = np.random.default_rng(0).random((60, 32, 32), dtype=np.float32)
        >>> data = api.from_arrays(images, np.arange(60) % 2, classes=["ring", "arc"])
        >>> trained = api.train(data, model="test_resnet", epochs=1, device="cpu")
        >>> exported = api.export(trained.checkpoint, "lens.onnx", timm="lens-network")
        >>> exported.onnx.exists(), exported.timm_lines.splitlines()[0]
        (True, 'import timm')
        >>> network = timm.create_model("local-dir:lens-network", pretrained=True)
        >>> network.num_classes, network.pretrained_cfg["label_names"]
        (2, ['ring', 'arc'])
    """
    given = {"checkpoint": checkpoint, **settings}
    given |= {} if onnx is None else {"onnx": onnx}
    exported = Export.of(settings_from(ExportSettings, given, check_export))
    exported.write()
    return exported
