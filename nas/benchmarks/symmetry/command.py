"""What symmetry brings: ``python -m nas.benchmarks.symmetry``."""

import sys
from collections.abc import Iterator, Sequence
from itertools import product

from nas.benchmarks.figures import write_figure
from nas.benchmarks.networks import Network, with_twins
from nas.benchmarks.page import trainings_page
from nas.benchmarks.symmetry.report import symmetry_figure
from nas.benchmarks.symmetry.settings import SymmetryBenchmarkSettings
from nas.benchmarks.trainings import Training, carry_out, length_for, plan
from nas.common.files import make_directory, write_text


def run(settings: SymmetryBenchmarkSettings) -> None:
    """Do the trainings that are not done yet, and write table and figure after each."""
    make_directory(settings.out, "--out")

    def page(done: Sequence[Training]) -> str:
        return trainings_page("Symmetric networks and ordinary ones", "", done, settings.image_size)

    def publish(done: Sequence[Training]) -> None:
        write_text(settings.out / "README.md", page(done))
        write_figure(lambda: symmetry_figure(done), settings.out / "symmetry.png")

    done = carry_out(planned(settings), settings.out / "trainings.csv", publish)
    sys.stdout.write(page(done))


def planned(settings: SymmetryBenchmarkSettings) -> Iterator[tuple[Training, Network]]:
    """Yield all trainings without their outcomes, seed by seed, so that all soon have one."""
    networks, references = with_twins(settings.networks), with_twins(settings.references)
    largest = max(settings.images)
    kinds = product([networks], range(settings.seeds), settings.nuisances, settings.images)
    once = references, 0, settings.nuisances[0], largest
    for some, seed, nuisance, images in (*kinds, once):
        length = length_for(images, settings.epochs, largest)
        for network in some:
            yield plan(settings, network, nuisance=nuisance, images=images, seed=seed, **length)
