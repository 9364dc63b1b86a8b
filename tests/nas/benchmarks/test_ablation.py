"""The benchmark of genes changes one at a time, and goes on where it was stopped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nas.benchmarks.ablation.command import neighbours, run
from nas.benchmarks.ablation.report import ablation_page, spread_of_seeds
from nas.benchmarks.ablation.settings import AblationSettings, check
from nas.benchmarks.networks import Network
from nas.benchmarks.trainings import Training, read_trainings
from nas.common.errors import UserError
from search_spaces import get_space


def test_neighbours_differ_in_one_gene() -> None:
    space = get_space("lens_nano")
    base = space.named["symmetric_mbconv"]
    first, *networks = neighbours(space, base, ())
    assert first == Network("base", base)
    others = [(one.name, one.architecture) for one in networks]
    assert len({architecture for _, architecture in others}) == len(others)
    for name, architecture in others:
        assert architecture is not None
        space.validate(architecture)
        gene, _, choice = name.partition("=")
        assert str(architecture.choices[gene]) == choice
        changed = {
            other
            for other, value in architecture.choices.items()
            if other in base and value != base.choices[other]
        }
        assert changed == {gene}
    changed = {name.partition("=")[0] for name, _ in others}
    assert changed == {gene for gene in base.choices if len(space.genes[gene].choices) > 1}


def test_a_gene_that_the_architecture_lacks() -> None:
    space = get_space("lens_nano")
    with pytest.raises(
        UserError, match=r"--genes stem.strid is no gene .* did you mean stem.stride"
    ):
        list(neighbours(space, space.named["symmetric_mbconv"], ["stem.strid"]))


def test_a_gene_without_another_choice() -> None:
    space = get_space("lens_nano")
    with pytest.raises(
        UserError, match=r"stage1.depth cannot be changed: lens_nano has one choice"
    ):
        list(neighbours(space, space.named["symmetric_mbconv"], ["stage1.depth"]))


def test_a_stopped_benchmark_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = AblationSettings(
        architecture="symmetric_tiny",
        genes=("stage3.op",),
        images=64,
        seeds=1,
        epochs=1,
        simulated=180,
        image_size=48,
        out=tmp_path / "out",
    )
    run(settings)
    csv = tmp_path / "out" / "trainings.csv"
    trainings = read_trainings(csv)
    assert [one.network for one in trainings] == ["base", "stage3.op=attention"]
    before = csv.read_bytes()
    run(replace(settings, seeds=2, genes=("stage3.op", "norm", "warmup")))
    assert csv.read_bytes().startswith(before)
    more = read_trainings(csv)[2:]
    assert [(one.network, one.seed) for one in more] == [
        ("norm=group", 0),
        ("warmup=0.1", 0),
        ("base", 1),
        ("stage3.op=attention", 1),
        ("norm=group", 1),
        ("warmup=0.1", 1),
    ]
    for one in more[:2]:  # of the same layers, and not of the same norms or the same recipe
        assert one.params == trainings[0].params
        assert one.val_auc != trainings[0].val_auc
    page = (tmp_path / "out" / "README.md").read_text()
    gains = [one.val_auc for one in read_trainings(csv)[:2]]
    assert f"{trainings[1].params:,}" in page
    assert gains[0] != gains[1]
    assert page.count("±") == 3  # three differences to the base
    assert f"| stage3.op=attention | {trainings[1].params:,} |" in page
    # A gene that is not asked for again keeps its row.
    run(replace(settings, genes=("stem.kernel",)))
    page = (tmp_path / "out" / "README.md").read_text()
    assert f"| stage3.op=attention | {trainings[1].params:,} |" in page
    with pytest.raises(UserError, match=r"trainings.csv is of variants of .*: give another --out"):
        run(replace(settings, architecture="symmetric_mbconv"))
    values = " / ".join(f"{one.val_auc:.4f}" for one in (trainings[0], read_trainings(csv)[4]))
    assert f"| {values} | – |" in page
    assert capsys.readouterr().out.endswith(page)


def test_a_training_that_went_astray_has_no_interval() -> None:
    def training(network: str, seed: int, auc: float) -> Training:
        return replace(PLANNED, network=network, seed=seed, val_auc=auc)

    page = ablation_page(
        [
            training("base", 0, 0.980),
            training("base", 1, 0.984),
            training("a=1", 0, 0.981),
            training("a=1", 1, 0.987),
            training("b=1", 0, 0.93),
            training("b=1", 1, 0.67),
        ]
    )
    assert "| +0.0020 ± 0.0" in page
    assert "| -0.1820 |" in page


PLANNED = Training(
    nuisance=0.5,
    simulated=100,
    image_size=48,
    network="base",
    images=10,
    epochs=1,
    seed=0,
)


def test_the_spread_of_seeds_heeds_no_training_that_went_astray() -> None:
    rng = np.random.default_rng(0)
    aucs = 0.95 + 0.004 * rng.standard_normal((400, 2))
    aucs[:20, 1] = 0.6
    groups = [[replace(PLANNED, val_auc=auc) for auc in pair] for pair in aucs]
    spread = spread_of_seeds(groups)
    assert spread is not None
    assert spread.deviation == pytest.approx(0.004, rel=0.2)
    assert spread.half(2) == pytest.approx(1.96 * spread.deviation, rel=0.01)
    assert spread_of_seeds([group[:1] for group in groups]) is None


def test_more_images_than_are_simulated() -> None:
    with pytest.raises(UserError, match="--images 8400 cannot be learned from"):
        check(AblationSettings(simulated=1000))
