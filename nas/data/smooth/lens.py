"""A smooth lens: where the light of each pixel comes from.

It is a singular isothermal ellipsoid with external shear in the middle of the image (Kormann,
Schneider and Bartelmann 1994, A&A 284, 285). All lengths are in pixels.
"""

import torch
from torch import Tensor

LENS = 5
"""Number of parameters of a lens: log of the Einstein radius, e1, e2, and both shears.

Ellipticities are (1 − q)/(1 + q) of the axis ratio q, as in lenstronomy.
"""

# Below this a lens is as good as round, and its formula is still finite.
_ROUND = 1e-4
_FLATTEST = 0.2


def pixel_places(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return the positions x and y (H·W) of pixels, from the middle of the image."""
    y, x = (torch.arange(side) - (side - 1) / 2 for side in (height, width))
    return x.repeat(height), y.repeat_interleave(width)


def source_places(lens: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return where light comes from, x and y (…, N) in the source plane.

    Args:
        lens: Parameters of lenses (…, 5), as :data:`LENS` lists them.
        x: Positions (N) in the image.
        y: Positions (N) in the image.
    """
    log_radius, e1, e2, shear1, shear2 = (lens[..., i, None] for i in range(LENS))
    ellipticity = (e1**2 + e2**2 + _ROUND**2).sqrt()
    ratio = ((1 - ellipticity) / (1 + ellipticity)).clamp(_FLATTEST)
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
