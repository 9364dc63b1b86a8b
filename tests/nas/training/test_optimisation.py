"""Updates clip, decay, average and schedule; a restored training goes on to the same bits."""

import itertools
from typing import get_args

import pytest
import torch
from torch import nn

from nas.training.optimisation import Optimisation
from nas.training.recipe import Optimizer, Recipe
from tests.nas.training.toy import bits, network, rings


def update(optimisation: Optimisation, scale: float = 1.0) -> None:
    data = rings(12, seed=optimisation.updates)
    optimisation.clear_gradients()
    (scale * nn.functional.cross_entropy(optimisation.network(data.images), data.labels)).backward()
    optimisation.update()


def gradient_norm(model: nn.Module) -> float:
    return float(torch.cat([weight.grad.flatten() for weight in model.parameters()]).norm())


def test_gradients_are_clipped_to_the_norm() -> None:
    for clip, scale in itertools.product((0.0, 0.5), (1e-3, 1e3)):
        optimisation = Optimisation(network(), Recipe(clip_grad=clip), 10)
        update(optimisation, scale)
        norm = gradient_norm(optimisation.network)
        assert norm > 100 if clip == 0 and scale > 1 else norm <= 0.5 * (1 + 1e-4)
        if scale < 1:
            assert 1e-5 < norm < 0.1


def test_weights_decay_but_no_biases_and_nothing_that_the_network_names() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.decays = nn.Parameter(torch.ones(2, 2))
            self.named = nn.Parameter(torch.ones(2, 2))
            self.bias = nn.Parameter(torch.ones(2))

        def no_weight_decay(self) -> set[str]:
            return {"named"}

    model = Named()
    optimisation = Optimisation(model, Recipe(warmup=0.0, learning_rate=0.1, weight_decay=0.5), 10)
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimisation.update()
    torch.testing.assert_close(model.decays.detach(), torch.full((2, 2), 1 - 0.1 * 0.5))
    assert torch.equal(model.named, torch.ones(2, 2))
    assert torch.equal(model.bias, torch.ones(2))


def rates(recipe: Recipe, updates: int) -> list[float]:
    optimisation = Optimisation(network(), recipe, updates)
    found = []
    for _ in range(updates):
        found.append(optimisation.learning_rate)
        update(optimisation)
    return found


def test_learning_rate_rises_then_falls_to_zero() -> None:
    found = rates(Recipe(learning_rate=1.0, warmup=0.2, optimizer="sgd"), 20)
    assert found[0] == pytest.approx(0.01)
    assert found[2] == pytest.approx(0.505)
    assert found[:4] == sorted(found[:4])
    assert found[4:] == sorted(found[4:], reverse=True)
    assert 0.85 < found[4] <= 1
    assert 0 < found[-1] < 0.02


def test_constant_learning_rate_and_no_warmup() -> None:
    assert rates(Recipe(learning_rate=1e-3, warmup=0.0, schedule="constant"), 5) == pytest.approx(
        [1e-3] * 5
    )
    assert rates(Recipe(learning_rate=1e-3, warmup=0.5, schedule="constant"), 4)[
        2:
    ] == pytest.approx([1e-3] * 2)


def test_moving_average() -> None:
    optimisation = Optimisation(network(), Recipe(ema_decay=0.5, learning_rate=0.1, warmup=0.0), 10)
    assert optimisation.scored is not optimisation.network
    average = None
    for number in range(1, 6):
        update(optimisation)
        weight = optimisation.network[0].weight.detach().clone()
        # timm starts with a shorter memory: the decay of update n is 1 - n^(-2/3), and at most the
        # one asked for.
        decay = min(0.5, 1 - number ** (-2 / 3))
        average = weight if average is None else decay * average + (1 - decay) * weight
        torch.testing.assert_close(optimisation.scored[0].weight.detach(), average)
    assert not torch.allclose(average, weight)
    # Batch statistics are averaged, counts are not.
    assert optimisation.scored[1].num_batches_tracked == 5


def test_without_average_the_network_itself_is_scored() -> None:
    optimisation = Optimisation(network(), Recipe(), 10)
    assert optimisation.scored is optimisation.network


@pytest.mark.parametrize("optimizer", get_args(Optimizer))
@pytest.mark.parametrize("channels_last", [False, True])
def test_restored_state_goes_on_to_the_same_bits(optimizer: Optimizer, channels_last: bool) -> None:
    recipe = Recipe(optimizer=optimizer, ema_decay=0.9)

    def fresh(seed: int) -> Optimisation:
        model = network(seed=seed).eval()  # The loop seeds dropout, so there must be none here.
        return Optimisation(
            model.to(memory_format=torch.channels_last) if channels_last else model, recipe, 20
        )

    unbroken = fresh(0)
    for _ in range(6):
        update(unbroken)
    state = {
        name: tensor.clone(memory_format=torch.contiguous_format)
        for name, tensor in unbroken.state().items()
    }
    restored = fresh(1)
    restored.restore(state, 6)
    for _ in range(6):
        assert restored.learning_rate == unbroken.learning_rate
        update(unbroken)
        update(restored)
    assert bits(restored.network) == bits(unbroken.network)
    assert bits(restored.scored) == bits(unbroken.scored)
