"""Every baseline builds for lens images, trains and is scored; other names of timm work too."""

import pytest
import torch

from baselines.registry import BASELINES, Baseline, get_baseline
from nas.common.errors import UserError
from nas.data.normalisation import Normalisation
from nas.training.loop import fit
from nas.training.networks.card import ModelCard
from nas.training.recipe import Recipe
from tests.nas.training.toy import NAMES, rings

SCALE = Normalisation((0.0,), (1.0,), (0.0,), (1.0,))

# Million parameters with one channel and three classes: the papers' sizes less the other classes.
PARAMETERS = {
    "ResNet-18": 11.2,
    "EfficientNet-B0": 4.0,
    "EfficientNet-B1": 6.5,
    "EfficientNet-B2": 7.7,
    "ViT-tiny": 5.4,
    "ConViT-tiny": 5.4,
    "CoAtNet-nano": 14.6,
    "CoAtNet-0": 26.6,
    "VOLO-D1": 25.8,
    "MogaNet-XT": 2.8,
    "MogaNet-T": 4.9,
    "CoaT-lite-small": 19.3,
    "EfficientFormer-L3": 30.4,
    "BoTNet-26t": 10.4,
    "Swin-V2-tiny": 27.6,
    "CrossViT-small": 25.9,
}

every = pytest.mark.parametrize("baseline", BASELINES.values(), ids=lambda baseline: baseline.model)


def card(baseline: Baseline, size: int) -> ModelCard:
    return ModelCard(baseline.model, None, NAMES, 1, (size, size), SCALE).fitted()


@every
def test_trains_and_is_scored(baseline: Baseline) -> None:
    fitted = card(baseline, 32)
    assert (fitted.resized_to is None) == (baseline.takes != "own size")
    model = fitted.build(drop_path=baseline.recipe.drop_path if baseline.recipe else 0.0)
    millions = sum(weight.numel() for weight in model.parameters()) / 1e6
    assert millions == pytest.approx(PARAMETERS[baseline.title], abs=0.06)
    # Other tests read the global state; a network's first weights are no business of theirs.
    before = torch.get_rng_state()
    result = fit(
        model, rings(3, size=32), rings(3, size=32), Recipe(epochs=1, batch_size=3, amp="off")
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert 0 <= result.best.val["auc"] <= 1
    assert result.best.updates == 1


@pytest.mark.parametrize(
    ("model", "resized"),
    [("efficientnet_b0", None), ("swinv2_tiny_window8_256", None), ("botnet26t_256", (64, 64))],
)
def test_sizes_that_cannot_be_halved_five_times(
    model: str, resized: tuple[int, int] | None
) -> None:
    assert card(BASELINES[model], 48).resized_to == resized
    assert (BASELINES[model].takes == "multiples of 32") == (resized is not None)


def test_names() -> None:
    assert get_baseline("resnet-18") is get_baseline("resnet18") is BASELINES["resnet18"]
    other = get_baseline("resnet10t")
    assert (other.title, other.recipe) == ("resnet10t", None)


def test_the_same_network_is_listed_once() -> None:
    with pytest.raises(UserError, match="DeiT-tiny is ViT-tiny: give ViT-tiny"):
        get_baseline("DeiT-tiny")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("MogaNet-Tinny", "MogaNet-T"),
        ("resnet81", "resnet18"),
        ("qqqqqq", "resnet18, efficientnet_b0"),
    ],
)
def test_an_unknown_name(name: str, near: str) -> None:
    with pytest.raises(UserError, match=f"there is no model {name}: did you mean .*{near}"):
        get_baseline(name)
