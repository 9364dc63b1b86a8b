"""How networks do on other images than those they learned from, and whether they know it.

``python -m nas.benchmarks.transfer``.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from nas.benchmarks.networks import Network, with_twins
from nas.benchmarks.rows import read_lines, write_lines
from nas.benchmarks.trainings import simulated_images, train_on_some
from nas.benchmarks.transfer.judged import Transfer, judged
from nas.benchmarks.transfer.report import transfer_figure, transfer_page
from nas.benchmarks.transfer.settings import TransferSettings
from nas.common.files import atomic_path, make_directory, write_text
from nas.common.progress import say
from nas.data.simulation.settings import SimulationSettings
from nas.report.drawing import style


class _Asked(NamedTuple):
    """A training, with a row for each kind of test images."""

    network: Network
    rows: tuple[Transfer, ...]


def run(settings: TransferSettings) -> None:
    """Do the trainings that are not done yet, and write table and figure after each."""
    make_directory(settings.out, "--out")
    table = settings.out / "transfer.csv"
    done = {row.key: row for row in read_lines(table, Transfer)}
    missing = [one for one in _asked(settings) if not {row.key for row in one.rows} <= done.keys()]
    kinds = {
        name: simulated_images(what) for name, what in simulations_of(settings).items() if missing
    }
    for one in missing:
        own = one.rows[0]
        say(f"{own.network}, {own.images:,} images of {own.trained_on}, seed {own.seed}")
        images = kinds[own.trained_on]
        result = train_on_some(one.network, images, own.images, epochs=own.epochs, seed=own.seed)
        done |= {row.key: row for row in judged(own, result, images, kinds)}
        write_lines(table, Transfer, done.values())
        _publish(settings, list(done.values()))
    _publish(settings, list(done.values()))
    sys.stdout.write(transfer_page(list(done.values())))


def _publish(settings: TransferSettings, rows: Sequence[Transfer]) -> None:
    write_text(settings.out / "README.md", transfer_page(rows))
    with style(), atomic_path(settings.out / "transfer.png") as temporary:
        transfer_figure(rows).savefig(temporary, dpi=150)


def simulations_of(settings: TransferSettings) -> dict[str, SimulationSettings]:
    """Return how each kind of images is simulated, by its name; all have the same pixels."""
    base = SimulationSettings(model="II", images=settings.simulated, image_size=settings.image_size)
    realistic = {
        f"realistic {nuisance:g}": replace(base, nuisance=nuisance)
        for nuisance in settings.nuisances
    }
    return {**realistic, "deeplense": replace(base, physics="deeplense")}


def _asked(settings: TransferSettings) -> Iterator[_Asked]:
    """Yield all trainings, seed by seed, so that all soon have one."""
    kinds = list(simulations_of(settings))
    for seed, kind, network in product(range(settings.seeds), kinds, with_twins(settings.networks)):
        rows = [
            Transfer(
                network=network.name,
                trained_on=kind,
                tested_on=other,
                simulated=settings.simulated,
                image_size=settings.image_size,
                images=settings.images,
                epochs=settings.epochs,
                seed=seed,
            )
            for other in kinds
        ]
        yield _Asked(network, tuple(rows))
