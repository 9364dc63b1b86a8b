"""A training of open length ends when validation gains no more, and never depends on a kill."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.common.errors import UserError
from nas.fidelity.settings import FidelitySettings
from nas.search.settings import SearchSettings
from nas.supernet.settings import SupernetSettings
from nas.training.course import last_epoch, turn
from nas.training.files import TrainingFiles
from nas.training.loop import Result, fit
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord
from tests.nas.training.toy import bits, network, rings

OPEN = Recipe(schedule="wsd", patience=3, epochs=100, batch_size=32, warmup=0.1)


def records(aucs: Sequence[float], seconds: float = 1.0) -> list[EpochRecord]:
    return [EpochRecord(n, n, 0.5, 1e-3, seconds, {"auc": auc}) for n, auc in enumerate(aucs, 1)]


def carried_out(recipe: Recipe, aucs: Sequence[float], seconds: float = 1.0) -> int:
    """Return how many epochs a training has whose validation AUC would be these."""
    done = 0
    while done < last_epoch(recipe, records(aucs[:done], seconds)):
        done += 1
    return done


@given(
    st.lists(st.floats(0, 1), min_size=130, max_size=130),
    st.integers(1, 8),
    st.integers(1, 120),
    st.floats(0, 2),
)
def test_the_end_is_where_the_rule_says(
    aucs: list[float], patience: int, epochs: int, minutes: float
) -> None:
    recipe = Recipe(schedule="wsd", patience=patience, epochs=epochs, max_minutes=minutes)
    if 0 < minutes < 1 / 60:
        with pytest.raises(UserError, match="is less than one epoch takes"):
            carried_out(recipe, aucs)
        return
    done = carried_out(recipe, aucs)
    told = records(aucs[:done])
    turned = turn(recipe, told)
    assert done <= epochs
    assert turned is not None
    assert done == min(turned.last, epochs)
    best = aucs.index(max(aucs[: turned.epoch])) + 1
    assert (turned.cut_off == "") == (turned.epoch - best == patience)
    if turned.cut_off == "time":
        assert turned.epoch - 1 < 60 * minutes <= turned.epoch
    if turned.cut_off == "epochs":
        assert turned.epoch + 2 > 0.8 * epochs
    # What comes later changes nothing.
    assert turn(recipe, told[: turned.epoch]) == turned
    assert turn(recipe, told[: turned.epoch - 1]) is None


def scripted(aucs: Sequence[float]) -> Any:
    remaining = list(aucs)
    return lambda model, val: {"auc": remaining.pop(0)}


def trained(recipe: Recipe, aucs: Sequence[float], directory: Path | None = None) -> Result:
    files = TrainingFiles(directory, {"recipe": recipe.to_json()}) if directory else None
    images = rings(96)
    return fit(network(), images, images, recipe, files=files, validate=scripted(aucs))


def test_the_learning_rate_keeps_its_height_and_falls_over_the_last_fifth() -> None:
    aucs = [0.5, 0.6, 0.7, 0.8, 0.9, *[0.85] * 3, 0.91, 0.92]
    result = trained(OPEN, aucs)
    rates = [record.learning_rate for record in result.epochs]
    # Warmed up over one epoch of ten, no gain for three after the fifth, and two to fall.
    assert len(rates) == 10
    assert rates[1:9] == [OPEN.learning_rate] * 8
    assert OPEN.learning_rate / 2 > rates[9] > 0
    assert result.best.epoch == 10


def test_the_warm_up_does_not_depend_on_how_many_epochs_there_may_be() -> None:
    rates = [
        [record.learning_rate for record in trained(replace(OPEN, epochs=most), [0.5] * 5).epochs]
        for most in (50, 100)
    ]
    assert rates[0] == rates[1]
    assert all(before >= after for before, after in pairwise(rates[0][1:]))


@pytest.mark.parametrize("patience", [1, 2])
def test_the_rate_falls_from_where_it_has_risen_to(patience: int) -> None:
    # It would rise for three epochs, and validation gains no more before.
    recipe = replace(OPEN, patience=patience, warmup=0.3)
    rates = [record.learning_rate for record in trained(recipe, [0.5] * 9).epochs]
    whole = [record.learning_rate for record in trained(OPEN, [0.5] * 9).epochs]
    turned = patience + 1
    assert len(rates) == turned + 1 < len(whole)
    assert all(before < after for before, after in pairwise(rates[:turned]))
    assert 0 < rates[-1] <= recipe.learning_rate * (0.01 + turned / 3)


@pytest.mark.parametrize("killed", range(1, 10))
def test_a_killed_training_ends_with_the_same_bits(tmp_path: Path, killed: int) -> None:
    aucs = [0.5, 0.6, 0.7, 0.8, 0.9, *[0.85] * 3, 0.91, 0.92]
    unbroken = trained(OPEN, aucs)
    with pytest.raises(IndexError):
        trained(OPEN, aucs[:killed], tmp_path)
    resumed = trained(OPEN, aucs[killed:], tmp_path)
    assert bits(resumed.model) == bits(unbroken.model)
    assert [record.learning_rate for record in resumed.epochs] == [
        record.learning_rate for record in unbroken.epochs
    ]


def test_other_schedules_know_nothing_of_it() -> None:
    assert turn(Recipe(patience=1), records([0.5] * 20)) is None
    assert last_epoch(Recipe(epochs=7), records([0.5] * 5)) == 7
    written = Recipe(patience=1, max_minutes=3).to_json()
    assert written == Recipe().to_json()
    assert "patience" not in written
    assert Recipe.from_json(OPEN.to_json()) == OPEN


@pytest.mark.parametrize("settings", [SearchSettings, SupernetSettings, FidelitySettings])
def test_where_the_length_must_be_known(settings: Any) -> None:
    with pytest.raises(UserError, match=r"--schedule wsd cannot be used: .*; give cosine"):
        settings(schedule="wsd")


def test_less_time_than_an_epoch_takes() -> None:
    with pytest.raises(UserError, match=r"--max-minutes 0.1 is less than one epoch takes \(0.15\)"):
        turn(replace(OPEN, max_minutes=0.1), records([0.5], seconds=9))
