"""The settings of a simulation: which are refused, and how they are written and read."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from nas.common.errors import UserError
from nas.data.simulation.dataset import describe_simulation, simulate_dataset
from nas.data.simulation.settings import (
    Clumps,
    LensRanges,
    SimulationSettings,
    SourceRanges,
    Subhalos,
    Vortex,
    load_settings,
)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"model": "V"}, "model is 'V': choose one of I, II, III, IV"),
        ({"physics": "real"}, "physics is 'real': choose one of realistic, deeplense"),
        ({"images": 2}, "images is 2: choose a number of at least 3"),
        ({"image_size": 8}, "image_size is 8: choose a number from 16 to 512"),
        ({"image_size": 0}, "image_size is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"nuisance": 1.5}, "nuisance is 1.5: choose a number from 0 to 1"),
        ({"nuisance": float("nan")}, "nuisance is nan"),
        ({"lens": LensRanges(einstein_radius_scatter=1)}, "lens.einstein_radius_scatter is 1"),
        (
            {"source": SourceRanges(magnitude=(22, 20))},
            "source.magnitude is 22 to 20: choose two rising numbers",
        ),
        (
            {"subhalos": Subhalos(min_mass=1e9, max_mass=1e8)},
            "subhalos.min_mass to subhalos.max_mass is 1e",
        ),
        ({"subhalos": Subhalos(mass_fraction=2)}, "subhalos.mass_fraction is 2"),
        (
            {"subhalos": Subhalos(slope=-1.9, min_mass=1, mass_fraction=0.02)},
            "mean number of subhalos is ",
        ),
        (
            {"subhalos": Subhalos(mean_number=-1)},
            "mean number of subhalos is -1: choose a number from 0 to 10000",
        ),
        ({"vortex": Vortex(mass=0)}, "vortex.mass is 0"),
        (
            {"physics": "deeplense", "nuisance": 0.0},
            "nuisance cannot be changed with physics deeplense",
        ),
        (
            {"physics": "deeplense", "vortex": Vortex(mass=1e9)},
            "vortex cannot be changed with physics deeplense",
        ),
        ({"clumps": Clumps(number=(1, 2))}, "clumps cannot be changed for model II"),
        (
            {"physics": "deeplense", "model": "IV"},
            "model IV cannot be simulated with physics deeplense",
        ),
    ],
)
def test_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as mistake:
        SimulationSettings(**fields)
    assert str(mistake.value).startswith(sentence)
    assert "\n" not in str(mistake.value)


@pytest.mark.parametrize(("model", "pixels"), [("I", 150), ("II", 64), ("III", 64), ("IV", 64)])
def test_default_image_size(model: Any, pixels: int) -> None:
    assert SimulationSettings(model=model).image_shape == (1, pixels, pixels)
    assert SimulationSettings(model=model, image_size=48).image_shape == (1, 48, 48)


SETTINGS = SimulationSettings(
    model="I",
    image_size=32,
    nuisance=1.0,
    source=SourceRanges(magnitude=(19, 23)),
    subhalos=Subhalos(mass_fraction=0.02),
)


def test_round_trip_through_yaml_and_json() -> None:
    through_yaml = yaml.safe_load(
        yaml.safe_dump(json.loads(json.dumps(dataclasses.asdict(SETTINGS))))
    )
    assert load_settings({"settings": through_yaml}) == SETTINGS
    assert load_settings(describe_simulation(SETTINGS)) == SETTINGS


@pytest.mark.parametrize(
    "description", [{}, {"settings": None}, {"settings": {"colour": "blue"}}, {"settings": 3}]
)
def test_a_description_that_is_not_ours(description: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="holds no settings of a simulation"):
        load_settings(description)


def test_settings_of_a_command_are_described_without_its_other_fields() -> None:
    @dataclasses.dataclass(frozen=True)
    class Flags(SimulationSettings):
        workers: int = 4

    assert describe_simulation(Flags()) == describe_simulation(SimulationSettings())


def test_the_size_of_the_model_can_be_spelled_out() -> None:
    assert describe_simulation(SimulationSettings()) == describe_simulation(
        SimulationSettings(image_size=64)
    )


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        (SimulationSettings(images=3, image_size=32), 39),
        (SimulationSettings(images=3, image_size=38), 39),
        (SimulationSettings(images=3, image_size=39), None),
        (SimulationSettings(images=3, model="III", image_size=32), 49),
        (SimulationSettings(images=3, physics="deeplense", image_size=32), None),
        (SimulationSettings(images=3, physics="deeplense", image_size=16), 22),
        (SimulationSettings(images=3, lens=LensRanges(einstein_radius=4.0)), 85),
    ],
)
def test_images_smaller_than_the_ring_are_not_made_without_a_word(
    settings: SimulationSettings,
    size: int | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    simulate_dataset(settings, str(tmp_path / "sim"), workers=1)
    said = [line for line in capsys.readouterr().err.splitlines() if "cut through" in line]
    assert [line.endswith(f"need --image-size {size}") for line in said] == [True] * bool(size)
