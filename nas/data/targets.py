"""Numbers that networks learn to read off images: columns of the table beside simulated ones."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd

from lens_nas_plugins.mistakes import did_you_mean
from nas.common.errors import UserError
from nas.common.rules import Must, Text
from nas.data.dataset import LensDataset
from nas.data.simulation.table import UNITS

Values = npt.NDArray[np.float64]
"""A number for each image, (N,)."""

_LOG = "log10_"

# These change when an image is turned, mirrored or shifted, as images are in training. A network
# whose symmetry is built in cannot know them at all.
_TURNING = frozenset(
    f"{what}_{part}"
    for what, parts in {
        "lens": ("e1", "e2", "gamma1", "gamma2"),
        "source": ("e1", "e2", "x", "y"),
        "vortex": ("angle",),
    }.items()
    for part in parts
)

# Only the place of an image in its file.
_INDEX = "index"


@dataclass(frozen=True)
class Target:
    """A number that a network learns to read off images, and how it is standardised.

    Attributes:
        name: column of the table, or ``log10_`` and a column.
        unit: unit of the number; empty for a pure number.
        mean: mean over the training images, in this unit.
        spread: standard deviation over the training images, in this unit.

    Example:
        >>> import numpy as np
        >>> target = Target("log10_axion_mass", "log10 eV", mean=-23.0, spread=0.5)
        >>> target.standardised(np.array([-23.5, -22.0]))
        array([-1.,  2.])
        >>> target.restored(np.array([-1.0, 2.0]))
        array([-23.5, -22. ])
        >>> target.words(0.25)
        '0.25 log10 eV'
    """

    name: Text
    unit: Text
    mean: float
    spread: Annotated[float, Must(lambda spread: spread > 0, "above 0")]

    @staticmethod
    def fit(name: str, unit: str, values: Values) -> "Target":
        """Return the target with the mean and the spread of training images.

        Args:
            name: name of the target.
            unit: its unit.
            values: its values (N,) for the training images.

        Raises:
            UserError: it is the same for all of them, or there are none.
        """
        if not len(values) or values.min() == values.max():
            raise UserError(
                f"--target {name} is the same in all {len(values):,} training images that have "
                "it, so that there is nothing to learn: give another target, or other data"
            )
        return Target(name, unit, float(values.mean()), float(values.std()))

    def standardised(self, values: Values) -> Values:
        """Return values as networks learn them, with the mean 0 and the spread 1 in training."""
        return (values - self.mean) / self.spread

    def restored(self, values: Values) -> Values:
        """Return standardised values in the target's own unit."""
        return values * self.spread + self.mean

    @property
    def title(self) -> str:
        """The name, and in brackets the unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def words(self, value: float) -> str:
        """Return a difference or an error with its unit."""
        return f"{value:.4g} {self.unit}".rstrip()


def read_target(dataset: LensDataset, name: str) -> tuple[Values, str]:
    """Return the number of every image, and its unit.

    The columns are those of ``parameters.parquet`` beside simulated images and beside arrays that
    were given with numbers; of public images whose
    files carry the axion mass there is ``axion_mass``. The name ``log10_x`` is the logarithm of the
    column ``x``.

    Args:
        dataset: data set of the images.
        name: name of the target.

    Returns:
        The values (N,), which are NaN for images that have no such number, and the unit.

    Raises:
        UserError: the data set has no table, the table has no such column of numbers, no image has
            the number, or it changes when an image is turned.
    """
    table = _table(dataset)
    known = [
        column
        for column in table.columns
        if column != _INDEX and pd.api.types.is_numeric_dtype(table[column])
    ]
    column = name.removeprefix(_LOG)
    if column not in known:
        usable = [column for column in known if column not in _TURNING]
        names = [*usable, *(f"{_LOG}{column}" for column in usable)]
        hint = did_you_mean(name, names) or f": give one of {', '.join(usable)}"
        raise UserError(f"the table of {dataset.directory} has no number --target {name}{hint}")
    if column in _TURNING:
        raise UserError(
            f"--target {name} changes when an image is turned, mirrored or shifted, as images are "
            "in training: give a target that stays, such as log10_axion_mass or lens_theta_e"
        )
    values = table[column].to_numpy(np.float64, na_value=np.nan).copy()
    unit = UNITS.get(column, "").partition(";")[0].partition(",")[0].removeprefix("1")
    if name != column:
        # What has no logarithm is not known either.
        values[~(values > 0)] = np.nan
        values, unit = np.log10(values), f"log10 {unit}".rstrip()
    values[~np.isfinite(values)] = np.nan
    if np.isnan(values).all():
        raise UserError(
            f"no image of {dataset.directory} has a --target {name}: give another target, or data "
            "that have it"
        )
    return values, unit


def _table(dataset: LensDataset) -> pd.DataFrame:
    """Return the table whose columns can be targets, with a row for each image."""
    if dataset.has_parameters:
        return dataset.parameters
    if dataset.table["axion_mass"].notna().any():
        return dataset.table[["axion_mass"]]
    raise UserError(
        f"{dataset.directory} has no table of parameters, of which --target is a column: give "
        "simulated data, as python -m nas.data simulate makes them, or arrays with numbers"
    )
