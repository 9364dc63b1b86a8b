"""Writing the figures of benchmarks."""

import io
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from nas.common.files import atomic_path
from nas.report.drawing import style


def write_figure(draw: Callable[[], Figure], path: Path) -> None:
    """Draw a figure in the look of all figures and write it as PNG, whole or not at all."""
    with style():
        image = io.BytesIO()
        draw().savefig(image, format="png", dpi=150)
    with atomic_path(path) as temporary:
        temporary.write_bytes(image.getvalue())
