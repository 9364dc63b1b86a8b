"""The networks that benchmarks train."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import nn

from nas.report.efficiency import UNTIED
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.networks.timm_models import require_network
from search_spaces import Architecture, build_network, get_space, untie
from search_spaces.network import init_weights


class Network(NamedTuple):
    """A network of a benchmark.

    Attributes:
        name: Name as SPACE/ARCHITECTURE, with the word ``untied`` for the twin of a symmetric one;
            or the name of a model of timm.
        architecture: Architecture; None for a model of timm.
        untied: Whether layers of a symmetric architecture have weights of their own.
        norm: Norm of an architecture's layers, ``batch`` or ``group``.
        recipe: What is changed of the recipe, by the names of its settings.
    """

    name: str
    architecture: Architecture | None
    untied: bool = False
    norm: str = "batch"
    recipe: Mapping[str, Any] = MappingProxyType({})

    @property
    def symmetric(self) -> bool:
        """Whether its weights are tied."""
        choices = {} if self.architecture is None else self.architecture.choices
        return choices.get("symmetry", "none") != "none" and not self.untied

    def build(self, images: TrainingImages, seed: int) -> nn.Module:
        """Build the network with random weights of a seed."""
        if self.architecture is None:
            return images.card(self.name).fitted().build(seed)
        card = images.card(self.architecture.space, str(self.architecture))
        network = card.build(seed) if self.norm == "batch" else self._with_norm(card, seed)
        if not self.untied:
            return network
        # The weights of a network that was just untied are symmetric still.
        network = untie(network)
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            return network.apply(init_weights)

    def _with_norm(self, card: ModelCard, seed: int) -> nn.Module:
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            return build_network(
                card.model,
                self.architecture,
                in_chans=card.in_chans,
                num_classes=card.outputs,
                norm=self.norm,
            )


def with_twins(names: Iterable[str]) -> list[Network]:
    """Return networks by their names, each symmetric one with its twin.

    Args:
        names: Names as SPACE/ARCHITECTURE, or of models of timm.

    Raises:
        SpaceError: a name is not that of an architecture.
        UserError: timm does not know a name.
    """
    found = []
    for name in names:
        space, slash, line = name.partition("/")
        if not slash:
            require_network(name)
        network = Network(name, get_space(space).parse(line) if slash else None)
        found.append(network)
        if network.symmetric:
            found.append(Network(f"{name}{UNTIED}", network.architecture, untied=True))
    return found
