"""Where a standalone network's tensors lie in the shared ones. Pure functions of names and shapes.

A tensor of a narrower, shallower or smaller-kernelled network is the first channels, the first
blocks and the centre of the kernels of the shared one (Cai et al. 2020, arXiv 1908.09791; Chen et
al. 2021, arXiv 2107.00651). Queries, keys and values lie one after the other in a ``qkv`` tensor,
and each of them keeps its first heads.
"""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from search_spaces.hybrid import Stage, operator

QKV = 3


class Slice(NamedTuple):
    """A part of a shared tensor.

    Attributes:
        slices: one for each dimension.
        by_qkv: whether the first dimension is to be taken apart into queries, keys and values
            before slicing.
    """

    slices: tuple[slice, ...]
    by_qkv: bool = False

    def of(self, shared: Tensor) -> Tensor:
        """That part of the tensor: a view of it, but a copy where queries, keys and values have to
        be joined again.
        """
        if self.by_qkv:
            return shared.reshape(QKV, -1, *shared.shape[1:])[self.slices].flatten(0, 1)
        return shared[self.slices]


def slice_of(name: str, shape: Sequence[int], shared_shape: Sequence[int]) -> Slice | None:
    """Where the tensor of that name and shape lies in the shared tensor; ``None``: it is all of
    it.
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


def shared_name(name: str, stages: Sequence[Stage]) -> str:
    """The name in the supernet of a standalone network's tensor: there, each stage has one set for
    each operator.
    """
    if not name.startswith("stages."):
        return name
    prefix, stage, rest = name.split(".", 2)
    return f"{prefix}.{stage}.{operator(stages[int(stage)])}.{rest}"
