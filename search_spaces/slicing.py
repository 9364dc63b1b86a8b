"""Where the tensors of a standalone network lie in the shared tensors.

The functions here are pure functions of names and shapes. A tensor of a narrower, shallower or
smaller-kernelled network is the first channels, the first blocks and the centre of the kernels of
the shared tensor (Cai et al. 2020, arXiv 1908.09791; Chen et al. 2021, arXiv 2107.00651). Queries,
keys and values lie one after the other in a ``qkv`` tensor, and each of them keeps its first heads.
"""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from search_spaces.hybrid import Hybrid, operator

QKV = 3
"""Number of parts of a ``qkv`` tensor: queries, keys and values."""


class Slice(NamedTuple):
    """A part of a shared tensor.

    Attributes:
        slices: One slice for each dimension; with ``by_qkv``, queries, keys and values are one
            more dimension, in front.
        by_qkv: Whether the first dimension is to be taken apart into queries, keys and values
            before slicing.
    """

    slices: tuple[slice, ...]
    by_qkv: bool = False

    def of(self, shared: Tensor) -> Tensor:
        """Return this part of the shared tensor.

        It is a view, but a copy where queries, keys and values have to be joined again.
        """
        if self.by_qkv:
            return shared.reshape(QKV, -1, *shared.shape[1:])[self.slices].flatten(0, 1)
        return shared[self.slices]


def slice_of(name: str, shape: Sequence[int], shared_shape: Sequence[int]) -> Slice | None:
    """Return where a tensor of this name and shape lies in the shared tensor.

    Args:
        name: Name of the tensor in the standalone network.
        shape: Shape of the tensor in the standalone network.
        shared_shape: Shape of the shared tensor.

    Returns:
        The part of the shared tensor, or None where the tensor is all of the shared one.
    """
    if tuple(shape) == tuple(shared_shape):
        return None
    channels = [slice(size) for size in shape[:2]]
    kernel = [
        slice((full - size) // 2, (full + size) // 2)
        for size, full in zip(shape[2:], shared_shape[2:], strict=True)
    ]
    if ".qkv." in name:
        return Slice((slice(None), slice(shape[0] // QKV), *channels[1:]), by_qkv=True)
    return Slice((*channels, *kernel))


def shared_name(name: str, hybrid: Hybrid) -> str:
    """Return the name that a standalone network's tensor has in the supernet.

    The supernet holds one set of tensors for each symmetry, and in it one for each operator of a
    stage.

    Args:
        name: Name of the tensor in the standalone network.
        hybrid: Stem and stages of the standalone network.
    """
    if name.startswith("stages."):
        prefix, stage, rest = name.split(".", 2)
        name = f"{prefix}.{stage}.{operator(hybrid.stages[int(stage)])}.{rest}"
    symmetry = hybrid.stem.symmetry
    return name if symmetry == "none" else f"{symmetry}.{name}"
