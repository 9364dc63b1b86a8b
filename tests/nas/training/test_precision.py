"""Devices have names, and bf16 is chosen where it is quicker."""

import pytest
import torch
from torch import nn

from nas.common.errors import UserError
from nas.training.precision import autocast, pick_device, thread_count, threads
from search_spaces import build_network, get_space, untie

CPU = torch.device("cpu")
DENSE = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3))
ATTENTION = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(400, 100))
LARGE = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(40_000, 200, device="meta"))
DEPTHWISE = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, groups=4))


def product_type(context: torch.autocast) -> torch.dtype:
    with context:
        return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


def on_a_cpu_with(monkeypatch: pytest.MonkeyPatch, **capabilities: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)


@pytest.mark.parametrize("instructions", ["avx512_bf16", "amx_bf16"])
def test_auto_is_bf16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, instructions: str
) -> None:
    on_a_cpu_with(monkeypatch, **{instructions: True})
    assert product_type(autocast("auto", DENSE, CPU)) == torch.bfloat16
    assert product_type(autocast("auto", LARGE, CPU)) == torch.bfloat16


@pytest.mark.parametrize("model", [DEPTHWISE, ATTENTION])
def test_auto_is_float32_for_networks_that_lose(
    monkeypatch: pytest.MonkeyPatch, model: nn.Module
) -> None:
    on_a_cpu_with(monkeypatch, avx512_bf16=True)
    assert product_type(autocast("auto", model, CPU)) == torch.float32


def test_auto_is_float32_where_the_processor_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_cpu_with(monkeypatch, avx512_bf16=False)
    assert product_type(autocast("auto", DENSE, CPU)) == torch.float32


def test_the_user_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_cpu_with(monkeypatch, avx512_bf16=True)
    assert product_type(autocast("off", DENSE, CPU)) == torch.float32
    assert product_type(autocast("bf16", DEPTHWISE, CPU)) == torch.bfloat16


@pytest.mark.parametrize(
    ("space", "size", "several"),
    [("lens_nano", "smallest", False), ("lens_small", "largest", True)],
)
def test_a_tied_network_has_the_threads_of_its_ordinary_twin(
    monkeypatch: pytest.MonkeyPatch, space: str, size: str, several: bool
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    choices = {**getattr(get_space(space), size).choices, "symmetry": "d4"}
    tied = build_network(space, get_space(space).architecture(choices))
    assert sum(weight.numel() for weight in tied.parameters()) < 2_000_000
    for network in (tied, untie(tied)):
        assert thread_count(network, CPU) == (8 if several else 1)


def test_devices() -> None:
    assert pick_device("cpu") == CPU
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    for name in ("gpu", f"cuda:{torch.cuda.device_count()}"):
        with pytest.raises(UserError, match=f"device {name} cannot be used .*: give --device auto"):
            pick_device(name)


@pytest.mark.parametrize(("width", "inside"), [(10, 1), (2000, 3)])
def test_small_networks_are_trained_with_one_thread(width: int, inside: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with threads(nn.Linear(width, width, device="meta"), CPU):
            assert torch.get_num_threads() == inside
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
