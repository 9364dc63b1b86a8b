"""The supernet: one set of shared weights for all networks of a space.

There are no elastic layers. A subnet is run by the very blocks of the standalone network, bound to
slices of the shared tensors, and extraction copies the same slices. So a subnet and the extracted
network agree by construction.
"""

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from search_spaces.architecture import Architecture
from search_spaces.binding import BoundModule
from search_spaces.blocks import make_block, make_head, make_stage, make_stem, stage_drop_path
from search_spaces.errors import SpaceError
from search_spaces.hybrid import Hybrid, blocks, describe, largest, operator
from search_spaces.models import hybrid_network
from search_spaces.network import HybridNet, check_channels_and_classes, check_images, init_weights
from search_spaces.own import SPACES, require_builder
from search_spaces.registry import get_space
from search_spaces.slicing import shared_name, slice_of
from search_spaces.space import SearchSpace

# A part takes about 60 kB, and the spaces of the toolkit have about as many parts.
_CACHED_PARTS = 2048

# oneDNN compiles a kernel for every shape of a convolution and keeps the last 1,024, which random
# networks soon exceed. With more kernels, a step on a CPU takes a fifth less time, and no more
# memory.
_KERNELS = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8192")

Statistics = Mapping[str, Tensor]
"""The BatchNorm buffers of a standalone network, by name."""


class Supernet(nn.Module):
    """The shared weights of all networks of a hybrid space.

    The architecture travels as an argument and leaves nothing behind. In training mode BatchNorm
    normalises with the statistics of the batch and records none, since the statistics of one subnet
    are wrong for another. In evaluation mode BatchNorm uses the ``statistics`` that are passed,
    which :func:`recalibrate` makes for one architecture. Without ``statistics`` it uses the shared
    buffers, which are means of 0 and variances of 1 unless somebody loads others.

    Args:
        space: Hybrid space, or its name.
        in_chans: Channels of the images.
        num_classes: Classes to tell apart; 1 gives one number, 0 leaves the classifier out.
        norm: Normalisation of the convolutions, ``batch`` or ``group``.
        drop_rate: Rate of dropout before the classifier.
        drop_path_rate: Rate of stochastic depth, as in :class:`~search_spaces.network.HybridNet`.

    Raises:
        SpaceError: the space has no networks, or an argument is out of range.

    Example:
        >>> import torch
        >>> supernet = Supernet("hybrid_nano", in_chans=1, num_classes=3)
        >>> images, labels = torch.zeros(4, 1, 32, 32), torch.tensor([0, 1, 2, 0])
        >>> for architecture in (supernet.space.largest, supernet.space.smallest):
        ...     logits = supernet(images, architecture)
        ...     torch.nn.functional.cross_entropy(logits, labels).backward()
        >>> logits.shape
        torch.Size([4, 3])
    """

    def __init__(
        self,
        space: str | SearchSpace,
        in_chans: int = 1,
        num_classes: int = 3,
        *,
        norm: str = "batch",
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
    ) -> None:
        super().__init__()
        check_channels_and_classes(in_chans, num_classes)
        # oneDNN reads the variable at the first convolution of the process.
        os.environ.setdefault(*_KERNELS)
        self.space = get_space(space) if isinstance(space, str) else space
        require_shared_weights(self.space)
        self.in_chans = in_chans
        self.num_classes = num_classes
        self.norm = norm
        self.drop_rate = drop_rate
        self.drop_path_rate = drop_path_rate

        for symmetry, hybrids in largest(self.space).items():
            shared = self._shared(hybrids)
            if symmetry != "none":
                shared = {symmetry: nn.ModuleDict(shared)}
            for name, module in shared.items():
                self.add_module(name, module)
        self.apply(init_weights)
        self._parts: dict[Hashable, BoundModule] = {}

    def forward(
        self, images: Tensor, architecture: Architecture, statistics: Statistics | None = None
    ) -> Tensor:
        """Return the logits of the architecture's network.

        Args:
            images: Batch of images (B, in_chans, H, W).
            architecture: Architecture of the supernet's space.
            statistics: BatchNorm statistics for this architecture, used in evaluation mode; None
                takes the shared buffers.

        Returns:
            Logits of shape (B, num_classes).

        Raises:
            SpaceError: the architecture is of another space, or the images do not fit the network.
        """
        self.space.validate(architecture)
        check_images(images, self.in_chans)
        for part in self._subnet(architecture):
            images = part(images, self.training, statistics)
        return images

    def _subnet(self, architecture: Architecture) -> Iterator[BoundModule]:
        """Yield the blocks of the architecture's network, from first to last."""
        hybrid = describe(architecture)
        yield self._part("stem", hybrid, make_stem, self.in_chans, hybrid.stem, self.norm)
        for i, stage in enumerate(hybrid.stages):
            for j, block in enumerate(blocks(stage)):
                yield self._part(
                    f"stages.{i}.{j}",
                    hybrid,
                    make_block,
                    block,
                    j == 0,
                    self.norm,
                    self._drop_path(i),
                )
        yield self._part("head", hybrid, make_head, *self._head_options(hybrid))

    def _shared(self, hybrids: Sequence[Hybrid]) -> dict[str, nn.Module]:
        """Make the largest stem, stages and head of networks of one symmetry."""
        stages = nn.ModuleList()
        for i, alternatives in enumerate(zip(*(hybrid.stages for hybrid in hybrids), strict=True)):
            by_operator = {operator(stage): stage for stage in alternatives}
            stages.append(
                nn.ModuleDict(
                    {
                        name: make_stage(stage, self.norm, self._drop_path(i))
                        for name, stage in by_operator.items()
                    }
                )
            )
        return {
            "stem": make_stem(self.in_chans, hybrids[0].stem, self.norm),
            "stages": stages,
            "head": make_head(*self._head_options(hybrids[0])),
        }

    def _head_options(self, hybrid: Hybrid) -> tuple[Any, ...]:
        width = hybrid.stages[-1].width
        return width, self.num_classes, "avg", self.drop_rate, hybrid.stem.symmetry

    def _part(
        self, name: str, hybrid: Hybrid, make: Callable[..., nn.Module], *args: Hashable
    ) -> BoundModule:
        """Return the part that ``make(*args)`` makes.

        Making a part takes about a millisecond, so the parts that were used last are kept.
        """
        key = (name, args)  # The arguments say of which symmetry the part is.
        part = self._parts.pop(key, None)
        if part is None:
            with torch.device("meta"):
                part = BoundModule(make(*args), self.get_submodule(shared_name(name, hybrid)), name)
            if len(self._parts) >= _CACHED_PARTS:
                del self._parts[next(iter(self._parts))]
        self._parts[key] = part
        return part

    def _drop_path(self, stage: int) -> float:
        return stage_drop_path(self.drop_path_rate, stage)

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles start with no parts: the parts of this supernet are bound to its own
        # tensors.
        return {**self.__dict__, "_parts": {}}


def require_shared_weights(space: SearchSpace) -> None:
    """Check that the networks of a space can share weights.

    Raises:
        SpaceError: they are built by a function of somebody's own, or there are none.
    """
    require_builder(space)
    if space.name in SPACES.added:
        raise SpaceError(
            f"the networks of {space.name} are built by a function of its own and share no "
            "weights: train them, by --fidelity funnel (the default) or scratch."
        )
    describe(space.smallest)


def extract(supernet: Supernet, architecture: Architecture) -> HybridNet:
    """Take a network out of the supernet, as an ordinary module with copies of the weights.

    The outputs of the network are those of the supernet for the same architecture and statistics.
    The network has no dropout and no stochastic depth.

    Raises:
        SpaceError: the architecture is of another space.

    Example:
        >>> import torch
        >>> supernet = Supernet("hybrid_nano").eval()
        >>> architecture = supernet.space.named["coatnet_like"]
        >>> network = extract(supernet, architecture)
        >>> images = torch.zeros(2, 1, 32, 32)
        >>> torch.allclose(network(images), supernet(images, architecture), atol=1e-5)
        True
    """
    supernet.space.validate(architecture)
    with torch.device("meta"):
        network = hybrid_network(
            supernet.space,
            architecture,
            supernet.in_chans,
            supernet.num_classes,
            norm=supernet.norm,
        )
    hybrid = describe(architecture)
    shared = supernet.state_dict()
    weights = {}
    for name, tensor in network.state_dict().items():
        source = shared[shared_name(name, hybrid)]
        part = slice_of(name, tensor.shape, source.shape)
        weights[name] = (source if part is None else part.of(source)).clone()
    network.load_state_dict(weights, assign=True)
    return network.train(supernet.training)


def recalibrate(network: nn.Module, batches: Iterable[Tensor]) -> dict[str, Tensor]:
    """Replace the BatchNorm statistics of a network by averages over some batches.

    Weights that were trained with the statistics of each batch need this before every evaluation.
    A network without BatchNorm is left as it is.

    Args:
        network: Extracted network, or any other, which is changed in place.
        batches: Batches of images, each (B, in_chans, H, W). A few hundred images are enough.

    Returns:
        The new statistics, to be passed to :meth:`Supernet.forward` with the same architecture.

    Example:
        >>> import torch
        >>> supernet = Supernet("hybrid_nano").eval()
        >>> architecture = supernet.space.named["coatnet_like"]
        >>> network = extract(supernet, architecture)
        >>> images = torch.arange(8 * 32 * 32).reshape(8, 1, 32, 32) / (8 * 32 * 32)
        >>> statistics = recalibrate(network, batches=[images[:4], images[4:]])
        >>> inside = supernet(images, architecture, statistics)
        >>> torch.allclose(network(images), inside, atol=1e-5)
        True
    """
    update_bn(batches, network)
    return {name: buffer.clone() for name, buffer in network.named_buffers()}
