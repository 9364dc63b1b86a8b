"""The filling of single pixels that are no numbers, such as those that a survey masked."""

import numpy as np
import numpy.typing as npt

from nas.data.formats.stored import UnreadableImageError

_MOST_FILLED = 0.01


def fill_bad_pixels(pixels: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], int]:
    """Fill pixels that are NaN or infinite with the median of the finite ones around them.

    At most 1 % of an image can be filled, and only pixels more than half of whose neighbours are
    finite: up to eight in the same channel, fewer at an edge. What is filled says nothing of the
    lens, and more of it would be an invention.

    Args:
        pixels: image (C, H, W), which is left as it is.

    Returns:
        The filled image, and the number of pixels that were filled.

    Raises:
        UnreadableImageError: the pixels are too many, or too close together.

    Example:
        >>> import numpy as np
        >>> from nas.data.filling import fill_bad_pixels
        >>> image = np.full((1, 12, 12), 5, dtype=np.float32)
        >>> image[0, 3, 4] = np.nan
        >>> filled, count = fill_bad_pixels(image)
        >>> float(filled[0, 3, 4]), count
        (5.0, 1)
    """
    finite = np.isfinite(pixels)
    bad = np.argwhere(~finite)
    if len(bad) > _MOST_FILLED * pixels.size:
        raise UnreadableImageError(
            f"holds {len(bad)} NaN or infinite pixels, more than the 1 % that --fill-nan fills"
        )
    filled = pixels.copy()
    for channel, row, column in bad:
        around = (
            channel,
            slice(max(row - 1, 0), row + 2),
            slice(max(column - 1, 0), column + 2),
        )
        values = pixels[around][finite[around]]
        if 2 * len(values) <= pixels[around].size - 1:
            raise UnreadableImageError(
                "holds NaN or infinite pixels too close together for --fill-nan"
            )
        filled[channel, row, column] = np.median(values)
    return filled, len(bad)
