"""What timm's own tests, in its tests/test_models.py, ask of every model.

Here it is asked of every kind of network of ours; that each model is listed, test_network.py tests.
"""

import math

import pytest
import timm
import torch
from timm.models import (
    FeatureInfo,
    get_notrace_functions,
    get_notrace_modules,
    group_parameters,
)
from timm.optim import param_groups_layer_decay
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from search_spaces import HybridNet

# Symmetric networks and ordinary ones, of either operator and of both. Others differ in sizes only.
NETWORKS = [
    ("lens_nano", "symmetric_mbconv"),
    ("lens_nano", "symmetric_coatnet"),
    ("hybrid_nano", "coatnet_like"),
    ("hybrid_nano", "pure_mbconv"),
    ("hybrid_nano", "attention_heavy"),
]
SIZES = [48, 64]

pytestmark = pytest.mark.parametrize(("model", "architecture"), NETWORKS)


def images(size: int = 64, chans: int = 1, count: int = 2) -> torch.Tensor:
    return torch.randn(count, chans, size, size, generator=torch.Generator().manual_seed(size))


def create(model: str, architecture: str, **options: object) -> HybridNet:
    torch.manual_seed(0)
    network: HybridNet = timm.create_model(model, architecture=architecture, **options)
    return network


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chans", [1, 3])
def test_forward_and_gradient_checkpointing(
    model: str, architecture: str, size: int, chans: int
) -> None:
    network = create(model, architecture, in_chans=chans).eval()
    outputs = network(images(size, chans))
    assert outputs.shape == (2, 3)
    assert outputs.isfinite().all()
    network.set_grad_checkpointing()
    torch.testing.assert_close(network(images(size, chans)), outputs)


def test_backward_reaches_every_parameter_and_checkpointing_changes_no_gradient(
    model: str, architecture: str
) -> None:
    gradients = []
    for checkpointing in (False, True):
        network = create(model, architecture, num_classes=42).train()
        network.set_grad_checkpointing(checkpointing)
        outputs = network(images())
        outputs.square().mean().backward()
        assert outputs.shape == (2, 42)
        gradients.append({name: parameter.grad for name, parameter in network.named_parameters()})
    for name, gradient in gradients[0].items():
        assert gradient is not None, name
        torch.testing.assert_close(gradient, gradients[1][name])


def test_the_default_cfg_is_true(model: str, architecture: str) -> None:
    network = create(model, architecture).eval()
    cfg, weights = network.default_cfg, network.state_dict()
    assert cfg is network.pretrained_cfg
    assert (network.num_classes, network.in_chans) == (cfg["num_classes"], cfg["input_size"][0])
    assert cfg["classifier"] + ".weight" in weights
    assert cfg["first_conv"] + ".weight" in weights
    assert timm.data.resolve_data_config(model=network)["input_size"] == cfg["input_size"]
    features = network.forward_features(torch.zeros(1, *cfg["input_size"]))
    assert features.shape == (1, network.num_features, *cfg["pool_size"])


def test_head_and_classifier(model: str, architecture: str) -> None:
    network = create(model, architecture).eval()
    features = network.forward_features(images())
    pre_logits = network.forward_head(features, pre_logits=True)
    assert pre_logits.shape == (2, network.head_hidden_size)
    torch.testing.assert_close(network.get_classifier()(pre_logits), network(images()))

    network.reset_classifier(0)
    assert network.num_classes == 0
    torch.testing.assert_close(network(images()), pre_logits)
    network.reset_classifier(0, "")
    # In a symmetric network there is one map for each field.
    bare = (2, network.head_hidden_size, *features.shape[2:])
    assert network(images()).shape == bare
    network.reset_classifier(5, "max")
    assert network.global_pool == "max"
    assert network(images()).shape == (2, 5)
    network = create(model, architecture, num_classes=0, global_pool="").eval()
    assert network(images()).shape == bare


@pytest.mark.parametrize("feature_cls", ["list", "getter", "hook", "fx"])
def test_features_only(model: str, architecture: str, feature_cls: str) -> None:
    network = create(model, architecture, features_only=True, feature_cls=feature_cls).eval()
    channels, reductions = network.feature_info.channels(), network.feature_info.reduction()
    assert reductions == [2, 4, 8, 16, 32]
    maps = network(images(50))
    for features, chans, reduction in zip(maps, channels, reductions, strict=True):
        side = math.ceil(50 / reduction)
        assert features.shape == (2, chans, side, side)
    some = create(
        model, architecture, features_only=True, feature_cls=feature_cls, out_indices=(1, 3)
    ).eval()
    assert some.feature_info.channels() == [channels[1], channels[3]]
    for one, other in zip(some(images(50)), (maps[1], maps[3]), strict=True):
        torch.testing.assert_close(one, other)


def test_forward_intermediates(model: str, architecture: str) -> None:
    network = create(model, architecture).eval()
    info = FeatureInfo(network.feature_info, len(network.feature_info))
    final, maps = network.forward_intermediates(images())
    torch.testing.assert_close(final, network.forward_features(images()))
    assert [features.shape[1] for features in maps] == info.channels()
    torch.testing.assert_close(maps[-1], final)
    for indices, expected in ((2, maps[-2:]), ([0, 2], [maps[0], maps[2]]), ([-1], [maps[4]])):
        for stop_early in (False, True):
            given = network.forward_intermediates(
                images(), indices, stop_early=stop_early, intermediates_only=True, norm=True
            )
            for one, other in zip(given, expected, strict=True):
                torch.testing.assert_close(one, other)
    network.set_grad_checkpointing()
    torch.testing.assert_close(network.forward_intermediates(images())[0], final)
    with pytest.raises(ValueError, match="output_fmt was given 'NHWC'"):
        network.forward_intermediates(images(), output_fmt="NHWC")


def test_pruning_keeps_what_is_asked_for(model: str, architecture: str) -> None:
    network = create(model, architecture).eval()
    wanted = network.forward_intermediates(images(), [1, 2], intermediates_only=True)
    assert network.prune_intermediate_layers([1, 2]) == [1, 2]
    assert len(network.stages) == 2
    assert network.num_features == network.feature_info[2]["num_chs"]
    for one, other in zip(network.forward_intermediates(images(), [1, 2])[1], wanted, strict=True):
        torch.testing.assert_close(one, other)
    assert network(images()).shape[1] == network.head_hidden_size
    network.reset_classifier(5, "avg")
    assert network(images()).shape == (2, 5)


def test_fx_tracing(model: str, architecture: str) -> None:
    network = create(model, architecture).eval()
    tracer = {"leaf_modules": get_notrace_modules(), "autowrap_functions": get_notrace_functions()}
    train_nodes, eval_nodes = get_graph_node_names(network, tracer_kwargs=tracer)
    traced = create_feature_extractor(
        network,
        train_return_nodes=[train_nodes[-1]],
        eval_return_nodes=[eval_nodes[-1]],
        tracer_kwargs=tracer,
    )
    (outputs,) = traced(images()).values()
    assert torch.equal(outputs, network(images()))


@pytest.mark.parametrize("coarse", [False, True])
def test_parameters_are_grouped_by_depth(model: str, architecture: str, coarse: bool) -> None:
    network = create(model, architecture)
    groups = group_parameters(network, network.group_matcher(coarse=coarse))
    names = [name for group in groups.values() for name in group]
    assert sorted(names) == sorted(name for name, _ in network.named_parameters())
    depth = 4 if coarse else sum(len(stage) for stage in network.stages)
    assert len(groups) == 1 + depth + 1
    assert all(name.startswith("stem") for name in groups[0])
    assert all(name.startswith("head") for name in groups[len(groups) - 1])


def test_layer_decay_and_weight_decay_take_the_network(model: str, architecture: str) -> None:
    network = create(model, architecture)
    assert network.no_weight_decay() <= {name for name, _ in network.named_parameters()}
    groups = param_groups_layer_decay(
        network, weight_decay=0.1, no_weight_decay_list=network.no_weight_decay()
    )
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))
    assert len({group["lr_scale"] for group in groups}) > 4


def test_stochastic_depth_and_dropout(model: str, architecture: str) -> None:
    network = create(model, architecture, drop_path_rate=0.5, drop_rate=0.5)
    plain = create(model, architecture)
    assert not torch.equal(network(images(count=8)), network(images(count=8)))
    plain.load_state_dict(network.state_dict())
    assert torch.equal(network.eval()(images()), plain.eval()(images()))


def test_channels_last(model: str, architecture: str) -> None:
    network = create(model, architecture).eval()
    expected = network(images(50))
    network.to(memory_format=torch.channels_last)
    given = network(images(50).contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-5)
