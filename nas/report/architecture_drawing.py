"""An architecture drawn stage by stage, and its stages in words for those who would rather read."""

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from nas.report.drawing import GREY, ink
from search_spaces import Architecture
from search_spaces.blocks import windows
from search_spaces.costs import stage_params
from search_spaces.hybrid import MBConvStage, Stage, describe, is_hybrid, operator

# The colours are pale enough for black text on any page, and colour-blind readers can tell them
# apart.
_NAMES = {"mbconv": "MBConv", "fused": "fused MBConv", "attention": "attention"}
_FILLS = {"MBConv": "#cfe3f3", "fused MBConv": "#d5ecd2", "attention": "#fbdcc0", "": "#ececec"}

# In the drawing a block is 1 wide and 1 high, including the gap to the next one.
_GAP = 0.22
_ABOVE = 0.45
_BELOW = 0.95
_INCHES = 1.38
_ARROW = {"arrowstyle": "-|>", "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
# This is said in blocks of stride 2.
_HALVES = "halves the map"


class StageSummary(NamedTuple):
    """One stage in words.

    Attributes:
        title: name of the stage.
        operator: MBConv, fused MBConv or attention.
        depth: number of blocks.
        block: what each block is, in a few words each.
        side: height and width in pixels of the stage's maps.
        halves: whether the first block halves the map.
        width: channels of the stage's maps.
        params: number of parameters of the stage.
    """

    title: str
    operator: str
    depth: int
    block: tuple[str, ...]
    side: tuple[int, int]
    halves: bool
    width: int
    params: int


def short_name(architecture: Architecture) -> str:
    """Return symmetry, operator and number of blocks of each stage, such as d4 M1 M2 A3 A1.

    Of networks of one's own there are the genes.
    """
    if not is_hybrid(architecture):
        return architecture.line
    hybrid = describe(architecture)
    symmetry = [] if hybrid.stem.symmetry == "none" else [hybrid.stem.symmetry]
    stages = [f"{operator(stage)[0].upper()}{stage.depth}" for stage in hybrid.stages]
    return " ".join(symmetry + stages)


@dataclass(frozen=True)
class ArchitectureDrawing:
    """The drawing of one network.

    Attributes:
        architecture: architecture of a hybrid space.
        image_size: height and width in pixels of what the network is fed.
        params: number of parameters of the whole network.
    """

    architecture: Architecture
    image_size: tuple[int, int]
    params: int

    def stages(self) -> list[StageSummary]:
        """Return the stages in order."""
        counts = stage_params(self.architecture)
        described = describe(self.architecture).stages
        return [
            self._summary(i, *pair)
            for i, pair in enumerate(zip(described, counts, strict=True), start=1)
        ]

    def _summary(self, number: int, stage: Stage, params: int) -> StageSummary:
        side = self._side(number + 1)
        return StageSummary(
            f"stage {number}",
            _NAMES[operator(stage)],
            stage.depth,
            _block(stage, side),
            side,
            stage.stride == 2,
            stage.width,
            params,
        )

    def _side(self, parts: int) -> tuple[int, int]:
        """Return the size of the map after so many parts, of which the stem is the first."""
        stem, stages = describe(self.architecture)
        stride = prod(part.stride for part in (stem, *stages)[:parts])
        height, width = (-(-side // stride) for side in self.image_size)
        return height, width

    def alt(self) -> str:
        """Return the drawing in words, for those who cannot see it."""
        stages = "; ".join(
            f"{stage.title}: {stage.depth} {stage.operator} "
            f"{'block' if stage.depth == 1 else 'blocks'} ({', '.join(stage.block)}), "
            f"{_pixels(stage.side)}, {stage.width} channels, {stage.params:,} parameters"
            for stage in self.stages()
        )
        symmetry = describe(self.architecture).stem.symmetry
        tied = "" if symmetry == "none" else f" whose weights are tied by the symmetry {symmetry}"
        return (
            f"A network of {self.params:,} parameters{tied} for images of "
            f"{_pixels(self.image_size)} pixels. {stages}."
        )

    def figure(self) -> Figure:
        """Draw input, stem, stages and head from left to right.

        Each has its blocks, and below them the size of its maps and its parameters.
        """
        stages = self.stages()
        rest = self.params - sum(stage.params for stage in stages)
        stem = describe(self.architecture).stem
        kernel = _pixels((stem.kernel, stem.kernel))
        symmetry = "" if stem.symmetry == "none" else f",\ntied by {stem.symmetry}"
        columns = [
            _Column("input", ("image",), "", _pixels(self.image_size)),
            _Column(
                "stem",
                ("\n".join(["convolution", kernel, *[_HALVES] * (stem.stride - 1)]),),
                "",
                f"{_pixels(self._side(1))}\n{stem.width} channels{symmetry}",
            ),
            *(self._column(stage) for stage in stages),
            _Column(
                "head", ("mean over\nthe map,\nlinear",), "", f"stem and head:\n{self._share(rest)}"
            ),
        ]
        deepest = max(len(column.blocks) for column in columns)
        height = deepest + _ABOVE + _BELOW
        figure = Figure(figsize=(len(columns) * _INCHES, height * _INCHES * 0.75))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(-_GAP, len(columns)), ylim=(-_BELOW, deepest + _ABOVE))
        axes.set_axis_off()
        for x, column in enumerate(columns):
            _draw(axes, x, column, deepest)
        return figure

    def _column(self, stage: StageSummary) -> "_Column":
        block = "\n".join((stage.operator, *stage.block))
        first = f"{block}\n{_HALVES}" if stage.halves else block
        blocks = (first, *[block] * (stage.depth - 1))
        below = f"{_pixels(stage.side)}\n{stage.width} channels\n{self._share(stage.params)}"
        return _Column(stage.title, blocks, stage.operator, below)

    def _share(self, params: int) -> str:
        share = params / self.params
        return f"{params:,} parameters\n({'< 1%' if share < 0.01 else f'{share:.0%}'})"


class _Column(NamedTuple):
    """One column of the drawing: a title, blocks from top to bottom, and words below them."""

    title: str
    blocks: tuple[str, ...]
    operator: str
    below: str


def _draw(axes: Axes, x: int, column: _Column, deepest: int) -> None:
    middle, centre, width = deepest / 2, x + (1 - _GAP) / 2, 1 - _GAP
    top = middle + len(column.blocks) / 2
    arrow = {**_ARROW, "color": ink()}
    for number, block in enumerate(column.blocks):
        y = top - number - 1 + _GAP / 2
        shape = "round,pad=0,rounding_size=0.06"
        fill = _FILLS[column.operator]
        axes.add_patch(
            FancyBboxPatch((x, y), width, 1 - _GAP, boxstyle=shape, facecolor=fill, edgecolor=GREY)
        )
        axes.text(
            centre,
            y + (1 - _GAP) / 2,
            block,
            ha="center",
            va="center",
            fontsize=7.5,
            color="black",
        )
        if number > 0:
            axes.annotate("", (centre, y + 1 - _GAP), (centre, y + 1), arrowprops=arrow)
    if len(column.blocks) > 1:
        frame = FancyBboxPatch(
            (x, top - len(column.blocks) + _GAP / 2),
            width,
            len(column.blocks) - _GAP,
            boxstyle="round,pad=0.05,rounding_size=0.09",
            facecolor="none",
            edgecolor=GREY,
            linestyle=":",
        )
        axes.add_patch(frame)
    axes.text(
        centre, deepest + 0.12, column.title, ha="center", va="bottom", fontsize=9.5, weight="bold"
    )
    axes.text(centre, -0.05, column.below, ha="center", va="top", fontsize=7.5, linespacing=1.35)
    if x > 0:
        axes.annotate("", (x - 0.05, middle), (x - _GAP + 0.05, middle), arrowprops=arrow)


def _block(stage: Stage, side: tuple[int, int]) -> tuple[str, ...]:
    """Say what one block of a stage is, in a few short phrases."""
    if isinstance(stage, MBConvStage):
        squeeze = f"SE {stage.se:g}" if stage.se else "no SE"
        return f"{stage.kernel} × {stage.kernel}", f"expansion {stage.expansion}", squeeze
    (rows, row), (columns, column) = (
        windows(length, stage.window, stage.symmetry != "none") for length in side
    )
    window = "global" if rows * columns == 1 else f"windows {_pixels((row, column))} px"
    return f"{stage.heads} {'head' if stage.heads == 1 else 'heads'}", f"MLP × {stage.mlp}", window


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
