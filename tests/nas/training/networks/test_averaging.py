"""Averaging over the symmetries of the image gives every network the symmetry."""

import torch
from torch import nn

from nas.training.networks.averaging import SymmetryAverage
from search_spaces import build_network, untie
from search_spaces.symmetry import SYMMETRIES


def _network(side: int = 8, other: int = 8) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(side * other, 3))


def test_it_is_the_mean_of_the_probabilities_of_the_eight_images() -> None:
    network, images = _network(), torch.randn(5, 1, 8, 8)
    d4 = SYMMETRIES["d4"]
    expected = torch.stack(
        [network(d4.turned(images, element)).softmax(dim=1) for element in range(8)]
    ).mean(dim=0)
    average = SymmetryAverage(network)
    torch.testing.assert_close(average(images).exp(), expected)
    torch.testing.assert_close(average(images).softmax(dim=1), expected)
    for element in range(8):
        torch.testing.assert_close(average(d4.turned(images, element)), average(images))


def test_images_that_are_not_square_have_four_symmetries() -> None:
    network, images = _network(6, 8), torch.randn(5, 1, 6, 8)
    same = [images, images.flip(-1), images.flip(-2), images.flip(-1, -2)]
    expected = torch.stack([network(one).softmax(dim=1) for one in same]).mean(dim=0)
    torch.testing.assert_close(SymmetryAverage(network)(images).exp(), expected)


def test_a_symmetric_network_gives_what_it_gives_without() -> None:
    network = build_network("lens_nano", "symmetric_mbconv").eval()
    images = torch.randn(2, 1, 48, 48)
    with torch.no_grad():
        torch.testing.assert_close(
            SymmetryAverage(network)(images), network(images).log_softmax(dim=1)
        )


def test_a_symmetric_network_is_asked_once_and_its_ordinary_twin_is_not() -> None:
    images = torch.randn(2, 1, 48, 48)
    tied = build_network("lens_nano", "symmetric_tiny").eval()
    twin = untie(tied)
    nn.init.normal_(twin.stem.conv.weight)  # trained on, it is symmetric no longer
    for network, passes in ((tied, 1), (twin, 8), (_network(48, 48), 8)):
        seen: list[nn.Module] = []
        network.register_forward_hook(lambda module, *_, seen=seen: seen.append(module))
        with torch.no_grad():
            average = SymmetryAverage(network)(images)
            turned = SymmetryAverage(network)(images.flip(-1))
        assert len(seen) == 2 * passes
        torch.testing.assert_close(average, turned, atol=1e-4, rtol=0)


def test_certain_networks_stay_finite() -> None:
    class Certain(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[1000.0, 0.0]]).expand(len(images), 2)

    assert SymmetryAverage(Certain())(torch.zeros(2, 1, 4, 4)).isfinite().all()
