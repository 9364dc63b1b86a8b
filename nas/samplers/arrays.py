"""The type of the arrays in which samplers count."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
"""An array of numbers; each docstring says of which shape."""
