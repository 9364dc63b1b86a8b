"""The device, the precision and the number of threads that a network is trained with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from nas.common.artefacts import short
from nas.common.errors import UserError
from nas.training.recipe import Amp
from search_spaces.tied_layers import Tied

# Number of weights from which transformers gain from bf16 on a CPU.
_LARGE = 8_000_000

# Number of weights below which a second thread gains nothing (measured with the supernet of
# hybrid_nano at 48 pixels).
_SMALL = 2_000_000


def pick_device(name: str) -> torch.device:
    """Return the device of a name.

    Args:
        name: torch's name of the device, such as ``cpu`` or ``cuda:1``; ``auto`` is the current
            CUDA device, or the CPU where there is none.

    Raises:
        UserError: there is no such device.

    Example:
        >>> from nas.training.precision import pick_device
        >>> pick_device("cpu")
        device(type='cpu')
        >>> pick_device("auto").type in ("cpu", "cuda")
        True
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.ones(1, device=device).item()  # some devices hold no numbers, such as meta
    except (RuntimeError, AssertionError, ImportError) as error:
        raise UserError(
            f"device {short(name)} cannot be used ({short(error)}): give --device auto, cpu or cuda"
        ) from error
    return device


def autocast(amp: Amp, model: nn.Module, device: torch.device) -> torch.autocast:
    """Return the context of bf16 or float32 in which a network is trained on a device.

    Args:
        amp: precision that the recipe asks for. ``auto`` is bf16 where the device computes in it
            and, on a CPU, where the network gains (``results/search_spaces/speed.md``).
        model: network that is trained.
        device: device that it is trained on.
    """
    bf16 = amp == "bf16" or (
        amp == "auto" and _has_bf16(device) and (device.type != "cpu" or _gains_on_cpu(model))
    )
    return torch.autocast(device.type, torch.bfloat16, enabled=bf16)


def thread_count(model: nn.Module, device: torch.device) -> int:
    """Return the number of threads that train a network.

    It is one for a small network on a CPU, and otherwise all that torch may use. The operations of
    a small network are so short that several threads only wait for each other: they gain nothing on
    a machine that does nothing else, and take ten times as long on a busy one.
    """
    small = _weights(model) < _SMALL
    return 1 if device.type == "cpu" and small else torch.get_num_threads()


@contextmanager
def threads(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Compute with the number of threads that train a network, for a ``with`` block."""
    before = torch.get_num_threads()
    torch.set_num_threads(thread_count(model, device))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _weights(model: nn.Module) -> int:
    """Return the number of weights that the layers compute with.

    A layer that a symmetry ties has as many copies of its own weights as the symmetry has elements.
    """
    return sum(
        weight.numel() * (module.order if isinstance(module, Tied) else 1)
        for module in model.modules()
        for weight in module.parameters(recurse=False)
    )


def _has_bf16(device: torch.device) -> bool:
    """Return whether the device computes in bf16 itself, rather than by emulation."""
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return False


def _gains_on_cpu(model: nn.Module) -> bool:
    """Return whether bf16 makes this network quicker on a CPU.

    Depthwise convolutions are slow in it, and narrow layers of attention lose more in conversions
    than they gain in products; plain convolutions of any width and large networks gain.
    """
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    if any(convolution.groups == convolution.in_channels > 1 for convolution in convolutions):
        return False
    weights = _weights(model)
    return (
        weights >= _LARGE
        or 2 * sum(convolution.weight.numel() for convolution in convolutions) > weights
    )
