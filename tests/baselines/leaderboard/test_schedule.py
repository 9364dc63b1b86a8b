"""What a worker has to say reaches the user."""

from pathlib import Path
from typing import Any

import pytest
import ray.cloudpickle

from baselines.leaderboard.schedule import train_all
from nas.cluster.connection import Hands, cluster
from tests.baselines.leaderboard import told


def test_a_tracker_that_fails_in_a_worker_is_named_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ray.cloudpickle.register_pickle_by_value(told)
    contest: Any = told.Contest(3)
    images: Any = None
    with cluster(cpus=1):
        train_all([contest], images, Hands(1, 1, 0.0), tmp_path, lambda contest: None)
    assert contest.scores == [0.9] * 3
    assert capsys.readouterr().err.count("--track mlflow failed and is left alone") == 1
