"""Temperature scaling: one number that makes a network's probabilities as sure as they are right.

The logits are divided by the temperature that has the least log loss on validation images (Guo et
al. 2017, arXiv 1706.04599). It changes how sure a network is, and no order of the classes.
"""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from nas.common.rules import Must

Floats = npt.NDArray[np.float64]

# A network without a mistake would be best with no temperature at all.
_LEAST, _MOST = 1 / 20, 20.0
# A probability that is lost in rounding has a logarithm all the same.
_TINY = np.finfo(np.float64).tiny

Temperature = Annotated[float, Must(lambda value: _LEAST <= value <= _MOST, "from 1/20 to 20")]
"""A temperature, as it is read from a file."""


def fit_temperature(labels: npt.NDArray[np.int64], probabilities: Floats) -> float:
    """Return the temperature from 1/20 to 20 that has the least log loss.

    Above 1 the network was too sure, below 1 not sure enough.

    Args:
        labels: labels (N,) of validation images.
        probabilities: class probabilities (N, K) that the network gives to them.

    Example:
        >>> import numpy as np
        >>> from nas.training.temperature import fit_temperature, scaled
        >>> labels = np.array([0, 0, 0, 1])
        >>> sure = np.tile([0.99, 0.01], (4, 1))  # it is right three times in four
        >>> temperature = fit_temperature(labels, sure)
        >>> scaled(sure, temperature)[0].round(3)
        array([0.75, 0.25])
    """
    classes = range(probabilities.shape[1])

    def loss(logarithm: float) -> float:
        told = scaled(probabilities, float(np.exp(logarithm)))
        return float(log_loss(labels, told, labels=classes))

    found = minimize_scalar(loss, bounds=np.log([_LEAST, _MOST]), method="bounded")
    return round(float(np.exp(found.x)), 4)


def scaled(probabilities: npt.NDArray[np.floating], temperature: float) -> Floats:
    """Return class probabilities (N, K) of logits that are divided by a temperature.

    Args:
        probabilities: class probabilities (N, K). Their logarithms are the logits but for a number
            that all classes share, which changes nothing.
        temperature: positive number.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), _TINY))
    told: Floats = np.exp(log_softmax(logits / temperature, axis=1))
    return told
