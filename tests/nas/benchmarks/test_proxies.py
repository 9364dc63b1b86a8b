"""Zero-cost proxies say of untrained networks what they are said to say."""

import pytest
import torch
from torch import nn

from nas.benchmarks.table.proxies import PROXIES, naswot, synflow, zico
from search_spaces import build_network, get_space

IMAGES = torch.randn(16, 1, 48, 48, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(16) % 3


def network(**choices: str | int) -> nn.Module:
    space = get_space("lens_bench")
    torch.manual_seed(0)
    return build_network(space, space.architecture({**space.smallest.choices, **choices}))


@pytest.mark.parametrize("name", PROXIES)
def test_a_score_is_that_of_the_network_alone_and_leaves_it_as_it_is(name: str) -> None:
    scored = network()
    before = {key: value.clone() for key, value in scored.named_parameters()}
    first = PROXIES[name](scored, IMAGES, LABELS)
    assert first == pytest.approx(PROXIES[name](network(), IMAGES, LABELS))
    for key, value in scored.named_parameters():
        assert torch.equal(value, before[key])
        assert value.grad is None


@pytest.mark.parametrize("name", ["naswot", "zico"])  # flow falls with the scale of first weights
def test_wider_networks_score_more(name: str) -> None:
    wide = network(**{"stage1.expansion": 4})
    assert PROXIES[name](wide, IMAGES, LABELS) > PROXIES[name](network(), IMAGES, LABELS)


def test_flow_is_that_of_the_absolute_weights() -> None:
    class Line(nn.Module):
        def __init__(self, weight: float) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor(weight))

        def forward_features(self, images: torch.Tensor) -> torch.Tensor:
            return self.weight * images

    # The flow of a product with n ones is n |w|, and so is the weight times its derivative.
    expected = torch.tensor(3.0 * 48 * 48).log().item()
    assert synflow(Line(-3.0), IMAGES, LABELS) == pytest.approx(expected)


def test_equal_images_switch_on_the_same_activations() -> None:
    assert naswot(network(), IMAGES[:1].expand(4, -1, -1, -1), LABELS[:4]) < naswot(
        network(), IMAGES[:4], LABELS[:4]
    )


def test_steady_gradients_score_more() -> None:
    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 3, bias=False)
            nn.init.zeros_(self.layer.weight)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.layer(images)
            return logits

    generator = torch.Generator().manual_seed(0)
    steady = torch.ones(16, 4) + 0.01 * torch.randn(16, 4, generator=generator)
    unsteady = torch.ones(16, 4) + torch.randn(16, 4, generator=generator)
    labels = torch.zeros(16, dtype=torch.int64)
    assert zico(Linear(), steady, labels) > zico(Linear(), unsteady, labels)
