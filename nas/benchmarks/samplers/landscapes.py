"""Synthetic landscapes, on which a sampler's settings must hold beside the one public table."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.space import Gene, SearchSpace
from search_spaces.tabular import nas_bench_201

_SCALING_SAMPLE = 300
"""Number of random architectures by which a landscape is standardised."""
_SPREAD = 0.7
"""Standard deviation of the logarithm of genes' weights."""


@dataclass(frozen=True)
class Landscape:
    """An NK landscape (Kauffman and Weinberger 1989) over the active genes of a space.

    Every active gene contributes a random number that depends on its own choice and on those of the
    ``epistasis`` genes before it. Some genes weigh more than others, as in real spaces. Values are
    standardised: 0 is the average architecture of the space and 1 a standard deviation above it.

    Attributes:
        space: Space of the architectures.
        epistasis: Number of other genes on which a gene's contribution depends; 0 is additive.
        noise: Standard deviation of a reading.
        seed: Number of the landscape within its family.

    Example:
        >>> import numpy as np
        >>> from nas.benchmarks.samplers.landscapes import LANDSCAPES
        >>> landscape = LANDSCAPES["additive"](0)
        >>> rng = np.random.default_rng(0)
        >>> architecture = landscape.space.sample(rng)
        >>> landscape.reading(architecture, rng) == landscape.truth(architecture)
        True
    """

    space: SearchSpace
    epistasis: int
    noise: float
    seed: int
    _drawn: dict[tuple[object, ...], float] = field(default_factory=dict, repr=False)
    _scale: list[float] = field(default_factory=list, repr=False)

    def truth(self, architecture: Architecture) -> float:
        """Return the architecture's standardised value."""
        if not self._scale:
            rng = np.random.default_rng(self.seed)
            values = [self._raw(self.space.sample(rng)) for _ in range(_SCALING_SAMPLE)]
            self._scale.extend([float(np.mean(values)), float(np.std(values))])
        mean, deviation = self._scale
        return (self._raw(architecture) - mean) / deviation

    def reading(self, architecture: Architecture, rng: np.random.Generator) -> float:
        """Return the value of one noisy evaluation."""
        return self.truth(architecture) + self.noise * float(rng.standard_normal())

    def _raw(self, architecture: Architecture) -> float:
        genes = self.space.canonical(architecture).genes
        return sum(
            self._contribution(genes[max(i - self.epistasis, 0) : i + 1]) for i in range(len(genes))
        )

    def _contribution(self, genes: tuple[tuple[str, object], ...]) -> float:
        if genes not in self._drawn:
            rng = np.random.default_rng([self.seed, zlib.crc32(repr(genes).encode())])
            weight = np.exp(
                _SPREAD
                * np.random.default_rng(
                    [self.seed, zlib.crc32(genes[-1][0].encode())]
                ).standard_normal()
            )
            self._drawn[genes] = float(weight * rng.standard_normal())
        return self._drawn[genes]


def _plain(genes: int, choices: int) -> SearchSpace:
    return SearchSpace(
        "plain", [Gene(f"gene{i}", tuple("abcdefgh"[:choices])) for i in range(genes)]
    )


def _hybrid() -> SearchSpace:
    """Return a space of four stages of two kinds, like the hybrid spaces.

    20 genes are active in every architecture.
    """
    genes = []
    for i in range(4):
        one, other = (f"stage{i}.kind", "one"), (f"stage{i}.kind", "other")
        genes += [
            Gene(f"stage{i}.kind", ("one", "other")),
            Gene(f"stage{i}.depth", (1, 2, 3, 4)),
            Gene(f"stage{i}.width", (16, 24, 32)),
            Gene(f"stage{i}.kernel", (3, 5, 7), when=one),
            Gene(f"stage{i}.se", (0.0, 0.25), when=one),
            Gene(f"stage{i}.heads", (2, 4, 8), when=other),
            Gene(f"stage{i}.window", (0, 4), when=other),
        ]
    return SearchSpace("conditional", genes)


@cache
def _cells() -> SearchSpace:
    """Return NAS-Bench-201's cells, whose equivalences take a second to list."""
    return nas_bench_201()


LANDSCAPES: Mapping[str, Callable[[int], Landscape]] = {
    "additive": lambda seed: Landscape(_plain(10, 4), epistasis=0, noise=0.0, seed=seed),
    "epistatic": lambda seed: Landscape(_plain(10, 4), epistasis=2, noise=0.0, seed=seed),
    "noisy": lambda seed: Landscape(_plain(10, 4), epistasis=1, noise=0.3, seed=seed),
    "conditional": lambda seed: Landscape(_hybrid(), epistasis=1, noise=0.1, seed=seed),
    "cells": lambda seed: Landscape(_cells(), epistasis=1, noise=0.1, seed=seed),
}
"""Makers of a landscape from its number within its family, by the family's name."""
