"""Ideas of one's own that are registered twice, wrongly, half, or that fail when they are asked."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
import timm
import torch
from torch import nn

from baselines.registry import get_baseline
from lens_nas_plugins.kinds import KINDS, live
from nas import api
from nas.common.errors import UserError
from nas.data import Augmentation, LensDataset, ReadOptions, open_dataset
from nas.data.augmentation import augment
from nas.export.lines import lines_for_folder
from nas.samplers import get_sampler
from nas.samplers.names import SAMPLERS
from nas.tracking.services import TensorBoard
from nas.training.networks.card import ModelCard
from nas.training.networks.timm_models import NETWORKS, require_network
from search_spaces import Gene, SearchSpace, SpaceError, build_network, get_space
from search_spaces.own import SPACES
from tests.nas.checkpoints import SCALE
from tests.packages import install


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave what is registered as it was."""
    before = {kind: dict(registry.added) for kind, registry in live()}
    yield
    for kind, registry in live():
        registry.restore(before[kind])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory of installed packages."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LensDataset:
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).random((60, 32, 32), dtype=np.float32)
    return api.from_arrays(images, np.arange(60) % 2, classes=("ring", "arc"))


def space(name: str, *genes: Gene) -> SearchSpace:
    return SearchSpace(name, genes or [Gene("width", (4, 8))])


def one_layer(in_chans: int, num_classes: int) -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(in_chans, num_classes))


REGISTER: dict[str, Callable[[str, Any], None]] = {
    "spaces": lambda name, build: api.register_space(name, space(name), build),
    "samplers": api.register_sampler,
    "objectives": api.register_objective,
    "layouts": api.register_layout,
    "augmentations": api.register_augmentation,
    "networks": api.register_network,
}


def cell(number: int) -> Callable[..., Any]:
    """Return what a cell of a notebook defines anew whenever it is run."""

    def mine(*given: object, **named: object) -> int:
        return number

    return mine


class Called:
    """An object in the place of a function."""

    def __call__(self, *given: object, **named: object) -> None: ...


@pytest.mark.parametrize("kind", REGISTER)
def test_a_cell_of_every_kind_can_be_run_again(kind: str) -> None:
    makes: dict[str, Callable[[], Any]] = {
        "function": lambda: cell(1),
        "partial": lambda: partial(cell(1), 5),
        "called": Called,
    }
    for name, make in makes.items():
        for _ in range(2):
            REGISTER[kind](f"own_{name}", make())
        with pytest.raises(UserError, match=f"'own_{name}' exists already: give yours another"):
            REGISTER[kind](f"own_{name}", lambda: None)


def test_a_tracker_can_be_registered_again() -> None:
    class Mine(TensorBoard): ...

    for _ in range(2):
        api.register_tracker("own_tracker", Mine)
    with pytest.raises(UserError, match="the tracker 'own_tracker' exists already"):
        api.register_tracker("own_tracker", TensorBoard)


def test_a_space_without_a_builder_can_be_given_one() -> None:
    for build in (None, None, one_layer):
        api.register_space("own_bare", space("own_bare"), build)
    assert timm.is_model("own_bare")
    api.register_space("own_other", space("own_other"))
    with pytest.raises(SpaceError, match="the search space 'own_other' exists already"):
        api.register_space("own_other", space("own_other", Gene("depth", (1, 2))))


@pytest.mark.parametrize("kind", [kind for kind in REGISTER if kind != "spaces"])
@pytest.mark.parametrize("thing", [5, None, "nope"])
def test_what_is_no_function_is_refused(kind: str, thing: object) -> None:
    with pytest.raises(UserError) as caught:
        REGISTER[kind]("own_five", thing)
    noun, register, given = KINDS[kind].noun, KINDS[kind].register, KINDS[kind].given
    sentence = f"the {noun} 'own_five' cannot be registered: give {register} {given}"
    assert str(caught.value) == sentence


def test_what_is_no_space_or_tracker_is_refused() -> None:
    not_one = "cannot be registered: give register_space a SearchSpace"
    for given in ([Gene("a", (1, 2))], None):
        with pytest.raises(SpaceError, match=not_one):
            api.register_space("own_z", given)  # type: ignore[arg-type]
    with pytest.raises(SpaceError, match=not_one):
        api.register_space("own_z", space("own_z"), "nope")  # type: ignore[arg-type]
    with pytest.raises(SpaceError, match=not_one):
        api.register_space("own_z", space("own_z"), one_layer, params=7)  # type: ignore[arg-type]
    with pytest.raises(SpaceError, match="the space 'own_z' has no genes: give it one or more"):
        SearchSpace("own_z", [])
    for tracker in (5, int, TensorBoard.close):
        with pytest.raises(UserError, match=r"'own_z' cannot be .*a subclass of nas\.tracking"):
            api.register_tracker("own_z", tracker)  # type: ignore[arg-type]
    assert "own_z" not in SPACES.added


@pytest.mark.parametrize("fidelity", ["funnel", "scratch", "inherit"])
def test_a_search_of_a_space_without_a_builder_says_so(fidelity: str, data: LensDataset) -> None:
    api.register_space("own_bare", space("own_bare"))
    with pytest.raises(SpaceError, match="own_bare has no builder of networks: register it with"):
        api.search(data, space="own_bare", fidelity=fidelity, trials=1, workers=1)
    card = ModelCard("own_bare", "own_bare/width=4", ("a", "b"), 1, (32, 32), SCALE)
    with pytest.raises(SpaceError, match="own_bare has no builder of networks"):
        card.build()


def test_names_of_networks_spaces_and_baselines_exclude_each_other() -> None:
    api.register_network("own_net", one_layer)
    with pytest.raises(SpaceError, match="timm has a model 'own_net' already"):
        api.register_space("own_net", space("own_net"), one_layer)
    assert isinstance(timm.create_model("own_net")[2], nn.Linear)
    api.register_space("own_space", space("own_space"), one_layer)
    with pytest.raises(UserError, match="timm has a model 'own_space' already"):
        api.register_network("own_space", one_layer)
    for title in ("ResNet-18", "resnet-18"):
        with pytest.raises(UserError, match=f"the network '{title}' exists already"):
            api.register_network(title, one_layer)


def test_a_title_that_was_taken_before_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:  # as where nothing of the baselines was imported
        patched.setattr(NETWORKS, "built_in", ())
        api.register_network("resnet-18", one_layer)
    with pytest.raises(UserError, match="the network 'resnet-18' exists already"):
        get_baseline("ResNet-18")


def test_of_a_space_that_fails_nothing_stays(place: Path) -> None:
    code = (
        "import optuna\n"
        "from torch import nn\n"
        "from nas import api\n"
        "from search_spaces import Gene, SearchSpace\n"
        "build = lambda *given, **named: nn.Identity()\n"
        "api.register_space('brk', SearchSpace('brk', [Gene('a', (1, 2))]), build)\n"
        "api.register_sampler('brk_sampler', build)\n"
        "api.register_network('brk_network', build)\n"
        "1 / 0\n"
    )
    install(place, "breaks", "breaks_space", code, {"spaces": ["brk"]})
    for _ in range(2):
        with pytest.raises(SpaceError, match=r"plug-in breaks .*cannot be loaded \(ZeroDivisionE"):
            get_space("brk")
    assert not timm.is_model("brk")
    assert not timm.is_model("brk_network")
    assert "brk" not in SPACES.added
    assert "brk_sampler" not in SAMPLERS.added
    assert "brk_network" not in NETWORKS.added


def test_of_models_of_timm_in_a_module_that_fails_nothing_stays(place: Path) -> None:
    code = (
        "from timm.models import register_model\n"
        "@register_model\n"
        "def brk_timm(pretrained=False, **options): ...\n"
        "1 / 0\n"
    )
    install(place, "breaks", "breaks_timm", code, {"networks": ["brk_timm"]})
    for _ in range(2):
        with pytest.raises(UserError, match=r"the plug-in breaks .*cannot be loaded"):
            require_network("brk_timm")
        assert not timm.is_model("brk_timm")
    assert "breaks_timm" not in sys.modules


def test_two_packages_with_one_space_are_refused_every_time(place: Path) -> None:
    code = (
        "from search_spaces import Gene, SearchSpace, register_space\n"
        "register_space('twin', SearchSpace('twin', [Gene('a', (1, 2))]))\n"
    )
    for package in ("first", "second"):
        install(place, package, f"twin_{package}", code, {"spaces": ["twin"]})
    for _ in range(2):
        with pytest.raises(SpaceError, match="each bring the search space 'twin': uninstall one"):
            get_space("twin")


def failing(*given: object, **named: object) -> Any:
    return {}["missing"]


def blamed(caught: pytest.ExceptionInfo[UserError], what: str) -> None:
    """Check that a mistake names plug-in and line, and that a notebook shows the code."""
    assert str(caught.value).startswith(f"{what} failed (KeyError: 'missing', {__file__}, line ")
    assert isinstance(caught.value.__cause__, KeyError)
    assert any('return {}["missing"]' in line for line in caught.value._render_traceback_())


def test_functions_that_fail_are_named_with_their_code(data: LensDataset) -> None:
    api.register_layout("own_layout", failing)
    with pytest.raises(UserError) as caught:
        open_dataset(data.directory, ReadOptions(layout="own_layout"))
    blamed(caught, "the layout own_layout")
    api.register_augmentation("own_change", failing)
    how = Augmentation(symmetries=False, shift=0, also="own_change")
    with pytest.raises(UserError) as caught:
        augment(torch.zeros(2, 1, 4, 4), how, torch.Generator())
    blamed(caught, "the augmentation own_change")
    api.register_network("own_network", failing)
    with pytest.raises(UserError) as caught:
        ModelCard("own_network", None, ("a", "b"), 1, (32, 32), SCALE).fitted()
    blamed(caught, "the builder of own_network")
    api.register_space("own_space", space("own_space"), failing)
    with pytest.raises(SpaceError) as found:
        build_network("own_space")
    blamed(found, "the builder of own_space")


def test_what_functions_return_is_checked() -> None:
    api.register_augmentation("own_none", lambda images, generator: None)  # type: ignore[arg-type,return-value]
    how = Augmentation(symmetries=False, shift=0, also="own_none")
    with pytest.raises(UserError, match="the augmentation own_none made NoneType of images of"):
        augment(torch.zeros(2, 1, 4, 4), how, torch.Generator())
    api.register_sampler("own_text", lambda seed, space: "tpe")  # type: ignore[arg-type,return-value]
    with pytest.raises(UserError, match="the function of the strategy own_text returned str"):
        get_sampler("own_text")


def test_a_mistake_of_an_author_is_told_as_it_is(tmp_path: Path) -> None:
    def listed(directory: Path) -> pd.DataFrame:
        raise UserError("there is no list")

    (tmp_path / "list.txt").write_text("")
    api.register_layout("own_list", listed)
    with pytest.raises(UserError, match=r"^there is no list$"):
        open_dataset(tmp_path, ReadOptions(layout="own_list"))


def test_lines_of_a_network_of_a_notebook_say_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    build = cell(1)
    build.__module__ = "__main__"
    api.register_network("own_net", build)
    card = ModelCard("own_net", None, ("a", "b"), 1, (32, 32), SCALE)
    lines = lines_for_folder(card, "here").splitlines()
    assert lines[:2] == [
        "import timm",
        "# first run what defines own_net and calls register_network('own_net', …)",
    ]
    build.__module__ = "my_networks"
    NETWORKS.restore({})
    api.register_network("own_net", build)
    assert lines_for_folder(card, "here").startswith("import timm, my_networks\n")


def test_samplers_of_ones_own_are_compared_by_name() -> None:
    api.register_sampler("own_random", lambda seed, space: optuna.samplers.RandomSampler(seed))
    both = {"world": "additive", "budget": 2, "seeds": 1}
    compared = api.compare_samplers(strategies="own_random, random", **both)  # type: ignore[arg-type]
    mine, theirs = compared.runs
    assert (mine.strategy, mine.steps) == ("own_random", theirs.steps)
    listed = api.compare_samplers(strategies=["own_random"], **both)  # type: ignore[arg-type]
    assert listed.runs == (mine,)


@pytest.mark.parametrize(
    ("strategies", "sentence"),
    [
        ({}, "strategies is empty: give names"),
        ([], "strategies is empty: give names"),
        (["nope"], "there is no strategy 'nope': choose from evolution"),
        ({"mine": 5}, r"the strategy 'mine' is 5: give a function make\(seed, space\)"),
    ],
)
def test_strategies_that_cannot_be_compared(strategies: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        api.compare_samplers("additive", strategies=strategies, budget=2, seeds=1)
