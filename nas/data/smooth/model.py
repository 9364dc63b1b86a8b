"""A smooth lens and the galaxy behind it: what an image shows where there is no substructure.

The lens is a singular isothermal ellipsoid with external shear in the middle of the image (Kormann,
Schneider and Bartelmann 1994, A&A 284, 285), the galaxy an elliptical Sérsic profile, and the
point-spread function a Gaussian. All lengths are in pixels.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

PARAMETERS = (
    "log Einstein radius",
    "e1 of the lens",
    "e2 of the lens",
    "shear 1",
    "shear 2",
    "x of the source",
    "y of the source",
    "log half-light radius",
    "log Sérsic index",
    "e1 of the source",
    "e2 of the source",
    "log brightness at the half-light radius",
)
"""What the last axis of parameters holds; ellipticities are (1 − q)/(1 + q) of the axis ratio q."""

LENS = slice(0, 5)
SOURCE = slice(5, 12)

# Below this a lens is as good as round, and its formula is still finite.
_ROUND = 1e-4


@dataclass(frozen=True)
class SmoothModel:
    """Renders smooth lenses.

    Attributes:
        height: Pixels of an image from top to bottom.
        width: Pixels of an image from left to right.
        psf_sigma: Standard deviation of the point-spread function, in pixels.
    """

    height: int
    width: int
    psf_sigma: float

    @cached_property
    def grid(self) -> tuple[Tensor, Tensor]:
        """Positions x and y (H·W) of the pixels, from the middle of the image."""
        y, x = (torch.arange(side) - (side - 1) / 2 for side in (self.height, self.width))
        return x.repeat(self.height), y.repeat_interleave(self.width)

    def render(self, parameters: Tensor) -> Tensor:
        """Return the images (…, H·W) of lenses with parameters (…, 12)."""
        x, y = self.source_positions(parameters[..., LENS])
        light = sersic(parameters[..., SOURCE], x, y)
        image = light.reshape(*light.shape[:-1], self.height, self.width)
        down, across = self._blur
        blurred: Tensor = down @ image @ across.T
        return blurred.flatten(-2)

    def source_positions(self, lens: Tensor) -> tuple[Tensor, Tensor]:
        """Return where the light of each pixel comes from, x and y (…, H·W).

        Args:
            lens: The parameters of the lens (…, 5).
        """
        x, y = self.grid
        log_radius, e1, e2, shear1, shear2 = (lens[..., i, None] for i in range(5))
        ellipticity = (e1**2 + e2**2 + _ROUND**2).sqrt()
        ratio = ((1 - ellipticity) / (1 + ellipticity)).clamp(0.2)
        angle = torch.atan2(e2, e1) / 2
        cos, sin = angle.cos(), angle.sin()
        # Along the axes of the ellipse, and back.
        major, minor = cos * x + sin * y, cos * y - sin * x
        flat = (1 - ratio**2).sqrt()
        scale = log_radius.exp() * ratio.sqrt() / flat
        psi = (ratio**2 * major**2 + minor**2 + 1e-8).sqrt()
        along = scale * torch.atan(flat * major / psi)
        aside = scale * torch.atanh((flat * minor / psi).clamp(-0.9999, 0.9999))
        return (
            x - (cos * along - sin * aside) - shear1 * x - shear2 * y,
            y - (sin * along + cos * aside) - shear2 * x + shear1 * y,
        )

    @cached_property
    def _blur(self) -> tuple[Tensor, Tensor]:
        return _blur(self.height, self.psf_sigma), _blur(self.width, self.psf_sigma)


def sersic(source: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the brightness of a Sérsic profile at positions.

    Args:
        source: The parameters of the source (…, 7).
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
