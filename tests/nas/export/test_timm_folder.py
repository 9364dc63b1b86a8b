"""``--timm`` writes what timm loads in a process that knows nothing else, with a model card."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard as HubCard
from torch import nn

import search_spaces
from nas.common.errors import UserError
from nas.export.command import Export
from nas.export.settings import ExportSettings, check
from nas.retrain.command import retrain_architectures
from nas.retrain.settings import RetrainSettings
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.networks.classifier import Classifier
from nas.training.networks.timm_models import register_network
from tests.disks import files_no_larger_than
from tests.folders import folder
from tests.nas.checkpoints import SCALE, checkpoint

IN_A_FRESH_PROCESS = """
import sys, numpy, torch
import timm, search_spaces
for directory in sys.argv[1:]:
    model = timm.create_model(f"local-dir:{directory}", pretrained=True).eval()
    images = torch.from_numpy(numpy.load(f"{directory}.npy"))
    with torch.no_grad():
        numpy.save(f"{directory}-logits.npy", model(images).numpy())
"""


def write(weights: Path, directory: Path) -> None:
    settings = ExportSettings(checkpoint=weights, timm=directory)
    check(settings)
    Export.of(settings).write()


def architecture(path: Path, name: str) -> None:
    """Write the checkpoint of a named architecture with random weights."""
    line = str(search_spaces.get_space("lens_nano").named[name])
    card = ModelCard("lens_nano", line, ("ring", "arc"), 1, (40, 40), SCALE)
    save_checkpoint(path, card.build(seed=2).state_dict(), {"model": card.to_json()})


def test_a_fresh_process_computes_the_same(tmp_path: Path) -> None:
    weights = {
        name: tmp_path / f"{name}.safetensors" for name in ("tied", "free", "vit", "resized")
    }
    architecture(weights["tied"], "symmetric_tiny")
    architecture(weights["free"], "free_coatnet")
    checkpoint(weights["vit"], "test_vit", size=64)
    checkpoint(weights["resized"], "botnet26t_256", size=40)
    directories = [tmp_path / "written" / name for name in weights]
    expected = {}
    for directory, path in zip(directories, weights.values(), strict=True):
        write(path, directory)
        assert sorted(file.name for file in directory.iterdir()) == [
            "README.md",
            "config.json",
            "model.safetensors",
        ]
        # The same file is a checkpoint of ours.
        classifier = Classifier.load(directory / "model.safetensors")
        images = torch.randn(3, 1, *classifier.card.input_size)
        np.save(f"{directory}.npy", images.numpy())
        with torch.no_grad():
            expected[directory] = classifier.network(images).numpy()
    command = [sys.executable, "-c", IN_A_FRESH_PROCESS, *map(str, directories)]
    subprocess.run(command, check=True, timeout=300, cwd=tmp_path)
    for directory, logits in expected.items():
        np.testing.assert_allclose(np.load(f"{directory}-logits.npy"), logits, atol=1e-6)
    config = json.loads((tmp_path / "written" / "tied" / "config.json").read_text())
    assert config["label_names"] == ["ring", "arc"]
    assert "symmetry=d4" in config["model_args"]["architecture"]
    cards = {path.name: (path / "README.md").read_text() for path in directories}
    told = {name for name, text in cards.items() if "tied by the symmetries of the square" in text}
    assert told == {"tied"}
    assert "resized, bilinearly, to 64 × 64 pixels" in cards["resized"]
    assert "the checkpoint tells of no training" in cards["free"]


def test_the_card_has_the_scores_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    retrained = retrain_architectures(
        RetrainSettings(
            architecture="symmetric_tiny",
            data=folder(tmp_path / "data"),
            epochs=1,
            seeds=1,
            batch_size=16,
            device="cpu",
        )
    )
    write(retrained.checkpoint, tmp_path / "whole")
    card = HubCard.load(tmp_path / "whole" / "README.md")
    assert card.data.pipeline_tag == "image-classification"
    assert card.data.library_name == "timm"
    scores = {
        (result.dataset_split, result.metric_type): result.metric_value
        for result in card.data.eval_results
    }
    (row,) = retrained.scores.to_dict("records")
    assert scores["test", "roc_auc"] == pytest.approx(row["test_auc"], abs=1e-4)
    assert scores["test", "accuracy"] == pytest.approx(row["test_accuracy"], abs=1e-4)
    assert scores["validation", "roc_auc"] == pytest.approx(row["validation_auc"], abs=1e-4)
    low, high = retrained.summaries[0].test_interval()
    assert f"{low:.4f} to {high:.4f}" in card.text
    assert "`42 train, 9 val, 9 test`" in card.text
    # Away from its training a network has what its checkpoint holds, and no test scores.
    (tmp_path / "alone").mkdir()
    moved = shutil.copy(retrained.checkpoint, tmp_path / "alone")
    write(Path(moved), tmp_path / "moved")
    splits = HubCard.load(tmp_path / "moved" / "README.md").data.eval_results
    assert {result.dataset_split for result in splits} == {"validation"}


def test_names_of_classes_are_only_words(tmp_path: Path) -> None:
    names = ("a | b\n# c", "`<script>`: {{ 1 }}")
    line = str(search_spaces.get_space("lens_nano").named["symmetric_tiny"])
    card = ModelCard("lens_nano", line, names, 1, (32, 32), SCALE)
    scores = {"auc": 0.9, "accuracy": 0.8, **{f"auc_{name}": 0.9 for name in names}}
    about = {"model": card.to_json(), "outcome": {"epoch": 1, "val": scores}}
    save_checkpoint(tmp_path / "m.safetensors", card.build().state_dict(), about)
    write(tmp_path / "m.safetensors", tmp_path / "out")
    text = HubCard.load(tmp_path / "out" / "README.md").text
    assert "| `a ¦ b # c` | 0.9000 |" in text
    assert "| `'<script>': {{ 1 }}` | 0.9000 |" in text


def test_as_a_command(run: Callable[..., Any], tmp_path: Path) -> None:
    checkpoint(tmp_path / "model.safetensors", "test_resnet")
    done = run("nas.export", "--checkpoint", "model.safetensors", "--timm", "out/net")
    assert done.returncode == 0, done.stderr
    assert 'timm.create_model("local-dir:out/net", pretrained=True)' in done.stdout
    assert "hf upload USER/NAME out/net" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["net"]


def test_nothing_is_written_over_or_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "model.safetensors"
    checkpoint(weights, "test_resnet")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "README.md").write_text("mine")
    with pytest.raises(UserError, match="mine is there already: give a new directory with --timm"):
        write(weights, mine)
    with (
        files_no_larger_than(10_000),
        pytest.raises(UserError, match=r"new cannot be written \(.*File too large.*\): make room"),
    ):
        write(weights, tmp_path / "new")
    monkeypatch.setattr("torch.equal", lambda *_: False)
    with pytest.raises(UserError, match="timm loads something else from a directory of test_resn"):
        write(weights, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "model.safetensors"]


def test_a_network_that_is_no_model_of_timm(tmp_path: Path) -> None:
    def build(in_chans: int, num_classes: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(in_chans * 32 * 32, num_classes))

    register_network("test_timm_folder_layer", build)
    checkpoint(tmp_path / "model.safetensors", "test_timm_folder_layer")
    with pytest.raises(UserError, match="test_timm_folder_layer lacks what models of timm have"):
        write(tmp_path / "model.safetensors", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_something_must_be_asked_for(tmp_path: Path) -> None:
    settings = {"checkpoint": tmp_path / "model.safetensors"}
    with pytest.raises(UserError, match="nothing is to be written: give --onnx FILE or --timm"):
        check(ExportSettings(**settings))
    with pytest.raises(UserError, match="--average-symmetries is about the ONNX graph"):
        check(ExportSettings(**settings, timm=tmp_path / "out", average_symmetries=True))
