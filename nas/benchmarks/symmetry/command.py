"""What symmetry brings: ``python -m nas.benchmarks.symmetry``."""

import io
import sys
from collections.abc import Iterator, Sequence
from itertools import product

from nas.benchmarks.networks import Network, with_twins
from nas.benchmarks.symmetry.report import symmetry_figure, symmetry_page
from nas.benchmarks.symmetry.settings import SymmetryBenchmarkSettings
from nas.benchmarks.trainings import Training, carry_out, epochs_for, plan
from nas.common.files import atomic_path, make_directory, write_text
from nas.report.drawing import style


def run(settings: SymmetryBenchmarkSettings) -> None:
    """Do the trainings that are not done yet, and write table and figure after each."""
    make_directory(settings.out, "--out")

    def publish(done: Sequence[Training]) -> None:
        write_text(settings.out / "README.md", symmetry_page(done, settings.image_size))
        with style():
            image = io.BytesIO()
            symmetry_figure(done).savefig(image, format="png", dpi=150)
        with atomic_path(settings.out / "symmetry.png") as temporary:
            temporary.write_bytes(image.getvalue())

    done = carry_out(planned(settings), settings.out / "trainings.csv", publish)
    sys.stdout.write(symmetry_page(done, settings.image_size))


def planned(settings: SymmetryBenchmarkSettings) -> Iterator[tuple[Training, Network]]:
    """Yield all trainings without their outcomes, seed by seed, so that all soon have one."""
    largest = max(settings.images)
    for seed, nuisance, images in product(
        range(settings.seeds), settings.nuisances, settings.images
    ):
        epochs = epochs_for(images, settings.epochs, largest)
        for network in with_twins(settings.networks):
            yield plan(
                settings, network, nuisance=nuisance, images=images, epochs=epochs, seed=seed
            )
