"""The data and shared weights of searches, which the benchmark of searches needs too."""

from tests.nas.supernets import data, supernet

__all__ = ["data", "supernet"]
