"""``python -m nas.predict``: any folder of images, the right numbers, and mistakes by name."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.tensors import LensTensors
from nas.predict.command import ask_network
from nas.predict.command import run as classify
from nas.predict.settings import ClassifySettings, PredictSettings, check
from nas.train.command import train_network
from nas.train.settings import TrainSettings
from nas.training.evaluation import class_probabilities
from nas.training.metrics import score
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.networks.loading import load_network
from nas.training.reliability import Reliability
from tests.disks import files_no_larger_than
from tests.folders import folder
from tests.nas.checkpoints import NAMES, checkpoint


@pytest.fixture
def network(tmp_path: Path) -> Path:
    checkpoint(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def images(count: int, size: int = 32, channels: int = 1) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(2, 1, (count, channels, size, size)).astype(np.float32)


def read(out: Path) -> pd.DataFrame:
    table = pd.read_csv(out)
    np.testing.assert_allclose(table[list(NAMES)].sum(axis=1), 1, atol=1e-5)
    assert (table["predicted"] == table[list(NAMES)].idxmax(axis=1)).all()
    return table


def test_a_labelled_data_set_has_the_probabilities_of_training(
    run: Callable[..., Any], tmp_path: Path, network: Path
) -> None:
    for name in ("no_sub", "cdm", "axion"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for number, image in enumerate(images(30)):
        np.save(tmp_path / "data" / ("no_sub", "cdm", "axion")[number % 3] / f"{number}.npy", image)
    done = run("nas.predict", "--checkpoint", network, "--data", "data", "--out", "out.csv")
    assert done.returncode == 0, done.stderr
    table = read(tmp_path / "out.csv").set_index("file")
    counts = ", ".join(f"{(table['predicted'] == name).sum()} {name}" for name in NAMES)
    told, judged = done.stdout.splitlines()
    assert told == f"out.csv: {counts}"
    model, card = load_network(network)
    dataset = open_dataset(tmp_path / "data")
    tensors = LensTensors.load(dataset, np.arange(30), card.normalisation)
    expected = pd.DataFrame(class_probabilities(model, tensors), dataset.table["file"], NAMES)
    np.testing.assert_allclose(table.loc[expected.index, list(NAMES)], expected, atol=1e-5)
    scores = score(expected.to_numpy(), dataset.labels, dataset.classes)
    assert judged.startswith(f"AUC {scores.auc:.4f} (95 % interval ")
    told = Reliability.of(dataset.labels, expected.to_numpy()).error
    assert f", calibration error {told:.3f} on 30 images, from some of which" in judged
    assert "    python -m nas.export --checkpoint " in done.stderr


def test_each_split_of_labelled_images_has_its_own_score(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, network: Path
) -> None:
    for split, count in (("train", 12), ("test", 9), ("val", 2)):
        for number, image in enumerate(images(count)):
            name = ("no_sub", "cdm", "axion")[number % 3]
            (tmp_path / "data" / split / name).mkdir(parents=True, exist_ok=True)
            np.save(tmp_path / "data" / split / name / f"{number}.npy", image)
    classify(
        PredictSettings(
            checkpoint=network, data=tmp_path / "data", out=tmp_path / "out.csv", device="cpu"
        )
    )
    _, *judged = capsys.readouterr().out.splitlines()
    # Two validation images lack a class, so that they have no area under a curve.
    assert [line.rpartition(" on ")[2] for line in judged] == [
        "12 training images, from which it may have learned",
        "9 test images",
    ]


def test_probabilities_averaged_over_symmetries_are_those_of_the_turned_image(
    tmp_path: Path, network: Path
) -> None:
    (tmp_path / "images").mkdir()
    (image,) = images(1)[:, 0]
    for turns in range(4):
        np.save(tmp_path / "images" / f"{turns}.npy", np.rot90(image, turns))
        np.save(tmp_path / "images" / f"{turns}_mirrored.npy", np.rot90(image.T, turns))
    tables = []
    for average in (False, True):
        out = tmp_path / f"{average}.csv"
        classify(
            PredictSettings(
                checkpoint=network,
                data=tmp_path / "images",
                out=out,
                device="cpu",
                average_symmetries=average,
            )
        )
        tables.append(read(out)[list(NAMES)].to_numpy())
    plain, averaged = tables
    assert plain.std(axis=0).max() > 1e-4
    np.testing.assert_allclose(averaged, np.tile(plain.mean(axis=0), (8, 1)), atol=2e-6)


def test_probabilities_at_the_temperature_of_the_training(tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    training = TrainSettings(
        data=data, model="test_resnet", epochs=1, run=tmp_path / "run", device="cpu", track="none"
    )
    network = train_network(training).checkpoint
    settings = ClassifySettings(checkpoint=network, data=data, device="cpu")
    plain = ask_network(settings).table
    calibrated = ask_network(replace(settings, calibrated=True)).table
    temperature = json.loads((tmp_path / "run" / "result.json").read_text())["temperature"]
    assert temperature != 1
    expected = plain[list(NAMES)].to_numpy() ** (1 / temperature)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(calibrated[list(NAMES)], expected, atol=1e-5)
    assert calibrated["predicted"].equals(plain["predicted"])

    # A result of another training says nothing of this one.
    other = tmp_path / "other" / "model.safetensors"
    other.parent.mkdir()
    other.write_bytes(network.read_bytes())
    elsewhere = replace(settings, checkpoint=other, calibrated=True)
    with pytest.raises(UserError, match=f"or of another training than {other}: give the checkp"):
        ask_network(elsewhere)
    values = json.loads((tmp_path / "run" / "result.json").read_text())
    other.with_name("result.json").write_text(json.dumps({**values, "seed": 7}))
    with pytest.raises(UserError, match="or of another training"):
        ask_network(elsewhere)
    with pytest.raises(UserError, match="--calibrated and --average-symmetries do not go together"):
        replace(settings, calibrated=True, average_symmetries=True)


def test_a_flat_folder_of_arrays_and_pictures(tmp_path: Path, network: Path) -> None:
    data = tmp_path / "data"
    (data / "deeper").mkdir(parents=True)
    for number, image in enumerate(images(3)):
        np.save(data / f"{number}.npy", image[0])
    Image.fromarray(np.zeros((32, 32), np.uint8)).save(data / "deeper" / "picture.png")
    (data / "notes.txt").write_text("not an image")
    classify(PredictSettings(checkpoint=network, data=data, out=tmp_path / "out.csv", device="cpu"))
    assert list(read(tmp_path / "out.csv")["file"]) == [
        "0.npy",
        "1.npy",
        "2.npy",
        "deeper/picture.png",
    ]


def test_packed_images_with_and_without_labels(tmp_path: Path, network: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    np.save(data / "x.npy", images(4))
    classify(PredictSettings(checkpoint=network, data=data, out=tmp_path / "out.csv", device="cpu"))
    alone = read(tmp_path / "out.csv")
    assert list(alone["row"]) == [0, 1, 2, 3]
    np.save(data / "y.npy", np.zeros((4, 1), np.int64))
    classify(PredictSettings(checkpoint=network, data=data, out=tmp_path / "out.csv", device="cpu"))
    assert read(tmp_path / "out.csv").equals(alone)


def test_a_network_that_its_images_are_resized_for(tmp_path: Path) -> None:
    assert checkpoint(tmp_path / "model.safetensors", "botnet26t_256", size=40).resized_to == (
        64,
        64,
    )
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "a.npy", images(1, 40)[0])
    out = tmp_path / "out.csv"
    classify(
        PredictSettings(checkpoint=tmp_path / "model.safetensors", data=tmp_path / "data", out=out)
    )
    assert len(read(out)) == 1


def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "a.npy", images(1)[0])
    np.save(tmp_path / "data" / "b.npy", np.full((1, 32, 32), np.nan))
    settings = {"checkpoint": network, "data": tmp_path / "data", "out": tmp_path / "out.csv"}
    with pytest.raises(UserError, match=r"b.npy holds NaN .*--allow-skipped"):
        classify(PredictSettings(**settings))
    assert not (tmp_path / "out.csv").exists()
    classify(PredictSettings(**settings, allow_skipped=True))
    assert "passed over: b.npy holds NaN" in capsys.readouterr().err
    assert list(read(tmp_path / "out.csv")["file"]) == ["a.npy"]


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((3, 32, 32), r"have 3 channel\(s\), the network of .* takes 1"),
        (
            (1, 48, 48),
            "have 48 × 48 pixels, .* learned from 32 × 32: crop or pad them with --crop 32",
        ),
    ],
)
def test_images_of_another_kind(
    tmp_path: Path, network: Path, shape: tuple[int, ...], sentence: str
) -> None:
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "a.npy", np.ones(shape))
    settings = PredictSettings(checkpoint=network, data=tmp_path / "data", out=tmp_path / "out.csv")
    with pytest.raises(UserError, match=sentence):
        classify(settings)


def test_a_folder_without_images(tmp_path: Path, network: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "notes.txt").write_text("nothing")
    with pytest.raises(UserError, match="data holds no image"):
        classify(
            PredictSettings(checkpoint=network, data=tmp_path / "data", out=tmp_path / "out.csv")
        )


def test_checkpoints_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("text")
    save_checkpoint(tmp_path / "state.safetensors", {}, {}, "state")
    save_checkpoint(tmp_path / "shared.safetensors", {}, {"supernet": {}})
    for name, sentence in (
        ("text", "is no whole safetensors file"),
        ("state", "is the state of a training"),
        ("shared", "holds the shared weights of a supernet"),
    ):
        settings = PredictSettings(
            checkpoint=tmp_path / f"{name}.safetensors", data=tmp_path, out=tmp_path / "out.csv"
        )
        with pytest.raises(UserError, match=sentence):
            classify(settings)


def test_a_place_that_cannot_be_written(tmp_path: Path, network: Path) -> None:
    for out in (tmp_path, tmp_path / "nowhere" / "out.csv", network / "out.csv"):
        with pytest.raises(
            UserError, match="cannot be written: give a file in an existing directory with --out"
        ):
            check(PredictSettings(checkpoint=network, data=tmp_path, out=out))


def test_the_checkpoint_is_never_replaced(tmp_path: Path, network: Path) -> None:
    before = network.read_bytes()
    (tmp_path / "link").symlink_to(network)
    for out in (network, tmp_path / "link"):
        with pytest.raises(
            UserError, match="would replace what it is made from: give another file with --out"
        ):
            check(PredictSettings(checkpoint=network, data=tmp_path, out=out))
    assert network.read_bytes() == before


def test_a_full_disk_is_named_and_leaves_the_former_table(tmp_path: Path, network: Path) -> None:
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "images.npy", images(300))
    settings = PredictSettings(checkpoint=network, data=tmp_path / "data", out=tmp_path / "out.csv")
    classify(settings)
    before = settings.out.read_bytes()
    with (
        files_no_larger_than(4096),
        pytest.raises(UserError, match=r"out\.csv cannot be written \(File too large\): make room"),
    ):
        classify(settings)
    assert settings.out.read_bytes() == before
    assert [path.name for path in tmp_path.glob(".*")] == []
    classify(settings)
    assert settings.out.read_bytes() == before
