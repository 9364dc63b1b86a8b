"""The stretch of pixels: it follows the noise, and has no unit and no zero of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.data.normalisation import Images, Normalisation

TRAINING = np.arange(40)


def arcs(seed: int, noise: float, size: int = 32) -> Images:
    """Make images of rings that are a few hundred times brighter than a noise of 0.01."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:size, :size] - size / 2
    rings = np.exp(-((np.hypot(row, column) - rng.uniform(6, 10, (40, 1, 1))) ** 2) / 4)
    images = 5 * rng.uniform(0.5, 2, (40, 1, 1)) * rings + noise * rng.standard_normal(rings.shape)
    return images[:, None].astype(np.float32)


@given(st.integers(0, 99), st.floats(0.01, 1e4), st.floats(-100, 100))
def test_the_unit_and_the_zero_of_the_data_change_nothing(
    seed: int, unit: float, zero: float
) -> None:
    images = arcs(seed, 0.01)
    other = (unit * (images.astype(float) + zero)).astype(np.float32)
    one, another = (Normalisation.fit(each, TRAINING)(each) for each in (images, other))
    # The zero costs digits of what is stored in single precision.
    np.testing.assert_allclose(one, another, atol=1e-2)


@given(st.integers(0, 99), st.floats(0.05, 0.5))
def test_the_stretch_is_linear_up_to_three_standard_deviations_of_the_noise(
    seed: int, noise: float
) -> None:
    fitted = Normalisation.fit(arcs(seed, noise), TRAINING)
    assert fitted.softening[0] == pytest.approx(3 * noise, rel=0.2)
    # Nine tenths of the pixels are brighter, most of them for their noise alone.
    assert -1.5 * noise < fitted.sky[0] < 0


def test_a_hot_pixel_changes_little() -> None:
    images = arcs(0, 0.01)
    hot = images.copy()
    hot[7, 0, 3, 3] = 1e4
    one, another = (Normalisation.fit(each, TRAINING) for each in (images, hot))
    assert another.softening == pytest.approx(one.softening, rel=0.01)
    assert another.scale == pytest.approx(one.scale, rel=0.1)


def test_each_channel_has_its_own() -> None:
    channels = [arcs(0, 0.01), 1e3 * arcs(1, 0.2)]
    both = Normalisation.fit(np.concatenate(channels, axis=1), TRAINING)
    alone = [Normalisation.fit(channel, TRAINING) for channel in channels]
    for name in ("sky", "softening", "offset", "scale"):
        assert getattr(both, name) == pytest.approx([getattr(one, name)[0] for one in alone])


def test_more_images_than_tell_the_noise() -> None:
    images = np.concatenate([arcs(seed, 0.1) for seed in range(60)])
    (softening,) = Normalisation.fit(images, np.arange(len(images))).softening
    assert softening == pytest.approx(0.3, rel=0.1)


def test_images_without_noise_are_stretched_too() -> None:
    images = arcs(0, 0)
    (softening,) = Normalisation.fit(images, TRAINING).softening
    assert 0.01 * images.std() <= softening < 0.2 * images.std()


@pytest.mark.parametrize("shape", [(3, 1, 2, 2), (3, 2, 8, 8)])
def test_a_constant_channel_is_zero_whatever_its_size(shape: tuple[int, ...]) -> None:
    images = np.full(shape, 7.0, dtype=np.float32)
    normalised = Normalisation.fit(images, np.arange(3))(images)
    assert np.array_equal(normalised, np.zeros(shape))
