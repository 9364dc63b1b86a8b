"""``predictions.parquet``: what a trained network says of the test images, one line an image.

The columns are file and row of the image, its label, and the probability of each class.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.errors import UserError
from nas.common.files import atomic_path
from nas.data.dataset import LensDataset

PREDICTIONS = "predictions.parquet"
"""Its name in the directory of a training."""


def write_predictions(
    directory: Path,
    dataset: LensDataset,
    indices: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float64],
) -> None:
    """Write the predictions of a training atomically.

    Args:
        directory: of the training.
        dataset: whose images were classified.
        indices: (N,) of these images.
        probabilities: (N, K) of the classes.
    """
    table = dataset.table.iloc[indices][["file", "row"]].reset_index(drop=True)
    table["label"] = [dataset.classes[label] for label in dataset.labels[indices]]
    table[list(dataset.classes)] = probabilities
    with atomic_path(directory / PREDICTIONS) as temporary:
        table.to_parquet(temporary, index=False)


def read_predictions(path: Path, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the predictions of a training: file, row, label, and a column of probabilities for
    each class.

    Args:
        path: the file.
        classes: K class names.

    Raises:
        UserError: the file is missing or damaged.
    """
    try:
        return pd.read_parquet(path, columns=["file", "row", "label", *classes])
    except (OSError, ValueError) as error:  # pyarrow's own errors are among them
        raise UserError(
            f"{path} is missing or damaged: remove {path.parent}, and the same command trains the "
            "network anew"
        ) from error
