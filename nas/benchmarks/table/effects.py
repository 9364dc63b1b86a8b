"""What a gene is worth: networks that differ in nothing else, two by two."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from nas.benchmarks.table.bench import LensBench
from search_spaces import Architecture
from search_spaces.architecture import Choice


@dataclass(frozen=True)
class Effect:
    """The difference that a choice makes.

    Attributes:
        gene: Name of the gene.
        choice: A choice of the gene.
        other: The choice that it is compared with.
        pairs: Pairs of networks that differ in this gene alone, but for genes that depend on it.
        gain: Mean difference of the validation AUC, the choice less the other: what is chosen by it
            must not be chosen by test images.
        half: Half the width of its interval of 95 % over pairs (Student's t).
        flops: Mean ratio of the FLOPs.
    """

    gene: str
    choice: str
    other: str
    pairs: int
    gain: float
    half: float
    flops: float


def effects(bench: LensBench) -> list[Effect]:
    """Return the effect of every gene, each later choice against each earlier one."""
    val = dict(zip(bench.networks, bench.values("val_auc").mean(axis=1), strict=True))
    flops = dict(zip(bench.networks, bench.values("flops")[:, 0], strict=True))
    found = []
    for gene in bench.space.genes.values():
        for other, choice in combinations(gene.choices, 2):
            pairs = _pairs(bench, gene.name, other, choice)
            if len(pairs) < 2:
                continue
            gains = np.array([val[second] - val[first] for first, second in pairs])
            ratios = [flops[second] / flops[first] for first, second in pairs]
            half = stats.t.ppf(0.975, len(gains) - 1) * stats.sem(gains)
            found.append(
                Effect(
                    gene.name,
                    str(choice),
                    str(other),
                    len(pairs),
                    float(gains.mean()),
                    float(half),
                    float(np.mean(ratios)),
                )
            )
    return found


def dominating(found: Sequence[Effect], count: int) -> list[str]:
    """Return the genes whose choices differ most on validation images, the first of them first.

    Args:
        found: Effects of all genes.
        count: Number of genes; there are fewer where no networks differ in one gene alone.
    """
    gains: dict[str, float] = {}
    for one in found:
        gains[one.gene] = max(gains.get(one.gene, 0.0), abs(one.gain))
    return sorted(gains, key=lambda gene: -gains[gene])[:count]


def _pairs(
    bench: LensBench, gene: str, other: Choice, choice: Choice
) -> list[tuple[Architecture, Architecture]]:
    """Return the networks with one choice, and for each its partner with the other."""
    known = set(bench.networks)
    first = {name: values.choices[0] for name, values in bench.space.genes.items()}
    pairs = []
    for network in bench.networks:
        if network.choices.get(gene) != other:
            continue
        partner = bench.space.from_params({**first, **network.choices, gene: choice})
        if partner in known:
            pairs.append((network, partner))
    return pairs
