"""The work of ``python -m nas.data``, which simulates, inspects and previews data sets."""

import json

from nas.common.settings import part
from nas.data.dataset import open_dataset
from nas.data.settings import InspectSettings, PreviewSettings, SimulateSettings
from nas.data.simulation.settings import SimulationSettings


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
