"""Genes, and the forest that their activity rules make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from search_spaces.architecture import Choice


@dataclass(frozen=True)
class Gene:
    """One decision about a network.

    Attributes:
        name: Name of the gene, either ``group.name`` or a plain name.
        choices: What may be chosen, from the lightest to the heaviest where that has a meaning.
        when: Rule that makes the gene active: the gene ``when[0]`` is active and has the choice
            ``when[1]``, or one of several. None makes the gene always active.

    Example:
        >>> from search_spaces import Gene
        >>> heads = Gene("stage1.heads", choices=(1, 2), when=("stage1.op", "attention"))
        >>> heads.is_active({"stage1.op": "attention"})
        True
        >>> heads.is_active({"stage1.op": "mbconv"})
        False
    """

    name: str
    choices: tuple[Choice, ...]
    when: tuple[str, Choice | tuple[Choice, ...]] | None = None

    def is_active(self, chosen: Mapping[str, Choice]) -> bool:
        """Return whether the gene is active, given the choices of the genes before it."""
        return self.when is None or (self.when[0], chosen.get(self.when[0])) in self.rules

    @cached_property
    def rules(self) -> tuple[tuple[str, Choice], ...]:
        """The gene and the choice that make this one active, for each choice that does."""
        if self.when is None:
            return ()
        parent, choices = self.when
        return tuple(
            (parent, one) for one in (choices if isinstance(choices, tuple) else (choices,))
        )


def count(genes: Sequence[Gene]) -> tuple[dict[str, list[int]], int]:
    """Count architectures without listing them.

    Returns:
        For each gene, how many ways of deciding the genes that depend on it follow from each of its
        choices; and the number of architectures.
    """
    ways: dict[str, list[int]] = {}
    # Genes that follow from the same choice are decided independently, so their numbers of ways
    # multiply.
    totals: dict[tuple[str, Choice] | None, int] = {}
    for gene in reversed(genes):
        ways[gene.name] = [totals.get((gene.name, choice), 1) for choice in gene.choices]
        for rule in gene.rules or (None,):
            totals[rule] = totals.get(rule, 1) * sum(ways[gene.name])
    return ways, totals.get(None, 1)


def assignments(genes: list[Gene]) -> Iterator[dict[str, Choice]]:
    """Yield every way to decide the genes, one at a time; the last gene varies fastest."""
    if not genes:
        yield {}
        return
    *earlier, gene = genes
    for chosen in assignments(earlier):
        if gene.is_active(chosen):
            yield from ({**chosen, gene.name: choice} for choice in gene.choices)
        else:
            yield chosen
