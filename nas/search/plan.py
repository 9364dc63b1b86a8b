"""A search as it will be run: everything that its settings left open is decided."""

import datetime
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nas.cluster.options import WorkerOptions
from nas.common.cli import to_plain
from nas.common.files import RUNS
from nas.common.settings import part
from nas.data.default import default_data
from nas.data.options import ReadOptions, without_task
from nas.search.finals import FinalTraining
from nas.search.limits import FeasibleSpace
from nas.search.options import FidelityName
from nas.search.result import DataSource
from nas.search.run_directory import RunDirectory, StudyAddress
from nas.search.scoring import LatencyWanted
from nas.search.settings import SearchSettings
from nas.search.shared_weights import SharedWeights
from nas.search.storage import without_password
from nas.search.study import first_rung
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.recipe import Recipe
from search_spaces import get_space
from search_spaces.own import require_builder
from search_spaces.supernet import require_shared_weights


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """A search as it will be run.

    Attributes:
        strategy: Name of the sampler that proposes candidates.
        space: Search space with its limits: what can be proposed.
        objectives: Names of what is searched for, ``auc`` or ``r2`` among them.
        trials: Number of candidates to evaluate.
        fidelity: How a candidate is scored.
        recipe: Recipe for candidates that are trained.
        finals: How the best candidates are trained again; None where none are.
        seed: Seed of proposals.
        training_seed: Seed with which candidates are trained.
        latency: How latency is measured; None where it is not measured.
        images: The data set, opened.
        source: Where the data set is, and how it was read.
        card: Images and classes of the candidates' networks; it names no architecture.
        shared: The supernet that candidates inherit from; None where they do not inherit.
        directory: Directory of the run.
        resumed: Whether the run was begun before.
        study: Where the history is kept.
        track: Where curves go.
        workers: How many workers there are, and where.
        identity: Settings and data that decide what the search finds, as JSON values.
        config: All settings, as ``--config`` reads them.
    """

    strategy: str
    space: FeasibleSpace
    objectives: tuple[str, ...]
    trials: int
    fidelity: FidelityName
    recipe: Recipe
    finals: FinalTraining | None
    seed: int
    training_seed: int
    latency: LatencyWanted | None
    images: TrainingImages
    source: DataSource
    card: ModelCard
    shared: SharedWeights | None
    directory: RunDirectory
    resumed: bool
    study: StudyAddress
    track: str
    workers: WorkerOptions
    identity: dict[str, Any]
    config: dict[str, Any]

    @property
    def first_rung(self) -> int:
        """Epochs after which the first poor candidates are stopped; 0 where none is."""
        return 0 if self.fidelity == "inherit" else first_rung(self.recipe)

    @staticmethod
    def of(settings: SearchSettings) -> "SearchPlan":
        """Decide what the settings left open, and check that the search can be done.

        Left open may be the data set, which is simulated where none was given, and the run
        directory. Nothing is written but the simulated data.

        Raises:
            UserError: The data set cannot be read, the limits allow nothing, or the supernet is of
                other networks.
            search_spaces.SpaceError: There is no search space of this name, or it has no builder.
        """
        space = get_space(settings.space)
        require_builder(space)
        directory = _directory(settings)
        data = settings.data or default_data()
        images = TrainingImages.open(data, settings, settings.target)
        card = images.card(settings.space)
        feasible = FeasibleSpace(space, images.costs(), settings.limits)
        feasible.check()
        shared = _shared(settings, images, card)
        if shared is None:
            # A network that cannot be built is known now, rather than of every candidate.
            replace(card, architecture=str(space.smallest)).build()
        fingerprint = images.dataset.fingerprint
        return SearchPlan(
            strategy=settings.strategy,
            space=feasible,
            objectives=settings.aims,
            trials=settings.trials,
            fidelity=settings.fidelity_name,
            recipe=part(Recipe, settings),
            finals=_finals(settings),
            seed=settings.seed,
            training_seed=settings.training_seed,
            latency=_latency(settings),
            images=images,
            source=DataSource(
                str(images.dataset.directory.absolute()),
                to_plain(part(ReadOptions, settings)),
                fingerprint,
            ),
            card=card,
            shared=shared,
            directory=directory,
            resumed=settings.resume is not None,
            study=directory.study(settings.storage),
            track=settings.track,
            workers=part(WorkerOptions, settings),
            identity={**without_task(settings.identity), "data": fingerprint},
            config=_config(settings, data),
        )


def _shared(
    settings: SearchSettings, images: TrainingImages, card: ModelCard
) -> SharedWeights | None:
    """Return the supernet that candidates inherit from; None where they do not inherit."""
    if settings.fidelity_name in ("funnel", "scratch"):
        return None
    require_shared_weights(get_space(settings.space))
    shared = SharedWeights(
        card=card,
        images=images,
        recipe=settings.supernet_recipe,
        sharing=settings.sharing,
        seed=settings.seed,
        track=settings.track,
        given=settings.supernet,
    )
    # A resumed run has a copy of its supernet as a rule, and then the given one may be gone.
    if settings.resume is None:
        shared.check()
    return shared


def _finals(settings: SearchSettings) -> FinalTraining | None:
    if not settings.final_count:
        return None
    recipe = replace(part(Recipe, settings), epochs=settings.whole_epochs)
    first = settings.training_seed + 1
    seeds = range(first, first + settings.final_seeds)
    return FinalTraining(settings.final_count, recipe, tuple(seeds))


def _directory(settings: SearchSettings) -> RunDirectory:
    if settings.resume is not None:
        return RunDirectory.open(settings.resume)
    new = RUNS / f"{settings.strategy}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    return RunDirectory(settings.run or new)


def _latency(settings: SearchSettings) -> LatencyWanted | None:
    if not settings.needs_latency:
        return None
    return LatencyWanted(settings.latency_batch, settings.max_latency_ms)


def _config(settings: SearchSettings, data: Path) -> dict[str, Any]:
    """Return the settings that repeat the search, without passwords and without its directory."""
    plain = {
        **without_task(to_plain(settings)),
        "data": str(data),
        "fidelity": settings.fidelity_name,
        "run": None,
        "resume": None,
    }
    if settings.storage is not None:
        plain["storage"] = without_password(settings.storage)
    return plain
