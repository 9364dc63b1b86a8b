"""How good networks are that were trained on few images."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean

import matplotlib as mpl
from matplotlib.figure import Figure

from nas.common.artefacts import DamageError, read_table, reading
from nas.common.errors import UserError
from nas.common.rules import Count, Share
from nas.report.drawing import legend_above, log_costs, picture, scale_to_one
from nas.report.page import Cell, Section, Table, number

UNTIED = " untied"
"""End of the name of a network with the layers of a symmetric one, and weights of their own."""


@dataclass(frozen=True, kw_only=True)
class SomeImages:
    """A training on some of the images, as far as the figure needs it.

    Attributes:
        network: Name of the network.
        images: Number of training images.
        seed: Seed of the training.
        params: Parameters that are learned.
        test_auc: Test AUC.
        averaged_auc: The same of probabilities that are averaged over the symmetries of the image.
        nuisance: Nuisance of the images, which all trainings of a table must share.
        prior: What the network is given beside the image, which they must share too.
    """

    network: str
    images: Count
    seed: Count
    params: Count
    test_auc: Share
    averaged_auc: Share
    nuisance: float = 0.0
    prior: str = ""


def read_efficiency(path: Path) -> list[SomeImages]:
    """Return the trainings of a table such as ``nas.benchmarks.efficiency`` writes.

    Raises:
        UserError: there is no such file, or it is no such table, or of images of several kinds.
    """
    with reading(path, "give trainings.csv of python -m nas.benchmarks.efficiency"):
        try:
            trainings = read_table(path, SomeImages)
        except FileNotFoundError:
            raise UserError(
                f"there is no table {path}: python -m nas.benchmarks.efficiency writes one"
            ) from None
        if not trainings:
            raise DamageError("no trainings")
    if len({(one.nuisance, one.prior) for one in trainings}) > 1:
        raise UserError(
            f"{path} has trainings on images of several kinds: give a table of one nuisance, "
            "without priors"
        )
    return trainings


def efficiency_section(trainings: Sequence[SomeImages]) -> Section:
    """Return a section on how good networks are that were trained on few images."""
    caption = (
        "Test AUC against the number of training images, a dot for each seed and a line through "
        "their means. A dashed line is of a network with the layers of the symmetric one, and "
        "weights of their own."
    )
    rows = _means(trainings)
    alt = f"{caption} " + "; ".join(
        f"{row.network} on {row.images:,} images {row.test_auc:.4f}" for row in rows
    )
    return Section(
        "How many images it takes",
        pictures=(picture("efficiency", partial(efficiency_figure, trainings), caption, alt),),
        tables=(
            Table(
                "Means over seeds",
                ("network", "images", "test AUC", "averaged over symmetries", "parameters"),
                [
                    (
                        Cell(row.network),
                        number(row.images),
                        number(row.test_auc, ".4f"),
                        number(row.averaged_auc, ".4f"),
                        number(row.params),
                    )
                    for row in rows
                ],
            ),
        ),
    )


def efficiency_figure(trainings: Sequence[SomeImages]) -> Figure:
    """Draw the test AUC against the number of training images; twins have one colour."""
    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.subplots()
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    names = list(dict.fromkeys(one.network for one in trainings))
    bases = list(dict.fromkeys(name.removesuffix(UNTIED) for name in names))
    means = _means(trainings)
    for name in names:
        colour = colours[bases.index(name.removesuffix(UNTIED)) % len(colours)]
        line = [one for one in means if one.network == name]
        axes.plot(
            [one.images for one in line],
            [one.test_auc for one in line],
            "--" if name.endswith(UNTIED) else "-",
            color=colour,
            label=f"{name} ({line[0].params:,} parameters)",
        )
        dots = [one for one in trainings if one.network == name]
        axes.plot([one.images for one in dots], [one.test_auc for one in dots], ".", color=colour)
    axes.set(xlabel="training images", ylabel="test AUC")
    log_costs(axes)
    scale_to_one(axes)
    legend_above(figure, [axes])
    return figure


def _means(trainings: Sequence[SomeImages]) -> list[SomeImages]:
    """Return the mean over seeds for every network and number of images."""
    groups: dict[tuple[str, int], list[SomeImages]] = {}
    for one in sorted(trainings, key=lambda one: one.images):
        groups.setdefault((one.network, one.images), []).append(one)
    order = list(dict.fromkeys(one.network for one in trainings))
    return [
        SomeImages(
            network=name,
            images=images,
            seed=0,
            params=some[0].params,
            test_auc=mean(one.test_auc for one in some),
            averaged_auc=mean(one.averaged_auc for one in some),
        )
        for (name, images), some in sorted(groups.items(), key=lambda it: order.index(it[0][0]))
    ]
