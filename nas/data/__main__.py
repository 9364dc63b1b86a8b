"""``python -m nas.data``: simulate a data set, inspect or preview one."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from nas.cli import Command, main
from nas.data.dataset import open_dataset
from nas.data.inspect import show
from nas.data.options import ReadOptions
from nas.data.simulation import SimulationSettings, simulate
from nas.errors import UserError
from nas.settings import part

# Without being asked, no more memory than 2 GB.
_MOST_WORKERS = 4

# A picture of more is too large to look at.
_MOST_COLUMNS = 30


@dataclass(frozen=True, kw_only=True)
class Simulate(SimulationSettings):
    """Simulate images of strong lenses of the three dark-matter classes."""

    out: Path = Path("data/simulated")
    """Directory to write; an unfinished one is continued."""
    workers: int = min(os.cpu_count() or 1, _MOST_WORKERS)
    """Processes of some 350 MB each (default: one for each core, but no more than 4); they change no byte."""


@dataclass(frozen=True, kw_only=True)
class Inspect(ReadOptions):
    """Say what a data directory holds: layout, classes, splits, duplicates, and files that cannot be used."""

    directory: Path = field(kw_only=False)
    """The data directory, of any known layout."""
    json: bool = False
    """Print JSON for programs instead of tables for people."""


@dataclass(frozen=True, kw_only=True)
class Preview(ReadOptions):
    """Draw images of a data directory by class; for simulated ones also what substructure adds."""

    directory: Path = field(kw_only=False)
    """The data directory, of any known layout."""
    out: Path = Path("preview.png")
    """Picture to write: .png, .pdf or .svg."""
    columns: int = 6
    """Images of each class."""
    seed: int = 0
    """Seed of the choice of images."""


def _simulate(command: Simulate) -> None:
    settings = part(SimulationSettings, command)
    if command.workers < 1:
        raise UserError(f"--workers {command.workers} is not a number of processes: give 1 or more")
    simulate(settings, command.out, command.workers)


def _inspect(command: Inspect) -> None:
    dataset = open_dataset(command.directory, command)
    if command.json:
        print(json.dumps(dataset.info, indent=2))
    else:
        show(dataset, Console())


def _preview(command: Preview) -> None:
    from nas.data.preview import draw_preview  # matplotlib is slow to load, and large in simulation's workers

    if not 1 <= command.columns <= _MOST_COLUMNS:
        raise UserError(f"--columns {command.columns} does not fit on a picture: give 1 to {_MOST_COLUMNS}")
    if command.seed < 0:
        raise UserError(f"--seed {command.seed} cannot be used: give 0 or more")
    draw_preview(open_dataset(command.directory, command), command.columns, command.seed, command.out)
    print(f"wrote {command.out}")


if __name__ == "__main__":
    main(
        "python -m nas.data",
        {
            "simulate": Command(Simulate, _simulate),
            "inspect": Command(Inspect, _inspect),
            "preview": Command(Preview, _preview),
        },
    )
