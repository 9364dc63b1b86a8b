"""What a network learns that reads a number off an image, and how good it is.

It learns the target with the mean 0 and the spread 1 of the training images. Whatever leaves this
module is in the target's own unit.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import mean_absolute_error, r2_score
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.common.memory import keep_memory
from nas.data.targets import Values
from nas.data.tensors import LensTensors
from nas.training.bootstrap import RESAMPLES, Floats
from nas.training.chance import warn_below
from nas.training.evaluation import BATCH, check_logits
from nas.training.metrics import NonFiniteError

KNOWS_NOTHING = "the mean of all images has 0"
"""What R² a network has that knows nothing, in words."""

# So many (image, resample) pairs are worked on at a time.
_BLOCK = 2**22

# How often a network that has learned nothing may pass for one that has.
_ERROR = 0.05


@dataclass(frozen=True)
class NumberScores:
    """How good a network reads a number off the images of a split.

    Attributes:
        r2: share of the variance that is explained (R²): 1 is perfect, 0 is what the mean of these
            images would have, and a network that is worse than it has less.
        mae: mean absolute error, in the unit of the target.
    """

    r2: float
    mae: float

    def to_json(self) -> dict[str, float]:
        """Return the scores by name."""
        return asdict(self)


def check_values(values: Values) -> None:
    """Refuse a split that has no R².

    Args:
        values: values (N,) of the target.

    Raises:
        UserError: there are no two different values.
    """
    if len(np.unique(values)) < 2:
        raise UserError(
            f"there is no R² of {len(values)} images without two different values of the target: "
            "give a split with more images that have it"
        )


def score_values(predicted: Values, true: Values) -> NumberScores:
    """Score numbers against the true ones.

    Args:
        predicted: numbers (N,) that a network read off images.
        true: the true ones (N,), in the same unit.

    Raises:
        NonFiniteError: a predicted number is none.
        UserError: the true ones are all the same, so that there is no R².

    Example:
        >>> import numpy as np
        >>> scores = score_values(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
        >>> scores.r2, round(scores.mae, 3)
        (0.5, 0.333)
    """
    bad = int((~np.isfinite(predicted)).sum())
    if bad:
        raise NonFiniteError(f"what is read off {bad} of {len(true)} images are no numbers")
    check_values(true)
    return NumberScores(
        float(r2_score(true, predicted)), float(mean_absolute_error(true, predicted))
    )


def predicted_values(model: nn.Module, tensors: LensTensors, batch_size: int = BATCH) -> Values:
    """Return the numbers (N,) that a network reads off images, in order and in the target's unit.

    They are always computed in float32. The network is left in evaluation mode.

    Args:
        model: network that gives one standardised number (B, 1) an image, on the device of the
            images.
        tensors: N normalised images with a target.
        batch_size: number of images in a forward pass.

    Raises:
        UserError: the network gives more than one number an image.
    """
    assert tensors.target is not None
    model.eval()
    keep_memory()
    rows = []
    with torch.no_grad():
        for images, _ in tensors.batches(batch_size):
            rows.append(_one_number(model(images)).cpu().double())
    return tensors.target.restored(torch.cat(rows).numpy())


def _one_number(outputs: Tensor) -> Tensor:
    """Return outputs (B, 1) of a network as (B,)."""
    check_logits(outputs, 1)
    return outputs[:, 0]


@dataclass(frozen=True)
class SquaredErrorStep:
    """The step of a regression, which learns the standardised target by its squared error.

    Attributes:
        autocast: precision of the forward pass.
    """

    autocast: torch.autocast

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        """Call ``backward`` on the mean squared error, and return it."""
        with self.autocast:
            outputs = model(images)
        loss = F.mse_loss(_one_number(outputs).float(), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


class NumberBootstrap:
    """Resamples of the images of a regression, drawn once, the same for all networks.

    Args:
        true: values (N,) of the target, two different ones at least.
        resamples: number of resamples B.
        seed: seed of the resamples.

    Example:
        >>> import numpy as np
        >>> from nas.training.bootstrap import interval_of
        >>> true = np.arange(40.0)
        >>> predicted = true + np.tile([-4.0, 4.0], 20)
        >>> low, high = interval_of(NumberBootstrap(true).r2s([predicted]))
        >>> low < score_values(predicted, true).r2 < high
        True
    """

    def __init__(self, true: Values, resamples: int = RESAMPLES, seed: int = 0) -> None:
        count = len(true)
        even = np.full(count, 1 / count)
        drawn = np.random.default_rng(seed).multinomial(count, even, size=resamples)
        # This says how often each image is in each resample; its shape is (B, N).
        self._counts = drawn.astype(np.uint8)
        self._true = true
        # A resample of few images may hold one value only, and has no R² either.
        least = 1e-9 * count
        centred = (true - true.mean()) / true.std()
        total = self._sums(centred**2) - self._sums(centred) ** 2 / count
        self._total = np.maximum(total, least) * true.var()

    def r2s(self, predictions: Sequence[Floats]) -> Floats:
        """Return the R² of a network in every resample.

        Args:
            predictions: numbers (N,) of each training.

        Returns:
            (B,) values of R², each the mean over the trainings.
        """
        left = [self._sums((predicted - self._true) ** 2) for predicted in predictions]
        mean: Floats = 1 - np.mean(left, axis=0) / self._total
        return mean

    def _sums(self, values: Floats) -> Floats:
        """Return the sum (B,) of values (N,) over each resample."""
        width = max(1, _BLOCK // len(values))
        blocks = [
            self._counts[start : start + width].astype(np.float64) @ values
            for start in range(0, len(self._counts), width)
        ]
        return np.concatenate(blocks)


def highest_noise(images: int, guesses: int = 1) -> float:
    """Return the R² that the best of some networks that know nothing exceeds once in 20 times.

    It is the square of a correlation by chance.

    Args:
        images: number of images.
        guesses: number of networks of which the best is taken.

    Example:
        >>> round(highest_noise(300), 4), round(highest_noise(300, guesses=50), 4)
        (0.009, 0.0318)
    """
    return NormalDist().inv_cdf(1 - _ERROR / guesses) ** 2 / images


def warn_of_noise(what: str, r2: float, images: int, guesses: int = 1) -> None:
    """Warn where an R² is not above chance.

    Args:
        what: whose R² it is, for example ``the validation R²``.
        r2: share of the variance that is explained.
        images: number of images that gave it.
        guesses: number of networks of which it is the highest.
    """
    warn_below(highest_noise(images, guesses), what, r2, 0.0, images)


def rough_r2_interval(r2: float, images: int) -> tuple[float, float]:
    """Return about the 95 % interval of an R² over the images, where only the R² is known.

    It is Fisher's, of the correlation whose square it is.

    Args:
        r2: share of the variance that is explained.
        images: number of images.

    Example:
        >>> low, high = rough_r2_interval(0.8, 300)
        >>> f"{low:.3f} to {high:.3f}"
        '0.756 to 0.837'
    """
    reach = NormalDist().inv_cdf(0.975) / max(images - 3, 1) ** 0.5
    z = np.arctanh(min(max(r2, 0.0), 1 - 1e-12) ** 0.5)
    low, high = (float(np.tanh(max(z + side * reach, 0.0)) ** 2) for side in (-1, 1))
    return min(low, r2), max(high, r2)
