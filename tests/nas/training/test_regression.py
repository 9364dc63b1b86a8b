"""A network that reads a number off images: its scores, its resamples, and what chance reaches."""

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score
from torch import nn

from nas.common.errors import UserError
from nas.data.targets import Target
from nas.data.tensors import LensTensors
from nas.training.bootstrap import interval_of
from nas.training.loop import fit
from nas.training.metrics import NonFiniteError
from nas.training.networks.averaging import SymmetryMean
from nas.training.recipe import Recipe
from nas.training.regression import (
    NumberBootstrap,
    highest_noise,
    predicted_values,
    rough_r2_interval,
    score_values,
)
from nas.training.task import scores_of, task_of
from search_spaces.symmetry import SYMMETRIES

TARGET = Target("log10_axion_mass", "log10 eV", mean=-23.0, spread=0.5)


def images(count: int = 60, seed: int = 0) -> LensTensors:
    """Return images that are as bright as their standardised value."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-24, -22, count)
    learned = torch.from_numpy(TARGET.standardised(values)).float()
    pixels = torch.from_numpy(rng.normal(size=(count, 1, 8, 8))).float() / 10
    classes = LensTensors(
        pixels + learned[:, None, None, None], torch.zeros(count).long(), ("vortex",)
    )
    return classes.with_target(TARGET, values)


def perceptron(outputs: int = 1) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, outputs))


def test_scores_are_those_of_the_targets_own_unit() -> None:
    class Brightness(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean(dim=(1, 2, 3))[:, None]

    data = images()
    true = task_of(data).truth(data)
    predicted = -23 + 0.5 * data.images.mean(dim=(1, 2, 3)).double().numpy()
    np.testing.assert_allclose(predicted_values(Brightness(), data, batch_size=7), predicted)
    scores = scores_of(Brightness(), data)
    assert scores == {
        "r2": pytest.approx(r2_score(true, predicted)),
        "mae": pytest.approx(np.abs(true - predicted).mean()),
    }
    assert 0.99 < scores["r2"] < 1
    assert scores["mae"] < 0.01


def test_masses_in_ev_are_no_smaller_than_numbers_can_be() -> None:
    true = np.array([1e-24, 5e-23, 1e-22])
    scores = score_values(np.array([2e-24, 5e-23, 1e-22]), true)
    assert 0.9 < scores.r2 < 1
    assert scores.mae == pytest.approx(1e-24 / 3)


def test_training_keeps_the_epoch_with_the_highest_r2() -> None:
    recipe = Recipe(epochs=6, batch_size=16, learning_rate=0.3, schedule="constant")
    result = fit(perceptron(), images(), images(40, seed=1), recipe)
    r2 = [record.val["r2"] for record in result.epochs]
    assert result.best.val["r2"] == max(r2)
    assert len(set(r2)) == 6
    assert scores_of(result.model, images(40, seed=1))["r2"] == pytest.approx(max(r2), abs=1e-5)


@pytest.mark.parametrize("autocast", ["off", "bf16"])
def test_it_can_be_learned(autocast: str) -> None:
    recipe = Recipe(epochs=12, batch_size=16, learning_rate=0.01, amp=autocast)
    result = fit(perceptron(), images(200), images(40, seed=1), recipe)
    assert result.best.val["r2"] > 0.9
    assert result.best.val["mae"] < 0.2


def test_mistakes() -> None:
    data, recipe = images(), Recipe(epochs=1)
    with pytest.raises(UserError, match=r"shape \(2,\) an image, but one number is learned: build"):
        fit(perceptron(2), data, data, recipe)
    with pytest.raises(UserError, match="--label-smoothing is for classes"):
        fit(perceptron(), data, data, Recipe(epochs=1, label_smoothing=0.1))
    alike = data.with_target(TARGET, np.full(60, -23.0))
    with pytest.raises(UserError, match="no R² of 60 images without two different values"):
        fit(perceptron(), data, alike, recipe)
    with pytest.raises(NonFiniteError, match="what is read off 1 of 3 images are no numbers"):
        score_values(np.array([0.0, np.nan, 1.0]), np.arange(3.0))


def test_a_bootstrap_has_the_spread_of_other_images() -> None:
    rng = np.random.default_rng(0)
    true = rng.uniform(-24, -22, (400, 150))
    predicted = true + rng.normal(size=true.shape) / 3
    others = [r2_score(*pair) for pair in zip(true, predicted, strict=True)]
    drawn = NumberBootstrap(true[0]).r2s([predicted[0]])
    assert drawn.mean() == pytest.approx(r2_score(true[0], predicted[0]), abs=0.01)
    assert 0.7 < drawn.std() / np.std(others) < 1.4
    two = NumberBootstrap(true[0]).r2s([predicted[0], true[0]])
    np.testing.assert_allclose(two, (drawn + 1) / 2)
    low, high = rough_r2_interval(others[0], 150)
    assert low < others[0] < high
    assert 0.5 < (high - low) / np.subtract(*interval_of(drawn)[::-1]) < 2


def test_resamples_of_few_images_are_numbers() -> None:
    drawn = NumberBootstrap(np.array([1.0, 2.0])).r2s([np.array([1.1, 1.9])])
    assert np.isfinite(drawn).all()


def test_noise_passes_for_knowledge_once_in_twenty_times() -> None:
    rng = np.random.default_rng(0)
    true, noise = rng.normal(size=(2, 2000, 100))
    # No scale of the noise has a higher R² than the square of its correlation.
    correlations = [np.corrcoef(*pair)[0, 1] for pair in zip(true, noise, strict=True)]
    best = np.square(np.maximum(correlations, 0))
    assert 0.03 < np.mean(best > highest_noise(100)) < 0.07


def test_a_network_that_knows_nothing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    task, truth = task_of(images()), np.arange(100.0)
    task.warn_of_chance("the validation", 0.02, truth)
    said = capsys.readouterr().err
    assert said.startswith("warning: the validation R² 0.020 is not above chance (0): on 100 ima")
    task.warn_of_chance("the validation", 0.2, truth)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("r2", [-3.0, 0.0, 1.0])
def test_any_r2_has_an_interval(r2: float) -> None:
    low, high = rough_r2_interval(r2, 50)
    assert low <= r2 <= high
    assert high > 0


def test_the_average_over_symmetries_is_the_mean_of_the_numbers() -> None:
    network, data = perceptron(), images()
    d4 = SYMMETRIES["d4"]
    turned = [network(d4.turned(data.images, element)) for element in range(8)]
    torch.testing.assert_close(SymmetryMean(network)(data.images), torch.stack(turned).mean(0))
