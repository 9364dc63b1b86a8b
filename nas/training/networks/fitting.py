"""What is said of networks that cannot be built for the images."""

from collections.abc import Iterator
from contextlib import contextmanager

from nas.common.errors import UserError
from nas.common.rules import Pixels
from nas.training.networks.timm_models import MISFITS
from search_spaces import SpaceError

# Number of characters that are shown of a reason that another library gives.
_LONG = 160


class MisfitError(UserError):
    """A network cannot be built for images of this size, or from these weights for it."""


@contextmanager
def fitting(model: str, image_size: Pixels, resized_to: Pixels | None) -> Iterator[None]:
    """Say of an error in a block that the network cannot take the images.

    Args:
        model: name of the network.
        image_size: height and width of the images in pixels.
        resized_to: height and width that they are resized to; None where they are not.

    Raises:
        MisfitError: the block raised an error.
    """
    try:
        yield
    except SpaceError:
        raise
    except MISFITS as error:
        resized = f", nor resized to {in_pixels(resized_to)}" if resized_to else ""
        raise MisfitError(
            f"{model} cannot take images of {in_pixels(image_size)}{resized} ({one_line(error)}): "
            "choose another model, or another size with --crop"
        ) from error


def in_pixels(size: Pixels) -> str:
    """Return a size for a sentence."""
    return f"{size[0]} × {size[1]} pixels"


def one_line(error: Exception) -> str:
    """Return the reason in one line, which names the first of several weights that do not fit."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = next((line for line in lines if not line.endswith(":")), type(error).__name__)
    return line if len(line) <= _LONG else f"{line[:_LONG]}…"
