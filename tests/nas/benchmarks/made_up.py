"""A lensing benchmark that nobody trained, of a world whose laws are known."""

import numpy as np
from matplotlib.axes import Axes

from nas.benchmarks.table.bench import BenchRow, LensBench
from nas.report.drawing import style
from nas.training.recipe import Recipe
from search_spaces import Architecture, flops, get_space, params, untied_params

SPACE = get_space("lens_bench")


def worth(architecture: Architecture) -> float:
    """Return the AUC of a world in which symmetry is worth .1 and a finer map .05.

    Attention costs .02 a stage.
    """
    choices = architecture.choices
    attention = sum(value == "attention" for value in choices.values())
    finer = choices["stage1.stride"] == 1
    return 0.8 + 0.1 * (choices["symmetry"] == "d4") + 0.05 * finer - 0.02 * attention


def made_up(noise: float = 0.001, seeds: int = 2) -> LensBench:
    rng, rows = np.random.default_rng(0), []
    for seed in range(seeds):
        for architecture in SPACE:
            auc = worth(architecture) + noise * rng.standard_normal()
            rows.append(
                BenchRow(
                    architecture=str(architecture),
                    seed=seed,
                    params=params(architecture),
                    untied_params=untied_params(architecture),
                    flops=flops(architecture, 48),
                    val_auc=auc,
                    test_auc=worth(architecture) + noise * rng.standard_normal(),
                    averaged_auc=worth(architecture),
                    test_accuracy=0.7,
                    epoch=3,
                    seconds=100.0,
                    curve=(0.5 + 0.001 * rng.random(), auc - 0.01, auc),
                    synflow=auc,
                    naswot=-auc,
                    zico=rng.random(),
                    commit="0123abc",
                    hardware="a processor",
                )
            )
    images = {"train": 24, "val": 12, "test": 12, "image_size": 48, "nuisance": 0.5}
    recipe = Recipe(epochs=3).to_json()
    return LensBench({"space": "lens_bench", "images": images, "recipe": recipe}, tuple(rows))


def has_plain_ticks(axes: Axes) -> bool:
    """Return whether the numbers at both axes can be read: our figures typeset no formulas."""
    with style():
        axes.figure.draw_without_rendering()  # type: ignore[union-attr]
        labels = [
            label.get_text()
            for axis in (axes.xaxis, axes.yaxis)
            for label in axis.get_ticklabels(which="both")
        ]
    return any(labels) and not any("$" in label for label in labels)
