import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import (
    Architecture,
    Gene,
    SearchSpace,
    SpaceError,
    get_space,
    list_spaces,
    params,
)
from search_spaces.architecture import Choice
from search_spaces.hybrid import StageChoices, StemChoices, hybrid_space

seeds = st.integers(0, 2**32 - 1)
spaces = st.sampled_from(list_spaces()).map(get_space)


@st.composite
def small_spaces(draw: st.DrawFn) -> SearchSpace:
    """Draw any forest of at most six genes.

    Each gene is always active, or hangs on a choice of an earlier gene, or on one of several.
    """

    def some_of(choices: tuple[Choice, ...]) -> st.SearchStrategy[Choice | tuple[Choice, ...]]:
        choice = st.sampled_from(choices)
        return choice | st.lists(choice, min_size=1, unique=True).map(tuple)

    genes: list[Gene] = []
    for i in range(draw(st.integers(1, 6))):
        parent = draw(st.none() | st.sampled_from(genes)) if genes else None
        when = (parent.name, draw(some_of(parent.choices))) if parent else None
        genes.append(
            Gene(
                f"{draw(st.sampled_from('ab'))}.gene{i}",
                tuple(range(draw(st.integers(1, 3)))),
                when,
            )
        )
    return SearchSpace("small", genes)


def draw_from(space: SearchSpace, seed: int) -> Architecture:
    return space.sample(np.random.default_rng(seed))


@given(spaces | small_spaces(), seeds)
def test_an_architecture_survives_json_text_params_and_pickle(
    space: SearchSpace, seed: int
) -> None:
    architecture = draw_from(space, seed)
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert space.from_json(architecture.to_json()) == architecture
    assert space.parse(str(architecture)) == architecture
    assert space.from_params(space.to_params(architecture)) == architecture
    assert pickle.loads(pickle.dumps(architecture)) == architecture
    assert hash(space.parse(str(architecture))) == hash(architecture)


@given(spaces)
def test_the_line_needs_no_quoting_in_a_shell(space: SearchSpace) -> None:
    assert set(str(space.largest)) <= set("abcdefghijklmnopqrstuvwxyz_0123456789.:=,/")


@given(spaces | small_spaces(), seeds)
def test_samples_are_valid_and_canonical_and_depend_on_the_generator_alone(
    space: SearchSpace, seed: int
) -> None:
    architecture = draw_from(space, seed)
    space.validate(architecture)
    assert space.canonical(architecture) == architecture
    assert draw_from(space, seed) == architecture


@given(spaces | small_spaces(), seeds)
def test_params_of_inactive_genes_make_no_difference(space: SearchSpace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    params = {
        name: rng.choice(np.array(gene.choices, dtype=object)) for name, gene in space.genes.items()
    }
    architecture = space.from_params(params)
    space.validate(architecture)
    inactive = {
        name: gene.choices[-1] for name, gene in space.genes.items() if name not in architecture
    }
    assert space.from_params(params | inactive) == architecture
    assert set(space.active_genes(architecture)).isdisjoint(inactive)


@given(small_spaces())
def test_the_count_is_that_of_a_full_enumeration(space: SearchSpace) -> None:
    listed = list(space)
    assert len(listed) == len(set(listed)) == len(space)
    for architecture in listed:
        space.validate(architecture)
    everything = {space.from_params(params) for params in _all_params(space)}
    assert everything == set(listed)


def _all_params(space: SearchSpace) -> list[dict[str, object]]:
    combinations: list[dict[str, object]] = [{}]
    for name, gene in space.genes.items():
        combinations = [
            {**before, name: choice} for before in combinations for choice in gene.choices
        ]
    return combinations


def test_the_hybrid_counts_follow_from_the_number_of_choices() -> None:
    nano = 3 * (6 * (18 + 18)) * (9 * (18 + 18)) * (9 * (12 + 9)) * (6 * (12 + 9))
    assert len(get_space("hybrid_nano")) == nano


def test_sampling_is_uniform_over_architectures_not_over_genes() -> None:
    genes = [Gene("op", ("a", "b")), Gene("a.x", (1, 2, 3, 4, 5), when=("op", "a"))]
    space, rng = SearchSpace("lopsided", genes), np.random.default_rng(0)
    draws = [space.sample(rng) for _ in range(6000)]
    counts = [draws.count(architecture) for architecture in space]
    assert sum(counts) == 6000
    assert max(abs(count - 1000) for count in counts) < 150  # This is five standard deviations.


@given(spaces | small_spaces().filter(lambda space: len(space) > 1), seeds, st.integers(1, 4))
def test_a_mutant_is_valid_and_another_network(space: SearchSpace, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    parent = space.sample(rng)
    mutant = space.mutate(parent, rng, n)
    space.validate(mutant)
    assert space.canonical(mutant) != space.canonical(parent)


@given(seeds)
def test_one_mutation_changes_one_gene_and_what_hangs_on_it(seed: int) -> None:
    space, rng = get_space("hybrid_nano"), np.random.default_rng(seed)
    parent = space.sample(rng)
    mutant = space.mutate(parent, rng)
    changed = {name for name in space.genes if parent.choices.get(name) != mutant.choices.get(name)}
    changed_ops = {name for name in changed if name.endswith(".op")}
    assert len(changed_ops) == 1 if changed_ops else len(changed) == 1
    for name in changed - changed_ops:
        when = space.genes[name].when
        assert not changed_ops or (when is not None and when[0] in changed_ops)


def test_mutation_reaches_every_neighbour_and_crossover_every_mixture() -> None:
    genes = [Gene("x", (0, 1, 2)), Gene("y", (0, 1)), Gene("z", (0, 1))]
    space, rng = SearchSpace("cube", genes), np.random.default_rng(0)
    origin = space.architecture({"x": 0, "y": 0, "z": 0})
    far = space.architecture({"x": 2, "y": 1, "z": 1})
    mutants = {tuple(space.mutate(origin, rng).choices.values()) for _ in range(200)}
    assert mutants == {(1, 0, 0), (2, 0, 0), (0, 1, 0), (0, 0, 1)}
    children = {tuple(space.crossover(origin, far, rng).choices.values()) for _ in range(400)}
    assert children == {(x, y, z) for x in (0, 2) for y in (0, 1) for z in (0, 1)}


@given(spaces | small_spaces(), seeds)
def test_a_child_is_valid_and_takes_every_gene_from_a_parent(space: SearchSpace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = space.sample(rng), space.sample(rng)
    child = space.crossover(first, second, rng)
    space.validate(child)
    for name, choice in child.genes:
        assert choice in (first.choices.get(name), second.choices.get(name))
    assert space.crossover(first, first, rng) == first


@given(small_spaces())
def test_corners_are_the_extremes_of_a_cost_that_grows_with_every_free_gene(
    space: SearchSpace,
) -> None:
    parents = {gene.when[0] for gene in space.genes.values() if gene.when}

    def cost(architecture: Architecture) -> float:
        return sum(float(choice) for name, choice in architecture.genes if name not in parents)

    costs = [cost(architecture) for architecture in space]
    assert min(map(cost, space.corners(heavy=False))) == min(costs)
    assert max(map(cost, space.corners(heavy=True))) == max(costs)


def test_distributions_cover_every_gene_with_its_choices() -> None:
    space = get_space("hybrid_small")
    distributions = space.distributions()
    assert {name: distribution.choices for name, distribution in distributions.items()} == {
        name: gene.choices for name, gene in space.genes.items()
    }


NANO = get_space("hybrid_nano")
COATNET = NANO.named["coatnet_like"].choices


@pytest.mark.parametrize(
    ("genes", "sentence"),
    [
        (
            {**COATNET, "stage1.widht": 24},
            "hybrid_nano has no gene 'stage1.widht'; did you mean stage1.width",
        ),
        (
            {**COATNET, "stage1.width": 25},
            "gene stage1.width of hybrid_nano was given 25; allowed are 16, 24, 32",
        ),
        (
            {**COATNET, "stage1.depth": True},
            "gene stage1.depth of hybrid_nano was given True; allowed are 1, 2",
        ),
        (
            {**COATNET, "stage1.window": 4},
            "gene stage1.window of hybrid_nano was given 4, but it is active only where stage1.op "
            "is attention (here mbconv)",
        ),
        (
            {name: choice for name, choice in COATNET.items() if name != "stage2.kernel"},
            "gene stage2.kernel of hybrid_nano is missing; allowed are 3, 5, 7",
        ),
    ],
)
def test_a_broken_rule_is_named_with_what_was_given_and_what_is_allowed(
    genes: dict, sentence: str
) -> None:
    with pytest.raises(SpaceError) as error:
        NANO.architecture(genes)
    assert str(error.value).startswith(sentence)


def test_a_gene_that_several_choices_make_active() -> None:
    kinds = Gene("op", ("conv", "fused", "pool"))
    kernel = Gene("op.kernel", (3, 5), when=("op", ("conv", "fused")))
    space = SearchSpace("blocks", [kinds, kernel])
    assert len(space) == 5
    with pytest.raises(SpaceError, match=r"active only where op is conv or fused \(here pool\)"):
        space.architecture({"op": "pool", "op.kernel": 3})
    with pytest.raises(SpaceError, match="names no earlier gene's choice"):
        SearchSpace("blocks", [kinds, replace(kernel, when=("op", ("conv", "lost")))])


def test_an_operator_that_there_is_not() -> None:
    stage = StageChoices(depth=(1,), width=(16,), op=("mbcnv",))
    with pytest.raises(SpaceError, match="mbcnv is no operator of a stage: give mbconv, fused"):
        hybrid_space(
            "s", stem=StemChoices((16,)), head_dim=8, stages=[stage] * 4, named={}, size=params
        )


@pytest.mark.parametrize(
    ("symmetry", "width", "head_dim", "sentence"),
    [
        ("d5", 16, 8, "d5 is no symmetry of a network: give none, c4, d4"),
        ("d4", 12, 8, "12 channels were given to a network with the symmetry d4"),
        ("d4", 16, 12, "12 channels were given to a network with the symmetry d4"),
    ],
)
def test_a_symmetry_that_a_space_cannot_have(
    symmetry: str, width: int, head_dim: int, sentence: str
) -> None:
    with pytest.raises(SpaceError, match=sentence):
        hybrid_space(
            "s",
            symmetry=(symmetry,),
            stem=StemChoices((16,)),
            head_dim=head_dim,
            stages=[StageChoices(depth=(1,), width=(width,), heads=(1,))] * 4,
            named={},
            size=params,
        )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("coatnet_lik", "did you mean coatnet_like"),
        (
            "hybrid_small/stem:width=16",
            "an architecture of 'hybrid_small' was given where one of hybrid_nano belongs",
        ),
        ("hybrid_nano/stem:width", "written space/group:gene=choice"),
        (
            str(NANO.smallest).replace("depth=1", "depth=9", 1),
            "stage1.depth of hybrid_nano was given '9'",
        ),
    ],
)
def test_text_that_is_no_architecture_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(SpaceError, match=sentence):
        NANO.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "{}",
        '{"space": "hybrid_nano"}',
        '{"space": 1, "genes": {}}',
        '{"space"',
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_json_that_is_no_architecture_is_explained(text: str) -> None:
    with pytest.raises(SpaceError, match="an architecture in JSON is"):
        NANO.from_json(text)


def test_an_architecture_of_another_space_is_refused() -> None:
    with pytest.raises(
        SpaceError, match="an architecture of 'hybrid_small' was given where one of hybrid_nano"
    ):
        NANO.validate(get_space("hybrid_small").smallest)


def test_an_inactive_gene_is_not_to_be_had() -> None:
    with pytest.raises(SpaceError, match=r"gene stage1.window is not active in hybrid_nano/"):
        NANO.smallest["stage1.window"]


def test_an_unknown_space_is_explained() -> None:
    with pytest.raises(
        SpaceError, match="no search space 'hybrid_nanno'; did you mean hybrid_nano"
    ):
        get_space("hybrid_nanno")


@pytest.mark.parametrize(
    ("genes", "sentence"),
    [
        ([Gene("x", (1,)), Gene("x", (2,))], "defined twice"),
        ([Gene("x", ())], "one or more distinct choices"),
        ([Gene("x", (1, 1))], "one or more distinct choices"),
        ([Gene("x", (1,), when=("y", 1)), Gene("y", (1,))], "names no earlier gene's choice"),
        ([Gene("x", (1,)), Gene("y", (1,), when=("x", 2))], "names no earlier gene's choice"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(genes: list[Gene], sentence: str) -> None:
    with pytest.raises(SpaceError, match=sentence):
        SearchSpace("odd", genes)


def test_a_space_of_one_architecture_cannot_be_mutated() -> None:
    space = SearchSpace("single", [Gene("x", (1,))])
    with pytest.raises(SpaceError, match="single architecture"):
        space.mutate(space.smallest, np.random.default_rng(0))
