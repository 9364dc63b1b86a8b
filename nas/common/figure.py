"""Figures that a notebook shows where they are the last value of a cell."""

import io

from matplotlib.figure import Figure


class ShownFigure(Figure):
    """A figure of matplotlib that shows itself in a notebook.

    Matplotlib alone does so only for figures of pyplot, which keeps every figure until it is
    closed, and where pyplot was imported.

    Example:
        >>> figure = ShownFigure(figsize=(2, 1))
        >>> _ = figure.subplots().plot([1, 2, 3])
        >>> figure._repr_png_()[1:4]
        b'PNG'
    """

    def _repr_png_(self) -> bytes:
        """Return the figure as a PNG, which notebooks ask for."""
        file = io.BytesIO()
        # A notebook keeps what it shows, so small files are worth a moment.
        self.savefig(file, format="png", pil_kwargs={"optimize": True})
        return file.getvalue()
