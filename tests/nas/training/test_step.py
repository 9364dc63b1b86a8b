"""The usual step is smoothed cross-entropy, by its formula."""

import pytest
import torch
from torch import nn

from nas.common.errors import UserError
from nas.training.precision import autocast
from nas.training.step import CrossEntropyStep
from tests.nas.training.toy import network, rings

CPU = torch.device("cpu")


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_loss_and_gradient_are_those_of_the_formula(smoothing: float) -> None:
    data = rings(12)
    model = network().eval()
    step = CrossEntropyStep(3, autocast("off", model, CPU), smoothing)
    loss = step(model, data.images, data.labels, 0)
    gradients = [weight.grad for weight in model.parameters()]
    model.zero_grad()
    target = (1 - smoothing) * torch.eye(3)[data.labels] + smoothing / 3
    expected = -(target * model(data.images).log_softmax(dim=1)).sum(dim=1).mean()
    expected.backward()
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradients, [weight.grad for weight in model.parameters()])
    assert not loss.requires_grad


def test_bf16_stays_inside_the_network() -> None:
    data = rings(12)
    model = network()
    seen = []
    model[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    loss = CrossEntropyStep(3, autocast("bf16", model, CPU))(model, data.images, data.labels, 0)
    assert seen == [torch.bfloat16]
    assert loss.dtype == torch.float32
    assert all(
        weight.grad is not None and weight.grad.dtype == torch.float32
        for weight in model.parameters()
    )


def test_another_number_of_classes() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 5))
    with pytest.raises(UserError, match=r"shape \(5,\) an image, but the data have 3 classes"):
        CrossEntropyStep(3, autocast("off", model, CPU))(model, rings(4).images, rings(4).labels, 0)
