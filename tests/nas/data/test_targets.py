"""Numbers to be learned are read from the table beside images, for the images that have them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nas.common.errors import UserError
from nas.data.dataset import LensDataset, open_dataset
from nas.data.options import TaskOptions
from nas.data.simulation.settings import SimulationSettings
from nas.data.simulation.splits import simulate_splits
from nas.data.targets import Target, read_target
from tests.folders import folder
from tests.measured import measured


@pytest.fixture
def dataset(tmp_path: Path) -> LensDataset:
    return open_dataset(measured(tmp_path / "data"))


def test_a_column_and_its_logarithm(dataset: LensDataset) -> None:
    masses, unit = read_target(dataset, "axion_mass")
    logs, unit_of_logs = read_target(dataset, "log10_axion_mass")
    assert (unit, unit_of_logs) == ("eV", "log10 eV")
    vortex = dataset.labels == dataset.classes.index("vortex")
    assert (np.isfinite(masses) == vortex).all()
    table = pd.read_parquet(dataset.directory / "parameters.parquet")
    np.testing.assert_allclose(logs[vortex], np.log10(table["axion_mass"][vortex]))
    counts, unit = read_target(dataset, "subhalo_number")
    assert unit == ""
    assert (counts == table["subhalo_number"]).all()


def test_what_has_no_logarithm_is_not_known(tmp_path: Path) -> None:
    path = measured(tmp_path / "data") / "parameters.parquet"
    table = pd.read_parquet(path)
    table["subhalo_number"] = [0, 100] * (len(table) // 2)
    table.to_parquet(path)
    logs, _ = read_target(open_dataset(path.parent), "log10_subhalo_number")
    assert np.isnan(logs[::2]).all()
    assert (logs[1::2] == 2).all()


def test_splits_in_folders_have_each_their_own_table(tmp_path: Path) -> None:
    settings = SimulationSettings(image_size=32, nuisance=0.1)
    sizes = {"train": 6, "val": 12, "test": 3}
    simulate_splits(settings, tmp_path / "data", sizes, workers=1)
    dataset = open_dataset(tmp_path / "data")
    splits, parameters = dataset.splits(), dataset.parameters
    for name in sizes:
        own = pd.read_parquet(tmp_path / "data" / name / "parameters.parquet")
        here = parameters.iloc[getattr(splits, name)].reset_index(drop=True)
        pd.testing.assert_frame_equal(here, own)
    assert [dataset.classes[label] for label in dataset.labels] == list(parameters["class"])


def test_public_files_carry_the_axion_mass(tmp_path: Path) -> None:
    root = folder(tmp_path / "data")
    for number, file in enumerate(sorted((root / "axion").iterdir())):
        pair = np.empty(2, object)
        pair[:] = [np.load(file)[0], 1e-23 * (number + 1)]
        with file.open("wb") as opened:
            np.lib.format.write_array(opened, pair, allow_pickle=True)
    dataset = open_dataset(root)
    masses, unit = read_target(dataset, "axion_mass")
    assert unit == "eV"
    vortex = dataset.labels == dataset.classes.index("vortex")
    assert sorted(masses[vortex]) == pytest.approx([1e-23 * (n + 1) for n in range(20)])
    assert np.isnan(masses[~vortex]).all()
    with pytest.raises(UserError, match="has no number --target source_radius: give one of axion"):
        read_target(dataset, "source_radius")


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("log10_axion_mas", "has no number --target log10_axion_mas; did you mean log10_axion_m"),
        ("subhalo_masses", "has no number --target subhalo_masses; did you mean subhalo_number"),
        ("class", "has no number --target class: give one of subhalo_number, axion_mass"),
        ("index", "has no number --target index"),
        ("source_x", "--target source_x changes when an image is turned, mirrored or shifted"),
    ],
)
def test_what_is_no_target(dataset: LensDataset, target: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_target(dataset, target)


def test_no_image_has_it(tmp_path: Path) -> None:
    path = measured(tmp_path / "data") / "parameters.parquet"
    pd.read_parquet(path).assign(axion_mass=np.nan).to_parquet(path)
    with pytest.raises(UserError, match=r"no image of .*data has a --target log10_axion_mass"):
        read_target(open_dataset(path.parent), "log10_axion_mass")


def test_data_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no table of parameters, of which --target is a col"):
        read_target(open_dataset(folder(tmp_path / "data")), "log10_axion_mass")


def test_a_table_that_is_gone_or_damaged(dataset: LensDataset) -> None:
    path = dataset.directory / "parameters.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match=r"parameters\.parquet is damaged .* copy it again"):
        read_target(dataset, "axion_mass")
    path.unlink()
    with pytest.raises(UserError, match=r"parameters\.parquet is missing: copy it again"):
        read_target(dataset, "axion_mass")


def test_a_target_that_never_changes() -> None:
    with pytest.raises(UserError, match="--target vortex_mass is the same in all 3 training im"):
        Target.fit("vortex_mass", "solar masses", np.full(3, 3e10))
    with pytest.raises(UserError, match="in all 0 training images"):
        Target.fit("axion_mass", "eV", np.empty(0))


def test_numbers_come_back_from_what_networks_learn() -> None:
    values = np.array([1e-24, 3e-23, 1e-22])
    target = Target.fit("axion_mass", "eV", values)
    learned = target.standardised(values)
    assert learned.mean() == pytest.approx(0, abs=1e-12)
    assert learned.std() == pytest.approx(1)
    np.testing.assert_allclose(target.restored(learned), values, rtol=1e-12)


def test_task_and_target_belong_together() -> None:
    with pytest.raises(UserError, match="--task regression needs the number to learn: give it wi"):
        TaskOptions(task="regression")
    with pytest.raises(UserError, match="--target axion_mass is a number, and classes are learned"):
        TaskOptions(target="axion_mass")
