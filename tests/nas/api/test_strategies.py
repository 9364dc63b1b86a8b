"""A sampler of Optuna in the place of a strategy's name."""

import optuna
import pytest

from nas.api.plugins import strategy_name
from nas.common.errors import UserError
from nas.samplers import get_sampler
from nas.samplers.names import SAMPLERS


def test_a_sampler_is_asked_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SAMPLERS, "added", {})
    for seed in (1, 2):  # as a cell of a notebook that is run again
        sampler = optuna.samplers.BruteForceSampler(seed=seed)
        assert strategy_name(sampler) == "BruteForceSampler"
        assert get_sampler("BruteForceSampler", seed=5) is sampler
    assert strategy_name("tpe") == "tpe"
    with pytest.raises(UserError, match=r"the strategy 5 cannot be used: give the name of one, or"):
        strategy_name(5)  # type: ignore[arg-type]
