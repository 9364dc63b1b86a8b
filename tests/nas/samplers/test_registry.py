"""The strategies and their names."""

import pytest
from optuna.samplers import GPSampler, NSGAIISampler, RandomSampler, TPESampler

from nas.common.errors import UserError
from nas.samplers.evolution import EvolutionSampler
from nas.samplers.names import NAMES
from nas.samplers.policy_gradient import PolicyGradientSampler
from nas.samplers.registry import STRATEGIES, get_sampler


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("evolution", EvolutionSampler),
        ("rl", PolicyGradientSampler),
        ("random", RandomSampler),
        ("tpe", TPESampler),
        ("nsga2", NSGAIISampler),
        ("gp", GPSampler),
    ],
)
def test_every_strategy_has_its_sampler(name: str, kind: type) -> None:
    assert isinstance(get_sampler(name, seed=1), kind)


def test_settings_know_the_names_of_all_strategies() -> None:
    assert tuple(STRATEGIES) == NAMES


def test_an_unknown_strategy_is_a_mistake_with_a_suggestion() -> None:
    with pytest.raises(UserError, match=r"no strategy 'evolutoin'.*did you mean evolution"):
        get_sampler("evolutoin")
    with pytest.raises(UserError, match=", ".join(STRATEGIES)):
        get_sampler("bayes")
