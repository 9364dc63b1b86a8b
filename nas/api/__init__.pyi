from .data import from_arrays as from_arrays
from .data import open_data as open_data
from .data import simulate as simulate
from .networks import Classifier as Classifier
from .networks import export as export
from .networks import predict as predict
from .networks import train as train

__all__ = [
    "Classifier",
    "export",
    "from_arrays",
    "open_data",
    "predict",
    "simulate",
    "train",
]
