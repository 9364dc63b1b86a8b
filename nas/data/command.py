"""The work of ``python -m nas.data``: simulate, inspect and preview data sets, and fit lenses."""

import json
import shlex
from pathlib import Path

from nas.common.settings import part
from nas.data.dataset import open_dataset
from nas.data.options import ReadOptions
from nas.data.settings import InspectSettings, PreviewSettings, ResidualSettings, SimulateSettings
from nas.data.simulation.settings import SimulationSettings


def run_simulation(settings: SimulateSettings) -> None:
    """Simulate a data set, and say where it is and what it is for."""
    # rich is not for the workers of a simulation, which import this module too.
    from nas.common.screen import screen

    simulate_data(settings)
    screen().print(f"{settings.images:,} images are in {settings.out}", soft_wrap=True)
    _show_use(settings.out)


def simulate_data(settings: SimulateSettings) -> None:
    """Simulate a data set, or the rest of one that was begun."""
    from nas.data.simulation.dataset import simulate_dataset

    simulate_dataset(part(SimulationSettings, settings), settings.out, settings.workers)


def inspect_data(settings: InspectSettings) -> None:
    """Print what a data directory holds."""
    from nas.data.inspect import show

    dataset = open_dataset(settings.directory, settings)
    if settings.json:
        print(json.dumps(dataset.info, indent=2))
    else:
        show(dataset)


def preview_data(settings: PreviewSettings) -> None:
    """Draw images of a data directory."""
    # matplotlib is slow to load, and would be large in the workers of a simulation, which import
    # this module too.
    from nas.data.preview import draw_preview, save_preview

    dataset = open_dataset(settings.directory, settings)
    save_preview(draw_preview(dataset, settings.columns, settings.seed), settings.out)
    print(f"wrote {settings.out}")


def add_residual_channel(settings: ResidualSettings) -> None:
    """Write the images of a data directory with a channel of residuals."""
    # torch takes seconds to load, and the other commands do without it.
    from nas.data.smooth.dataset import Camera, add_residuals

    camera = (
        None if settings.psf_fwhm is None else Camera(settings.psf_fwhm, settings.exposure or 0.0)
    )
    options = part(ReadOptions, settings)
    add_residuals(
        settings.directory,
        settings.out,
        options,
        galaxy=settings.galaxy,
        camera=camera,
        workers=settings.workers,
    )
    print(f"wrote {settings.out}")
    _show_use(settings.out)


def _show_use(directory: Path) -> None:
    """Say what a data set that was written is for."""
    from nas.common.next_steps import show_next

    path = shlex.quote(str(directory))
    show_next(
        {
            "See images of each class": f"data preview {path}",
            "Search for networks that tell the classes apart": f"search --data {path}",
        }
    )
