"""What each gene of an architecture is worth: ``python -m nas.benchmarks.ablation``."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas.benchmarks.ablation.report import BASE, ablation_page
from nas.benchmarks.ablation.settings import AblationSettings
from nas.benchmarks.networks import Network
from nas.benchmarks.trainings import Training, carry_out, plan, read_trainings
from nas.common.errors import UserError
from nas.common.files import make_directory, write_text
from search_spaces import Architecture, SearchSpace, get_space
from search_spaces.space import nearest

BESIDE: Mapping[str, Mapping[Any, Mapping[str, Any]]] = {
    "norm": {"group": {"norm": "group"}},
    "learning_rate": {rate: {"recipe": {"learning_rate": rate}} for rate in (2e-3, 8e-3)},
    "warmup": {0.1: {"recipe": {"warmup": 0.1}}},
}
"""What is no gene and can be changed like one: by each choice the fields of its :class:`Network`.

They are groups of channels in place of BatchNorm, and settings of the recipe.
"""


def run(settings: AblationSettings) -> None:
    """Do the trainings that are not done yet, and write the table after each.

    Raises:
        UserError: a gene cannot be changed, or the table is of another architecture.
    """
    space = get_space(settings.space)
    base = space.parse(settings.architecture)
    planned = list(variant_trainings(settings, list(neighbours(space, base, settings.genes))))
    make_directory(settings.out, "--out")
    path = settings.out / "trainings.csv"
    _check(read_trainings(path), base, path)

    def page(done: Sequence[Training]) -> str:
        # Rows of genes that were asked for before, or that the space had then, stay on the page.
        same = planned[0][0].circumstances
        return ablation_page([one for one in done if one.circumstances == same])

    def publish(done: Sequence[Training]) -> None:
        write_text(settings.out / "README.md", page(done))

    done = carry_out(planned, path, publish)
    sys.stdout.write(page(done))


def _check(trainings: Sequence[Training], base: Architecture, path: Path) -> None:
    """Check that the trainings of a table are of one architecture and its variants."""
    for one in trainings:
        if one.network == BASE and one.architecture != str(base):
            raise UserError(f"{path} is of variants of {one.architecture}: give another --out")


def neighbours(space: SearchSpace, base: Architecture, genes: Sequence[str]) -> Iterator[Network]:
    """Yield an architecture and all that differ from it in one gene, each with a name.

    Genes that become active by the change have the choice in the middle of their list.

    Args:
        space: Search space of the architecture.
        base: Architecture whose genes are changed.
        genes: Genes that are changed, and what is in :data:`BESIDE`; an empty sequence stands for
            all genes of the architecture.

    Raises:
        UserError: the architecture has no such gene, or the space no other choice for it.
    """
    for gene in genes:
        if gene not in (*base.choices, *BESIDE):
            hint = nearest(gene, [*base.choices, *BESIDE])
            raise UserError(f"--genes {gene} is no gene of the architecture{hint}")
        if gene not in BESIDE and len(space.genes[gene].choices) == 1:
            raise UserError(f"--genes {gene} cannot be changed: {space.name} has one choice for it")
    yield Network(BASE, base)
    middle = {name: gene.choices[len(gene.choices) // 2] for name, gene in space.genes.items()}
    for gene in genes or base.choices:
        if gene in BESIDE:
            for choice, fields in BESIDE[gene].items():
                yield Network(f"{gene}={choice}", base, **fields)
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
