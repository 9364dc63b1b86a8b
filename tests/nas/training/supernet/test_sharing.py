"""The networks that learn from a batch, and what they learn, with each rule of sharing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nas.common.errors import UserError
from nas.training.metrics import NonFiniteError
from nas.training.supernet.sharing import Sharing
from nas.training.supernet.sharing_step import SharingStep
from search_spaces import Architecture, Supernet, flops, get_space

SPACE = get_space("hybrid_nano")
IMAGES = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 0])


def step(**sharing: Any) -> SharingStep:
    sharing = {"rule": "sandwich", "random_subnets": 2, **sharing}
    return SharingStep(
        SPACE, Sharing(**sharing), seed=0, autocast=torch.autocast("cpu", enabled=False)
    )


def supernet() -> Supernet:
    torch.manual_seed(0)
    return Supernet(SPACE, norm="group")


def gradients(model: Supernet) -> torch.Tensor:
    return torch.cat(
        [weight.grad.flatten() for weight in model.parameters() if weight.grad is not None]
    )


def by_hand(architectures: list[Architecture], distillation: bool) -> tuple[float, torch.Tensor]:
    """Return the loss and the gradients of a step, worked out from its definition."""
    model = supernet()
    logits = [model(IMAGES, architecture) for architecture in architectures]
    teacher = logits[0].detach().softmax(1)
    losses = [F.cross_entropy(logits[0], LABELS)]
    losses += [F.cross_entropy(other, teacher if distillation else LABELS) for other in logits[1:]]
    loss = torch.stack(losses).mean()
    loss.backward()
    return loss.item(), gradients(model)


@pytest.mark.parametrize("distillation", [True, False])
def test_the_sandwich(distillation: bool) -> None:
    sandwich, model = step(distillation=distillation), supernet()
    architectures = sandwich.architectures(7)
    assert (architectures[0], architectures[-1], len(architectures)) == (
        SPACE.largest,
        SPACE.smallest,
        4,
    )
    loss, gradient = by_hand(architectures, distillation)
    assert sandwich(model, IMAGES, LABELS, 7).item() == pytest.approx(loss)
    torch.testing.assert_close(gradients(model), gradient)


def test_each_symmetry_has_a_place_in_the_sandwich() -> None:
    space = get_space("lens_nano")
    first, second, *_, third, fourth = replace(step(random_subnets=1), space=space).architectures(7)
    ends = [(space.largest, first, second), (space.smallest, third, fourth)]
    for end, tied, free in ends:
        assert (tied.choices["symmetry"], free.choices["symmetry"]) == ("d4", "none")
        assert {**tied.choices, "symmetry": "none"} == free.choices
        assert end in (tied, free)


@pytest.mark.parametrize("count", [1, 3])
def test_random_networks_alone_learn_the_labels(count: int) -> None:
    model, path = supernet(), step(rule="random", random_subnets=count)
    architectures = path.architectures(7)
    assert len(architectures) == count
    loss, gradient = by_hand(architectures, False)
    assert path(model, IMAGES, LABELS, 7).item() == pytest.approx(loss)
    torch.testing.assert_close(gradients(model), gradient)


def test_random_networks_derive_from_seed_and_step() -> None:
    first = step().architectures(3)
    assert step().architectures(3) == first
    assert step().architectures(4) != first
    other = replace(step(), seed=1)
    assert other.architectures(3) != first


def test_sampling_over_flops_shows_the_cheap_and_the_dear() -> None:
    """Over genes few networks are in the outer thirds of the logarithmic range of FLOPs.

    Over FLOPs about a third of the networks is in each.
    """
    low, high = (np.log(flops(corner, 64)) for corner in (SPACE.smallest, SPACE.largest))
    shares = {}
    for sampling in ("flops", "genes"):
        path = step(rule="random", random_subnets=1, sampling=sampling)
        costs = [flops(path.architectures(number)[0], 64) for number in range(150)]
        where = (np.log(costs) - low) / (high - low)
        shares[sampling] = (np.mean(where < 1 / 3), np.mean(where > 2 / 3))
    assert min(shares["flops"]) > 0.2
    assert min(shares["genes"]) < 0.1


def test_a_loss_that_is_no_number_names_step_and_network() -> None:
    model, sandwich = supernet(), step()
    with torch.no_grad():
        # The smallest network does not use these weights, so the first to fail is the largest.
        model.head.get_parameter("fc.weight")[:, -1] = torch.nan
    with pytest.raises(NonFiniteError) as caught:
        sandwich(model, IMAGES, LABELS, 12)
    assert str(caught.value) == f"the loss of step 12 is nan for {SPACE.largest}"


def test_mistakes() -> None:
    with pytest.raises(UserError, match="--random-subnets -1 cannot be used"):
        Sharing(random_subnets=-1)
    with pytest.raises(UserError, match="--random-subnets 0 cannot be used: give 1 or more"):
        Sharing(rule="random", random_subnets=0)
