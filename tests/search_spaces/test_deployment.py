"""The network compiles and exports as one graph, for any batch size."""

from pathlib import Path

import onnxruntime
import pytest
import torch
from timm.layers.norm_act import BatchNormAct2d

from search_spaces import HybridNet, build_network
from search_spaces.symmetry import SYMMETRIES
from search_spaces.tied_norms import TiedBatchNorm

BATCH = torch.export.Dim("batch", min=1, max=1024)
# Together the cases have all operators, squeeze-excite, global attention, windows, and windows
# that stick out over the map.
CASES = [
    ("hybrid_nano", "coatnet_like", 64),
    ("hybrid_nano", "attention_heavy", 50),
    ("lens_nano", "symmetric_coatnet", 50),
    ("lens_nano", "symmetric_fused", 48),
]


def make_network(space: str, architecture: str) -> HybridNet:
    torch.manual_seed(0)
    network = build_network(space, architecture)
    # With the weights of a new classifier, all logits would be about zero.
    torch.nn.init.normal_(network.get_classifier().weight, std=0.3)
    return network.eval()


@pytest.mark.parametrize(("space", "architecture", "size"), CASES)
def test_compiles_to_one_graph_in_training_and_evaluation(
    space: str, architecture: str, size: int
) -> None:
    """The graph is traced and differentiated, but not compiled to machine code by a compiler."""
    torch.compiler.reset()
    network, images = make_network(space, architecture), torch.randn(3, 1, size, size)
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    for mode in (True, False):
        network.train(mode)
        expected = network(images)
        (gradient,) = torch.autograd.grad(expected.square().sum(), network.stem.conv.weight)
        outputs = compiled(images)
        torch.testing.assert_close(outputs, expected, rtol=1e-4, atol=1e-4)
        (compiled_gradient,) = torch.autograd.grad(outputs.square().sum(), network.stem.conv.weight)
        torch.testing.assert_close(compiled_gradient, gradient, rtol=1e-3, atol=1e-3)


def test_one_graph_normalises_fields_of_any_batch() -> None:
    torch.compiler.reset()
    norm = TiedBatchNorm(BatchNormAct2d(16, apply_act=False), SYMMETRIES["d4"])
    compiled = torch.compile(norm, fullgraph=True, backend="aot_eager", dynamic=True)
    for count in (3, 5):
        images = torch.randn(count, 16, 6, 7)
        given = []
        for one in (norm, compiled):
            images = images.detach().requires_grad_()
            outputs = one(images)
            given.append((outputs, *torch.autograd.grad(outputs.square().sum(), images)))
        torch.testing.assert_close(*given, rtol=1e-4, atol=1e-4)


def test_a_symmetric_network_runs_without_numbers() -> None:
    """Shapes alone tell what a training step would need."""
    with torch.device("meta"):
        network = build_network("lens_nano", "symmetric_coatnet")
        network(torch.empty(4, 1, 48, 48)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize(("space", "architecture", "size"), CASES)
def test_exports_for_any_batch_to_torch_and_onnx(
    space: str, architecture: str, size: int, tmp_path: Path
) -> None:
    network, images = make_network(space, architecture), torch.randn(3, 1, size, size)
    program = torch.export.export(network, (images,), dynamic_shapes=({0: BATCH},))
    file = tmp_path / "network.onnx"
    torch.onnx.export(program, f=file, verbose=False)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    for count in (1, 5):
        images = torch.randn(count, 1, size, size)
        expected = network(images)
        torch.testing.assert_close(program.module()(images), expected)
        (outputs,) = session.run(None, {entry.name: images.numpy()})
        torch.testing.assert_close(torch.from_numpy(outputs), expected, rtol=1e-3, atol=1e-4)
