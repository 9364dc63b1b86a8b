"""Genes, and the forest that their activity rules make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from search_spaces.architecture import Choice


@dataclass(frozen=True)
class Gene:
    """One decision.

    Attributes:
        name: ``group.name``, or a plain name.
        choices: what may be chosen, from the lightest to the heaviest where that has a meaning.
        when: the rule: the gene is active only where the gene ``when[0]`` is active and has the
            choice ``when[1]``. ``None``: always active.
    """

    name: str
    choices: tuple[Choice, ...]
    when: tuple[str, Choice] | None = None

    def is_active(self, chosen: Mapping[str, Choice]) -> bool:
        """Whether the gene is active, given the choices of the genes before it."""
        return self.when is None or chosen.get(self.when[0]) == self.when[1]


def count(genes: Sequence[Gene]) -> tuple[dict[str, list[int]], int]:
    """The number of architectures, and for each gene how many completions follow from each
    choice.
    """
    ways: dict[str, list[int]] = {}
    totals: dict[tuple[str, Choice] | None, int] = {}  # the product over the genes with this rule
    for gene in reversed(genes):
        ways[gene.name] = [totals.get((gene.name, choice), 1) for choice in gene.choices]
        totals[gene.when] = totals.get(gene.when, 1) * sum(ways[gene.name])
    return ways, totals.get(None, 1)


def assignments(genes: list[Gene]) -> Iterator[dict[str, Choice]]:
    """Every way to decide the genes, which may be long; the last gene varies fastest."""
    if not genes:
        yield {}
        return
    *earlier, gene = genes
    for chosen in assignments(earlier):
        if gene.is_active(chosen):
            yield from ({**chosen, gene.name: choice} for choice in gene.choices)
        else:
            yield chosen
