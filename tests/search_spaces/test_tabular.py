import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import SpaceError, get_space, params

MACRO, NB201 = get_space("nas_bench_macro"), get_space("nas_bench_201")
macro_codes = st.text("012", min_size=8, max_size=8)
codes_201 = st.text("01234", min_size=6, max_size=6)


@given(macro_codes)
def test_a_code_and_its_architecture_are_one(code: str) -> None:
    architecture = MACRO.from_code(code)
    assert MACRO.code(architecture) == code
    assert MACRO.parse(code) == MACRO.parse(str(architecture)) == architecture


@given(macro_codes)
def test_the_canonical_form_is_idempotent_and_keeps_the_operations(code: str) -> None:
    canonical = MACRO.canonical(MACRO.from_code(code))
    assert MACRO.canonical(canonical) == canonical
    assert sorted(MACRO.code(canonical)) == sorted(code)


@given(macro_codes, st.sampled_from([(3, 4), (6, 7)]))
def test_identities_move_within_a_stage_and_not_between(code: str, pair: tuple[int, int]) -> None:
    swapped = list(code)
    swapped[pair[0]], swapped[pair[1]] = code[pair[1]], code[pair[0]]
    alike = code[pair[0]] == code[pair[1]] or "0" in (code[pair[0]], code[pair[1]])
    same = MACRO.canonical(MACRO.from_code(code)) == MACRO.canonical(
        MACRO.from_code("".join(swapped))
    )
    assert same == alike


def test_nas_bench_macro_has_3969_networks() -> None:
    forms = {
        MACRO.canonical(MACRO.from_code("".join(digits)))
        for digits in itertools.product("012", repeat=8)
    }
    assert len(forms) == len(MACRO) == len(list(MACRO)) == 3969


def test_the_best_code_of_nas_bench_macro_has_one_twin() -> None:
    assert MACRO.canonical(MACRO.from_code("22212220")) == MACRO.canonical(
        MACRO.from_code("22212202")
    )


TABLE = Path(__file__).parents[3] / "shared" / "data" / "nas-bench-macro_cifar10.json"

if TABLE.exists():  # The package does not ship the table.

    def test_twins_of_the_table_are_the_canonical_forms() -> None:
        by_results: dict[tuple, set] = {}
        by_form: dict[object, set] = {}
        for code, row in json.loads(TABLE.read_text()).items():
            by_results.setdefault((row["params"], row["flops"], *row["test_acc"]), set()).add(code)
            by_form.setdefault(MACRO.canonical(MACRO.from_code(code)), set()).add(code)
        assert set(map(frozenset, by_results.values())) == set(map(frozenset, by_form.values()))


def test_nas_bench_201_has_6466_networks() -> None:
    assert len(NB201) == 6466


@given(codes_201)
def test_in_nas_bench_201_a_canonical_form_is_its_own(code: str) -> None:
    canonical = NB201.canonical(NB201.from_code(code))
    assert NB201.canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("310000", "031000", True),  # nothing reaches the last node
        ("330033", "330044", False),
        ("100030", "000300", True),  # a skip and then a convolution is the convolution
        ("330330", "330303", False),  # node 2 has a zero in its sum, which the authors count
        ("113001", "131001", True),  # the order of a sum
        ("332211", "332212", False),
    ],
)
def test_nas_bench_201_knows_equal_cells(one: str, other: str, same: bool) -> None:
    assert (
        NB201.canonical(NB201.from_code(one)) == NB201.canonical(NB201.from_code(other))
    ) == same


def test_samples_of_a_tabular_space_are_uniform_over_networks() -> None:
    rng = np.random.default_rng(0)
    draws = [MACRO.sample(rng) for _ in range(20_000)]
    assert len(set(draws)) > 3900  # A uniform draw misses e^-5 of the 3,969 networks, some 26.
    assert max(map(draws.count, set(draws[:50]))) < 25


@pytest.mark.parametrize("code", ["", "1234567", "00000003"])
def test_a_code_that_is_none_is_explained(code: str) -> None:
    with pytest.raises(SpaceError, match="8 digits from 0 to 2"):
        MACRO.from_code(code)


def test_a_tabular_space_has_no_networks() -> None:
    with pytest.raises(SpaceError, match="nas_bench_macro is no hybrid space"):
        params(MACRO.smallest)
