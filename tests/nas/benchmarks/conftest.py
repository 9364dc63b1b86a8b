"""The data and shared weights of searches, which the benchmark of searches needs too."""

from tests.nas.search.conftest import data, supernet

__all__ = ["data", "supernet"]
