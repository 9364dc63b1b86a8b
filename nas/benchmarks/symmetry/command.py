"""What symmetry brings: ``python -m nas.benchmarks.symmetry``."""

import io
import sys
from collections.abc import Iterator, Sequence
from itertools import product

from nas.benchmarks.symmetry.report import symmetry_figure, symmetry_page
from nas.benchmarks.symmetry.settings import SymmetryBenchmarkSettings
from nas.benchmarks.trainings import Network, Training, carry_out, epochs_for, plan
from nas.common.files import atomic_path, make_directory, write_text
from nas.report.drawing import style
from search_spaces import get_space


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


def networks(settings: SymmetryBenchmarkSettings) -> list[Network]:
    """Return the networks, each symmetric one with its twin.

    Raises:
        SpaceError: a name is not that of an architecture.
    """
    found = []
    for name in settings.networks:
        space, slash, line = name.partition("/")
        network = Network(name, get_space(space).parse(line) if slash else None)
        found.append(network)
        if network.symmetric:
            found.append(Network(f"{name} untied", network.architecture, untied=True))
    return found


def planned(settings: SymmetryBenchmarkSettings) -> Iterator[tuple[Training, Network]]:
    """Yield all trainings without their outcomes, seed by seed, so that all soon have one."""
    largest = max(settings.images)
    for seed, nuisance, images in product(
        range(settings.seeds), settings.nuisances, settings.images
    ):
        epochs = epochs_for(images, settings.epochs, largest)
        for network in networks(settings):
            yield plan(
                settings, network, nuisance=nuisance, images=images, epochs=epochs, seed=seed
            )
