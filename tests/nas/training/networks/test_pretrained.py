"""Networks start from given weights, which timm adapts and the toolkit checks."""

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file
from torch import nn

from nas.common.errors import UserError
from nas.data.normalisation import Normalisation
from nas.training.networks.card import ModelCard
from nas.training.networks.fitting import MisfitError
from nas.training.networks.pretrained import Weights, read_weights
from nas.training.networks.start import StartOptions

SCALE = Normalisation((0.0,), (1.0,), (0.0,), (1.0,))
CARD = ModelCard("test_vit", None, ("a", "b", "c"), 1, (64, 64), SCALE)


def photographs(model: str, path: Path) -> tuple[nn.Module, Weights]:
    """Return a network for photographs, and its weights as read from a file."""
    torch.manual_seed(5)
    network = timm.create_model(model)
    save_file(network.state_dict(), path)
    return network, Weights.read(path, path.name)


@pytest.mark.parametrize("model", ["test_vit", "test_resnet"])
def test_the_first_convolution_and_the_image_size_are_adapted(tmp_path: Path, model: str) -> None:
    source, weights = photographs(model, tmp_path / "w.safetensors")
    card = replace(CARD, model=model).fitted(weights)
    network = card.build(weights=weights)
    assert card.resized_to is None
    name = network.default_cfg["first_conv"]
    before, after = source.get_submodule(name).weight, network.get_submodule(name).weight
    torch.testing.assert_close(after, before.sum(1, keepdim=True))
    # A picture in one channel stands for the same picture in three, so that all layers behind the
    # first see the same.
    if model == "test_resnet":
        grey = torch.rand(2, 1, 64, 64)
        expected = source.eval().forward_features(grey.expand(-1, 3, -1, -1))
        torch.testing.assert_close(network.forward_features(grey), expected, rtol=1e-4, atol=1e-4)
    assert len(network(torch.zeros(1, 1, 64, 64))[0]) == 3


def test_only_the_classifier_depends_on_the_seed(tmp_path: Path) -> None:
    _, weights = photographs("test_resnet", tmp_path / "w.safetensors")
    one, other = (
        replace(CARD, model="test_resnet").build(seed, weights=weights).state_dict()
        for seed in (0, 1)
    )
    assert {name for name in one if not one[name].equal(other[name])} <= {"fc.weight", "fc.bias"}


def test_weights_that_fit_the_networks_own_size_only(tmp_path: Path) -> None:
    _, weights = photographs("crossvit_tiny_240", tmp_path / "w.safetensors")
    card = replace(CARD, model="crossvit_tiny_240")
    assert card.fitted().resized_to == (120, 120)
    assert card.fitted(weights).resized_to == (240, 240)


def test_weights_of_other_networks(tmp_path: Path) -> None:
    _, weights = photographs("test_resnet", tmp_path / "w.safetensors")
    with pytest.raises(UserError, match=r"w.safetensors lacks cls_token of test_vit"):
        CARD.fitted(weights)
    with pytest.raises(
        MisfitError,
        match=r"w.safetensors does not hold weights of resnet18 for images of 64 × 64 .*\(",
    ):
        replace(CARD, model="resnet18").build(weights=weights)
    del weights.tensors["layer1.0.conv1.weight"]
    with pytest.raises(
        UserError, match=r"w.safetensors lacks layer1.0.conv1.weight of test_resnet"
    ):
        replace(CARD, model="test_resnet").fitted(weights)


def test_files_that_hold_no_weights(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"nothing")
    for name in ("w.safetensors", "nowhere.safetensors"):
        with pytest.raises(UserError, match=f"{name} cannot be read as a safetensors file"):
            read_weights(StartOptions(weights=tmp_path / name), "test_resnet")


def test_the_hub_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        UserError, match=r"weights of test_resnet cannot be had .* give it with --weights"
    ):
        read_weights(StartOptions(pretrained=True), "test_resnet")


@pytest.mark.parametrize("model", ["moganet_tiny", "hybrid_nano"])
def test_networks_without_published_weights(model: str) -> None:
    with pytest.raises(UserError, match=f"timm has no weights of {model}: leave out --pretrained"):
        read_weights(StartOptions(pretrained=True), model)


def test_two_beginnings() -> None:
    with pytest.raises(UserError, match="--pretrained and --weights are two different beginnings"):
        StartOptions(pretrained=True, weights=Path("w.safetensors"))
