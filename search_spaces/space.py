"""A search space: named genes with their choices, and the rules that say when a gene is active."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product

import numpy as np
from optuna.distributions import CategoricalDistribution

from search_spaces.architecture import Architecture, Choice, read_line
from search_spaces.errors import SpaceError
from search_spaces.genes import Gene, assignments, count

__all__ = ["Gene", "SearchSpace", "nearest"]


class SearchSpace:
    """Named genes and the rules between them, from which architectures are made.

    The rules form a forest, so sampling and counting are exact without enumeration. Architectures
    of a plain space are different networks whenever they differ;
    :class:`~search_spaces.tabular.TabularSpace` adds equivalences. All chance comes from the
    generator that is passed in.

    Args:
        name: Name of the space, which its architectures carry.
        genes: Genes of the space. Each stands after the gene that its rule names.
        named: Notable architectures by name, each written as one line (``str(architecture)``).
        size: Returns the size of an architecture, which ``smallest`` and ``largest`` compare where
            a gene on which others depend has no lightest choice.

    Raises:
        SpaceError: there are no genes, a gene is defined twice or without distinct choices, or its
            rule names no earlier gene's choice.

    Example:
        >>> import numpy as np
        >>> from search_spaces import Gene, SearchSpace
        >>> genes = [Gene("op", ("conv", "pool")), Gene("conv.kernel", (3, 5), when=("op", "conv"))]
        >>> space = SearchSpace("toy", genes)
        >>> [str(architecture) for architecture in space]
        ['toy/op=conv/conv:kernel=3', 'toy/op=conv/conv:kernel=5', 'toy/op=pool']
        >>> architecture = space.sample(np.random.default_rng(0))
        >>> space.mutate(architecture, np.random.default_rng(1)) != architecture
        True
    """

    def __init__(
        self,
        name: str,
        genes: Sequence[Gene],
        *,
        named: Mapping[str, str] | None = None,
        size: Callable[[Architecture], float] = lambda architecture: 0.0,
    ) -> None:
        self.name = name
        self.genes: dict[str, Gene] = {}
        if not genes:
            raise SpaceError(f"the space {name!r} has no genes: give it one or more.")
        for gene in genes:
            self._check_definition(gene)
            self.genes[gene.name] = gene
        self._size = size
        self._ways, self._count = count(genes)
        self._thresholds = {
            gene: np.cumsum(ways[:-1]) / sum(ways) for gene, ways in self._ways.items()
        }
        self.named: dict[str, Architecture] = {}
        for label, line in (named or {}).items():
            self.named[label] = self.parse(line)

    # Making architectures

    def architecture(self, choices: Mapping[str, Choice]) -> Architecture:
        """Make the architecture with these choices, one for each active gene and no others.

        Raises:
            SpaceError: a gene is unknown, inactive or missing, or a choice is not allowed.
        """
        architecture = self.from_params(choices)
        for name in choices:
            if name not in architecture:
                rules = self.genes[name].rules
                parent, allowed = rules[0][0], " or ".join(str(choice) for _, choice in rules)
                raise SpaceError(
                    f"gene {name} of {self.name} was given {choices[name]!r}, but it is active "
                    f"only where {parent} is {allowed} (here "
                    f"{architecture.choices.get(parent, 'inactive')})."
                )
        return architecture

    def from_params(self, params: Mapping[str, Choice]) -> Architecture:
        """Make the architecture that the parameters of an Optuna trial describe.

        Parameters of inactive genes are passed over.

        Raises:
            SpaceError: a gene is unknown, an active gene is missing, or a choice is not allowed.
        """
        for name in params:
            if name not in self.genes:
                raise SpaceError(f"{self.name} has no gene {name!r}{nearest(name, self.genes)}.")

        def choose(gene: Gene) -> Choice:
            if gene.name not in params:
                raise SpaceError(
                    f"gene {gene.name} of {self.name} is missing; allowed are "
                    f"{_list(gene.choices)}."
                )
            return self._allowed(gene, params[gene.name])

        return self._decide(choose)

    def to_params(self, architecture: Architecture) -> dict[str, Choice]:
        """Return a choice for every gene, as an Optuna trial holds them.

        Inactive genes stand at their first choice.
        """
        return {
            name: architecture.choices.get(name, gene.choices[0])
            for name, gene in self.genes.items()
        }

    def distributions(self) -> dict[str, CategoricalDistribution]:
        """Return the Optuna distribution of every gene, active or not, by the gene's name."""
        return {name: CategoricalDistribution(gene.choices) for name, gene in self.genes.items()}

    def parse(self, text: str) -> Architecture:
        """Read what ``str(architecture)`` wrote, or the name of a named architecture.

        Raises:
            SpaceError: the text is neither, belongs to another space, or breaks a rule of this
                space.
        """
        if text in self.named:
            return self.named[text]
        if "/" not in text:
            raise SpaceError(
                f"{text!r} is no architecture of {self.name}{nearest(text, self.named)}: write "
                f"one out ({self.name}/group:gene=choice,…) or name one of "
                f"{_list(self.named) or 'none'}."
            )
        space, choices = read_line(text)
        self._check_name(space)
        return self.architecture(
            {name: self._read(name, choice) for name, choice in choices.items()}
        )

    def from_json(self, text: str) -> Architecture:
        """Read what ``architecture.to_json()`` wrote and check the architecture.

        Raises:
            SpaceError: the text is not an architecture of this space.
        """
        architecture = Architecture.from_json(text)
        self._check_name(architecture.space)
        return self.architecture(architecture.choices)

    # Asking about architectures

    def validate(self, architecture: Architecture) -> None:
        """Check that the architecture belongs to this space.

        Raises:
            SpaceError: the architecture belongs to another space, or breaks a rule of this space.
        """
        self._check_name(architecture.space)
        if self.architecture(architecture.choices) != architecture:
            raise SpaceError(f"the genes of {architecture} are not in the order of {self.name}.")

    def active_genes(self, architecture: Architecture) -> tuple[str, ...]:
        """Return the names of the genes that the architecture's network depends on."""
        return tuple(architecture.choices)

    def canonical(self, architecture: Architecture) -> Architecture:
        """Return the one architecture that stands for all that build the same network."""
        return architecture

    def __len__(self) -> int:
        """Return the number of distinct architectures."""
        return self._count

    def __iter__(self) -> Iterator[Architecture]:
        """Yield every distinct architecture, one at a time."""
        return (self._wrap(chosen) for chosen in assignments(list(self.genes.values())))

    @cached_property
    def smallest(self) -> Architecture:
        """The smallest architecture (in parameters, where the architectures are networks)."""
        return min(self.corners(heavy=False), key=self._size)

    @cached_property
    def largest(self) -> Architecture:
        """The largest architecture (in parameters, where the architectures are networks)."""
        return max(self.corners(heavy=True), key=self._size)

    def corners(self, *, heavy: bool) -> list[Architecture]:
        """Return the extreme architectures, which bound every cost that grows with each gene.

        There is one for each combination of choices of the genes on which others depend. All other
        genes have their last choice (heavy) or their first (light), so a cost that grows with each
        of them has its largest, or its smallest, value among the corners.
        """
        parents = dict.fromkeys(gene.when[0] for gene in self.genes.values() if gene.when)
        combinations = product(*(self.genes[parent].choices for parent in parents))
        default = {name: gene.choices[-1 if heavy else 0] for name, gene in self.genes.items()}
        corners = (
            self.from_params(default | dict(zip(parents, choices, strict=True)))
            for choices in combinations
        )
        return list(dict.fromkeys(corners))

    # Chance

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw uniformly among the distinct architectures."""
        return self._decide(lambda gene: self._draw(gene, rng))

    def mutate(
        self, architecture: Architecture, rng: np.random.Generator, n: int = 1
    ) -> Architecture:
        """Draw another choice for ``n`` random active genes.

        Genes that become active by this are drawn afresh. The result is always another network: a
        mutant that is equivalent to the given architecture is mutated further.

        Raises:
            SpaceError: the space holds a single architecture.
        """
        if len(self) == 1:
            raise SpaceError(
                f"{self.name} holds a single architecture, so there is nothing to mutate it into."
            )
        mutant = architecture
        while self.canonical(mutant) == self.canonical(architecture):
            mutant = self._mutate_once(mutant, rng, n)
        return mutant

    def crossover(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Architecture:
        """Make a child that takes each gene from one of its two parents at random.

        Where a gene is active in one parent only, the child takes that parent's choice.
        """

        def choose(gene: Gene) -> Choice:
            # The list is never empty: the parent that gave the choice on which this gene depends
            # has the gene as well.
            offers = [
                parent.choices[gene.name] for parent in (first, second) if gene.name in parent
            ]
            return offers[int(rng.integers(len(offers)))]

        return self._decide(choose)

    def _mutate_once(
        self, architecture: Architecture, rng: np.random.Generator, n: int
    ) -> Architecture:
        mutable = [name for name in architecture.choices if len(self.genes[name].choices) > 1]
        targets = {
            mutable[i] for i in rng.choice(len(mutable), size=min(n, len(mutable)), replace=False)
        }

        def choose(gene: Gene) -> Choice:
            present = architecture.choices.get(gene.name)
            if present is None:
                return self._draw(gene, rng)
            if gene.name not in targets:
                return present
            others = [choice for choice in gene.choices if choice != present]
            return others[int(rng.integers(len(others)))]

        return self._decide(choose)

    def _draw(self, gene: Gene, rng: np.random.Generator) -> Choice:
        # A choice is as probable as the number of architectures that follow from it is large, which
        # makes the architectures equally probable.
        return gene.choices[
            int(np.searchsorted(self._thresholds[gene.name], rng.random(), side="right"))
        ]

    # Decisions and checks

    def _decide(self, choose: Callable[[Gene], Choice]) -> Architecture:
        """Walk the genes in order and ask for a choice wherever one is active."""
        chosen: dict[str, Choice] = {}
        for gene in self.genes.values():
            if gene.is_active(chosen):
                chosen[gene.name] = choose(gene)
        return self._wrap(chosen)

    def _wrap(self, chosen: Mapping[str, Choice]) -> Architecture:
        return Architecture(self.name, tuple(chosen.items()))

    def _allowed(self, gene: Gene, choice: Choice) -> Choice:
        """Return the gene's own choice that equals the given one, so 4.0 from JSON becomes 4."""
        if isinstance(choice, bool) or choice not in gene.choices:
            raise SpaceError(
                f"gene {gene.name} of {self.name} was given {choice!r}; allowed are "
                f"{_list(gene.choices)}{nearest(choice, gene.choices)}."
            )
        return gene.choices[gene.choices.index(choice)]

    def _read(self, name: str, text: str) -> Choice:
        """Return the choice that the text stands for.

        Text that is no choice comes back as it is, and the checks that follow complain about it.
        """
        choices = self.genes[name].choices if name in self.genes else ()
        return next((choice for choice in choices if str(choice) == text), text)

    def _check_name(self, space: str) -> None:
        if space != self.name:
            raise SpaceError(
                f"an architecture of {space!r} was given where one of {self.name} belongs."
            )

    def _check_definition(self, gene: Gene) -> None:
        if gene.name in self.genes:
            raise SpaceError(f"gene {gene.name} of {self.name} is defined twice.")
        if not gene.choices or len(set(gene.choices)) != len(gene.choices):
            raise SpaceError(f"gene {gene.name} of {self.name} needs one or more distinct choices.")
        known = [
            parent in self.genes and choice in self.genes[parent].choices
            for parent, choice in gene.rules
        ]
        if gene.when and not (known and all(known)):
            raise SpaceError(
                f"the rule of gene {gene.name} of {self.name} names no earlier gene's choice: "
                f"{gene.when}."
            )


def nearest(given: object, known: Iterable[object]) -> str:
    """Return ``; did you mean …`` with the known names most like the given one.

    The text is empty where no name is alike.
    """
    matches = difflib.get_close_matches(str(given), [str(name) for name in known], n=2)
    return f"; did you mean {' or '.join(matches)}" if matches else ""


def _list(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
