"""A search as it will be run: everything that its settings left open is decided."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.common.cli import to_plain
from nas.common.files import RUNS
from nas.common.settings import part
from nas.data.default import default_data
from nas.data.options import ReadOptions
from nas.search.limits import FeasibleSpace
from nas.search.options import FidelityName
from nas.search.result import DataSource
from nas.search.run_directory import RunDirectory, StudyAddress
from nas.search.scoring import LatencyWanted
from nas.search.settings import SearchSettings
from nas.search.shared_weights import SharedWeights
from nas.search.study import without_password
from nas.tracking.options import TrackerName
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.recipe import Recipe
from search_spaces import get_space


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """A search as it will be run.

    Attributes:
        strategy: who proposes candidates.
        space: what can be proposed.
        objectives: what is searched for.
        trials: candidates to evaluate.
        fidelity: how a candidate is scored.
        recipe: of candidates that are trained.
        seed: of proposals, weights, and trainings.
        latency: how it is measured; None where it is not.
        images: the data set.
        source: where the data set is, and how it was read.
        card: of the networks of the space; it names no architecture.
        shared: the supernet that candidates inherit from; None where they do not.
        directory: of the run.
        resumed: whether the run was begun before.
        study: where the history is.
        track: where curves go.
        identity: JSON values that decide what the search does.
        config: all settings, as ``--config`` reads them.
    """

    strategy: str
    space: FeasibleSpace
    objectives: tuple[str, ...]
    trials: int
    fidelity: FidelityName
    recipe: Recipe
    seed: int
    latency: LatencyWanted | None
    images: TrainingImages
    source: DataSource
    card: ModelCard
    shared: SharedWeights | None
    directory: RunDirectory
    resumed: bool
    study: StudyAddress
    track: TrackerName
    identity: dict[str, Any]
    config: dict[str, Any]

    @staticmethod
    def of(settings: SearchSettings) -> "SearchPlan":
        """Decide what the settings left open: the data set, which is simulated where none was
        given, and the place.

        Raises:
            UserError: the data set cannot be read, the limits allow nothing, or the supernet is of
                other networks.
            search_spaces.SpaceError: there is no such space.
        """
        space = get_space(settings.space)
        data = settings.data or default_data()
        images = TrainingImages.open(data, settings)
        card = images.card(settings.space)
        feasible = FeasibleSpace(space, images.costs(), settings.limits)
        feasible.check()
        shared = _shared(settings, images)
        directory = RunDirectory(
            settings.resume or settings.run or _new_directory(settings.strategy)
        )
        fingerprint = images.dataset.fingerprint
        return SearchPlan(
            strategy=settings.strategy,
            space=feasible,
            objectives=settings.objective_names,
            trials=settings.trials,
            fidelity=settings.fidelity,
            recipe=Recipe.of(settings),
            seed=settings.seed,
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
            identity={**settings.identity, "data": fingerprint},
            config=_config(settings, data),
        )


def _shared(settings: SearchSettings, images: TrainingImages) -> SharedWeights | None:
    """The supernet that candidates inherit from; None where they do not."""
    if settings.fidelity == "scratch":
        return None
    recipe, sharing, seed = settings.supernet_recipe, settings.sharing, settings.seed
    shared = SharedWeights(
        settings.space, images, recipe, sharing, seed, settings.track, settings.supernet
    )
    if settings.resume is None:
        shared.check()
    return shared


def _new_directory(strategy: str) -> Path:
    return RUNS / f"{strategy}-{datetime.datetime.now():%Y%m%d-%H%M%S}"


def _latency(settings: SearchSettings) -> LatencyWanted | None:
    if "latency" not in settings.objective_names and settings.max_latency_ms is None:
        return None
    return LatencyWanted(settings.latency_batch, settings.max_latency_ms)


def _config(settings: SearchSettings, data: Path) -> dict[str, Any]:
    """The settings that repeat the search; without passwords, and without the place of this run."""
    plain = {**to_plain(settings), "data": str(data), "run": None, "resume": None}
    if settings.storage is not None:
        plain["storage"] = without_password(settings.storage)
    return plain
