"""What it brings to know more of the data: ``python -m nas.benchmarks.priors``."""

import sys
from collections.abc import Iterator, Sequence
from itertools import product

from nas.benchmarks.networks import Network
from nas.benchmarks.priors.report import prior_page
from nas.benchmarks.priors.settings import PriorSettings
from nas.benchmarks.trainings import Prior, Training, carry_out, length_for, plan
from nas.common.files import make_directory, write_text
from search_spaces import get_space

_MEASURED: tuple[Prior, ...] = ("none", "residual", "sersic residual")


def run(settings: PriorSettings) -> None:
    """Do the trainings that are not done yet, and write the table after each."""
    make_directory(settings.out, "--out")

    def publish(done: Sequence[Training]) -> None:
        write_text(settings.out / "README.md", prior_page(done))

    done = carry_out(trainings_of_priors(settings), settings.out / "trainings.csv", publish)
    sys.stdout.write(prior_page(done))


def trainings_of_priors(settings: PriorSettings) -> Iterator[tuple[Training, Network]]:
    """Yield all trainings without their outcomes; few images come first, since they are quick."""
    architecture = get_space(settings.space).parse(settings.architecture)
    name = f"{settings.space}/{settings.architecture}"
    most = max(settings.images)
    for images, prior, seed in product(sorted(settings.images), _MEASURED, range(settings.seeds)):
        yield plan(
            settings,
            Network(name, architecture),
            nuisance=settings.nuisance,
            images=images,
            seed=seed,
            prior=prior,
            **length_for(images, settings.epochs, most),
        )
