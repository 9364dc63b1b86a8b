"""Tabular spaces: small spaces whose networks somebody has trained already, which is how samplers
are measured.

They have the interface of every search space, but no networks: their tables are read from public
files by the code of an architecture, one digit a gene.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.genes import Gene
from search_spaces.space import SearchSpace


class TabularSpace(SearchSpace):
    """A space that is small enough to list, and in which different architectures may be the same
    network.

    Args:
        name: the space's name.
        genes: the genes, without rules and with at most ten choices each.
        signature: of a code; two architectures are the same network when their signatures are
            equal.
    """

    def __init__(
        self, name: str, genes: Sequence[Gene], signature: Callable[[str], Hashable]
    ) -> None:
        super().__init__(name, genes)
        self._signature = signature

    def code(self, architecture: Architecture) -> str:
        """The architecture as tables name it: the index of each choice, one digit a gene."""
        return "".join(
            str(self.genes[name].choices.index(choice)) for name, choice in architecture.genes
        )

    def from_code(self, code: str) -> Architecture:
        """The architecture of a code.

        Raises:
            SpaceError: the code has another length, or a digit that no choice has.
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
        """Read ``str(architecture)`` or a code."""
        return self.from_code(text) if text.isdigit() else super().parse(text)

    def canonical(self, architecture: Architecture) -> Architecture:
        """The first architecture, in the order of codes, that is the same network."""
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
    """NAS-Bench-Macro: 8 layers of 3 operations (Su et al., CVPR 2021, arXiv 2103.11922, section
    5).

    6,561 codes, of which 3,969 are distinct networks.
    """
    operations = ("identity", "mbconv_k3_e3", "mbconv_k5_e6")
    return TabularSpace(
        "nas_bench_macro", [Gene(f"layer{i}", operations) for i in range(1, 9)], _macro_signature
    )


def nas_bench_201() -> TabularSpace:
    """NAS-Bench-201: 6 edges of 5 operations between 4 nodes (Dong and Yang, ICLR 2020, arXiv
    2001.00326).

    15,625 codes, of which 6,466 are distinct networks in the authors' count.
    """
    operations = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    edges = [f"edge{source}{target}" for source, target in _EDGES_201]
    return TabularSpace("nas_bench_201", [Gene(edge, operations) for edge in edges], _signature_201)


def _macro_signature(code: str) -> str:
    """Layers 1, 3 and 6 open the stages: there the operation has a stride, and identity is a
    projection.

    Elsewhere an identity does nothing, so only the sequence of the stage's other operations
    matters.
    """
    stages = code[:2], code[2:5], code[5:]
    return "".join(
        stage[0] + stage[1:].replace("0", "").ljust(len(stage) - 1, "0") for stage in stages
    )


_EDGES_201 = (
    (0, 1),
    (0, 2),
    (1, 2),
    (0, 3),
    (1, 3),
    (2, 3),
)  # source node, target node; in the order of the table


def _signature_201(code: str) -> str:
    """What the last node computes, as the authors write it (``to_unique_str`` with
    ``consider_zero`` in their code).

    A skip passes its source on; an edge from nothing is nothing; terms of a sum have no order. Like
    the published count this keeps the zeros in a sum, so ``0 + x`` and ``x`` count as two; dropping
    them would leave 5,390.
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
