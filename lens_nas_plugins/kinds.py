"""The kinds of things that plug-ins bring."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any


@dataclass(frozen=True)
class Kind:
    """One kind of things that plug-ins bring.

    Attributes:
        noun: what sentences call it.
        register: function that registers one.
        given: what that function is given.
        registry: where the registry is, ``module:name``.
        settings: settings that take its names.
        travels: whether workers, which are other processes, need it.
    """

    noun: str
    register: str
    given: str
    registry: str
    settings: tuple[str, ...]
    travels: bool = True


KINDS = {
    "spaces": Kind(
        "search space",
        "register_space",
        "a SearchSpace, and functions where you give any",
        "search_spaces.own:SPACES",
        ("space",),
    ),
    "samplers": Kind(
        "strategy",
        "register_sampler",
        "a function make(seed, space)",
        "nas.samplers.names:SAMPLERS",
        ("strategy",),
        travels=False,
    ),
    "objectives": Kind(
        "objective",
        "register_objective",
        "a function measure(labels, probabilities)",
        "nas.search.options:OBJECTIVES",
        ("objectives",),
    ),
    "layouts": Kind(
        "layout",
        "register_layout",
        "a function find(directory)",
        "nas.data.options:LAYOUTS",
        ("layout",),
        travels=False,
    ),
    "augmentations": Kind(
        "augmentation",
        "register_augmentation",
        "a function change(images, generator)",
        "nas.data.options:AUGMENTATIONS",
        ("augmentation.also",),
    ),
    "networks": Kind(
        "network",
        "register_network",
        "a function build(in_chans, num_classes)",
        "nas.training.networks.timm_models:NETWORKS",
        ("models", "model"),
    ),
    "trackers": Kind(
        "tracker",
        "register_tracker",
        "a subclass of nas.tracking.services.Tracker",
        "nas.tracking.options:TRACKERS",
        ("track",),
    ),
}
"""All kinds, by the last word of the group of their entry points, ``lens_nas.<kind>``."""


def live() -> Iterator[tuple[str, Any]]:
    """Yield the registries that this process has loaded, by kind.

    What was not loaded has nothing in it.
    """
    for name, kind in KINDS.items():
        if kind.registry.partition(":")[0] in sys.modules:
            yield name, resolve_name(kind.registry)
