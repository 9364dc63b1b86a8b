"""An architecture: one choice for each active gene of a search space, as a frozen value."""

import json
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from search_spaces.errors import SpaceError

Choice = int | float | str


@dataclass(frozen=True)
class Architecture:
    """One choice for each active gene of a search space.

    An architecture can be hashed, compared, and written as JSON or as one readable line. It carries
    its active genes and no others, so there is nothing in it that its network does not show. It is
    a plain value: a :class:`~search_spaces.SearchSpace` makes architectures and says whether one is
    valid.

    Attributes:
        space: Name of the search space.
        genes: Active genes with their choices, in the order of the space.

    Example:
        >>> from search_spaces import Architecture, get_space
        >>> architecture = get_space("hybrid_nano").named["coatnet_like"]
        >>> architecture["stage1.op"], architecture["stage3.op"]
        ('mbconv', 'attention')
        >>> "stage1.heads" in architecture
        False
        >>> print(architecture)  # doctest: +ELLIPSIS
        hybrid_nano/stem:width=16/attention:head_dim=16/stage1:op=mbconv,depth=1,width=24,...
        >>> Architecture.from_json(architecture.to_json()) == architecture
        True
    """

    space: str
    genes: tuple[tuple[str, Choice], ...]

    @cached_property
    def choices(self) -> dict[str, Choice]:
        """The active genes and their choices, as a mapping that must not be changed."""
        return dict(self.genes)

    def __getitem__(self, gene: str) -> Choice:
        try:
            return self.choices[gene]
        except KeyError:
            raise SpaceError(f"gene {gene} is not active in {self}.") from None

    def __contains__(self, gene: str) -> bool:
        return gene in self.choices

    def __str__(self) -> str:
        """Return the line ``space/group:gene=choice,gene=choice/group:…``.

        It is free of characters that mean something to a shell.
        """
        groups = groupby(self.genes, key=lambda item: item[0].rpartition(".")[0])
        return "/".join([self.space, *(_group_line(group, list(genes)) for group, genes in groups)])

    @property
    def line(self) -> str:
        """The genes alone: ``str(architecture)`` without the name of the space."""
        return str(self).partition("/")[2]

    def to_json(self) -> str:
        """Return the architecture as JSON: ``{"space": …, "genes": {gene: choice, …}}``."""
        return json.dumps({"space": self.space, "genes": self.choices})

    @classmethod
    def from_json(cls, text: str) -> "Architecture":
        """Read what :meth:`to_json` wrote.

        The genes are not checked; ``SearchSpace.from_json`` checks them as well.

        Raises:
            SpaceError: the text is not an architecture in JSON.
        """
        try:
            value = json.loads(text)
            space, genes = value["space"], tuple(value["genes"].items())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            space, genes = None, ()
        if not isinstance(space, str) or not all(_is_choice(choice) for _, choice in genes):
            raise SpaceError(
                'an architecture in JSON is {"space": NAME, "genes": {GENE: CHOICE, …}}, given was '
                f"{text[:80]!r}."
            )
        return cls(space, genes)


def read_line(text: str) -> tuple[str, dict[str, str]]:
    """Take apart what ``str(architecture)`` wrote.

    Returns:
        The name of the space, and the choice of each gene as text, by the gene's name.

    Raises:
        SpaceError: the text is not of the form ``space/group:gene=choice,…``.
    """
    space, *groups = text.strip().split("/")
    choices = {}
    for group in groups:
        prefix, colon, items = group.rpartition(":")
        for item in items.split(","):
            gene, equals, choice = item.partition("=")
            if not (gene and equals and choice):
                raise SpaceError(
                    "an architecture is written space/group:gene=choice,…/group:…, given was "
                    f"{text!r}."
                )
            choices[f"{prefix}.{gene}" if colon else gene] = choice
    return space, choices


def _group_line(group: str, genes: list[tuple[str, Choice]]) -> str:
    items = ",".join(f"{name.rpartition('.')[2]}={choice}" for name, choice in genes)
    return f"{group}:{items}" if group else items


def _is_choice(value: object) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)
