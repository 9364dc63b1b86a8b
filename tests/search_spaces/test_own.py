"""Search spaces of one's own, with networks that a function of one's own builds."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn

from search_spaces import (
    Architecture,
    EvenSampler,
    Gene,
    SearchSpace,
    SpaceError,
    Supernet,
    build_network,
    flops,
    get_space,
    list_spaces,
    params,
    register_space,
    untied_params,
)
from search_spaces.own import SPACES
from tests.packages import install

SPACE = SearchSpace("own_nets", [Gene("width", (4, 8)), Gene("kernel", (3, 5))])


def build(architecture: Architecture, in_chans: int, num_classes: int) -> nn.Module:
    width = int(architecture["width"])
    return nn.Sequential(
        nn.Conv2d(in_chans, width, int(architecture["kernel"])),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, num_classes),
    )


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave what is registered as it was."""
    before = dict(SPACES.added)
    yield
    SPACES.restore(before)


def test_a_registered_space_is_known_everywhere() -> None:
    register_space("own_nets", SPACE, build)
    assert "own_nets" in list_spaces()
    assert get_space("own_nets") is SPACE
    line = "own_nets/width=8,kernel=5"
    network = build_network("own_nets", line, in_chans=2, num_classes=4)
    assert network(torch.zeros(3, 2, 16, 16)).shape == (3, 4)
    same = timm.create_model("own_nets", architecture=line, in_chans=2, num_classes=4)
    assert [p.shape for p in same.parameters()] == [p.shape for p in network.parameters()]


def test_costs_are_those_of_the_built_network() -> None:
    register_space("own_nets", SPACE, build)
    architecture = SPACE.parse("own_nets/width=8,kernel=5")
    state = torch.random.get_rng_state()
    assert params(architecture, 2, 4) == 8 * (2 * 25 + 1) + 4 * (8 + 1)
    assert untied_params(architecture, 2, 4) == params(architecture, 2, 4)
    assert flops(architecture, 16, 2, 4) == 2 * (12 * 12 * 8 * 2 * 25 + 8 * 4)
    assert torch.equal(torch.random.get_rng_state(), state)
    sampler = EvenSampler(SPACE, params)
    near = sampler.draw_near(params(SPACE.smallest), np.random.default_rng(0))
    assert near == SPACE.smallest


def test_formulas_count_where_they_are_given() -> None:
    formulas = {"params": lambda *given: 7, "flops": lambda *given: 9}
    register_space("own_nets", SPACE, build, **formulas)
    assert params(SPACE.smallest) == 7
    assert flops(SPACE.smallest, 32) == 9


def test_networks_of_ones_own_share_no_weights() -> None:
    register_space("own_nets", SPACE, build)
    with pytest.raises(SpaceError, match=r"share no weights: train them, by --fidelity funnel"):
        Supernet("own_nets")


def test_a_space_without_a_builder_says_what_it_needs() -> None:
    register_space("own_nets", SPACE)
    with pytest.raises(SpaceError, match=r"own_nets has no builder of networks: register it"):
        build_network("own_nets")
    with pytest.raises(SpaceError, match="no builder"):
        params(SPACE.smallest)


@pytest.mark.parametrize(
    ("name", "space", "builder", "sentence"),
    [
        ("mine", SPACE, build, "'own_nets' cannot be registered as 'mine'"),
        (
            "lens_nano",
            SearchSpace("lens_nano", [Gene("a", (1, 2))]),
            build,
            "search space 'lens_nano' exists",
        ),
        ("resnet18", SearchSpace("resnet18", [Gene("a", (1, 2))]), build, "timm has a model"),
        ("a b", SearchSpace("a b", [Gene("a", (1, 2))]), build, "cannot be called 'a b'"),
    ],
)
def test_a_space_that_cannot_be_registered_is_not(
    name: str, space: SearchSpace, builder: Any, sentence: str
) -> None:
    with pytest.raises(SpaceError, match=sentence):
        register_space(name, space, builder)
    assert name not in SPACES.added


def test_only_the_same_function_takes_the_place_of_a_builder() -> None:
    register_space("own_nets", SPACE, build)
    again = SearchSpace("own_nets", [Gene("width", (4, 8, 16)), Gene("kernel", (3, 5))])
    register_space("own_nets", again, build)
    assert get_space("own_nets") is again
    with pytest.raises(SpaceError, match="the search space 'own_nets' exists already"):
        register_space("own_nets", SPACE, lambda *given: nn.Identity())


def test_what_a_builder_returns_is_checked() -> None:
    register_space("own_nets", SPACE, lambda *given: "a network")  # type: ignore[return-value]
    with pytest.raises(SpaceError, match=r"the builder of own_nets returned str: let it return"):
        build_network("own_nets")


def test_a_package_brings_a_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    code = (
        "from search_spaces import Gene, SearchSpace, register_space\n"
        "space = SearchSpace('moths', [Gene('a', (1, 2))])\n"
        "register_space('moths', space)\n"
    )
    install(tmp_path, "moths", "moths_good", code, {"spaces": ["moths"]})
    assert "moths" in list_spaces()
    assert "moths_good" not in sys.modules
    assert len(get_space("moths")) == 2


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        (
            "bad_one",
            "register_space('bad_one', space)\n1 / 0\n",
            r"cannot be loaded \(ZeroDivision",
        ),
        ("bad_two", "", r"registers no search space of that name: call register_space\('bad_two'"),
        ("hybrid_nano", "", "moths brings the search space 'hybrid_nano', which exists already"),
    ],
)
def test_a_broken_plugin_is_named_and_leaves_nothing(
    name: str, code: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from search_spaces import registry

    monkeypatch.syspath_prepend(str(tmp_path))
    registry._made.cache_clear()
    head = (
        "from search_spaces import Gene, SearchSpace, register_space\n"
        f"space = SearchSpace('{name}', [Gene('a', (1, 2))])\n"
    )
    install(tmp_path, "moths", f"moths_{name}", head + code, {"spaces": [name]})
    with pytest.raises(SpaceError, match=sentence):
        get_space(name)
    assert name not in SPACES.added
