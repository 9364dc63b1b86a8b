from .data import from_arrays as from_arrays
from .data import open_data as open_data
from .data import simulate as simulate

__all__ = [
    "from_arrays",
    "open_data",
    "simulate",
]
