"""``python -m nas.export`` writes what torch computes, and prints lines that load the network."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from nas.common.errors import UserError
from nas.export.command import run as export
from nas.export.settings import ExportSettings, check
from nas.training.networks.classifier import Classifier
from tests.disks import files_no_larger_than
from tests.nas.checkpoints import checkpoint


def probabilities(path: Path, images: np.ndarray[Any, Any]) -> Any:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": images})[0]


@pytest.mark.parametrize(
    ("model", "size", "average"),
    [
        ("hybrid_nano", 32, False),
        ("lens_nano", 48, False),
        ("test_vit", 64, True),
        ("botnet26t_256", 40, False),
    ],
)
def test_onnx_and_the_three_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, size: int, average: bool
) -> None:
    weights, out = tmp_path / "model.safetensors", tmp_path / "model.onnx"
    card = checkpoint(weights, model, size=size)
    export(ExportSettings(checkpoint=weights, onnx=out, average_symmetries=average))
    images = np.random.default_rng(0).normal(2, 1, (7, 1, size, size)).astype(np.float32)
    classifier = Classifier.load(weights, average)
    with torch.no_grad():
        expected = classifier(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(probabilities(out, images), expected, atol=1e-5)
    if average or model == "lens_nano":
        mirrored = np.ascontiguousarray(images[..., ::-1])
        np.testing.assert_allclose(probabilities(out, mirrored), expected, atol=1e-5)
    metadata = {entry.key: entry.value for entry in onnx.load(out).metadata_props}
    assert json.loads(metadata["classes"]) == list(card.classes)
    lines = capsys.readouterr().out
    assert lines.count("\n") == 3
    scope: dict[str, Any] = {}
    exec(lines, scope)
    for name, tensor in load_file(weights).items():
        assert torch.equal(scope["model"].state_dict()[name], tensor)
    assert scope["model"].eval()(torch.zeros(1, 1, *card.input_size)).shape == (1, 3)


def test_as_a_command(run: Callable[..., Any], tmp_path: Path) -> None:
    checkpoint(tmp_path / "model.safetensors")
    done = run("nas.export", "--checkpoint", "model.safetensors", "--onnx", "model.onnx")
    assert done.returncode == 0, done.stderr
    assert "timm.create_model" in done.stdout
    assert "model.onnx gives the probabilities of torch" in done.stderr
    assert "Warning" not in done.stderr


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    checkpoint(tmp_path / "model.safetensors")
    settings = ExportSettings(checkpoint=tmp_path / "model.safetensors", onnx=tmp_path / "m.onnx")
    with (
        files_no_larger_than(100_000),
        pytest.raises(UserError, match=r"m\.onnx cannot be written \(File too large\): make room"),
    ):
        export(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_missing_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "onnxscript" else found(name)
    )
    with pytest.raises(
        UserError,
        match=r"ONNX needs onnxscript: install them with pip install 'lens-nas\[export\]'",
    ):
        check(
            ExportSettings(checkpoint=tmp_path / "model.safetensors", onnx=tmp_path / "model.onnx"),
        )


def test_another_result_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint(tmp_path / "model.safetensors")
    monkeypatch.setattr("nas.export.graph._difference", lambda *_: 0.5)
    with pytest.raises(UserError, match="computes something else as ONNX"):
        export(
            ExportSettings(checkpoint=tmp_path / "model.safetensors", onnx=tmp_path / "model.onnx")
        )
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no checkpoint .*nowhere"):
        export(ExportSettings(checkpoint=tmp_path / "nowhere", onnx=tmp_path / "model.onnx"))
    assert not list(tmp_path.iterdir())
