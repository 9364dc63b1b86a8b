"""``predictions.parquet``: the class probabilities of the test images, one row an image.

The columns are the file and the row of the image, its label, and the probability of each class.
"""

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
    then = f"remove {path.parent}, and the same command trains the network anew"
    try:
        with reading(path, then):
            return _checked(read_parquet(path, ["file", "row", "label", *classes]), classes)
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: {then}") from error


def _checked(table: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    numbers = table[list(classes)]
    if not all(pd.api.types.is_float_dtype(kind) for kind in numbers.dtypes):
        raise DamageError("probabilities that are no numbers")
    # What is not a number is not between 0 and 1 either.
    if not numbers.apply(lambda column: column.between(0, 1)).to_numpy().all():
        raise DamageError("probabilities that are not from 0 to 1")
    if not pd.api.types.is_integer_dtype(table["row"]):
        raise DamageError("rows that are no whole numbers")
    if not table["label"].isin(classes).all() or any(
        not isinstance(name, str) for name in table["file"]
    ):
        raise DamageError("labels or files that are none")
    return table
