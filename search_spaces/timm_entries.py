"""Networks of functions of one's own, which timm is to know by their names."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import timm
from timm.models import register_model

# timm has no public way to forget a model.
from timm.models._registry import _clear_model_entries, _model_entrypoints
from torch import nn

from lens_nas_plugins.mistakes import UserError, plugin_code
from search_spaces.errors import SpaceError


def show_timm(name: str, build: Callable[..., nn.Module], module: str) -> None:
    """Let timm build networks by a name.

    Args:
        name: name that timm shall know.
        build: returns a network, given timm's keywords without those of pretrained weights.
        module: module that must be imported for timm to know the name.

    Raises:
        SpaceError: timm has a model of this name.
    """

    def entry(pretrained: bool = False, **options: Any) -> nn.Module:
        of_timm = {key for key in options if key.startswith("pretrained_cfg")} | {"cache_dir"}
        return build(**{key: value for key, value in options.items() if key not in of_timm})

    if timm.is_model(name):
        raise SpaceError(f"timm has a model {name!r} already: give yours another name.")
    entry.__name__ = name
    register_model(entry)
    entry.__module__ = module


def hide_timm(name: str) -> None:
    """Let timm forget a model; one that it does not know is none."""
    _clear_model_entries(name)
    _model_entrypoints.pop(name, None)


def hide_lost() -> None:
    """Let timm forget the models of modules that could not be imported."""
    for name in timm.list_models():
        if timm.model_entrypoint(name).__module__ not in sys.modules:
            hide_timm(name)


def built_by(
    build: Callable[..., nn.Module],
    name: str,
    mistake: type[UserError],
    *passed_on: type[Exception],
    options: Mapping[str, Any],
) -> nn.Module:
    """Return what a builder of somebody's own builds.

    Args:
        build: the builder.
        name: name of the space or network.
        mistake: type of what is raised.
        passed_on: what the builder may raise.
        options: arguments that not every builder takes.

    Raises:
        UserError: the builder fails, or builds something else.
        TypeError: the builder does not take an option.
    """
    try:
        with plugin_code(mistake, f"the builder of {name}", *passed_on):
            network = build(**options)
    except mistake as failed:
        cause = failed.__cause__
        if isinstance(cause, TypeError) and any(f"'{one}'" in str(cause) for one in options):
            raise cause from None
        raise
    if not isinstance(network, nn.Module):
        raise mistake(
            f"the builder of {name} returned {type(network).__name__}: let it return a "
            f"torch.nn.Module{mistake.end}"
        )
    return network


def module_of(build: Callable[..., nn.Module]) -> str:
    """Return the module in which a builder is; a partial function has none."""
    return getattr(build, "__module__", None) or type(build).__module__
