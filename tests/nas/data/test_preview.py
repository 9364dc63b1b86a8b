"""What the picture of a data set says of the brightness and the size of its lenses."""

from pathlib import Path

import numpy as np
import pytest

from nas.data.dataset import open_dataset
from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.instruments import HST_WFC3
from nas.data.simulation.settings import SimulationSettings
from tests.folders import folder

# Two classes of three have a row of residuals.
_ROWS = 5


def test_a_simulated_lens_has_its_size_and_brightness(tmp_path: Path) -> None:
    out = tmp_path / "sim"
    simulate_dataset(SimulationSettings(model="III", images=6, image_size=64), out, workers=1)
    axes = open_dataset(out).plot(columns=2).axes
    panels, bars = axes[: 2 * _ROWS], axes[2 * _ROWS :]
    (bar,) = panels[0].lines
    (words,) = [text.get_text() for text in panels[0].texts if "″" in text.get_text()]
    assert np.ptp(bar.get_xdata()) * HST_WFC3.pixel_scale == pytest.approx(float(words[:-1]))
    assert 0 < np.ptp(bar.get_xdata()) < 32
    assert len(bars) == _ROWS
    assert all("electrons/s" in one.get_ylabel() for one in bars)
    # The images of a row have one scale, from which its bar is drawn.
    for row, one in enumerate(bars):
        first, second = (panel.images[0].norm for panel in panels[2 * row : 2 * row + 2])
        assert first is second
        assert one.get_ylim() == pytest.approx((first.vmin, first.vmax))


def test_images_of_unknown_scale_have_no_bar_of_arcseconds(tmp_path: Path) -> None:
    figure = open_dataset(folder(tmp_path)).plot(columns=2)
    assert not any("″" in text.get_text() for axes in figure.axes for text in axes.texts)
    assert [axes.get_ylabel() for axes in figure.axes[6:]] == ["value of a pixel"] * 3


def test_images_without_any_light_can_be_drawn(tmp_path: Path) -> None:
    for name in ("spirals", "mergers"):
        (tmp_path / name).mkdir()
        for number in range(3):
            np.save(tmp_path / name / f"{number}.npy", np.full((8, 8), 7.0))
    open_dataset(tmp_path).plot(columns=2).draw_without_rendering()
