"""The data and shared weights of searches, and the Ray on which they run."""

from collections.abc import Iterator

import pytest

from nas.cluster.connection import cluster
from tests.nas.supernets import data, supernet

__all__ = ["data", "supernet"]


@pytest.fixture(scope="module")
def running() -> Iterator[None]:
    """Start one Ray for all searches of a module; commands start their own."""
    with cluster(None, 2):
        yield
