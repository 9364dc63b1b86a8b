"""Fitting smooth lenses to images, many at a time.

Levenberg's and Marquardt's method on the squares of residuals in units of the noise (Marquardt
1963, SIAM J. Appl. Math. 11, 431), with weak priors that keep shapes possible. Nothing but the
image is used, so that an image of the sky is fitted as a simulated one.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nas.data.smooth.models import SmoothModel

_LONGEST = 0.5
_ENOUGH = 0.2
"""Gain in χ² below which an image is done."""
_ITERATIONS = 25
_HOPELESS = 1e4


@dataclass(frozen=True)
class SmoothFit:
    """Smooth lenses that were fitted to images.

    Attributes:
        parameters: Their parameters (B, P), those of the lens first.
        images: What they look like (B, H, W).
    """

    parameters: Tensor
    images: Tensor


def fit_smooth(
    model: SmoothModel, images: Tensor, noise: Tensor, start: Tensor | None = None
) -> SmoothFit:
    """Fit a smooth lens to each image.

    Args:
        model: What is fitted.
        images: Images (B, H, W), whose sky is at 0.
        noise: Standard deviation of every pixel (B, H, W).
        start: Parameters (B, P) to begin with; None for those that the model thinks of.

    Example:
        >>> import torch
        >>> from nas.data.smooth.fit import fit_smooth
        >>> from nas.data.smooth.models import SersicModel
        >>> model = SersicModel(40, 40, psf_sigma=0.7)
        >>> lens = [2.4, 0.1, 0.05, 0.01, 0.02, 1.0, -0.5, 0.9, 0.2, 0.1, 0.0, 0.0]
        >>> nothing = torch.zeros(1, 40 * 40)
        >>> image = model.render(torch.tensor([lens]), nothing, nothing).view(1, 40, 40)
        >>> fitted = fit_smooth(model, image, torch.full_like(image, 0.01))
        >>> (fitted.images - image).abs().max().item() < 0.02
        True
    """
    data, weight = images.flatten(1), noise.flatten(1) ** -2
    start = model.start(data, weight) if start is None else start
    search = _Search(model, data, weight, start)
    for _ in range(_ITERATIONS):
        if not search.improve():
            break
    return SmoothFit(search.best, search.shown.view_as(images))


class _Search:
    """The state of all fits; images leave it when they are done."""

    def __init__(self, model: SmoothModel, data: Tensor, weight: Tensor, begun: Tensor) -> None:
        self._model, self._data, self._weight, self._begun = model, data, weight, begun
        widths = torch.tensor(model.widths).repeat(len(data), 1)
        widths[:, model.lengths] *= begun[:, :1].exp()
        self._prior = widths**-2
        self._steps = torch.tensor(model.steps)
        self.best, self.shown = begun.clone(), torch.zeros_like(data)
        count, size = begun.shape
        self._going = torch.arange(count)
        self._trial = begun.clone()
        self._cost = torch.full((count,), torch.inf)
        self._damping = torch.full((count,), 1e-2)
        self._curvature = torch.zeros(count, size, size)
        self._slope = torch.zeros(count, size)

    def improve(self) -> bool:
        """Try the next parameters of all images that are not done; return whether any is left."""
        at = self._going
        data, weight, trial, prior = (
            values[at] for values in (self._data, self._weight, self._trial, self._prior)
        )
        off = trial - self._begun[at]
        stepped = torch.cat([torch.zeros(1, len(self._steps)), torch.diag(self._steps)])
        rendered = self._model.render(trial[:, None] + stepped, data[:, None], weight[:, None])
        residual = data - rendered[:, 0]
        cost = (weight * residual**2).sum(1) + (prior * off**2).sum(1)
        gain = self._cost[at] - cost
        better = gain > 0  # False for what is not a number, too
        self._take(at[better], trial[better], rendered[better, 0], cost[better])
        slopes = (rendered[better, 1:] - rendered[better, :1]) / self._steps[:, None]
        weighed = weight[better, None] * slopes
        self._curvature[at[better]] = weighed @ slopes.mT + torch.diag_embed(prior[better])
        self._slope[at[better]] = (weighed @ residual[better, :, None])[..., 0] - (
            prior[better] * off[better]
        )
        self._damping[at] = torch.where(better, self._damping[at] / 5, self._damping[at] * 5)
        done = (better & (gain < _ENOUGH)) | (self._damping[at] > _HOPELESS)
        self._going = at = at[~done]
        self._trial[at] = self.best[at] + self._step(at)
        return bool(len(at))

    def _take(self, at: Tensor, parameters: Tensor, shown: Tensor, cost: Tensor) -> None:
        self.best[at], self.shown[at], self._cost[at] = parameters, shown, cost

    def _step(self, at: Tensor) -> Tensor:
        curvature = self._curvature[at]
        damped = self._damping[at, None] * torch.diagonal(curvature, dim1=1, dim2=2) + 1e-6
        step: Tensor = torch.linalg.solve(curvature + torch.diag_embed(damped), self._slope[at])
        longest = _LONGEST * self._prior[at].rsqrt().clamp(min=1.0)
        return step.clamp(-longest, longest)


def sky_noise(images: Tensor) -> Tensor:
    """Return the standard deviation of the sky in each image (B), from its corners.

    Second differences of neighbouring pixels are free of what is smooth, such as the wings of the
    ring; their median is free of what is rare.

    Args:
        images: Images (B, H, W).
    """
    rows, columns = (max(3, side // 6) for side in images.shape[1:])
    corners = [
        images[:, down, across]
        for down in (slice(rows), slice(-rows, None))
        for across in (slice(columns), slice(-columns, None))
    ]
    bends = torch.cat(
        [(one.diff(n=2, dim=axis) / 6**0.5).flatten(1) for one in corners for axis in (1, 2)], 1
    )
    return 1.4826 * bends.abs().median(1).values
