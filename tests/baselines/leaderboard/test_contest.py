"""What is trained when, what is chosen, and what a failure costs."""

from pathlib import Path

import pytest

from baselines.leaderboard.contest import Contest
from baselines.leaderboard.entries import Entry
from baselines.leaderboard.grid import Grid, Try
from baselines.leaderboard.trainings import Assignment, Cache
from nas.common.provenance import Made
from nas.data.options import ReadOptions
from nas.training.images import TrainingImages
from nas.training.recipe import Recipe
from nas.training.result import FinalScores
from tests.folders import folder

RATES = (1e-3, 1e-2, 1e-1)
DECAYS = (0.05, 0.5, 0.005)
SEEDS = (5, 6)


@pytest.fixture
def contest(tmp_path: Path) -> Contest:
    images = TrainingImages.open(folder(tmp_path / "data"), ReadOptions())
    entry = Entry.of("ViT", "baseline", "", images.card("test_vit"), Recipe())
    return Contest(entry, Grid(RATES, DECAYS[:1]), SEEDS, Cache(tmp_path / "trainings", images))


@pytest.fixture
def wide(contest: Contest, tmp_path: Path) -> Contest:
    """A contest of weight decays too."""
    images = TrainingImages.open(tmp_path / "data", ReadOptions())
    return Contest(contest.entry, Grid(RATES, DECAYS), SEEDS, Cache(tmp_path / "wide", images))


def waiting(contest: Contest) -> list[Assignment]:
    return list(iter(contest.next, None))


def judged(assignment: Assignment) -> FinalScores:
    made = Made("cpu", 1, 1, "a processor", "Python 3.11", "0123abc")
    return FinalScores(assignment.spec.seed, {"auc": 0.6}, {"auc": 0.7}, 1.0, 1, made)


@pytest.mark.parametrize(
    ("aucs", "chosen"),
    [
        ((0.6, 0.8, 0.7), 1e-2),
        ((0.6, 0.6, 0.6), 1e-3),
        ((None, 0.5, 0.7), 1e-1),
        ((0.5, None, None), 1e-3),
    ],
)
def test_validation_chooses_the_rate(
    contest: Contest, aucs: tuple[float | None, ...], chosen: float
) -> None:
    tries = waiting(contest)
    assert [
        (assignment.spec.recipe.learning_rate, assignment.spec.seed, assignment.counts)
        for assignment in tries
    ] == [(rate, SEEDS[0], False) for rate in RATES]
    progress = [contest.done]
    # They may end in any order.
    for assignment, auc in reversed(list(zip(tries, aucs, strict=True))):
        assert contest.chosen is None
        if auc is None:
            contest.fail(assignment, "it broke")
        else:
            contest.succeed(assignment, auc)
        progress.append(contest.done)
    assert contest.rates == dict(zip(RATES, aucs, strict=True))
    assert contest.decays == {}
    assert contest.chosen == Try(chosen, DECAYS[0])
    last = waiting(contest)
    assert [
        (assignment.spec.recipe.learning_rate, assignment.spec.seed, assignment.counts)
        for assignment in last
    ] == [(chosen, seed, True) for seed in SEEDS]
    # The first seed's training is the one that won, in its own directory.
    assert last[0].directory in [assignment.directory for assignment in tries]
    for assignment in last:
        assert not contest.settled
        contest.succeed(assignment, judged(assignment))
        progress.append(contest.done)
    assert contest.settled
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0, contest.total)


@pytest.mark.parametrize(
    ("aucs", "chosen"), [((0.9, 0.7), 0.5), ((0.8, 0.7), 0.05), ((None, 0.95), 0.005)]
)
def test_weight_decays_compete_with_the_best_learning_rate(
    wide: Contest, aucs: tuple[float | None, ...], chosen: float
) -> None:
    for assignment, auc in zip(waiting(wide), (0.6, 0.8, 0.7), strict=True):
        wide.succeed(assignment, auc)
    assert wide.chosen is None
    # The first weight decay has been tried already.
    tries = waiting(wide)
    tried = [Try.of(assignment.spec.recipe) for assignment in tries]
    assert tried == [Try(1e-2, decay) for decay in DECAYS[1:]]
    for assignment, auc in zip(tries, aucs, strict=True):
        if auc is None:
            wide.fail(assignment, "it broke")
        else:
            wide.succeed(assignment, auc)
    assert wide.chosen == Try(1e-2, chosen)
    assert wide.decays == dict(zip(DECAYS, (0.8, *aucs), strict=True))
    assert wide.rates == dict(zip(RATES, (0.6, 0.8, 0.7), strict=True))
    last = waiting(wide)
    assert [Try.of(one.spec.recipe) for one in last] == [Try(1e-2, chosen)] * len(SEEDS)
    for assignment in last:
        wide.succeed(assignment, judged(assignment))
    assert wide.settled
    assert wide.done == wide.total == len(RATES) + len(DECAYS) - 1 + len(SEEDS) - 1


def test_a_loser_keeps_its_weights_only_if_it_was_judged_before(contest: Contest) -> None:
    tries = waiting(contest)
    for assignment in tries:
        assignment.directory.mkdir(parents=True)
        for name in ("state.safetensors", "model.safetensors"):
            (assignment.directory / name).touch()
    (tries[0].directory / "result.json").touch()
    for assignment, auc in zip(tries, (0.6, 0.8, 0.7), strict=True):
        contest.succeed(assignment, auc)
    left = [{path.name for path in assignment.directory.iterdir()} for assignment in tries]
    assert left == [
        {"result.json", "model.safetensors"},
        {"state.safetensors", "model.safetensors"},
        set(),
    ]


def test_no_rate_could_be_trained(contest: Contest) -> None:
    for assignment in waiting(contest):
        assert not contest.settled
        contest.fail(assignment, "it broke")
    assert (contest.settled, contest.failure, contest.done) == (True, "it broke", contest.total)
    assert contest.next() is None


def test_a_seed_could_not_be_trained(contest: Contest) -> None:
    for assignment in waiting(contest):
        contest.succeed(assignment, 0.5)
    first = contest.next()
    assert first is not None
    contest.fail(first, "it broke")
    assert (contest.settled, contest.failure) == (True, "seed 5: it broke")
    assert contest.next() is None
