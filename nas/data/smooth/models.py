"""What an image shows where there is no substructure: a smooth lens, and a galaxy behind it.

The galaxy is a Sérsic profile, or has whatever brightness its counter-images agree on.
"""

import math
from abc import ABC, abstractmethod
from functools import cached_property

import torch
from torch import Tensor

from nas.data.smooth.lens import LENS, pixel_places, source_places

_FAINT = 5.0
"""Pixels below so many standard deviations do not count for the start."""


class SmoothModel(ABC):
    """A lens with a kind of galaxy behind it, to be fitted to images.

    Args:
        height: Pixels of an image from top to bottom.
        width: Pixels of an image from left to right.

    Attributes:
        widths: Widths (P) of the priors about the start; parameters of the lens come first.
        steps: Steps (P) of the differences that stand for derivatives.
        lengths: Numbers of the parameters that are lengths, whose widths are in Einstein radii.
    """

    widths: tuple[float, ...] = (0.3, 0.15, 0.15, 0.06, 0.06)
    steps: tuple[float, ...]
    lengths: tuple[int, ...] = ()

    def __init__(self, height: int, width: int) -> None:
        self._height, self._width = height, width
        self._x, self._y = pixel_places(height, width)

    @abstractmethod
    def render(self, parameters: Tensor, data: Tensor, weight: Tensor) -> Tensor:
        """Return images (…, H·W) of lenses.

        Args:
            parameters: Their parameters (…, P).
            data: The images that they are fitted to (…, H·W), with as many axes.
            weight: One over the variance of every pixel of these.
        """

    def start(self, data: Tensor, weight: Tensor) -> Tensor:
        """Return parameters (B, P) to begin with: a round lens as large as the ring is.

        Args:
            data: Images (B, H·W).
            weight: One over the variance of every pixel (B, H·W).
        """
        flux = torch.where(data * weight.sqrt() > _FAINT, data, torch.zeros(()))
        # An image without anything bright is fitted as well as can be, which is badly.
        flux = torch.where(flux.sum(1, keepdim=True) > 0, flux, torch.ones(()))
        share = flux / flux.sum(1, keepdim=True)
        radius = (share * self._radii).sum(1, keepdim=True)
        lens = [radius.log(), *[torch.zeros_like(radius)] * (LENS - 1)]
        return torch.cat([*lens, *self._galaxy(share, radius, data)], 1)

    @abstractmethod
    def _galaxy(self, share: Tensor, radius: Tensor, data: Tensor) -> list[Tensor]:
        """Return the parameters (B, 1) of the galaxy to begin with."""

    @cached_property
    def _radii(self) -> Tensor:
        return (self._x**2 + self._y**2).sqrt()


class SersicModel(SmoothModel):
    """A galaxy with an elliptical Sérsic profile, blurred by a Gaussian point-spread function.

    The parameters of the galaxy are its position x and y, the log of its half-light radius, the log
    of its index, its ellipticities e1 and e2, and the log of its brightness at that radius.

    Args:
        height: Pixels of an image from top to bottom.
        width: Pixels of an image from left to right.
        psf_sigma: Standard deviation of the point-spread function, in pixels.
    """

    widths = (*SmoothModel.widths, 0.2, 0.2, 0.7, 0.4, 0.2, 0.2, 3.0)
    steps = (*[1e-3] * LENS, 1e-2, 1e-2, *[1e-3] * 5)
    lengths = (5, 6)

    def __init__(self, height: int, width: int, psf_sigma: float) -> None:
        super().__init__(height, width)
        self._down, self._across = _blur(height, psf_sigma), _blur(width, psf_sigma)

    def render(self, parameters: Tensor, data: Tensor, weight: Tensor) -> Tensor:
        """Return images of lenses; the images that they are fitted to play no part."""
        x, y = source_places(parameters[..., :LENS], self._x, self._y)
        light = sersic(parameters[..., LENS:], x, y)
        image = light.reshape(*light.shape[:-1], self._height, self._width)
        blurred: Tensor = self._down @ image @ self._across.T
        return blurred.flatten(-2)

    def _galaxy(self, share: Tensor, radius: Tensor, data: Tensor) -> list[Tensor]:
        back = 1 - radius / self._radii.clamp(min=0.5)
        centre = [(share * back * one).sum(1, keepdim=True) for one in (self._x, self._y)]
        zero = torch.zeros_like(radius)
        brightness = data.amax(1, keepdim=True).clamp(min=1e-12).log() - 1
        return [*centre, (0.15 * radius).log(), zero + math.log(1.2), zero, zero, brightness]


class FreeModel(SmoothModel):
    """A galaxy of any shape: each pixel is compared with the mean of its counter-images.

    The source plane is a grid of cells half a pixel wide. A cell has the weighted mean brightness
    of the pixels whose light comes from there, and a pixel shows what its cells have (both with
    bilinear shares). The point-spread function is left in the galaxy.
    """

    steps = (5e-3,) * LENS

    def render(self, parameters: Tensor, data: Tensor, weight: Tensor) -> Tensor:
        """Return images of lenses whose galaxies are those of the images."""
        places = source_places(parameters, self._x, self._y)
        shape, side = places[0].shape, 2 * max(self._height, self._width)
        across, down = (
            (place.reshape(-1, shape[-1]) / _CELL + (side - 1) / 2).clamp(0, side - 1.001)
            for place in places
        )
        data, weight = (values.expand(shape).reshape(-1, shape[-1]) for values in (data, weight))
        first = (down.floor() * side + across.floor()).long()
        right, below = across - across.floor(), down - down.floor()
        shares = [
            (first, (1 - right) * (1 - below)),
            (first + 1, right * (1 - below)),
            (first + side, (1 - right) * below),
            (first + side + 1, right * below),
        ]
        light, seen = torch.zeros(2, len(first), side * side)
        for cells, share in shares:
            light.scatter_add_(1, cells, share * weight * data)
            seen.scatter_add_(1, cells, share * weight)
        mean = light / (seen + 1e-6 * weight.mean(1, keepdim=True))
        shown = torch.stack([share * mean.gather(1, cells) for cells, share in shares]).sum(0)
        return shown.reshape(shape)

    def _galaxy(self, share: Tensor, radius: Tensor, data: Tensor) -> list[Tensor]:
        return []


_CELL = 0.5


def sersic(source: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the brightness of Sérsic profiles at positions.

    Args:
        source: Parameters of galaxies (…, 7), as :class:`SersicModel` lists them.
        x: Positions (…, N) in the source plane.
        y: Positions (…, N) in the source plane.
    """
    centre_x, centre_y, log_radius, log_index, e1, e2, brightness = (
        source[..., i, None] for i in range(7)
    )
    x, y, index = x - centre_x, y - centre_y, log_index.exp()
    squeezed = (1 - e1**2 - e2**2).clamp(min=0.1)
    radius2 = (((1 - e1) * x - e2 * y) ** 2 + ((1 + e1) * y - e2 * x) ** 2) / squeezed
    b = 1.9992 * index - 0.3271  # Capaccioli 1989, good to a percent where the index is above .5
    relative = 0.5 * torch.log(radius2 + 1e-6) - log_radius
    return torch.exp(brightness - b * (torch.exp(relative / index) - 1))


def _blur(side: int, sigma: float) -> Tensor:
    """Return the matrix (side, side) that blurs a row of pixels by a Gaussian.

    What lies beyond the edge is taken to be as bright as the edge.
    """
    place = torch.arange(side, dtype=torch.float32)
    reach = max(1, round(4 * sigma))
    kernel = torch.exp(-((torch.arange(-reach, reach + 1)) ** 2) / (2 * max(sigma, 1e-3) ** 2))
    kernel = kernel / kernel.sum()
    blur = torch.zeros(side, side)
    for step, share in zip(range(-reach, reach + 1), kernel, strict=True):
        blur[torch.arange(side), (place + step).clamp(0, side - 1).long()] += share
    return blur
