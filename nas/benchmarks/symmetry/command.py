"""What symmetry brings: ``python -m nas.benchmarks.symmetry``.

Every training is written down when it is done, and a stopped benchmark goes on where it was.
"""

import io
import sys
from pathlib import Path

from nas.benchmarks.symmetry.report import symmetry_figure, symmetry_page
from nas.benchmarks.symmetry.settings import SymmetryBenchmarkSettings
from nas.benchmarks.symmetry.trainings import (
    Training,
    networks,
    planned,
    read_trainings,
    train,
    write_trainings,
)
from nas.common.files import atomic_path, make_directory, write_text
from nas.common.progress import say
from nas.data.options import ReadOptions
from nas.data.simulation.dataset import simulate
from nas.data.simulation.settings import SimulationSettings
from nas.report.drawing import style
from nas.training.images import TrainingImages


def run(settings: SymmetryBenchmarkSettings) -> None:
    """Do the trainings that are not done yet, and write table and figure after each."""
    make_directory(settings.out, "--out")
    table = settings.out / "trainings.csv"
    done = read_trainings(table)
    known = {training.key for training in done}
    by_name = {network.name: network for network in networks(settings)}
    data: dict[float, TrainingImages] = {}
    for training in planned(settings):
        if training.key in known:
            continue
        if training.nuisance not in data:
            data = {training.nuisance: _images(settings, training.nuisance)}  # one at a time
        say(
            f"{training.network}, {training.images:,} images of nuisance {training.nuisance:g}, "
            f"seed {training.seed}"
        )
        done.append(train(training, by_name[training.network], data[training.nuisance]))
        write_trainings(table, done)
        _publish(settings, done)
    if done:
        _publish(settings, done)
        sys.stdout.write(symmetry_page(done, settings.image_size))


def _images(settings: SymmetryBenchmarkSettings, nuisance: float) -> TrainingImages:
    simulation = SimulationSettings(
        model="II",
        physics="realistic",
        images=settings.simulated,
        image_size=settings.image_size,
        nuisance=nuisance,
    )
    name = f"realistic-{settings.image_size}px-{settings.simulated}-{nuisance:g}"
    directory = Path("data") / name
    simulate(simulation, directory, 2)
    return TrainingImages.open(directory, ReadOptions())


def _publish(settings: SymmetryBenchmarkSettings, done: list[Training]) -> None:
    write_text(settings.out / "README.md", symmetry_page(done, settings.image_size))
    with style():
        image = io.BytesIO()
        symmetry_figure(done).savefig(image, format="png", dpi=150)
    with atomic_path(settings.out / "symmetry.png") as temporary:
        temporary.write_bytes(image.getvalue())
