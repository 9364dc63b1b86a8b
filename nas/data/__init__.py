"""Lensing data: simulation, the public layouts, the cache, splits, and tensors to train on."""

from nas.data.dataset import LensDataset, open_dataset
from nas.data.normalisation import Normalisation
from nas.data.options import ImageOptions, ReadOptions
from nas.data.splits import Splits

__all__ = ["ImageOptions", "LensDataset", "Normalisation", "ReadOptions", "Splits", "open_dataset"]
