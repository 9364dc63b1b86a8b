"""A module that runs with slices of another module's tensors instead of weights of its own."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from torch import Tensor, nn

from search_spaces.slicing import Slice, slice_of


class BoundModule:
    """A block of a standalone network, bound at every run to slices of the shared tensors.

    Binding writes the slices straight into the module's own tables, which costs some microseconds a
    tensor. ``torch.func.functional_call`` would swap each tensor in and out through several layers
    of accessors. The slices stay in the tables after the run, so that gradient checkpointing finds
    them when it runs the block again.

    Args:
        module: Block to run, on the meta device, where its tensors have shapes only.
        shared: Largest block of the same kind, whose tensors are sliced.
        name: Name of the block in the standalone network.
    """

    def __init__(self, module: nn.Module, shared: nn.Module, name: str) -> None:
        self._module = module
        self._parameters = list(_links(module, shared, name, _Table.PARAMETERS))
        self._buffers = list(_links(module, shared, name, _Table.BUFFERS))

    def __call__(
        self, x: Tensor, training: bool, statistics: Mapping[str, Tensor] | None
    ) -> Tensor:
        """Run the block and return its output.

        Args:
            x: Input of the block.
            training: Whether the block runs in training mode. BatchNorm then has no buffers to
                record statistics in.
            statistics: Buffers that take the place of the shared ones, by their name in the
                standalone network; None takes the shared ones.
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


class _Table(Enum):
    """A table in which ``nn.Module`` keeps tensors by name.

    The tables have no public names: what is public goes through the accessors that
    :class:`BoundModule` avoids.
    """

    PARAMETERS = "_parameters"
    BUFFERS = "_buffers"

    def of(self, module: nn.Module) -> dict[str, Any]:
        table: dict[str, Any] = getattr(module, self.value)
        return table


class _Link(NamedTuple):
    """Where one tensor is needed, and where it comes from.

    Both ends are tables of ``nn.Module`` rather than tensors, since ``to`` or ``load_state_dict``
    may replace the tensors.
    """

    name: str
    key: str
    target: dict[str, Tensor | None]
    source: dict[str, Tensor]
    part: Slice | None

    def slice(self) -> Tensor:
        shared = self.source[self.key]
        return shared if self.part is None else self.part.of(shared)


def _links(module: nn.Module, shared: nn.Module, name: str, table: _Table) -> Iterator[_Link]:
    for child_name, child in module.named_modules(prefix=name):
        target = table.of(child)
        source = table.of(shared.get_submodule(child_name.removeprefix(name).removeprefix(".")))
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
