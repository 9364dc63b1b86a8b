"""What each gene of an architecture is worth: ``python -m nas.benchmarks.ablation``."""

import sys
from collections.abc import Iterator, Sequence

from nas.benchmarks.ablation.report import ablation_page
from nas.benchmarks.ablation.settings import AblationSettings
from nas.benchmarks.networks import Network
from nas.benchmarks.trainings import Training, carry_out, plan
from nas.common.errors import UserError
from nas.common.files import make_directory, write_text
from search_spaces import Architecture, SearchSpace, get_space
from search_spaces.space import nearest

NORM = "norm"
"""What is no gene and can be changed like one: groups of channels in place of BatchNorm."""


def run(settings: AblationSettings) -> None:
    """Do the trainings that are not done yet, and write the table after each."""
    space = get_space(settings.space)
    variants = list(neighbours(space, space.parse(settings.architecture), settings.genes))
    make_directory(settings.out, "--out")

    planned = list(variant_trainings(settings, variants))
    kinds = {training.kind for training, _ in planned}

    def page(done: Sequence[Training]) -> str:
        # The table may hold trainings on other images, or of other lengths.
        return ablation_page([one for one in done if one.kind in kinds], variants)

    def publish(done: Sequence[Training]) -> None:
        write_text(settings.out / "README.md", page(done))

    done = carry_out(planned, settings.out / "trainings.csv", publish)
    sys.stdout.write(page(done))


def neighbours(space: SearchSpace, base: Architecture, genes: Sequence[str]) -> Iterator[Network]:
    """Yield an architecture and all that differ from it in one gene, each with a name.

    Genes that become active by the change have the choice in the middle of their list.

    Args:
        space: Search space of the architecture.
        base: Architecture whose genes are changed.
        genes: Genes that are changed, :data:`NORM` among them; an empty sequence stands for all of
            the architecture.

    Raises:
        UserError: the architecture has no such gene.
    """
    for gene in genes:
        if gene not in base and gene != NORM:
            raise UserError(
                f"--genes {gene} is no gene of the architecture{nearest(gene, base.choices)}"
            )
    yield Network("base", base)
    middle = {name: gene.choices[len(gene.choices) // 2] for name, gene in space.genes.items()}
    for gene in genes or base.choices:
        if gene == NORM:
            yield Network("norm=group", base, norm="group")
            continue
        for choice in space.genes[gene].choices:
            if choice != base.choices[gene]:
                variant = space.from_params({**middle, **base.choices, gene: choice})
                yield Network(f"{gene}={choice}", variant)


def variant_trainings(
    settings: AblationSettings, variants: Sequence[Network]
) -> Iterator[tuple[Training, Network]]:
    """Yield all trainings without their outcomes, seed by seed."""
    for seed in range(settings.seeds):
        for network in variants:
            yield plan(
                settings,
                network,
                nuisance=settings.nuisance,
                images=settings.images,
                epochs=settings.epochs,
                seed=seed,
            )
