"""The hybrid convolution–attention space: its genes, and what they say about a network.

The family is CoAtNet's (Dai et al. 2021, arXiv 2106.04803): a stem, then four stages of MBConv,
fused MBConv or attention blocks. Stem and stages halve the resolution, each stage in its first
block, where a gene does not say otherwise. This file alone knows the genes' names.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.genes import Gene
from search_spaces.own import SPACES
from search_spaces.space import SearchSpace
from search_spaces.symmetry import SYMMETRIES

STAGES = 4
STRIDE = 2 ** (STAGES + 1)
"""Largest total stride of a network, and so the smallest image side that all take, in pixels.

An image of this side leaves at least one pixel of the last map.
"""


OPERATORS = ("mbconv", "fused", "attention")
"""What the blocks of a stage can be."""


class Stem(NamedTuple):
    """The stem: a convolution, with the width in channels and the kernel in pixels."""

    width: int
    kernel: int = 3
    stride: int = 2
    symmetry: str = "none"


class MBConvStage(NamedTuple):
    """A stage of inverted residual blocks, with widths in channels and the kernel in pixels.

    A fused block has one convolution of all channels where others expand them and then convolve
    each (Tan and Le 2021, arXiv 2104.00298). The stride is that of the first block; the others have
    none.
    """

    in_width: int
    width: int
    depth: int
    kernel: int
    expansion: int
    se: float
    stride: int = 2
    symmetry: str = "none"
    fused: bool = False


class AttentionStage(NamedTuple):
    """A stage of transformer blocks, with widths in channels.

    The window is in pixels of the stage's map, and 0 stands for global attention.
    """

    in_width: int
    width: int
    depth: int
    heads: int
    head_dim: int
    mlp: int
    window: int
    stride: int = 2
    symmetry: str = "none"


Stage = MBConvStage | AttentionStage


class Hybrid(NamedTuple):
    """A hybrid network as its architecture describes it: the stem and the four stages."""

    stem: Stem
    stages: tuple[Stage, ...]


class StemChoices(NamedTuple):
    """The choices that the stem offers for each gene, from light to heavy."""

    width: tuple[int, ...]
    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()


class StageChoices(NamedTuple):
    """The choices that one stage offers for each gene, from light to heavy."""

    depth: tuple[int, ...]
    width: tuple[int, ...]
    heads: tuple[int, ...] = ()
    kernel: tuple[int, ...] = (3, 5)
    expansion: tuple[int, ...] = (3, 4, 6)
    se: tuple[float, ...] = (0.0, 0.25)
    mlp: tuple[int, ...] = (1, 2, 4)
    window: tuple[int, ...] = (0,)
    op: tuple[str, ...] = ("mbconv", "attention")
    stride: tuple[int, ...] = ()


def hybrid_space(
    name: str,
    *,
    stem: StemChoices,
    head_dim: int,
    stages: Sequence[StageChoices],
    named: Mapping[str, str],
    size: Callable[[Architecture], float],
    symmetry: tuple[str, ...] = (),
) -> SearchSpace:
    """Make a hybrid space.

    A gene without choices is left out, as the spaces of the first version left out symmetries and
    strides: their networks have no symmetry, a kernel of 3 pixels in the stem, and strides of 2.
    At most one of stem and stages keeps the size of the map, so that the cost of a network is
    bounded and its last map is small: a stride is a gene only where all parts before it halve the
    map. Elsewhere it is 2.

    Args:
        name: Name of the space, which its architectures carry.
        stem: Choices that the stem offers.
        head_dim: Channels of each attention head. It becomes a gene with one choice, so that every
            architecture states it.
        stages: Choices that each of the four stages offers.
        named: Notable architectures by name, each written as one line (``str(architecture)``).
        size: Returns the size of an architecture, which ``smallest`` and ``largest`` compare.
        symmetry: Names of symmetries, from the one with the fewest parameters on.

    Raises:
        SpaceError: there is no such operator or symmetry, a width is no whole number of fields, or
            the genes make no space.
    """
    widths = [*stem.width, *(width for one in stages for width in one.width)]
    if any("attention" in one.op for one in stages):
        widths.append(head_dim)
    _check_symmetry(symmetry, widths)
    for choices in stages:
        if unknown := set(choices.op) - set(OPERATORS):
            raise SpaceError(
                f"{', '.join(sorted(unknown))} is no operator of a stage: give "
                f"{', '.join(OPERATORS)}."
            )
    genes = [
        Gene("symmetry", symmetry),
        *(Gene(f"stem.{gene}", choices) for gene, choices in stem._asdict().items()),
        Gene("attention.head_dim", (head_dim,)),
    ]
    last = "stem.stride" if stem.stride else None
    for i, choices in enumerate(stages, start=1):
        attention = (f"stage{i}.op", "attention")
        mbconv = (f"stage{i}.op", tuple(op for op in choices.op if op != "attention"))
        genes += [
            Gene(f"stage{i}.stride", choices.stride, when=(last, 2) if last else None),
            Gene(f"stage{i}.op", choices.op),
            Gene(f"stage{i}.depth", choices.depth),
            Gene(f"stage{i}.width", choices.width),
            Gene(f"stage{i}.kernel", choices.kernel, when=mbconv),
            Gene(f"stage{i}.expansion", choices.expansion, when=mbconv),
            Gene(f"stage{i}.se", choices.se, when=mbconv),
        ]
        if "attention" in choices.op:
            genes += [
                Gene(f"stage{i}.heads", choices.heads, when=attention),
                Gene(f"stage{i}.mlp", choices.mlp, when=attention),
                Gene(f"stage{i}.window", choices.window, when=attention),
            ]
        last = f"stage{i}.stride" if choices.stride else last
    return SearchSpace(name, [gene for gene in genes if gene.choices], named=named, size=size)


def _check_symmetry(symmetry: Sequence[str], widths: Sequence[int]) -> None:
    if unknown := set(symmetry) - set(SYMMETRIES):
        raise SpaceError(
            f"{', '.join(sorted(unknown))} is no symmetry of a network: give "
            f"{', '.join(SYMMETRIES)}."
        )
    for name, width in product(symmetry, widths):
        SYMMETRIES[name].fields(width)


def is_hybrid(architecture: Architecture) -> bool:
    """Return whether the architecture's network is one of the toolkit's."""
    return "stem.width" in architecture and architecture.space not in SPACES.added


def describe(architecture: Architecture) -> Hybrid:
    """Return the stem and the four stages of an architecture's network.

    Raises:
        SpaceError: the architecture belongs to a space without hybrid networks.
    """
    genes: Mapping[str, Any] = architecture.choices
    if not is_hybrid(architecture):
        raise SpaceError(
            f"{architecture.space} is no hybrid space, so there is no network of {architecture}: "
            "give a hybrid space, or register this one with a builder of its own (register_space)."
        )
    symmetry = genes.get("symmetry", "none")
    width = genes["stem.width"]
    stem = Stem(width, genes.get("stem.kernel", 3), genes.get("stem.stride", 2), symmetry)
    stages: list[Stage] = []
    for i in range(1, STAGES + 1):
        stage = f"stage{i}."
        shape = (width, genes[stage + "width"], genes[stage + "depth"])
        common = {"stride": genes.get(stage + "stride", 2), "symmetry": symmetry}
        if (op := genes[stage + "op"]) != "attention":
            kernel, expansion, se = (genes[stage + gene] for gene in ("kernel", "expansion", "se"))
            fused = op == "fused"
            stages.append(MBConvStage(*shape, kernel, expansion, se, fused=fused, **common))
        else:
            heads, head_dim = genes[stage + "heads"], genes["attention.head_dim"]
            own = (genes[stage + gene] for gene in ("mlp", "window"))
            stages.append(AttentionStage(*shape, heads, head_dim, *own, **common))
        width = genes[stage + "width"]
    return Hybrid(stem, tuple(stages))


def with_symmetry(hybrid: Hybrid, symmetry: str) -> Hybrid:
    """Return a network of the same stem and stages with another symmetry."""
    return Hybrid(
        hybrid.stem._replace(symmetry=symmetry),
        tuple(stage._replace(symmetry=symmetry) for stage in hybrid.stages),
    )


def largest(space: SearchSpace) -> dict[str, list[Hybrid]]:
    """Return networks that hold, for each symmetry of a space, the largest stages of any operator.

    Raises:
        SpaceError: the space has no networks.
    """
    corners = [describe(corner) for corner in space.corners(heavy=True)]
    symmetries = space.genes["symmetry"].choices if "symmetry" in space.genes else ("none",)
    return {
        str(symmetry): [with_symmetry(corner, str(symmetry)) for corner in corners]
        for symmetry in symmetries
    }


def ends(space: SearchSpace) -> tuple[list[Architecture], list[Architecture]]:
    """Return the smallest and the largest architecture of each symmetry of a space.

    A space without symmetries has one of each.
    """
    symmetries = space.genes["symmetry"].choices if "symmetry" in space.genes else ()

    def each(end: Architecture) -> list[Architecture]:
        return [
            space.architecture({**end.choices, "symmetry": symmetry}) for symmetry in symmetries
        ] or [end]

    return each(space.smallest), each(space.largest)


def blocks(stage: Stage) -> list[Stage]:
    """Return the blocks of a stage, each as a stage of one block."""
    first = stage._replace(depth=1)
    rest = first._replace(in_width=stage.width, stride=1)
    return [first, *[rest] * (stage.depth - 1)]


def operator(stage: Stage) -> str:
    """Return the name of the stage's operator: ``mbconv``, ``fused`` or ``attention``."""
    if isinstance(stage, AttentionStage):
        return "attention"
    return "fused" if stage.fused else "mbconv"


def check_image_size(height: int, width: int) -> None:
    """Check that the image, in pixels, is large enough for the strides.

    Raises:
        SpaceError: a side of the image is smaller than the total stride.
    """
    if min(height, width) < STRIDE:
        raise SpaceError(
            f"images of {height} × {width} pixels are too small: hybrid networks have a stride of "
            f"{STRIDE}, so a side needs {STRIDE} pixels or more."
        )
