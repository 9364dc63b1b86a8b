"""What the figures say, where there is a law that they must keep."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import search_spaces
from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.options import ReadOptions
from nas.data.preview import draw_image
from nas.data.targets import Target
from nas.report.architecture_drawing import ArchitectureDrawing, short_name
from nas.report.calibration import reliability_figure
from nas.report.cost_figures import cost_figure
from nas.report.drawing import picture, scale_to_one, style
from nas.report.examples import example_figure, mistakes, open_same, successes
from nas.report.forest import forest_figure
from nas.report.learning import learning_figure
from nas.report.numbers import ReadNumbers, scatter_figure
from nas.report.predictions import Predictions, confusion_figure, roc_figure
from nas.report.search_figures import best_so_far, importances, search_figure
from nas.search.result import Candidate
from tests.folders import folder
from tests.nas.report.made import make_board, train

SPACE = search_spaces.get_space("hybrid_nano")
CLASSES = ("no_substructure", "subhalo", "vortex")

aucs = st.one_of(st.none(), st.floats(0.3, 1.0))
states = st.sampled_from(["complete", "failed", "stopped", "infeasible", "running"])


def candidate(
    number: int,
    auc: float | None,
    params: int = 1,
    flops: int = 1,
    state: str = "complete",
    latency_ms: float | None = None,
) -> Candidate:
    return Candidate(
        number=number,
        state=state if auc is not None else "failed",
        architecture="",
        auc=auc,
        params=params,
        flops=flops,
        latency_ms=latency_ms,
    )


@given(st.lists(st.tuples(aucs, states), min_size=1, max_size=12))
def test_the_best_so_far_never_falls_and_ends_at_the_best(
    values: list[tuple[float | None, str]],
) -> None:
    candidates = [candidate(number, auc, state=state) for number, (auc, state) in enumerate(values)]
    curve = best_so_far(candidates)
    scores = [item.auc for item in candidates if item.state == "complete"]
    known = curve[~np.isnan(curve)]
    assert (np.diff(known) >= 0).all()
    assert len(curve) == sum(item.state not in ("infeasible", "running") for item in candidates)
    assert list(known[-1:]) == ([max(scores)] if scores else [])


def test_a_regret_falls_to_nothing_at_the_best_of_all_searches() -> None:
    searches = {
        "a": [candidate(0, 0.5), candidate(1, 0.9)],
        "b": [candidate(0, 0.8), candidate(1, 0.7)],
    }
    _, right = search_figure(searches).axes
    first, second = (line.get_ydata() for line in right.lines)
    np.testing.assert_allclose(first, [0.401, 0.001])
    np.testing.assert_allclose(second, [0.101, 0.101])


@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.integers(1, 10**6)), min_size=1, max_size=8))
def test_the_line_joins_those_that_no_other_beats(values: list[tuple[float, int]]) -> None:
    candidates = [
        candidate(number, auc, params, params) for number, (auc, params) in enumerate(values)
    ]
    figure = cost_figure(candidates, score="AUC", marked={}, latency="")
    assert "Pareto front" in [text.get_text() for text in figure.legends[0].get_texts()]
    axes = figure.axes[0]
    low = min(np.concatenate([group.get_offsets()[:, 1] for group in axes.collections]))
    beaten = {
        (auc, cost)
        for auc, cost in values
        if any(
            other >= auc and less <= cost and (other, less) != (auc, cost) for other, less in values
        )
    }
    front = {(cost, max(auc, low)) for auc, cost in set(values) - beaten}
    assert {tuple(point) for point in axes.lines[0].get_xydata()} == front


def test_latency_is_drawn_where_all_have_one() -> None:
    timed = [
        candidate(0, 0.9, 10, 10, latency_ms=2.0),
        candidate(1, 0.8, 9, 9),
    ]
    assert len(cost_figure(timed, score="AUC", marked={}, latency="ms").axes) == 2
    assert len(cost_figure(timed[:1], score="AUC", marked={}, latency="ms").axes) == 3


def test_a_poor_score_is_written_beside_its_name_and_times_are_plain_numbers() -> None:
    long = "found: evolution-20260131-101500-lens_small"
    scores = {"good": 0.9, "fair": 0.89, long: 0.88, "poor": 0.5}
    candidates = [
        candidate(number, auc, 10, 10, latency_ms=0.5 + number)
        for number, auc in enumerate(scores.values())
    ]
    figure = cost_figure(
        candidates, score="AUC", marked={}, labels=dict(enumerate(scores)), latency="ms"
    )
    for axes in figure.axes:
        told = {text.get_text() for text in axes.texts}
        assert told >= {"good", "fair", "found: evolution-…ns_small", "poor: 0.5000"}
    figure.draw_without_rendering()
    assert "0.5" in [label.get_text() for label in figure.axes[2].get_xticklabels()]


def test_the_gene_that_decides_is_the_most_important() -> None:
    study = optuna.create_study(direction="maximize")
    assert importances(study, 0) == {}
    for number in range(24):
        genes = {"one": number % 2, "other": number % 3}
        choices = {name: optuna.distributions.CategoricalDistribution([0, 1, 2]) for name in genes}
        value = 0.7 + 0.2 * genes["one"] + 0.001 * genes["other"]
        study.add_trial(optuna.trial.create_trial(params=genes, distributions=choices, value=value))
    shares = importances(study, 0)
    assert next(iter(shares)) == "one"
    assert sum(shares.values()) == pytest.approx(1)


def predicted(root: Path, labels: np.ndarray, images: pd.DataFrame, seeds: int = 2) -> Predictions:
    trainings = [
        train(root, f"seed-{seed}", images, labels, CLASSES, seed) for seed in range(seeds)
    ]
    files = [root / training.predictions for training in trainings]
    predictions = Predictions.read(
        files, [training.validation["auc"] for training in trainings], CLASSES
    )
    assert predictions is not None
    for label, name in enumerate(CLASSES):
        assert predictions.class_auc(label) == pytest.approx(
            np.mean([t.test[f"auc_{name}"] for t in trainings])
        )
    accuracy = np.mean([training.test["accuracy"] for training in trainings])
    assert predictions.confusion().trace() / len(labels) == pytest.approx(accuracy)
    return predictions


def test_the_area_below_a_curve_is_the_area_in_its_legend(tmp_path: Path) -> None:
    labels = np.arange(300) % 3
    predictions = predicted(tmp_path, labels, pd.DataFrame({"file": "a", "row": range(300)}))
    figure = roc_figure({"net": predictions})
    assert len(figure.axes) == 3
    for label, axes in enumerate(figure.axes):
        x, y = axes.lines[1].get_data()
        assert np.trapezoid(y, x) == pytest.approx(predictions.class_auc(label), abs=0.003)
        assert f"AUC {predictions.class_auc(label):.3f}" in axes.get_xlabel()
    shares = confusion_figure({"net": predictions}).axes[0].images[0].get_array()
    np.testing.assert_allclose(shares.sum(axis=1), 1)


@settings(max_examples=25)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_the_counts_of_a_class_add_up_to_its_images(seeds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([[0, 1, 2], rng.integers(0, 3, 20)])
    images = pd.DataFrame({"file": "a", "row": range(23)})
    told = rng.dirichlet([1, 1, 1], (seeds, 23))
    predictions = Predictions(CLASSES, images, labels, told, 0)
    whole = predictions.rounded_confusion()
    np.testing.assert_array_equal(whole.sum(axis=1), np.bincount(labels))
    assert (np.abs(whole - predictions.confusion()) < 1).all()
    axes = confusion_figure({"net": predictions}).axes[0]
    drawn = [int(text.get_text().partition("(")[2].rstrip(")")) for text in axes.texts]
    np.testing.assert_array_equal(drawn, whole.ravel())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


LONG = "found: " + "evolution_of_hybrid-small/" * 5 + "x" * 120


@pytest.mark.parametrize("name", ["net", LONG])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_legends_cover_no_curve_and_leave_no_name_out(
    tmp_path: Path, name: str, count: int
) -> None:
    labels = np.arange(60) % 3
    predictions = predicted(tmp_path, labels, pd.DataFrame({"file": "a", "row": range(60)}))
    names = [f"{name}{number}" for number in range(count)]
    scored = [candidate(0, 0.5), candidate(1, 0.9)]
    with style():
        figures = {
            "roc": roc_figure(dict.fromkeys(names, predictions)),
            "search": search_figure(dict.fromkeys(names, scored)),
            "costs": cost_figure(scored, score="AUC", marked={0: name}, latency=""),
            "learning": learning_figure({one: [(0.5, 0.9)] for one in names}),
            "reliability": reliability_figure(dict.fromkeys(names, predictions)),
        }
        confusion = confusion_figure(dict.fromkeys(names, predictions))
    for figure in [*figures.values(), confusion]:
        figure.draw_without_rendering()
        whole = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert min(whole.x0, whole.y0, width - whole.x1, height - whole.y1) > -0.01
    for kind, figure in figures.items():
        panels = [axes.get_window_extent() for axes in figure.axes]
        assert all(axes.get_legend() is None for axes in figure.axes), kind
        (legend,) = figure.legends
        box = legend.get_window_extent()
        assert not any(box.overlaps(panel) for panel in panels), kind
        told = "".join(text.get_text() for text in legend.get_texts())
        expected = {"search": names if count > 1 else [], "costs": [name]}.get(kind, names)
        for one in expected:
            assert one.replace(" ", "") in told.replace("\n", "").replace(" ", "")


def test_a_network_has_one_colour_and_a_seed_one_line() -> None:
    curves = {f"net{number}": [(0.5, 0.99, 0.9), (0.6, 0.999)] for number in range(9)}
    with style():
        axes = learning_figure(curves).axes[0]
    lines, dots = axes.lines[::2], axes.lines[1::2]
    np.testing.assert_array_equal(lines[0].get_ydata(), [0.5, 0.99, 0.9])
    assert [tuple(dot.get_xydata()[0]) for dot in dots[:2]] == [(2, 0.99), (2, 0.999)]
    looks = [(line.get_color(), line.get_linestyle()) for line in lines]
    assert looks[::2] == looks[1::2]
    assert len(set(looks)) == 9
    # What is missing to 1 counts: from .9 to .99 is as far as from .99 to .999.
    heights = [axes.transData.transform((0, auc))[1] for auc in (0.9, 0.99, 0.999, 1.0)]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1])
    assert np.isfinite(heights).all()


@pytest.mark.parametrize(
    "scores",
    [(0.5, 0.52), (0.5, 0.9), (0.5, 0.9999), (0.9701, 0.9703), (-0.3, 0.2), (-30.0, 0.99)],
)
def test_an_axis_of_scores_has_some_ticks_and_not_too_many(scores: tuple[float, ...]) -> None:
    axes = Figure().subplots()
    axes.plot(scores)
    axes.get_ylim()  # limits of the linear scale are forgotten
    scale_to_one(axes)
    low, high = axes.get_ylim()
    assert low < scores[0]
    assert scores[1] < high < 1
    ticks = axes.get_yticks()
    assert 3 <= len(ticks) <= 8
    assert low <= min(ticks) < max(ticks) <= high


def test_numbers_are_drawn_against_the_true_ones_on_one_scale() -> None:
    target = Target("lens_theta_e", "arcsec", mean=1.6, spread=0.2)
    true = np.linspace(1.2, 2.0, 9)
    predicted = np.stack([true + 0.1, true - 0.2])
    images = pd.DataFrame({"file": "a", "row": range(9)})
    told = {
        "good": ReadNumbers(target, images, true, predicted, best=0),
        "poor": ReadNumbers(target, images, true, predicted, best=1),
    }
    for axes, own, error in zip(scatter_figure(told).axes, predicted, ("0.1", "0.2"), strict=True):
        line, points = axes.lines
        np.testing.assert_allclose(points.get_xydata(), np.stack([true, own], axis=1))
        np.testing.assert_allclose(line.get_xydata(), [(1.0, 1.0), (2.1, 2.1)])
        assert axes.get_title().endswith(f"MAE {error} arcsec")
        assert axes.get_xlabel() == "true lens_theta_e (arcsec)"


def test_points_of_a_reliability_diagram_are_what_was_said_and_what_was_right(
    tmp_path: Path,
) -> None:
    labels = np.arange(300) % 3
    images = pd.DataFrame({"file": "a", "row": range(300)})
    told = predicted(tmp_path, labels, images)
    left, right = reliability_figure({"net": told}).axes
    said, found = left.lines[1].get_data()
    shares = told.probabilities.reshape(-1, 3)
    is_right = shares.argmax(axis=1) == np.tile(labels, 2)
    inside = (shares.max(axis=1) >= 9 / 15) & (shares.max(axis=1) < 10 / 15)
    place = int(np.flatnonzero((said >= 9 / 15) & (said < 10 / 15))[0])
    assert said[place] == pytest.approx(shares.max(axis=1)[inside].mean())
    assert found[place] == pytest.approx(is_right[inside].mean())
    assert right.patches[0].get_data().values.sum() == pytest.approx(1)


def test_both_scores_of_a_network_are_drawn_with_their_seeds(tmp_path: Path) -> None:
    row = make_board(tmp_path, ("ResNet-18",)).rows[1]
    axes = forest_figure([row]).axes[0]
    plain = [training.test["auc"] for training in row.trainings]
    averaged = [training.test["averaged_auc"] for training in row.trainings]
    drawn = [list(line.get_xdata()) for line in axes.lines]
    assert drawn == [
        [pytest.approx(np.mean(plain))],
        plain,
        [pytest.approx(np.mean(averaged))],
        averaged,
    ]
    old = [replace(one, test={"auc": one.test["auc"]}) for one in row.trainings]
    assert len(forest_figure([replace(row, trainings=tuple(old))]).axes[0].lines) == 2


def test_mistakes_are_the_surest_first_and_shown_with_their_own_image(tmp_path: Path) -> None:
    dataset = open_dataset(folder(tmp_path / "data"))
    table = dataset.table[["file", "row"]].reset_index(drop=True)
    order = np.random.default_rng(0).permutation(len(table))
    labels = dataset.labels[order]
    predictions = predicted(tmp_path, labels, table.iloc[order].reset_index(drop=True))
    told = predictions.probabilities[predictions.best]
    wrong = mistakes(predictions)
    assert sorted(wrong) == list(np.flatnonzero(told.argmax(axis=1) != labels))
    assert (np.diff(told[wrong].max(axis=1)) <= 0).all()
    right = successes(predictions, 6)
    assert len(right) == 6
    assert (told[right].argmax(axis=1) == labels[right]).all()
    assert set(labels[right]) == {0, 1, 2}
    panels = example_figure(dataset, predictions, wrong[:7]).axes
    for position, axes in zip(wrong[:7], panels, strict=False):
        expected = Figure().subplots()
        draw_image(expected, dataset.images[order[position]].mean(axis=0))
        np.testing.assert_array_equal(axes.images[0].get_array(), expected.images[0].get_array())
        assert axes.get_title().startswith(CLASSES[labels[position]])


def test_another_data_set_is_not_taken_for_the_former(tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    assert len(open_same(data, ReadOptions(), open_dataset(data).fingerprint).images) == 60
    with pytest.raises(UserError, match="is another one now: say where the former is with --data"):
        open_same(data, ReadOptions(), "0" * 64)


@pytest.mark.parametrize("name", ["coatnet_like", "pure_mbconv", "attention_heavy"])
def test_a_drawing_says_all_of_an_architecture(name: str) -> None:
    architecture = SPACE.named[name]
    drawing = ArchitectureDrawing(architecture, (33, 48), search_spaces.params(architecture))
    words = " ".join(text.get_text() for text in drawing.figure().axes[0].texts)
    stages = drawing.stages()
    assert [stage.side for stage in stages] == [(9, 12), (5, 6), (3, 3), (2, 2)]
    for number, stage in enumerate(stages, start=1):
        assert words.count(f"stage {number}") == 1
        assert f"{stage.params:,} parameters" in words
        assert f"{stage.width} channels" in words
        assert architecture[f"stage{number}.depth"] == stage.depth
    drawn = sum(words.count(operator) for operator in ("MBConv", "attention"))
    assert drawn == sum(stage.depth for stage in stages)
    rest = drawing.params - sum(stage.params for stage in stages)
    assert f"{rest:,} parameters" in words
    assert len(short_name(architecture).split()) == 4


def test_a_drawing_tells_fused_blocks_from_others() -> None:
    architecture = search_spaces.get_space("lens_nano").named["symmetric_fused"]
    drawing = ArchitectureDrawing(architecture, (48, 48), search_spaces.params(architecture))
    assert [stage.operator for stage in drawing.stages()] == ["fused MBConv"] * 2 + ["MBConv"] * 2
    words = " ".join(text.get_text() for text in drawing.figure().axes[0].texts)
    assert words.count("fused MBConv") == 2
    assert short_name(architecture) == "d4 F1 F1 M1 M1"


def test_the_same_figure_is_the_same_bytes() -> None:
    def draw() -> tuple[bytes, bytes]:
        with style():
            made = picture(
                "search",
                lambda: search_figure({"$x": [candidate(0, 0.5), candidate(1, 0.9)]}),
                "",
                "",
            )
        assert made.dark != made.png
        return made.png + made.dark, made.pdf

    assert draw() == draw()
