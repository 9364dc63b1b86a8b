"""A picture of a data set: its images by class, and what substructure adds to simulated ones."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm, Normalize
from matplotlib.figure import Figure

from nas.common.artefacts import checked, read_json, reading
from nas.common.errors import UserError
from nas.common.figure import ShownFigure
from nas.common.files import atomic_path
from nas.data.dataset import LensDataset
from nas.data.packed import METADATA
from nas.data.simulation.instruments import instrument
from nas.data.simulation.residual import render_without_substructure
from nas.data.simulation.settings import SimulationSettings, load_settings
from nas.data.simulation.table import image_unit

Image = npt.NDArray[np.floating]

# Brightness is stretched by asinh, which is linear in the noise and logarithmic in the arcs, so
# that both are seen.
_KNEE_PERCENTILE = 75.0
_WHITE_PERCENTILE = 99.8
_PANEL_INCHES = 1.5
_TITLE_INCHES, _BAR_INCHES = 0.4, 0.8
_SMALL = 7
# A scale bar has one of these lengths, in arcsec, and at most this share of an image's width.
_BARS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_BAR_SHARE = 0.4


class Scale(NamedTuple):
    """How values of pixels become colours."""

    norm: Normalize
    colours: str


class _Row(NamedTuple):
    """A row of the picture, whose images have one scale."""

    title: str
    images: Sequence[Image]
    scale: Scale


class _Sky(NamedTuple):
    """What is known of the pixels: their unit, and their side in arcsec."""

    unit: str
    pixel: float | None


def draw_preview(dataset: LensDataset, columns: int, seed: int) -> ShownFigure:
    """Draw a grid of random images, with a row for each class.

    In a simulated data set, a row of residuals stands below each class with substructure: the
    noise-free image minus the image of the same lens without substructure. The images of a row have
    one scale of brightness. Where the side of a pixel is known, a bar tells arcseconds.

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
        images = [dataset.images[position].mean(axis=0) for position in chosen]
        rows.append(_Row(name, images, stretched(images)))
        if settings is not None:
            numbers = dataset.table["row"].to_numpy()[chosen]
            pairs = [render_without_substructure(settings, int(number)) for number in numbers]
            residuals = [with_it - without for with_it, without in pairs]
            if any(residual.any() for residual in residuals):
                rows.append(_Row(f"{name}\n− smooth lens", residuals, _signed(residuals)))
    return _figure(rows, columns, _sky(settings))


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


def _sky(settings: SimulationSettings | None) -> _Sky:
    if settings is None:
        return _Sky("value of a pixel", None)
    camera = instrument(settings.model, settings.physics)
    return _Sky(image_unit(settings), camera.pixel_scale)


def _figure(rows: list[_Row], columns: int, sky: _Sky) -> ShownFigure:
    figure = ShownFigure(
        figsize=(columns * _PANEL_INCHES + _TITLE_INCHES + _BAR_INCHES, len(rows) * _PANEL_INCHES),
        layout="constrained",
    )
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes_row, row in zip(grid, rows, strict=True):
        for axes in axes_row:
            axes.set_axis_off()
        for axes, image in zip(axes_row, row.images, strict=False):
            draw_image(axes, image, row.scale)
        axes_row[0].text(
            -0.08,
            0.5,
            row.title,
            rotation=90,
            ha="right",
            va="center",
            transform=axes_row[0].transAxes,
        )
        _draw_colour_bar(axes_row, row.scale, sky.unit)
    if sky.pixel is not None:
        _draw_scale_bar(grid[0, 0], rows[0].images[0].shape, sky.pixel)
    return figure


def _draw_colour_bar(axes_row: Sequence[Axes], scale: Scale, unit: str) -> None:
    """Draw the colours of a row's values at its right; ticks are even in colour, not in value."""
    bar = axes_row[0].figure.colorbar(axes_row[0].images[0], ax=axes_row, aspect=12, pad=0.02)
    ticks = [float(scale.norm.inverse(share)) for share in (0.0, 0.5, 1.0)]
    bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks], fontsize=_SMALL)
    bar.minorticks_off()
    bar.set_label(textwrap.fill(unit, 24), fontsize=_SMALL)


def _draw_scale_bar(axes: Axes, shape: tuple[int, ...], pixel: float) -> None:
    """Draw a bar of a round number of arcseconds into the corner of an image."""
    height, width = shape
    length = max(bar for bar in _BARS if bar <= max(_BARS[0], width * pixel * _BAR_SHARE))
    left, bottom = 0.06 * width, 0.08 * height
    ends = (left, left + length / pixel)
    axes.plot(ends, (bottom, bottom), color="white", linewidth=1.5, scalex=False, scaley=False)
    words = f"{length:g}\N{DOUBLE PRIME}"
    axes.text(sum(ends) / 2, bottom * 1.3, words, color="white", ha="center", fontsize=_SMALL)


def stretched(images: Sequence[Image]) -> Scale:
    """Return the scale that shows both noise and arcs of images.

    Args:
        images: images (H, W), which have the scale in common.
    """
    pixels = np.stack(images)
    sky = np.median(pixels)
    knee = np.percentile(np.abs(pixels - sky), _KNEE_PERCENTILE) or 1.0
    norm = FuncNorm(
        (
            lambda values: np.arcsinh((np.asarray(values) - sky) / knee),
            lambda seen: sky + knee * np.sinh(np.asarray(seen)),
        ),
        vmin=float(pixels.min()),
        vmax=float(np.percentile(pixels, _WHITE_PERCENTILE)),
    )
    return Scale(norm, "inferno")


def _signed(images: Sequence[Image]) -> Scale:
    """Return the scale of differences, whose colours lie around zero."""
    limit = float(np.percentile(np.abs(np.stack(images)), _WHITE_PERCENTILE)) or 1.0
    return Scale(Normalize(-limit, limit), "RdBu_r")


def draw_image(axes: Axes, image: Image, scale: Scale | None = None) -> None:
    """Draw an image (H, W).

    Args:
        axes: axes to draw into.
        image: image to draw.
        scale: colours of its values; None for those of :func:`stretched` for this image alone.
    """
    scale = scale or stretched([image])
    # Pixels are shown as they are: smoothed noise looks like structure, and trebles a file.
    axes.imshow(image, cmap=scale.colours, norm=scale.norm, origin="lower", interpolation="nearest")
