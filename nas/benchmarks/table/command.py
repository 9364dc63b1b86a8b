"""The table of the lensing benchmark: ``python -m nas.benchmarks.table``."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from nas.benchmarks.table.bench import BenchRow, LensBench, genes_of, merged
from nas.benchmarks.table.inherited import open_supernet, with_inherited
from nas.benchmarks.table.lengths import open_others
from nas.benchmarks.table.proxies import PROXIES
from nas.benchmarks.table.report import publish_bench
from nas.benchmarks.table.settings import TableSettings
from nas.common.errors import UserError
from nas.common.files import make_directory
from nas.common.lock import held
from nas.common.settings import part
from nas.data.options import ReadOptions
from nas.data.simulation.settings import SimulationSettings
from nas.data.simulation.splits import simulate_splits
from nas.training.alone import Alone, Astray, train_alone
from nas.training.chance import CHANCE
from nas.training.deciding import AVERAGED
from nas.training.images import TrainingImages
from nas.training.recipe import Recipe
from nas.training.spec import TrainingSpec
from search_spaces import SearchSpace, get_space
from search_spaces.hybrid import describe

TABLE = "lens_bench.parquet"
"""Name of the table in its directory."""

_AT_ONCE = 16
"""Trainings after which the table is written."""

_BATCH = 64
"""Images that zero-cost proxies see."""

_MOST = 5000
"""Networks of the largest space that is listed whole."""


def run(settings: TableSettings) -> None:
    """Do the trainings that the table lacks, and write table and page after some of them.

    Scores of inherited weights are added at the end.

    Raises:
        UserError: the networks cannot be drawn, a table is there already that is another one, or
            one that it is compared with is of other networks or images.
        SpaceError: there is no such space, or it has no networks.
    """
    space = get_space(settings.space)
    describe(space.smallest)  # refuses a space that has no networks
    networks = _drawn(space, settings.networks)
    for place, flag in ((settings.out, "--out"), (settings.trainings, "--trainings")):
        make_directory(place, flag)
    bench = _begun(settings, space)
    others = open_others(settings.others, bench)
    known = {row.key for row in bench.rows}
    # Seed by seed, so that an unfinished table holds as many networks as can be.
    wanted = [(line, seed) for seed in range(settings.seeds) for line in networks]
    missing = [key for key in wanted if key not in known]
    if missing or settings.supernet is not None:
        bench = _filled(settings, bench, missing, others)
    sys.stdout.write(publish_bench(bench, settings.out, others))


def _filled(
    settings: TableSettings,
    bench: LensBench,
    missing: Sequence[tuple[str, int]],
    others: Sequence[LensBench],
) -> LensBench:
    """Return the table with what it lacks, and write it as it comes."""
    images = _images(settings)
    supernet = None
    if settings.supernet is not None:
        supernet = open_supernet(settings.supernet, bench.space.name, images)
    with held(settings.trainings, "filled", "--trainings"):
        for first in range(0, len(missing), _AT_ONCE):
            some = missing[first : first + _AT_ONCE]
            bench = merged(bench, _train(settings, bench.space, images, some))
            bench.write(settings.out / TABLE)
            publish_bench(bench, settings.out, others)
        if supernet is not None:
            bench = with_inherited(bench, supernet, images)
            bench.write(settings.out / TABLE)
    return bench


def _begun(settings: TableSettings, space: SearchSpace) -> LensBench:
    """Return the table as far as it is there.

    Raises:
        UserError: the table that is there is of another space, other images or another recipe.
    """
    about = {
        "space": space.name,
        "genes": genes_of(space),
        "images": {
            name: getattr(settings, name)
            for name in ("train", "val", "test", "image_size", "nuisance")
        },
        "recipe": part(Recipe, settings).to_json(),
    }
    path = settings.out / TABLE
    if not path.exists():
        return LensBench(about, ())
    bench = LensBench.read(path)
    other = [name for name, value in about.items() if bench.about.get(name) != value]
    if other:
        raise UserError(
            f"{path} is a table of {other[0]} {_short(bench.about.get(other[0]))}, not "
            f"{_short(about[other[0]])}: give another --out, or the same settings"
        )
    return bench


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _drawn(space: SearchSpace, count: int | None) -> list[str]:
    """Return the lines of networks in random order, each once; fewer are the first of more.

    Raises:
        UserError: the space has fewer, or so many that it cannot be trained whole.
    """
    rng, size = np.random.default_rng(0), len(space)
    if size <= _MOST:
        lines = [str(architecture) for architecture in space]
        drawn = [lines[i] for i in rng.permutation(size)]
    elif count is None:
        raise UserError(
            f"--space {space.name} has {size:,} networks, too many to train all of them: say how "
            "many with --networks"
        )
    else:
        distinct: dict[str, None] = {}
        while len(distinct) < min(count, size):
            distinct[str(space.canonical(space.sample(rng)))] = None
        drawn = list(distinct)
    if count is not None and count > size:
        raise UserError(f"--networks {count} cannot be drawn: {space.name} has {size}")
    return drawn[:count]


def _images(settings: TableSettings) -> TrainingImages:
    simulation = SimulationSettings(
        model="II",
        physics="realistic",
        image_size=settings.image_size,
        nuisance=settings.nuisance,
    )
    sizes = {name: getattr(settings, name) for name in ("train", "val", "test")}
    simulate_splits(simulation, settings.data, sizes, 2)
    return TrainingImages.open(settings.data, ReadOptions())


def _train(
    settings: TableSettings,
    space: SearchSpace,
    images: TrainingImages,
    trainings: Sequence[tuple[str, int]],
) -> list[BenchRow]:
    specs = [
        TrainingSpec(
            data=images.dataset.fingerprint,
            card=images.card(space.name, line),
            recipe=part(Recipe, settings),
            seed=seed,
        )
        for line, seed in trainings
    ]
    train = images.train()
    outcomes = train_alone(specs, train, images.val(), settings.trainings, settings, images.test())
    costs, rows = images.costs(), []
    batch, labels = train.images[:_BATCH], train.labels[:_BATCH]
    for spec, (line, seed), outcome in zip(specs, trainings, outcomes, strict=True):
        architecture = space.parse(line)
        rows.append(
            BenchRow(
                architecture=line,
                seed=seed,
                params=costs.params(architecture),
                untied_params=costs.untied_params(architecture),
                flops=costs.flops(architecture),
                **_scores(outcome, settings.epochs),
                **_proxies(spec, batch, labels),
            )
        )
    return rows


def _proxies(spec: TrainingSpec, images: Tensor, labels: Tensor) -> dict[str, Any]:
    return {name: proxy(spec.build(), images, labels) for name, proxy in PROXIES.items()}


def _scores(alone: Alone | Astray, epochs: int) -> dict[str, Any]:
    """Return what came of a training; one that went astray has learned nothing."""
    if isinstance(alone, Astray):
        aucs = dict.fromkeys(("val_auc", "test_auc", "averaged_auc"), CHANCE)
        nothing = {"epoch": 0, "seconds": 0.0, "test_accuracy": 0.0, "commit": "", "hardware": ""}
        return {**aucs, **nothing, "curve": (CHANCE,) * epochs}
    assert alone.test is not None  # test images were given
    return {
        "commit": alone.commit,
        "hardware": alone.hardware,
        "val_auc": alone.outcome["auc"],
        "epoch": int(alone.outcome["epoch"]),
        "seconds": alone.outcome["seconds"],
        "curve": alone.curve,
        "test_auc": alone.test["auc"],
        "averaged_auc": alone.test[AVERAGED],
        "test_accuracy": alone.test["accuracy"],
    }
