from .dataset import LensDataset as LensDataset
from .dataset import open_dataset as open_dataset
from .normalisation import Normalisation as Normalisation
from .options import Augmentation as Augmentation
from .options import ImageOptions as ImageOptions
from .options import ReadOptions as ReadOptions
from .splits import Splits as Splits

__all__ = [
    "Augmentation",
    "ImageOptions",
    "LensDataset",
    "Normalisation",
    "ReadOptions",
    "Splits",
    "open_dataset",
]
