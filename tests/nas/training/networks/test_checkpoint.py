"""Checkpoints keep every bit, and say in one sentence what is wrong with a file."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from nas.common.errors import UserError
from nas.training.networks import checkpoint as module
from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint

ABOUT = {"model": {"model": "resnet18", "classes": ["a", "b"]}, "numbers": [1, 0.1, None]}


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 3, 5, 5, generator=generator)
    return {
        "weight": weight,
        "innermost channels": weight.to(memory_format=torch.channels_last),
        "the same memory": weight[1:],
        "half": weight.bfloat16(),
        "count": torch.tensor(7),
        "mask": weight > 0,
        "empty": torch.empty(0, 3),
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "model.safetensors", tensors(), ABOUT)
    return tmp_path / "model.safetensors"


def test_round_trip(path: Path) -> None:
    loaded = load_checkpoint(path)
    assert loaded.about == ABOUT
    assert loaded.tensors.keys() == tensors().keys()
    for name, tensor in tensors().items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert torch.equal(loaded.tensors[name], tensor)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_numbers_that_json_lacks_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        save_checkpoint(tmp_path / "model.safetensors", {}, {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


def sentence(path: Path, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        load_checkpoint(path, **options)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_missing(tmp_path: Path) -> None:
    assert "there is no checkpoint" in sentence(tmp_path / "model.safetensors")


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory: give the model.safetensors in it" in sentence(tmp_path)


@pytest.mark.parametrize("length", [0, 5, 100, -1])
def test_cut_short(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    assert "no whole safetensors file" in sentence(path)


def test_no_safetensors_at_all(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 looks like a pickled checkpoint" * 100)
    assert "no whole safetensors file" in sentence(path)


def test_a_flipped_bit_in_the_weights(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    assert "are damaged" in sentence(path)


def test_a_flipped_bit_in_what_it_says(path: Path) -> None:
    content = path.read_bytes()
    for there, instead in ((b"resnet18", b"resnet19"), (b"0.1", b"0.3"), (b"about", b"aboot")):
        assert there in content
        path.write_bytes(content.replace(there, instead, 1))
        assert "says of itself is damaged" in sentence(path)


def test_foreign(path: Path) -> None:
    save_file({"weight": torch.ones(3)}, path, metadata={"format": "pt"})
    assert "was not written by this toolkit" in sentence(path)


def test_the_state_in_place_of_the_model(path: Path) -> None:
    save_checkpoint(path, tensors(), ABOUT, "state")
    assert "is the state of a training: give the model.safetensors" in sentence(path)
    assert load_checkpoint(path, "state").about == ABOUT


def test_another_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FORMAT", 2)
    assert "another version" in sentence(path)
