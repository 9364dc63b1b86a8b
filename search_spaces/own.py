"""Search spaces of one's own: genes of one's own, whose networks a function of one's own builds.

They are registered by a program, or by the module that an installed package names in an entry point
of the group ``lens_nas.spaces``, under the name of the space. The module is imported when that name
is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lens_nas_plugins.registry import Registry, same_source
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.space import SearchSpace
from search_spaces.timm_entries import built_by, hide_timm, module_of, show_timm

# So many networks have their costs remembered.
_REMEMBERED = 2**14

Builder = Callable[..., nn.Module]
"""``build(architecture, in_chans, num_classes)``: returns a network of images (B, C, H, W)."""


@dataclass(frozen=True)
class OwnSpace:
    """A search space with what is known of its networks.

    Attributes:
        space: genes and rules.
        build: builds a network; None where there are no networks.
        params: counts the parameters, given architecture, ``in_chans`` and ``num_classes``; None
            counts those of the built network.
        flops: counts the floating-point operations, given architecture, ``image_size``,
            ``in_chans`` and ``num_classes``; None counts those of the built network.
    """

    space: SearchSpace
    build: Builder | None = None
    params: Callable[..., int] | None = None
    flops: Callable[..., int] | None = None

    def network(
        self,
        architecture: Architecture,
        in_chans: int,
        num_classes: int,
        **options: Any,
    ) -> nn.Module:
        """Build a network with new weights.

        Args:
            architecture: architecture of the space.
            in_chans: channels of the images.
            num_classes: classes to tell apart.
            options: further arguments, where somebody gives them; not every builder takes them.

        Raises:
            SpaceError: there is no builder, or it fails or builds something else.
        """
        if self.build is None:
            raise _without_builder(self.space.name)
        build = partial(self.build, architecture, in_chans, num_classes)
        return built_by(build, self.space.name, SpaceError, options=options)


def require_builder(space: SearchSpace) -> None:
    """Check that there is a function that builds the networks of a registered space.

    Raises:
        SpaceError: the space was registered without one.
    """
    own = SPACES.added.get(space.name)
    if own is not None and own.build is None:
        raise _without_builder(space.name)


def _without_builder(name: str) -> SpaceError:
    return SpaceError(
        f"{name} has no builder of networks: register it with one, "
        f"register_space({name!r}, space, build=…)."
    )


def _fits(own: OwnSpace) -> bool:
    functions = (own.build, own.params, own.flops)
    return isinstance(own.space, SearchSpace) and all(
        one is None or callable(one) for one in functions
    )


def _same(before: OwnSpace, now: OwnSpace) -> bool:
    """Return whether a space may take the place of another.

    A builder tells where a space comes from. One without is known by its genes, and may get one.
    """
    if before.build is None:
        return list(before.space.genes.values()) == list(now.space.genes.values())
    return now.build is not None and same_source(before.build, now.build)


def _show(name: str, own: OwnSpace) -> None:
    """Let timm build the networks of a space by its name, as it does those of the toolkit."""
    if own.build is None:
        return

    def network(
        architecture: Architecture | str | None = None,
        in_chans: int = 1,
        num_classes: int = 3,
        **options: Any,
    ) -> nn.Module:
        own = SPACES.added[name]
        if architecture is None:
            architecture = next(iter(own.space.named.values()), own.space.smallest)
        elif isinstance(architecture, str):
            architecture = own.space.parse(architecture)
        own.space.validate(architecture)
        return own.network(architecture, in_chans, num_classes, **options)

    show_timm(name, network, module_of(own.build))


def _hide(name: str) -> None:
    """Let timm forget the networks of a space, which has none of its own where none are built."""
    if SPACES.added[name].build is not None:
        hide_timm(name)


SPACES = Registry[OwnSpace](
    "spaces", mistake=SpaceError, fits=_fits, same=_same, on_add=_show, on_remove=_hide
)
"""Those of this process and of installed packages."""


def own_params(architecture: Architecture, in_chans: int, num_classes: int) -> int | None:
    """Return the parameters of a network of one's own; None for one of the toolkit's."""
    own = SPACES.added.get(architecture.space)
    if own is None:
        return None
    if own.params is not None:
        return own.params(architecture, in_chans, num_classes)
    return _counted_params(own, architecture, in_chans, num_classes)


def own_flops(
    architecture: Architecture, image_size: int, in_chans: int, num_classes: int
) -> int | None:
    """Return the operations of a network of one's own; None for one of the toolkit's."""
    own = SPACES.added.get(architecture.space)
    if own is None:
        return None
    if own.flops is not None:
        return own.flops(architecture, image_size, in_chans, num_classes)
    return _counted_flops(own, architecture, image_size, in_chans, num_classes)


@lru_cache(maxsize=_REMEMBERED)
def _counted_params(
    own: OwnSpace, architecture: Architecture, in_chans: int, num_classes: int
) -> int:
    network = _built(own, architecture, in_chans, num_classes)
    return sum(weight.numel() for weight in network.parameters())


@lru_cache(maxsize=_REMEMBERED)
def _counted_flops(
    own: OwnSpace, architecture: Architecture, image_size: int, in_chans: int, num_classes: int
) -> int:
    network = _built(own, architecture, in_chans, num_classes).eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, in_chans, image_size, image_size))
    except (RuntimeError, ValueError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise SpaceError(
            f"the network of {architecture} cannot take an image of {in_chans} × {image_size} × "
            f"{image_size} ({reason}): mend the builder of the space, or take larger images."
        ) from error
    return int(counter.get_total_flops())


def _built(own: OwnSpace, architecture: Architecture, in_chans: int, num_classes: int) -> nn.Module:
    """Build a network whose weights do not matter; no random number is used up."""
    with torch.random.fork_rng([]):
        return own.network(architecture, in_chans, num_classes)
