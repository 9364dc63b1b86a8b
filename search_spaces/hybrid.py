"""The hybrid convolution–attention space: its genes, and what they say about a network.

The family is CoAtNet's (Dai et al. 2021, arXiv 2106.04803): a stem of stride 2, then four stages
that each halve the resolution in their first block and are made of MBConv or attention blocks. This
file alone knows the genes' names.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.genes import Gene
from search_spaces.space import SearchSpace

STAGES = 4
STRIDE = 2 ** (STAGES + 1)
"""Total stride of a network, and so the smallest image side that it takes, in pixels.

An image of this side leaves one pixel of the last map.
"""


class MBConvStage(NamedTuple):
    """A stage of inverted residual blocks, with widths in channels and the kernel in pixels."""

    in_width: int
    width: int
    depth: int
    kernel: int
    expansion: int
    se: float


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


Stage = MBConvStage | AttentionStage


class Hybrid(NamedTuple):
    """A hybrid network as its architecture describes it: the stem's width and the four stages."""

    stem: int
    stages: tuple[Stage, ...]


class StageChoices(NamedTuple):
    """The choices that one stage offers for each gene, from light to heavy."""

    depth: tuple[int, ...]
    width: tuple[int, ...]
    heads: tuple[int, ...]
    kernel: tuple[int, ...] = (3, 5)
    expansion: tuple[int, ...] = (3, 4, 6)
    se: tuple[float, ...] = (0.0, 0.25)
    mlp: tuple[int, ...] = (1, 2, 4)
    window: tuple[int, ...] = (0,)


def hybrid_space(
    name: str,
    *,
    stem: Sequence[int],
    head_dim: int,
    stages: Sequence[StageChoices],
    named: Mapping[str, str],
    size: Callable[[Architecture], float],
) -> SearchSpace:
    """Make a hybrid space.

    Args:
        name: Name of the space, which its architectures carry.
        stem: Choices of the stem's width, in channels.
        head_dim: Channels of each attention head. It becomes a gene with one choice, so that every
            architecture states it.
        stages: Choices that each of the four stages offers.
        named: Notable architectures by name, each written as one line (``str(architecture)``).
        size: Returns the size of an architecture, which ``smallest`` and ``largest`` compare.
    """
    genes = [Gene("stem.width", tuple(stem)), Gene("attention.head_dim", (head_dim,))]
    for i, choices in enumerate(stages, start=1):
        mbconv, attention = (f"stage{i}.op", "mbconv"), (f"stage{i}.op", "attention")
        genes += [
            Gene(f"stage{i}.op", ("mbconv", "attention")),
            Gene(f"stage{i}.depth", choices.depth),
            Gene(f"stage{i}.width", choices.width),
            Gene(f"stage{i}.kernel", choices.kernel, when=mbconv),
            Gene(f"stage{i}.expansion", choices.expansion, when=mbconv),
            Gene(f"stage{i}.se", choices.se, when=mbconv),
            Gene(f"stage{i}.heads", choices.heads, when=attention),
            Gene(f"stage{i}.mlp", choices.mlp, when=attention),
            Gene(f"stage{i}.window", choices.window, when=attention),
        ]
    return SearchSpace(name, genes, named=named, size=size)


def describe(architecture: Architecture) -> Hybrid:
    """Return the stem's width and the four stages of an architecture's network.

    Raises:
        SpaceError: the architecture belongs to a space without networks.
    """
    genes: Mapping[str, Any] = architecture.choices
    if "stem.width" not in genes:
        raise SpaceError(
            f"{architecture.space} is a space of tables: no network can be built from "
            f"{architecture}."
        )
    width = genes["stem.width"]
    stages: list[Stage] = []
    for i in range(1, STAGES + 1):
        stage = f"stage{i}."
        shape = (width, genes[stage + "width"], genes[stage + "depth"])
        if genes[stage + "op"] == "mbconv":
            stages.append(
                MBConvStage(
                    *shape, genes[stage + "kernel"], genes[stage + "expansion"], genes[stage + "se"]
                )
            )
        else:
            heads, head_dim = genes[stage + "heads"], genes["attention.head_dim"]
            stages.append(
                AttentionStage(
                    *shape, heads, head_dim, genes[stage + "mlp"], genes[stage + "window"]
                )
            )
        width = genes[stage + "width"]
    return Hybrid(genes["stem.width"], tuple(stages))


def blocks(stage: Stage) -> list[Stage]:
    """Return the blocks of a stage, each as a stage of one block."""
    first = stage._replace(depth=1)
    return [first, *[first._replace(in_width=stage.width)] * (stage.depth - 1)]


def operator(stage: Stage) -> str:
    """Return the name of the stage's operator, ``mbconv`` or ``attention``."""
    return "mbconv" if isinstance(stage, MBConvStage) else "attention"


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
