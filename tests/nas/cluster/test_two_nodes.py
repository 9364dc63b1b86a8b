"""A search on a cluster of two machines goes on when one is lost."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
import ray
import ray.cloudpickle
from ray.cluster_utils import Cluster

from nas.cluster.connection import Hands, cluster
from nas.search.evaluation import evaluate_all
from tests.nas.search import scorings
from tests.nas.search.scorings import Pretended
from tests.nas.search.studies import study

pytestmark = pytest.mark.cluster


@pytest.fixture
def nodes() -> Iterator[Cluster]:
    ray.cloudpickle.register_pickle_by_value(scorings)
    machines = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "env_vars": {"NODE": "first"}}
    )
    yield machines
    machines.shutdown()


def test_a_search_outlives_a_machine(tmp_path: Path, nodes: Cluster) -> None:
    second = nodes.add_node(num_cpus=1, env_vars={"NODE": "second"})
    notes = tmp_path / "notes"
    notes.mkdir()
    searched = study(tmp_path / "study.db", 12)

    def used() -> set[str]:
        return {word for note in notes.iterdir() for word in note.read_text().split()[1:]}

    def lose_the_second() -> None:
        while used() != {"first", "second"}:
            sleep(0.05)
        nodes.remove_node(second, allow_graceful=False)

    loss = Thread(target=lose_the_second, daemon=True)
    loss.start()
    with cluster(nodes.address):
        # The first waits for the second machine, however long that takes to start.
        evaluate_all(searched, Pretended(together=2, seconds=1.0, notes=notes), Hands(2, 1, 0.0))
    loss.join(10)
    assert used() == {"first", "second"}
    assert searched.done
    found = searched.candidates()
    assert len(found) == 12
    lost = [item for item in found if item.state == "failed"]
    assert len(lost) <= 2
    # Ray may notice the end of the worker before that of its machine.
    assert {item.reason for item in lost} <= {
        "the machine of its worker was lost",
        "its worker process died: it crashed, was killed, or ran out of memory",
    }
