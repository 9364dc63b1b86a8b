"""A picture of a data set: its images by class, and what substructure adds to simulated ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nas.common.artefacts import checked, read_json, reading
from nas.common.errors import UserError
from nas.common.figure import ShownFigure
from nas.common.files import atomic_path
from nas.data.dataset import LensDataset
from nas.data.packed import METADATA
from nas.data.simulation.residual import render_without_substructure
from nas.data.simulation.settings import SimulationSettings, load_settings

Image = npt.NDArray[np.floating]

# Brightness is stretched by asinh, which is linear in the noise and logarithmic in the arcs, so
# that both are seen.
_KNEE_PERCENTILE = 75.0
_WHITE_PERCENTILE = 99.8
_PANEL_INCHES = 1.5


class _Row(NamedTuple):
    """A row of the picture, whose images are drawn around zero where they are signed."""

    title: str
    images: Sequence[Image]
    signed: bool = False


def draw_preview(dataset: LensDataset, columns: int, seed: int) -> ShownFigure:
    """Draw a grid of random images, with a row for each class.

    In a simulated data set, a row of residuals stands below each class with substructure: the
    noise-free image minus the image of the same lens without substructure.

    Args:
        dataset: data set to draw images of.
        columns: number of images of each class; a class that has fewer shows all of them.
        seed: seed of the choice of images.

    Raises:
        UserError: the description of a simulated data set is damaged.
    """
    settings = _simulation_settings(dataset)
    columns = min(columns, int(np.bincount(dataset.labels).max()))
    rng = np.random.default_rng(seed)
    rows: list[_Row] = []
    for label, name in enumerate(dataset.classes):
        members = np.flatnonzero(dataset.labels == label)
        chosen = rng.permutation(members)[:columns]
        rows.append(_Row(name, [dataset.images[position].mean(axis=0) for position in chosen]))
        if settings is not None:
            numbers = dataset.table["row"].to_numpy()[chosen]
            pairs = [render_without_substructure(settings, int(number)) for number in numbers]
            residuals = [with_it - without for with_it, without in pairs]
            if any(residual.any() for residual in residuals):
                rows.append(_Row(f"{name}\n− smooth lens", residuals, signed=True))
    return _figure(rows, columns)


def save_preview(figure: Figure, out: Path) -> None:
    """Write a figure to a file.

    Args:
        figure: figure to write.
        out: picture to write, whose suffix makes it PNG, PDF or SVG.

    Raises:
        UserError: the picture cannot be written.
    """
    try:
        with atomic_path(out) as path:
            figure.savefig(path, dpi=120)
    except OSError as error:
        raise UserError(
            f"{out} cannot be written ({error.strerror}): name another file with --out"
        ) from error
    except ValueError as error:
        raise UserError(f"{out} is not a picture's name: end it in .png, .pdf or .svg") from error


def _simulation_settings(dataset: LensDataset) -> SimulationSettings | None:
    if dataset.info["layout"] != "simulated":
        return None
    metadata = dataset.directory / Path(dataset.table["file"].iloc[0]).parent / METADATA
    with reading(metadata, "copy it again"):
        description = checked(dict[str, Any], read_json(metadata))
    try:
        return load_settings(description)
    except UserError as error:
        raise UserError(f"{metadata.parent}: {error}") from error


def _figure(rows: list[_Row], columns: int) -> ShownFigure:
    figure = ShownFigure(
        figsize=(columns * _PANEL_INCHES + 0.4, len(rows) * _PANEL_INCHES), layout="constrained"
    )
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes_row, row in zip(grid, rows, strict=True):
        for axes in axes_row:
            axes.set_axis_off()
        for axes, image in zip(axes_row, row.images, strict=False):
            draw_image(axes, image, signed=row.signed)
        axes_row[0].text(
            -0.08,
            0.5,
            row.title,
            rotation=90,
            ha="right",
            va="center",
            transform=axes_row[0].transAxes,
        )
    return figure


def draw_image(axes: Axes, image: Image, *, signed: bool = False) -> None:
    """Draw an image (H, W), stretched so that both noise and arcs are seen.

    Args:
        axes: axes to draw into.
        image: image to draw.
        signed: whether the image is a difference, which is drawn in colours around zero and not
            stretched.
    """
    if signed:
        limit = np.percentile(np.abs(image), _WHITE_PERCENTILE) or 1.0
        axes.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit, origin="lower")
        return
    sky = np.median(image)
    knee = np.percentile(np.abs(image - sky), _KNEE_PERCENTILE) or 1.0
    stretched = np.arcsinh((image - sky) / knee)
    axes.imshow(
        stretched, cmap="inferno", vmax=np.percentile(stretched, _WHITE_PERCENTILE), origin="lower"
    )
