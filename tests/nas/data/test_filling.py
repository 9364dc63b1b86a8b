"""Pixels that are no numbers: filled where they are few and isolated, and only if asked for."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.filling import fill_bad_pixels
from nas.data.formats.stored import UnreadableImageError
from nas.data.normalisation import Normalisation
from nas.data.options import ReadOptions
from nas.predict.command import run as classify
from nas.predict.settings import PredictSettings
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import save_checkpoint
from tests.nas.data import builders
from tests.running import Run

FILL = ReadOptions(fill_nan=True)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Cutouts of two classes, two of which have masked pixels."""
    root = tmp_path / "data"
    for name in ("lens", "nonlens"):
        builders.folder(root / name, 40, (20, 20))
    for name, bad in (("lens/sim_3.npy", [(4, 5)]), ("nonlens/sim_7.npy", [(0, 0), (9, 9)])):
        pixels = np.load(root / name)
        for place in bad:
            pixels[place] = np.nan if place[0] else np.inf
        np.save(root / name, pixels)
    return root


def test_they_are_refused_unless_they_may_be_skipped_or_filled(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="--fill-nan fills few and isolated ones"):
        open_dataset(data)
    assert len(open_dataset(data, ReadOptions(allow_skipped=True)).images) == 78
    assert "filled" not in capsys.readouterr().err
    dataset = open_dataset(data, FILL)
    assert "3 pixels of 2 images were NaN or infinite, and are filled" in capsys.readouterr().err
    assert dataset.info["filled"] == {"images": 2, "pixels": 3}
    (row,) = np.flatnonzero(dataset.table["file"] == "lens/sim_3.npy")
    around = np.load(data / "lens" / "sim_3.npy")[3:6, 4:7]
    assert dataset.images[row, 0, 4, 5] == np.float32(np.nanmedian(around.astype(np.float32)))
    assert np.isfinite(dataset.images).all()


def test_where_nothing_is_to_fill_nothing_changes(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    plain, filled = open_dataset(tmp_path), open_dataset(tmp_path, FILL)
    assert plain.fingerprint == filled.fingerprint
    assert plain.store != filled.store


def test_other_images_are_skipped_and_named(data: Path) -> None:
    for name, bad in (("sim_1", np.s_[5:8, 5:8]), ("sim_2", np.s_[::4, ::4])):
        pixels = np.load(data / "lens" / f"{name}.npy")
        pixels[bad] = np.nan
        np.save(data / "lens" / f"{name}.npy", pixels)
    dataset = open_dataset(data, ReadOptions(fill_nan=True, allow_skipped=True))
    reasons = {item["file"]: item["reason"] for item in dataset.info["skipped"]}
    assert reasons == {
        f"lens/sim_{number}.npy": f"holds {count} NaN or infinite pixels, more than the 1 % that "
        "--fill-nan fills"
        for number, count in ((1, 9), (2, 25))
    }


def test_the_command_says_what_it_filled(run: Run, data: Path) -> None:
    done = run("nas.data", "inspect", data, "--fill-nan")
    assert done.returncode == 0, done.stderr
    assert "3 pixels of 2 images were NaN or infinite" in " ".join(done.stdout.split())
    report = json.loads(run("nas.data", "inspect", data, "--fill-nan", "--json").stdout)
    assert report["filled"] == {"images": 2, "pixels": 3}


def test_the_card_of_a_network_says_what_was_filled(data: Path) -> None:
    filled = TrainingImages.open(data, FILL).card("test_resnet")
    assert filled.to_json()["filled_pixels"] == 3
    assert ModelCard.from_json(filled.to_json()) == filled
    plain = TrainingImages.open(data, ReadOptions(allow_skipped=True)).card("test_resnet")
    assert "filled_pixels" not in plain.to_json()


def test_prediction_fills_too(data: Path, tmp_path: Path) -> None:
    scale = Normalisation(sky=(0.0,), softening=(1.0,), offset=(0.0,), scale=(1.0,))
    card = ModelCard("test_resnet", None, ("lens", "nonlens"), 1, (20, 20), scale)
    checkpoint = tmp_path / "model.safetensors"
    save_checkpoint(checkpoint, card.build().state_dict(), {"model": card.to_json()})
    out = tmp_path / "predictions.csv"
    settings = PredictSettings(checkpoint=checkpoint, data=data, out=out, fill_nan=True)
    classify(settings)
    assert len(pd.read_csv(out)) == 80
    with pytest.raises(UserError, match="--fill-nan"):
        classify(replace(settings, fill_nan=False))


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 19), st.integers(0, 19)), max_size=12),
    st.sampled_from([np.nan, np.inf, -np.inf]),
)
def test_an_image_is_filled_from_its_own_finite_pixels_or_not_at_all(
    places: list[tuple[int, int, int]], bad: float
) -> None:
    image = np.random.default_rng(0).random((2, 20, 20)).astype(np.float32)
    holed = image.copy()
    for place in places:
        holed[place] = bad
    missing = ~np.isfinite(holed)
    padded = np.pad(missing.astype(int), ((0, 0), (1, 1), (1, 1)))
    inside = np.pad(np.ones((2, 20, 20), int), ((0, 0), (1, 1), (1, 1)))

    def around(values: np.ndarray) -> np.ndarray:
        shifts = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
        return sum(values[:, i : i + 20, j : j + 20] for i, j in shifts)  # type: ignore[return-value]

    isolated = (2 * around(padded) < around(inside))[missing].all()
    if missing.sum() > 8 or not isolated:
        with pytest.raises(UnreadableImageError):
            fill_bad_pixels(holed)
        return
    filled, count = fill_bad_pixels(holed)
    assert count == missing.sum()
    np.testing.assert_array_equal(filled[~missing], image[~missing])
    assert ((filled >= image.min()) & (filled <= image.max())).all()


def test_pixels_too_close_together() -> None:
    image = np.ones((1, 40, 40), dtype=np.float32)
    image[0, 5:8, 5:8] = np.nan
    with pytest.raises(UnreadableImageError, match="too close together"):
        fill_bad_pixels(image)
