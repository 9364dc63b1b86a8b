"""The data and shared weights of searches."""

from tests.nas.supernets import data, supernet

__all__ = ["data", "supernet"]
