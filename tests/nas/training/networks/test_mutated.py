"""What a checkpoint says of itself may be anything: one sentence, no network without end."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from nas.common.errors import UserError
from nas.training.networks import checkpoint as checkpoints
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint
from nas.training.networks.classifier import Classifier
from nas.training.networks.loading import load_network
from nas.training.supernet.training import SupernetCard, load_supernet
from search_spaces import get_space
from tests.mutations import TEXTS, require_schema, survives
from tests.nas.checkpoints import NAMES, SCALE, checkpoint

KEY = "lens-nas"


class Saved:
    """A checkpoint whose header can be written anew, as one who means harm would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with safe_open(path, framework="pt") as file:
            self.header = json.loads(file.metadata()[KEY])
            self.tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    def write(self, header: Any) -> None:
        self.write_text(json.dumps(header))

    def write_text(self, text: str) -> None:
        # The oldest files have no hash of the header, so that it keeps nobody out.
        save_file(self.tensors, self.path, metadata={KEY: text})

    def about(self, **changes: Any) -> dict[str, Any]:
        card = {**self.header["about"]["model"], **changes}
        return {**self.header, "about": {"model": card}}


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    checkpoint(tmp_path / "model.safetensors")
    return Saved(tmp_path / "model.safetensors")


def test_every_value_of_a_network_is_checked(saved: Saved) -> None:
    require_schema(saved.path, lambda: Classifier.load(saved.path), saved.write, saved.header)


def test_every_value_of_a_supernet_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    card = SupernetCard(ModelCard("hybrid_nano", None, NAMES, 1, (32, 32), SCALE))
    about = {"supernet": card.to_json(), "data": "0" * 64}
    save_checkpoint(path, card.build().state_dict(), about)
    saved = Saved(path)
    # The card of its networks is that of a network.
    names = ("null", "text", "inner", "huge")
    require_schema(path, lambda: load_supernet(path), saved.write, saved.header, names)


@pytest.mark.parametrize("name", TEXTS)
def test_a_header_that_is_none(saved: Saved, name: str) -> None:
    saved.write_text(TEXTS[name].decode("latin-1"))
    assert not survives(lambda: load_network(saved.path), saved.path)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "resnet18"},
        {"model": "resnet18", "architecture": None},
        {"model": "vit_giant_patch14_224", "architecture": None},
        {"model": "nas_bench_201"},
        {"model": "nas_bench_201", "architecture": None},
        {"model": "hf-hub:somebody/something", "architecture": None},
        {"model": "hybrid_small"},
        {"architecture": "hybrid_nano/stem:width=16"},
        {"architecture": "../../etc/passwd"},
        {"in_chans": 10**9},
        {"in_chans": 2},
        {"image_size": [10**6, 10**6]},
        {"image_size": [1, 1]},
        {"image_size": [2048, 2048], "resized_to": [2048, 2048]},
        {"resized_to": [10**6, 10**6]},
        {"classes": ["a", "a", "b"]},
        {"classes": ["a", ""]},
        {"classes": [str(number) for number in range(10**5)]},
        {"normalisation": {"sky": [0.0], "softening": [0.0], "offset": [0.0], "scale": [1.0]}},
        {"normalisation": {"sky": [0.0], "softening": [-1.0], "offset": [0.0], "scale": [1.0]}},
        {"normalisation": {"sky": [0, 0], "softening": [1, 1], "offset": [0, 0], "scale": [1, 1]}},
    ],
)
def test_another_network(saved: Saved, changes: dict[str, Any]) -> None:
    saved.write(saved.about(**changes))
    begin = time.monotonic()
    harmless = changes.get("image_size") in ([1, 1], [2048, 2048])
    assert survives(lambda: load_network(saved.path), saved.path) <= harmless
    assert time.monotonic() - begin < 60


def test_a_network_that_would_run_for_minutes(saved: Saved, tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    checkpoint(path, "test_vit")
    large = Saved(path)
    large.write(large.about(model="vit_large_patch16_224", image_size=[2048, 2048]))
    with pytest.raises(UserError, match=r"needs \d\.\de\+1\d FLOPs for two images"):
        load_network(path)


@pytest.mark.parametrize("damage", ["dropped", "added", "wider", "text"])
def test_other_weights(saved: Saved, damage: str) -> None:
    name = next(name for name, weight in saved.tensors.items() if weight.ndim == 4)
    changes: dict[str, Callable[[], Any]] = {
        "dropped": lambda: saved.tensors.pop(name),
        "added": lambda: saved.tensors.update(more=torch.zeros(1)),
        "wider": lambda: saved.tensors.update({name: torch.zeros(1, 2, 3, 4)}),
        "text": lambda: saved.tensors.update({name: torch.zeros(7, dtype=torch.uint8)}),
    }
    changes[damage]()
    digest = checkpoints._digest(saved.tensors)
    saved.write({**saved.header, "digest": digest})
    with pytest.raises(UserError, match="are not those of hybrid_nano"):
        load_network(saved.path)
    assert load_checkpoint(saved.path).about["model"]["classes"] == list(NAMES)


def test_a_line_of_the_space_is_read(saved: Saved) -> None:
    line = saved.header["about"]["model"]["architecture"]
    assert str(get_space("hybrid_nano").parse(line)) == line
    saved.write({**saved.header, "of a later version": 1})
    load_network(saved.path)
