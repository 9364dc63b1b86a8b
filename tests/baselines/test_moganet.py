"""MogaNet has the published sizes and behaves like a model of timm."""

import subprocess
import sys

import pytest
import timm
import torch
from timm.models import group_parameters
from timm.optim import param_groups_weight_decay
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import baselines  # noqa: F401 - registers the networks


def images(count: int, chans: int, size: int) -> Tensor:
    return torch.randn(count, chans, size, size, generator=torch.Generator().manual_seed(0))


def create(**options: object) -> nn.Module:
    torch.manual_seed(0)
    network: nn.Module = timm.create_model("moganet_xtiny", in_chans=1, num_classes=3, **options)
    return network


def multiply_adds(network: nn.Module) -> float:
    """Count for one image of 224 pixels, and add the biases, as the paper does."""
    additions = 0

    def count(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal additions
        additions += output.numel() * (module.bias is not None)

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.zeros(1, 3, 224, 224))
    return counter.get_total_flops() / 2 + additions


def test_the_parameters_of_the_authors_code() -> None:
    network = timm.create_model("moganet_xtiny")
    assert sum(weight.numel() for weight in network.parameters()) == 2_956_066


def test_importing_the_package_registers_the_networks() -> None:
    program = "import baselines, timm; print(timm.is_model('moganet_tiny'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


# The tolerance is half a per cent, since the table of the paper says 2.97 M of what has 2.956 M.
@pytest.mark.parametrize(
    ("size", "parameters", "cost"),
    [("xtiny", 2.97e6, 0.80e9), ("tiny", 5.20e6, 1.10e9), ("small", 25.3e6, 4.97e9)],
)
def test_the_published_sizes(size: str, parameters: float, cost: float) -> None:
    network = timm.create_model(f"moganet_{size}")
    assert sum(weight.numel() for weight in network.parameters()) == pytest.approx(
        parameters, rel=5e-3
    )
    assert multiply_adds(network) == pytest.approx(cost, rel=6e-3)


@pytest.mark.parametrize(("chans", "size"), [(1, 32), (3, 50), (1, 64)])
def test_takes_any_size_and_number_of_channels(chans: int, size: int) -> None:
    network = timm.create_model("moganet_xtiny", in_chans=chans, num_classes=5).eval()
    x = images(2, chans, size)
    features = network.forward_features(x)
    side = -(-size // 32)
    assert features.shape == (2, network.num_features, side, side)
    assert network.forward_head(features, pre_logits=True).shape == (2, network.num_features)
    torch.testing.assert_close(network.forward_head(features), network(x))
    assert network(x).shape == (2, 5)


def test_reset_classifier() -> None:
    network = create().eval()
    network.reset_classifier(7)
    assert network(images(2, 1, 32)).shape == (2, 7)
    assert network.get_classifier().out_features == network.num_classes == 7
    network.reset_classifier(0, "")
    assert network(images(2, 1, 32)).shape == (2, network.num_features, 1, 1)


def test_its_configuration_names_its_layers() -> None:
    network = create()
    config = network.default_cfg
    assert config["input_size"] == (3, 224, 224)
    assert network.get_submodule(config["first_conv"]).in_channels == 1
    assert network.get_submodule(config["classifier"]) is network.get_classifier()
    features = timm.create_model("moganet_xtiny", features_only=True)
    shapes = [tuple(x.shape[1:]) for x in features(images(1, 3, 64))]
    assert shapes == [(32, 16, 16), (64, 8, 8), (96, 4, 4), (192, 2, 2)]


def test_every_parameter_learns_and_checkpointing_changes_no_gradient() -> None:
    gradients = []
    for checkpointing in (False, True):
        network = create().train()
        network.set_grad_checkpointing(checkpointing)
        network(images(4, 1, 64)).square().mean().backward()
        gradients.append({name: weight.grad for name, weight in network.named_parameters()})
    assert all(
        gradient is not None and gradient.isfinite().all() for gradient in gradients[0].values()
    )
    torch.testing.assert_close(gradients[0], gradients[1])


def test_drop_path_rises_from_zero() -> None:
    network = create(drop_path_rate=0.1)
    rates = [
        module.drop_prob for module in network.modules() if type(module).__name__ == "DropPath"
    ]
    assert len(rates) == 2 * (3 + 3 + 10 + 2)
    assert rates == sorted(rates)
    assert (rates[0], rates[-1]) == (0, pytest.approx(0.1))


def test_scales_are_spared_weight_decay() -> None:
    network = create()
    groups = param_groups_weight_decay(
        network, 0.05, no_weight_decay_list=network.no_weight_decay()
    )
    decayed = {
        id(weight) for group in groups if group["weight_decay"] for weight in group["params"]
    }
    assert {weight.ndim for weight in network.parameters() if id(weight) in decayed} == {2, 4}


@pytest.mark.parametrize("coarse", [True, False])
def test_every_parameter_has_a_depth(coarse: bool) -> None:
    network = create()
    groups = group_parameters(network, network.group_matcher(coarse))
    assert sorted(name for names in groups.values() for name in names) == sorted(
        name for name, _ in network.named_parameters()
    )
    assert len(groups) == (6 if coarse else 27)
