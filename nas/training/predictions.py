"""``predictions.parquet``: what a training says of the test images, one row an image.

The columns are the file and the row of the image, its label, and the probability of each class; or,
where a number is read off images, the true and the predicted one, in the unit of the target.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.artefacts import DamageError, reading
from nas.common.errors import UserError
from nas.common.files import atomic_path
from nas.data.dataset import LensDataset
from nas.data.parquet import read_parquet

PREDICTIONS = "predictions.parquet"
"""Name of the file in the directory of a training."""


def write_predictions(
    directory: Path,
    dataset: LensDataset,
    indices: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float64],
) -> None:
    """Write the predictions of a training atomically.

    Args:
        directory: directory of the training.
        dataset: data set that the classified images are from.
        indices: positions (N,) of the classified images in the data set.
        probabilities: class probabilities (N, K) of these images.
    """
    table = dataset.table.iloc[indices][["file", "row"]].reset_index(drop=True)
    table["label"] = [dataset.classes[label] for label in dataset.labels[indices]]
    table[list(dataset.classes)] = probabilities
    with atomic_path(directory / PREDICTIONS) as temporary:
        table.to_parquet(temporary, index=False)


def write_values(
    directory: Path,
    dataset: LensDataset,
    indices: npt.NDArray[np.int64],
    true: npt.NDArray[np.float64],
    predicted: npt.NDArray[np.float64],
) -> None:
    """Write the numbers that a training reads off images, atomically.

    Args:
        directory: directory of the training.
        dataset: data set that the images are from.
        indices: positions (N,) of the images in the data set.
        true: true numbers (N,).
        predicted: what was read off (N,), in the same unit.
    """
    table = dataset.table.iloc[indices][["file", "row"]].reset_index(drop=True)
    table = table.assign(true=true, predicted=predicted)
    with atomic_path(directory / PREDICTIONS) as temporary:
        table.to_parquet(temporary, index=False)


def read_predictions(path: Path, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the predictions of a training, one row an image.

    The columns are ``file``, ``row`` and ``label``, and one column of probabilities for each class.

    Args:
        path: path of the predictions.
        classes: K class names.

    Raises:
        UserError: the file is missing or damaged.

    Example:
        >>> import tempfile
        >>> import pandas as pd
        >>> from pathlib import Path
        >>> from nas.training.predictions import read_predictions
        >>> values = {"file": ["0.npy"], "row": [0], "label": ["b"], "a": [0.25], "b": [0.75]}
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "predictions.parquet")
        ...     pd.DataFrame(values).to_parquet(path)
        ...     predictions = read_predictions(path, ("a", "b"))
        >>> predictions["b"].tolist()
        [0.75]
    """
    with _reading_of(path):
        return _checked(read_parquet(path, ["file", "row", "label", *classes]), classes)


def read_values(path: Path) -> pd.DataFrame:
    """Return the numbers that a training read off images, one row an image.

    The columns are ``file``, ``row``, ``true`` and ``predicted``.

    Args:
        path: path of the predictions.

    Raises:
        UserError: the file is missing or damaged.
    """
    with _reading_of(path):
        table = read_parquet(path, ["file", "row", "true", "predicted"])
        numbers = table[["true", "predicted"]]
        if not all(pd.api.types.is_float_dtype(kind) for kind in numbers.dtypes) or not (
            np.isfinite(numbers.to_numpy()).all()
        ):
            raise DamageError("values that are no numbers")
        _check_images(table)
        return table


@contextmanager
def _reading_of(path: Path) -> Iterator[None]:
    """Say of a file of predictions that it is missing or damaged, and what to do."""
    then = f"remove {path.parent}, and the same command trains the network anew"
    try:
        with reading(path, then):
            yield
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: {then}") from error


def _checked(table: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    numbers = table[list(classes)]
    if not all(pd.api.types.is_float_dtype(kind) for kind in numbers.dtypes):
        raise DamageError("probabilities that are no numbers")
    # What is not a number is not between 0 and 1 either.
    if not numbers.apply(lambda column: column.between(0, 1)).to_numpy().all():
        raise DamageError("probabilities that are not from 0 to 1")
    if not table["label"].isin(classes).all():
        raise DamageError("labels that are none")
    _check_images(table)
    return table


def _check_images(table: pd.DataFrame) -> None:
    if not pd.api.types.is_integer_dtype(table["row"]):
        raise DamageError("rows that are no whole numbers")
    if any(not isinstance(name, str) for name in table["file"]):
        raise DamageError("files that are none")
