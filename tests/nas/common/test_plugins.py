"""Plug-ins by function and by entry point, and what goes wrong with them."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest

from nas.cluster.carried import Carried
from nas.common.errors import UserError
from nas.data import register_augmentation
from nas.data.options import AUGMENTATIONS, Augmentation
from nas.samplers import get_sampler, register_sampler
from nas.samplers.names import SAMPLERS
from tests.packages import install

SAMPLER = """
import optuna
from nas.samplers import register_sampler

register_sampler("{name}", lambda seed, space: optuna.samplers.RandomSampler(seed))
"""


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave what is registered as it was."""
    before = {registry: dict(registry.added) for registry in (SAMPLERS, AUGMENTATIONS)}
    yield
    for registry, added in before.items():
        registry.restore(added)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory of installed packages."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def test_a_package_brings_a_sampler(place: Path) -> None:
    install(place, "nights", "nights_one", SAMPLER.format(name="owl"), {"samplers": ["owl"]})
    assert "owl" in SAMPLERS.names
    assert "nights_one" not in sys.modules
    assert isinstance(get_sampler("owl", seed=1), optuna.samplers.RandomSampler)


def test_a_plugin_that_raises_leaves_nothing(place: Path) -> None:
    code = SAMPLER.format(name="bat") + (
        "from nas.data import register_augmentation\n"
        "register_augmentation('night', lambda images, generator: images)\n"
        "1 / 0\n"
    )
    install(place, "nights", "nights_two", code, {"samplers": ["bat"]})
    for _ in range(2):
        with pytest.raises(
            UserError,
            match=r"the plug-in nights \(nights_two, strategy 'bat'\) cannot be loaded "
            r"\(ZeroDivisionError: division by zero\): mend it, or uninstall",
        ):
            get_sampler("bat")
    assert "bat" not in SAMPLERS.added
    assert "night" not in AUGMENTATIONS.added


def test_a_plugin_must_register_what_it_promises(place: Path) -> None:
    install(place, "nights", "nights_three", SAMPLER.format(name="fox"), {"samplers": ["wolf"]})
    with pytest.raises(UserError, match=r"nights .* registers no strategy of that name: call "):
        get_sampler("wolf")
    assert "fox" not in SAMPLERS.added


def test_a_name_that_exists_is_refused(place: Path) -> None:
    install(place, "first", "nights_four", SAMPLER.format(name="tpe"), {"samplers": ["tpe", "cat"]})
    with pytest.raises(UserError, match="first brings the strategy 'tpe', which exists already"):
        SAMPLERS.require("tpe")
    install(place, "second", "nights_five", SAMPLER.format(name="cat"), {"samplers": ["cat"]})
    SAMPLERS.require("rl")
    with pytest.raises(UserError, match="the strategy 'rl' exists already: give yours another"):
        register_sampler("rl", lambda seed, space: optuna.samplers.RandomSampler(seed))


def test_two_packages_cannot_bring_one_name(place: Path) -> None:
    for number in ("first", "second"):
        code = SAMPLER.format(name="dog")
        install(place, number, f"nights_{number}", code, {"samplers": ["dog"]})
    with pytest.raises(
        UserError, match=r"(first and second|second and first) each bring the strategy"
    ):
        get_sampler("dog")


def test_a_cell_can_be_run_again_and_another_function_cannot_take_the_name() -> None:
    def cell(seed: int) -> None:
        def make(own: int, space: object) -> optuna.samplers.BaseSampler:
            return optuna.samplers.RandomSampler(seed)

        register_sampler("mouse", make)

    cell(1)
    cell(2)
    with pytest.raises(UserError, match="the strategy 'mouse' exists already"):
        register_sampler("mouse", lambda seed, space: optuna.samplers.RandomSampler(seed))


@pytest.mark.parametrize("name", ["", "a,b", "a/b", "two words", 5])
def test_a_name_must_be_one_that_can_be_typed(name: str) -> None:
    with pytest.raises(UserError, match="no strategy can be called"):
        register_sampler(name, lambda seed, space: optuna.samplers.RandomSampler(seed))


def test_an_unknown_augmentation_is_a_mistake() -> None:
    with pytest.raises(UserError, match="there is no augmentation 'fog': choose one of"):
        Augmentation(also="fog")


def test_a_worker_that_lacks_the_module_says_so(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(place, "fogs", "fogs", "def fog(images, generator):\n    return images\n", {})
    fogs = importlib.import_module("fogs")
    register_augmentation("fog", fogs.fog)
    carried = Carried.here()
    AUGMENTATIONS.added.pop("fog")
    carried.unpack()
    assert AUGMENTATIONS.get("fog") is fogs.fog
    monkeypatch.delitem(sys.modules, "fogs")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(place)])
    with pytest.raises(UserError, match=r"a worker cannot import .*augmentation fog .*fogs"):
        carried.unpack()


def test_help_lists_what_packages_bring_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., object]
) -> None:
    site = tmp_path / "site"
    install(site, "nights", "nights_six", "1 / 0\n", {"samplers": ["owl"], "spaces": ["moths"]})
    monkeypatch.setenv("PYTHONPATH", str(site))
    said = run("nas.search", "--help").stdout  # type: ignore[attr-defined]
    assert "Brought by plug-ins:" in said
    assert "--strategy owl" in said
    assert "--space moths" in said
    assert "search space of the package nights" in said
    assert "owl" not in run("nas.predict", "--help").stdout  # type: ignore[attr-defined]


def test_modules_that_the_variable_names_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[..., str]
) -> None:
    (tmp_path / "night.py").write_text(SAMPLER.format(name="moon"))
    monkeypatch.setenv("LENS_NAS_PLUGINS", "night")
    assert "nowhere does not exist" in fails("nas.search", "--strategy", "moon", "--data=nowhere")
    monkeypatch.setenv("LENS_NAS_PLUGINS", "day")
    assert fails("nas.search").startswith(
        "LENS_NAS_PLUGINS names day, which cannot be imported (ModuleNotFoundError: No module "
        "named 'day'): mend it, or say in PYTHONPATH where it is"
    )
