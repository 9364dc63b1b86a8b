"""A recipe survives JSON, and refuses values that cannot be trained with."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from nas.common.errors import UserError
from nas.common.settings import part
from nas.data.options import Augmentation
from nas.training.recipe import Recipe

CHANGED = Recipe(
    epochs=7,
    optimizer="sgd",
    learning_rate=0.1,
    ema_decay=0.99,
    schedule="constant",
    amp="off",
    augmentation=Augmentation(symmetries=False, shift=1, noise=0.25),
)


@pytest.mark.parametrize("recipe", [Recipe(), CHANGED])
def test_json_round_trip(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@dataclass(frozen=True, kw_only=True)
class Command(Recipe):
    data: str = "somewhere"


def test_a_command_that_inherits_the_fields_holds_a_recipe() -> None:
    assert part(Recipe, Command(epochs=3)) == Recipe(epochs=3)
    assert Command(epochs=3).to_json() == Recipe(epochs=3).to_json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", 1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("weight_decay", -0.1),
        ("clip_grad", -1.0),
        ("warmup", 1.0),
        ("label_smoothing", 1.0),
        ("ema_decay", 1.0),
        ("drop_path", -0.1),
    ],
)
def test_values_that_cannot_be_used_are_named_as_flags(field: str, value: Any) -> None:
    with pytest.raises(
        UserError, match=f"--{field.replace('_', '-')} {value} cannot be used: give "
    ):
        Recipe(**{field: value})


def test_the_recipe_of_another_version() -> None:
    with pytest.raises(UserError, match=r"another version.*momentum"):
        Recipe.from_json({**Recipe().to_json(), "momentum": 0.9})
    with pytest.raises(UserError, match=r"another version.*augmentation"):
        Recipe.from_json({})
