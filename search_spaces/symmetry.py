"""The symmetries of the square, and weights that respect them.

A lens has no up and no handedness. In a symmetric network this is exact: turning or mirroring the
image turns and mirrors every map, and leaves the logits as they are (group convolutions: Cohen and
Welling 2016, arXiv 1602.07576). A map of such a network has fields × order channels: one channel of
each field for the first symmetry of the group, then one for the second, and so on. The layers are
those of every network of their size; only their weights are expanded from smaller base weights,
which are all that is learned.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from search_spaces.errors import SpaceError


@dataclass(frozen=True)
class Symmetry:
    """A group of symmetries of the square.

    Attributes:
        name: Name of the group.
        elements: Symmetries, each as a mirroring (or none) and a number of quarter turns after it;
            the first one changes nothing.

    Example:
        >>> import torch
        >>> d4 = SYMMETRIES["d4"]
        >>> d4.order
        8
        >>> d4.turned(torch.tensor([[1, 2], [3, 4]]), 1)
        tensor([[2, 4],
                [1, 3]])
    """

    name: str
    elements: tuple[tuple[bool, int], ...]

    @property
    def order(self) -> int:
        """The number of symmetries, which is the number of channels of a field."""
        return len(self.elements)

    def turned(self, images: Tensor, element: int) -> Tensor:
        """Return images or kernels (…, H, W) as they look after a symmetry."""
        mirrored, turns = self.elements[element]
        return torch.rot90(images.flip(-1) if mirrored else images, turns, (-2, -1))

    def fields(self, channels: int) -> int:
        """Return the number of fields that make so many channels.

        Raises:
            SpaceError: the channels are no whole number of fields.
        """
        if channels % self.order:
            raise SpaceError(
                f"{channels} channels were given to a network with the symmetry {self.name}, whose "
                f"fields have {self.order}: choose a multiple of {self.order}."
            )
        return channels // self.order


_TURNS = tuple((False, turns) for turns in range(4))
SYMMETRIES = {
    symmetry.name: symmetry
    for symmetry in (
        Symmetry("none", _TURNS[:1]),
        Symmetry("c4", _TURNS),
        Symmetry("d4", _TURNS + tuple((True, turns) for turns in range(4))),
    )
}
"""The groups by name: no symmetry, the rotations, and the rotations with the reflections."""


def expand(base: Tensor, places: Tensor, order: int, blocks: tuple[int, int] = (1, 1)) -> Tensor:
    """Return the weight that a base weight stands for.

    The weight is ``W[(g, o), i] = g · B[o, i]`` for a layer that sees images, or one map each, and
    ``W[(g, o), (h, i)] = g · B[o, i, g⁻¹h]`` for a layer between maps. A symmetry g turns the
    kernel.

    Args:
        base: Base weight (fields, channels, K, K) of a convolution, or (fields, channels) of a
            linear layer between maps.
        places: What :func:`kernel_places` or :func:`map_places` returns.
        order: Number of symmetries.
        blocks: Numbers of equal blocks of fields, out and in, whose channels lie together, such as
            the heads of attention.

    Returns:
        A weight (order · fields, channels, K, K), or (order · fields, channels).
    """
    fields, channels = base.shape[:2]
    kernel = math.prod(base.shape[2:])
    # A field of a map has as many channels as the group has symmetries; each symmetry of a layer
    # between maps takes their numbers in an order of its own.
    of_field = len(places) // (order * kernel)
    first = channels // of_field
    weight = base.reshape(fields, first, -1).index_select(2, places)
    if base.ndim == 4:
        weight = weight.view(fields, first, order, of_field, kernel).permute(2, 0, 4, 3, 1)
        # Channels are innermost in memory, so that the map of a convolution has them there, too.
        return weight.reshape(order * fields, *base.shape[2:], channels).permute(0, 3, 1, 2)
    out, into = blocks
    weight = weight.view(out, fields // out, into, first // into, order, order)
    return weight.permute(0, 4, 1, 2, 5, 3).reshape(order * fields, channels)


def kernel_places(symmetry: Symmetry, kernel: int) -> Tensor:
    """Return where the numbers of a kernel lie after each symmetry, as one row (order · K · K,)."""
    square = torch.arange(kernel * kernel, device="cpu").view(kernel, kernel)
    turned = [symmetry.turned(square, g) for g in range(symmetry.order)]
    return torch.stack(turned).flatten()


def map_places(symmetry: Symmetry, kernel: int) -> Tensor:
    """Return where the numbers of a layer between maps lie, as one row (order · order · K · K,).

    They are those of the kernel with the number of g⁻¹h, turned by g, for each g and each h.
    """
    square = torch.arange(4, device="cpu").view(2, 2)  # No two symmetries turn it alike.
    turned = [symmetry.turned(square, h) for h in range(symmetry.order)]
    quotients = [
        next(i for i, other in enumerate(turned) if symmetry.turned(other, g).equal(wanted))
        for g in range(symmetry.order)
        for wanted in turned
    ]
    firsts = kernel * kernel * torch.tensor(quotients, device="cpu")
    turned_by = kernel_places(symmetry, kernel).view(symmetry.order, 1, -1)
    return (firsts.view(symmetry.order, -1, 1) + turned_by).flatten()


def expand_scale(base: Tensor, order: int, blocks: int = 1) -> Tensor:
    """Return numbers that are alike in each field, (order · fields,), from those of the fields."""
    return base.view(blocks, 1, -1).expand(-1, order, -1).flatten()
