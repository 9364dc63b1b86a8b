"""Jobs on Ray Tune: what they come to, why they fail, and what ends them all."""

from collections.abc import Iterator
from typing import Any

import pytest
import ray
import ray.cloudpickle
import ray.exceptions
import torch

from nas.cluster.connection import Hands, cluster
from nas.cluster.jobs import Failure, reason_of
from nas.cluster.tune import run_all, why_ended
from nas.common.errors import UserError
from tests.nas.cluster import jobs
from tests.nas.cluster.jobs import Doubling, Numbers


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    ray.cloudpickle.register_pickle_by_value(jobs)
    with cluster(None, 2):
        yield


def test_outcomes_arrive_whole_and_failures_with_their_kind() -> None:
    numbers = Numbers([1, 2, 3, 4])
    trouble = {2: UserError("two is no number"), 3: ValueError("ours")}
    run_all(numbers, Doubling(trouble), Hands(2, 1, 0.0))
    assert numbers.outcomes == {1: {"twice": 2}, 4: {"twice": 8}}
    assert numbers.failures[2] == Failure("two is no number", "mistake")
    assert (numbers.failures[3].reason, numbers.failures[3].kind) == ("ValueError: ours", "error")
    assert "in work" in numbers.failures[3].traceback


@pytest.mark.parametrize("error", [UserError("the disk is full"), ValueError("a bug of ours")])
def test_what_a_method_of_the_jobs_raises_ends_the_run(error: Exception) -> None:
    numbers = Numbers(list(range(50)), settling=error)
    with pytest.raises(type(error), match=str(error)):
        run_all(numbers, Doubling({}), Hands(1, 1, 0.0))
    assert len(numbers.waiting) > 40


@pytest.mark.parametrize(
    ("error", "text", "said"),
    [
        (ray.exceptions.OutOfMemoryError("…"), "", "the machine was low on memory"),
        (ray.exceptions.ActorDiedError(), "The node was low on memory", "was low on memory"),
        (
            ray.exceptions.ActorDiedError(),
            "its node has died",
            "the machine of its worker was lost",
        ),
        (ray.exceptions.NodeDiedError("…"), "", "the machine of its worker was lost"),
        (ray.exceptions.ActorDiedError(), "", "its worker process died"),
        (None, "one\nTuneError: two\n", "its worker ended: TuneError: two"),
        (None, "", "no reason is known"),
    ],
)
def test_why_a_worker_ended(error: Exception | None, text: str, said: str) -> None:
    assert said in why_ended(error, text)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError("give another"), "give another"),
        (UserError(""), "UserError"),
        (ValueError("one\ntwo"), "ValueError: one"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_reason_is_one_line_and_never_empty(error: Exception, said: str) -> None:
    assert reason_of(error) == said


def test_jobs_are_what_tune_needs_of_them() -> None:
    """A worker is asked for on the device that its share of a GPU says."""
    worker: Any = Doubling({}).worker(torch.device("cpu"))
    assert list(worker.work(5)) == [({"twice": 10}, True)]
