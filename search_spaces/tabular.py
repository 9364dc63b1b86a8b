"""Tabular spaces: small spaces whose networks somebody has trained already.

Samplers are measured on them. They have the interface of every search space, but no networks: a
result is looked up in a public table by the code of an architecture, which has one digit a gene.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.genes import Gene
from search_spaces.space import SearchSpace


class TabularSpace(SearchSpace):
    """A space small enough to list, in which different architectures may be the same network.

    Args:
        name: Name of the space, which its architectures carry.
        genes: Genes of the space, without rules and with at most ten choices each.
        signature: Maps a code to a value. Two architectures are the same network when the values of
            their codes are equal.

    Example:
        >>> import search_spaces
        >>> space = search_spaces.get_space("nas_bench_macro")
        >>> len(space)
        3969
        >>> architecture = space.parse("22212220")
        >>> architecture["layer4"]
        'mbconv_k3_e3'
        >>> space.code(space.canonical(architecture))
        '22212202'
    """

    def __init__(
        self, name: str, genes: Sequence[Gene], signature: Callable[[str], Hashable]
    ) -> None:
        super().__init__(name, genes)
        self._signature = signature

    def code(self, architecture: Architecture) -> str:
        """Return the code under which tables list the architecture.

        Each gene is one digit, the index of its choice.
        """
        return "".join(
            str(self.genes[name].choices.index(choice)) for name, choice in architecture.genes
        )

    def from_code(self, code: str) -> Architecture:
        """Return the architecture that a code stands for.

        Raises:
            SpaceError: the code does not have one digit for each gene, or a digit stands for no
                choice.
        """
        genes = list(self.genes.values())
        if len(code) != len(genes) or not all(
            digit in "0123456789"[: len(gene.choices)]
            for digit, gene in zip(code, genes, strict=True)
        ):
            last = len(genes[0].choices) - 1
            raise SpaceError(
                f"a code of {self.name} has {len(genes)} digits from 0 to {last}, given was "
                f"{code!r}."
            )
        return self._wrap(
            {gene.name: gene.choices[int(digit)] for digit, gene in zip(code, genes, strict=True)}
        )

    def parse(self, text: str) -> Architecture:
        """Read a code, or what :meth:`SearchSpace.parse` reads."""
        return self.from_code(text) if text.isdigit() else super().parse(text)

    def canonical(self, architecture: Architecture) -> Architecture:
        """Return the first architecture, in the order of codes, that is the same network."""
        return self._distinct[self._signature(self.code(architecture))]

    def __len__(self) -> int:
        return len(self._distinct)

    def __iter__(self) -> Iterator[Architecture]:
        return iter(self._distinct.values())

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw uniformly among the distinct networks, each in its canonical form."""
        return self._listed[int(rng.integers(len(self._listed)))]

    @cached_property
    def _distinct(self) -> dict[Hashable, Architecture]:
        distinct: dict[Hashable, Architecture] = {}
        for architecture in super().__iter__():
            distinct.setdefault(self._signature(self.code(architecture)), architecture)
        return distinct

    @cached_property
    def _listed(self) -> list[Architecture]:
        return list(self._distinct.values())


def nas_bench_macro() -> TabularSpace:
    """Make the space of NAS-Bench-Macro: 8 layers, each with one of 3 operations.

    Of its 6,561 codes, 3,969 are distinct networks. Source: Su et al., CVPR 2021, arXiv 2103.11922,
    section 5.
    """
    operations = ("identity", "mbconv_k3_e3", "mbconv_k5_e6")
    return TabularSpace(
        "nas_bench_macro", [Gene(f"layer{i}", operations) for i in range(1, 9)], _macro_signature
    )


def nas_bench_201() -> TabularSpace:
    """Make the space of NAS-Bench-201: 6 edges between 4 nodes, each with one of 5 operations.

    Of its 15,625 codes, 6,466 are distinct networks in the authors' count. Source: Dong and Yang,
    ICLR 2020, arXiv 2001.00326.
    """
    operations = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    edges = [f"edge{source}{target}" for source, target in _EDGES_201]
    return TabularSpace("nas_bench_201", [Gene(edge, operations) for edge in edges], _signature_201)


def _macro_signature(code: str) -> str:
    """Return the code with the idle identities of each stage moved to the end of the stage.

    Layers 1, 3 and 6 open the stages: there the operation has a stride, and an identity is a
    projection. Elsewhere an identity does nothing, so only the sequence of the stage's other
    operations matters.
    """
    stages = code[:2], code[2:5], code[5:]
    return "".join(
        stage[0] + stage[1:].replace("0", "").ljust(len(stage) - 1, "0") for stage in stages
    )


_EDGES_201 = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""Source node and target node of each edge, in the order of the table."""


def _signature_201(code: str) -> str:
    """Write what the last node computes as a formula, as the authors' code does.

    The formula is that of ``to_unique_str`` with ``consider_zero`` in their code: a skip passes its
    source on, an edge from nothing is nothing, and the terms of a sum have no order. Like the
    published count, the formula keeps the zeros in a sum, so ``0 + x`` and ``x`` count as two
    networks; without the zeros 5,390 would be left.
    """
    nodes = ["x", "", "", ""]
    for target in (1, 2, 3):
        terms = []
        for operation, (source, end) in zip(code, _EDGES_201, strict=True):
            if end == target:
                terms.append(_term_201(operation, nodes[source]))
        nodes[target] = "+".join(sorted(terms))
    return nodes[-1]


def _term_201(operation: str, source: str) -> str:
    if operation == "0" or source == "#":
        return "#"
    return source if operation == "1" else f"({source}){operation}"
