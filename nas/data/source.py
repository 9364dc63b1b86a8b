"""The images of a layout, one after the other, and those among them that cannot be used."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from nas.common.errors import UserError
from nas.common.progress import progress
from nas.data.formats.opening import open_arrays
from nas.data.formats.stored import StoredArray, UnreadableImageError
from nas.data.options import ChannelAxis
from nas.data.reading import RawImage, channels_first, image_shape, pick, read_image, shape_first
from nas.data.tree import printable

Shape = tuple[int, int, int]


class Item(NamedTuple):
    """Where an image is.

    Attributes:
        file: path of the file below the data directory.
        array: name of the array in a file of several; empty in others.
        row: position in an array of many images; -1 for an array or a picture that is an image.
    """

    file: str
    array: str
    row: int

    @property
    def path(self) -> str:
        """Path of the array, for which a file of several is like a folder."""
        return f"{self.file}/{self.array}" if self.array else self.file


class ImageSource(AbstractContextManager["ImageSource"]):
    """A reader of the images of a data directory, which lists those that it had to skip.

    Images are best asked for in the order of the layout, since one file is held open.
    """

    def __init__(self, directory: Path, channel_axis: ChannelAxis) -> None:
        self.skipped: list[dict[str, str]] = []
        self._directory = directory
        self._axis: ChannelAxis = channel_axis
        self._held = ExitStack()
        self._open: tuple[str, dict[str, StoredArray]] | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._held.close()

    def shapes(self, items: list[Item]) -> list[Shape | None]:
        """Return the shape of every image, which is the first pass; None for an unreadable image.

        Only headers are read where that is enough.
        """
        shapes: list[Shape | None] = []
        with progress("looking at images", len(items), "images") as advance:
            for item in items:
                try:
                    shapes.append(self._shape(item))
                except UnreadableImageError as error:
                    shapes.append(None)
                    self.skip(item, str(error))
                advance(1)
        return shapes

    def read(self, item: Item) -> RawImage:
        """Read one image.

        Raises:
            UnreadableImageError: the image cannot be used.
            UserError: an array of many images cannot be read.
        """
        if not item.array and item.row < 0:
            with _reading():
                return read_image(self._directory / item.file, self._axis)
        stored = self._array(item)
        if item.row < 0:
            return RawImage(channels_first(stored.whole(), self._axis))
        with self._many(item):
            row = stored.row(item.row)
        return RawImage(channels_first(row, self._axis))

    def skip(self, item: Item, reason: str) -> None:
        """Note that an image cannot be used."""
        self.skipped.append(
            {
                "file": printable(item.path) + (f"[{item.row}]" if item.row >= 0 else ""),
                "reason": reason,
            }
        )

    def _shape(self, item: Item) -> Shape:
        if not item.array and item.row < 0:
            with _reading():
                return image_shape(self._directory / item.file, self._axis)
        stored = self._array(item)
        shape = stored.shape if item.row < 0 else stored.shape[1:]
        return shape_first(shape, stored.dtype, self._axis)

    def _array(self, item: Item) -> StoredArray:
        if self._open is None or self._open[0] != item.file:
            self._held.close()
            with self._many(item):
                path = self._directory / item.file
                self._open = item.file, self._held.enter_context(open_arrays(path))
        return pick(self._open[1], item.array)

    @contextmanager
    def _many(self, item: Item) -> Iterator[None]:
        """Say that a file with many images is damaged, which is no matter of one image."""
        try:
            yield
        except (OSError, UnreadableImageError) as error:
            reason = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else error
            raise UserError(f"{self._directory / item.path} {reason}: get it anew") from error


@contextmanager
def _reading() -> Iterator[None]:
    """Tell a file that cannot be read from a cache that cannot be written.

    Both raise OSError: the file for its permissions or a failing disk.
    """
    try:
        yield
    except OSError as error:
        raise UnreadableImageError(f"cannot be read ({error.strerror})") from error
