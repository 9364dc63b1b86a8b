"""A module that runs with slices of another module's tensors instead of weights of its own."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import Tensor, nn

from search_spaces.slicing import Slice, slice_of


class BoundModule:
    """A block of a standalone network, bound at every run to slices of the shared tensors.

    Binding writes the slices straight into the module's own tables: it costs some microseconds a
    tensor, where ``torch.func.functional_call`` swaps each one in and out through several layers of
    accessors. They stay there after the run, so that gradient checkpointing finds them when it runs
    the block again.

    Args:
        module: the block, on the meta device: its tensors have shapes only.
        shared: the largest block of its kind, whose tensors are sliced.
        name: the block's name in the standalone network.
    """

    def __init__(self, module: nn.Module, shared: nn.Module, name: str) -> None:
        self._module = module
        self._parameters = list(_links(module, shared, name, "_parameters"))
        self._buffers = list(_links(module, shared, name, "_buffers"))

    def __call__(
        self, x: Tensor, training: bool, statistics: Mapping[str, Tensor] | None
    ) -> Tensor:
        """Run the block.

        Args:
            x: its input.
            training: whether it runs in training mode; then BatchNorm has no buffers to record
                statistics in.
            statistics: buffers that take the place of the shared ones, by their name in the
                standalone network.
        """
        if self._module.training != training:
            self._module.train(training)
        for link in self._parameters:
            link.target[link.key] = link.slice()
        for link in self._buffers:
            if training:
                link.target[link.key] = None
            else:
                link.target[link.key] = (
                    link.slice() if statistics is None else statistics[link.name]
                )
        output: Tensor = self._module(x)
        return output


class _Link(NamedTuple):
    """One tensor: where it is needed and where it comes from.

    Both ends are tables of ``nn.Module`` rather than tensors, which ``to`` or ``load_state_dict``
    may replace.
    """

    name: str
    key: str
    target: dict[str, Tensor | None]
    source: dict[str, Tensor]
    part: Slice | None

    def slice(self) -> Tensor:
        shared = self.source[self.key]
        return shared if self.part is None else self.part.of(shared)


def _links(module: nn.Module, shared: nn.Module, name: str, table: str) -> Iterator[_Link]:
    for child_name, child in module.named_modules(prefix=name):
        target = getattr(child, table)
        source = getattr(
            shared.get_submodule(child_name.removeprefix(name).removeprefix(".")), table
        )
        for key, tensor in target.items():
            if tensor is not None:
                full_name = f"{child_name}.{key}"
                yield _Link(
                    full_name,
                    key,
                    target,
                    source,
                    slice_of(full_name, tensor.shape, source[key].shape),
                )
