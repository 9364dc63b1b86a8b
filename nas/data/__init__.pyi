from .augmentation import register_augmentation as register_augmentation
from .catalogue import register_layout as register_layout
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
    "register_augmentation",
    "register_layout",
]
