"""Space knowledge, which is what a sampler knows of the things it proposes.

Here are its protocol, and the space that any Optuna study implies.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from optuna.distributions import BaseDistribution

from nas.samplers.values import draw, perturb


class Space(Protocol):
    """Space knowledge: every :class:`search_spaces.SearchSpace` has it.

    An architecture is whatever the space says; samplers only need it to be hashable.

    Example:
        >>> import numpy as np
        >>> import search_spaces
        >>> space = search_spaces.get_space("hybrid_nano")
        >>> rng = np.random.default_rng(0)
        >>> neighbour = space.mutate(space.sample(rng), rng)
        >>> set(space.active_genes(neighbour)) <= space.distributions().keys()
        True
        >>> space.from_params(space.to_params(neighbour)) == neighbour
        True
    """

    def distributions(self) -> Mapping[str, BaseDistribution]:
        """Return the Optuna distribution of every gene, active or not."""

    def from_params(self, params: Mapping[str, Any]) -> Any:
        """Return the architecture of a trial's parameters; ValueError where they make none."""

    def to_params(self, architecture: Any) -> Mapping[str, Any]:
        """Return the parameters of an architecture, as a trial holds them."""

    def active_genes(self, architecture: Any) -> Iterable[str]:
        """Return the genes on which the architecture depends."""

    def canonical(self, architecture: Any) -> Hashable:
        """Return the one architecture that stands for all equivalent ones."""

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw an architecture."""

    def mutate(self, architecture: Any, rng: np.random.Generator) -> Any:
        """Return a neighbour of the architecture."""

    def crossover(self, first: Any, second: Any, rng: np.random.Generator) -> Any:
        """Return a child of two architectures."""


Point = tuple[tuple[str, Any], ...]
"""An architecture without space knowledge: a trial's parameters, sorted by name."""


def point(params: Mapping[str, Any]) -> Point:
    """Return a trial's parameters as a point."""
    return tuple(sorted(params.items()))


class StudySpace:
    """The space that a study's trials imply, where nobody says more.

    Its genes are all parameters that any trial asked for, each with the distribution of the latest
    trial. A trial asks only for what it uses, so its parameters are its active genes.

    Args:
        distributions: Distribution of every parameter, by name.
        points: Points of the finished trials, by the names of their parameters; ``canonical`` looks
            among them.
    """

    def __init__(
        self,
        distributions: Mapping[str, BaseDistribution],
        points: Mapping[tuple[str, ...], Collection[Point]],
    ) -> None:
        self._distributions, self._points = dict(sorted(distributions.items())), points

    def distributions(self) -> Mapping[str, BaseDistribution]:
        """Return the distribution of every parameter, by name."""
        return self._distributions

    def from_params(self, params: Mapping[str, Any]) -> Point:
        """Return the parameters as a point."""
        return point(params)

    def to_params(self, point: Point) -> Mapping[str, Any]:
        """Return the parameters of the point, and no others."""
        return dict(point)

    def active_genes(self, point: Point) -> Iterable[str]:
        """Return the names of the parameters that the point has."""
        return [name for name, _ in point]

    def canonical(self, point: Point) -> Point:
        """Return the known point that a trial with these parameters would repeat.

        It is the point itself where no known one would be repeated. A trial of a conditional study
        asks for some of the proposed parameters only. Which ones is seen when it is too late, so
        the proposal is compared with what earlier trials asked for.
        """
        params = dict(point)
        for names, known in self._points.items():
            if all(name in params for name in names):
                part = tuple((name, params[name]) for name in names)
                if part in known:
                    return part
        return point

    def sample(self, rng: np.random.Generator) -> Point:
        """Draw every parameter from its distribution."""
        return tuple(
            (name, draw(distribution, rng)) for name, distribution in self._distributions.items()
        )

    def mutate(self, point: Point, rng: np.random.Generator) -> Point:
        """Change one of the point's parameters, where there is one that can be."""
        names = [
            name
            for name, _ in point
            if name in self._distributions and not self._distributions[name].single()
        ]
        if not names:
            return point
        target = names[int(rng.integers(len(names)))]
        return tuple(
            (name, perturb(self._distributions[name], value, rng) if name == target else value)
            for name, value in point
        )

    def crossover(self, first: Point, second: Point, rng: np.random.Generator) -> Point:
        """Take each parameter of the first point, or with even odds that of the second."""
        other = dict(second)
        return tuple(
            (name, other.get(name, value) if rng.random() < 0.5 else value) for name, value in first
        )
