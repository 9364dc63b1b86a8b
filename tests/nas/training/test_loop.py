"""The loop learns, lets validation choose the epoch, is deterministic, and stops loudly."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.data.tensors import LensTensors
from nas.training.evaluation import class_probabilities, evaluate
from nas.training.files import TrainingFiles
from nas.training.loop import fit
from nas.training.metrics import NonFiniteError
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord
from tests.nas.training.toy import bits, network, rings

SHORT = Recipe(epochs=3, batch_size=32)


def test_it_learns() -> None:
    train, val, test = rings(480), rings(120, seed=1), rings(120, seed=2)
    before = evaluate(network(), test).auc
    result = fit(network(), train, val, Recipe(epochs=6, batch_size=32))
    assert before < 0.8
    assert result.best.val["auc"] > 0.95
    assert evaluate(result.model, test).auc > 0.95
    assert result.epochs[-1].loss < 0.7 * result.epochs[0].loss


@pytest.mark.parametrize(("channels", "classes"), [(1, 2), (3, 3)])
def test_a_model_of_timm(channels: int, classes: int) -> None:
    train = rings(64, size=32, channels=channels, classes=classes)
    val = rings(30, size=32, channels=channels, classes=classes, seed=1)
    model = timm.create_model(
        "test_efficientnet", in_chans=channels, num_classes=classes, drop_path_rate=0.1
    )
    result = fit(model, train, val, Recipe(epochs=2, batch_size=32))
    assert [record.updates for record in result.epochs] == [2, 4]
    assert class_probabilities(result.model, val).shape == (30, classes)
    convolution = result.model.get_submodule("conv_stem").weight
    assert convolution.is_contiguous(memory_format=torch.channels_last)


def test_same_seed_same_bits_whatever_the_global_random_state() -> None:
    outcomes = []
    for noise, seed in ((1, 5), (2, 5), (1, 6)):
        model = network()
        torch.manual_seed(noise)
        outcomes.append(bits(fit(model, rings(96), rings(30, seed=1), SHORT, seed=seed).model))
        # The loop leaves the global random state alone, too.
        drawn = torch.rand(1)
        torch.manual_seed(noise)
        assert torch.equal(drawn, torch.rand(1))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0] != outcomes[2]


def scripted(*aucs: float) -> Any:
    remaining = list(aucs)
    return lambda model, val: {"auc": remaining.pop(0)}


@pytest.mark.parametrize(
    ("aucs", "best"), [((0.5, 0.9, 0.7), 2), ((0.6, 0.9, 0.9), 2), ((0.5, 0.6, 0.7), 3)]
)
@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_the_weights_of_the_best_epoch_are_kept(
    tmp_path: Path, aucs: tuple[float, ...], best: int, ema_decay: float
) -> None:
    scored: list[dict[str, bytes]] = []
    choose = scripted(*aucs)

    def validate(model: nn.Module, val: LensTensors) -> Mapping[str, float]:
        scored.append(bits(model))
        return choose(model, val)

    recipe = Recipe(epochs=3, batch_size=32, ema_decay=ema_decay)
    result = fit(
        network(),
        rings(96),
        rings(30, seed=1),
        recipe,
        validate=validate,
        files=TrainingFiles(tmp_path, {}),
    )
    assert result.best.epoch == best
    assert bits(result.model) == scored[best - 1]
    assert not result.model.training
    checkpoint = load_checkpoint(tmp_path / "model.safetensors")
    assert checkpoint.about["outcome"]["epoch"] == best
    assert {
        name: tensor.numpy().tobytes() for name, tensor in checkpoint.tensors.items()
    } == scored[best - 1]


def test_log_and_hook_tell_every_epoch(tmp_path: Path) -> None:
    told: list[EpochRecord] = []
    result = fit(
        network(),
        rings(96),
        rings(30, seed=1),
        SHORT,
        files=TrainingFiles(tmp_path / "new" / "run", {}),
        on_epoch=told.append,
    )
    assert tuple(told) == result.epochs
    with (tmp_path / "new" / "run" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert [float(row["val_auc"]) for row in rows] == [record.val["auc"] for record in told]
    assert [float(row["loss"]) for row in rows] == [record.loss for record in told]
    assert all(record.seconds > 0 for record in told)


def test_the_log_is_there_when_the_hook_is_called(tmp_path: Path) -> None:
    lines: list[int] = []
    fit(
        network(),
        rings(96),
        rings(30, seed=1),
        SHORT,
        files=TrainingFiles(tmp_path, {}),
        on_epoch=lambda record: lines.append(len((tmp_path / "log.csv").read_text().splitlines())),
    )
    assert lines == [2, 3, 4]


def test_another_step_takes_the_place_of_the_usual_one() -> None:
    """Two halves of a batch, with a ``backward`` each, make the same update as the whole."""
    numbers: list[int] = []

    def halves(model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        numbers.append(number)
        total = torch.zeros(())
        for part, names in zip(images.chunk(2), labels.chunk(2), strict=True):
            loss = nn.functional.cross_entropy(model(part), names) / 2
            loss.backward()
            total += loss.detach()
        return total

    def plain() -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(256, 3))

    data = rings(96), rings(30, seed=1)
    recipe = Recipe(epochs=2, batch_size=32, amp="off", optimizer="sgd", learning_rate=0.01)
    whole, split = fit(plain(), *data, recipe), fit(plain(), *data, recipe, step=halves)
    assert numbers == list(range(6))
    torch.testing.assert_close(split.model.state_dict(), whole.model.state_dict())
    assert split.epochs[0].loss == pytest.approx(whole.epochs[0].loss)


def poisoned(at: int) -> Any:
    def step(model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        return loss.detach() * (float("nan") if number == at else 1)

    return step


def test_a_loss_that_is_no_number_names_the_step_and_the_checkpoint(tmp_path: Path) -> None:
    data = rings(96), rings(30, seed=1)
    with pytest.raises(
        NonFiniteError,
        match=r"in epoch 1 the loss of step 2 is nan \(no checkpoint was written\): lower",
    ):
        fit(network(), *data, SHORT, files=TrainingFiles(tmp_path / "a", {}), step=poisoned(2))
    with pytest.raises(
        NonFiniteError,
        match=r"in epoch 3 the loss of step 6 is nan \(.*b/state.safetensors holds epoch 2",
    ):
        fit(network(), *data, SHORT, files=TrainingFiles(tmp_path / "b", {}), step=poisoned(6))
    assert (
        load_checkpoint(tmp_path / "b" / "state.safetensors", "state").about["epochs"][-1]["epoch"]
        == 2
    )


def test_a_training_that_diverges_stops() -> None:
    recipe = Recipe(
        epochs=3, batch_size=32, optimizer="sgd", learning_rate=1e30, clip_grad=0.0, amp="off"
    )
    with pytest.raises(NonFiniteError, match=r"in epoch 1 .*: lower --learning-rate"):
        fit(network(), rings(96), rings(30, seed=1), recipe)


def test_fewer_images_than_a_batch_make_one_batch() -> None:
    result = fit(network(), rings(12), rings(30, seed=1), SHORT)
    assert [record.updates for record in result.epochs] == [1, 2, 3]


def test_compiled_network_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # The backend without code generation takes seconds; the default one takes a minute.
    compiled_models: list[nn.Module] = []

    def lightly(model: nn.Module) -> Any:
        compiled_models.append(model)
        return compile_(model, backend="aot_eager")

    compile_ = torch.compile
    monkeypatch.setattr(torch, "compile", lightly)
    data = rings(64), rings(30, seed=1)
    recipe = {"epochs": 1, "batch_size": 32, "amp": "off", "optimizer": "sgd"}
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 3))
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    plain = fit(model, *data, Recipe(**recipe)).model.state_dict()
    assert compiled_models == []
    plain = {name: tensor.clone() for name, tensor in plain.items()}
    model.load_state_dict(weights)
    compiled = fit(model, *data, Recipe(**recipe, compile=True))
    assert compiled_models == [model]
    torch.testing.assert_close(compiled.model.state_dict(), plain)
    assert not torch.equal(plain["1.weight"], weights["1.weight"])


def test_bad_arguments_are_known_before_the_first_step() -> None:
    def never(*_: Any) -> Tensor:
        raise AssertionError("a step was taken")

    lacking = LensTensors(torch.zeros(2, 1, 16, 16), torch.tensor([0, 2]), rings(3).classes)
    with pytest.raises(UserError, match="without images of subhalo"):
        fit(network(), rings(12), lacking, SHORT, step=never)
    with pytest.raises(UserError, match="--seed -1"):
        fit(network(), rings(12), rings(12), SHORT, step=never, seed=-1)


@pytest.mark.parametrize("classes", [2, 4])
def test_a_network_of_another_number_of_classes(classes: int) -> None:
    with pytest.raises(UserError, match="the data have 3 classes: build it with num_classes=3"):
        fit(network(classes=classes), rings(12), rings(12), SHORT)
    with pytest.raises(UserError, match="the data have 3 classes: build it with num_classes=3"):
        evaluate(network(classes=classes), rings(12))


def test_prediction_is_in_order_and_does_not_depend_on_the_batch() -> None:
    model, data = network(), rings(31)
    whole = class_probabilities(model, data)
    assert whole == pytest.approx(class_probabilities(model, data, batch_size=7), abs=1e-6)
    assert whole.sum(axis=1) == pytest.approx(1)
    assert whole[4] == pytest.approx(
        model(data.images[4:5]).softmax(dim=1).detach().numpy()[0], abs=1e-6
    )


def test_the_bar_shows_loss_and_auc_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(network(), rings(96), rings(30, seed=1), SHORT, validate=scripted(0.5, 0.9, 0.7))
    assert capsys.readouterr() == ("", "")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fit(network(), rings(96), rings(30, seed=1), SHORT, validate=scripted(0.5, 0.9, 0.7))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "epoch 3/3" in shown.err
    assert "val AUC 0.7000 (best 0.9000 in epoch 2)" in shown.err
