"""Search for architectures: ``python -m nas.search``."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import optuna
from rich.console import Console
from sqlalchemy.engine import make_url

from nas.candidates import CandidateScoring, LatencyWanted
from nas.cli import Command, main, to_plain
from nas.cluster import cluster, share_out
from nas.constraints import Costs, FeasibleSpace
from nas.data import ReadOptions
from nas.default_data import default_data
from nas.errors import UserError
from nas.live import candidate_table, live_view
from nas.outcome import Outcome
from nas.progress import say
from nas.provenance import command, environment
from nas.run_directory import RUNS, Best, DataSource, RunDirectory
from nas.samplers import get_sampler
from nas.samplers.repeatable import get_repeatable_sampler
from nas.search_settings import SearchSettings, begun_file, check_resumed
from nas.settings import part
from nas.shared_weights import SharedWeights, file_digest
from nas.study import REDUCTION, SearchStudy, open_storage
from nas.tracking import tracking
from nas.training import Recipe
from nas.training.card import ModelCard
from nas.training.images import TrainingImages
from nas.training.inheritance import calibration_images
from nas.tuning import evaluate_all, least_latency
from search_spaces import SearchSpace, Supernet, get_space

NAME = "python -m nas.search"

_TRIALS = 60

# So many times the limit is no longer a matter of how busy the device was.
_CLEARLY = 1.5


def run(settings: SearchSettings) -> None:
    """Search, print the winner, and leave all that is known in the run directory."""
    if settings.resume is not None:
        check_resumed(settings)
    settings.require_tracker()
    settings = replace(settings, trials=settings.trials or _TRIALS)
    space = get_space(settings.space)
    get_sampler(settings.strategy)  # before anything is done for a strategy that does not exist
    if settings.data is None:
        settings = replace(settings, data=default_data())
    images = TrainingImages.open(settings.data, settings)
    card = images.card(settings.space)
    costs = Costs(card.image_size, card.in_chans, len(card.classes))
    feasible = FeasibleSpace(space, costs, settings.limits)
    feasible.check()
    shared = _shared(settings, images)
    directory = RunDirectory(settings.resume or settings.run or _new_directory(settings))
    # Now, so that a database or a cluster that does not answer is known before a supernet is trained.
    _check_storage(settings, directory)
    with cluster(settings.ray_address, settings.workers):
        settings = _with_hands(settings)
        _check_latency(settings, card, space)
        with directory.locked():
            _begin(settings, directory, images)
            try:
                supernet = shared.bring(directory.supernet) if shared is not None else None
                _search(settings, directory, images, feasible, supernet)
            except KeyboardInterrupt:
                directory.log("interrupted")
                say(f"stopped; go on with: {NAME} --resume {directory.path}")
                raise


def _new_directory(settings: SearchSettings) -> Path:
    return RUNS / f"{settings.strategy}-{datetime.datetime.now():%Y%m%d-%H%M%S}"


def _check_storage(settings: SearchSettings, directory: RunDirectory) -> None:
    """Check that the database answers, and that a new search does not go on with the study of another."""
    if settings.storage is None:
        return
    names = optuna.get_all_study_names(open_storage(settings.storage))
    if settings.resume is None and directory.path.name in names:
        raise UserError(
            f"--storage holds a study {directory.path.name} already: go on with its search with --resume, or give a "
            "directory of another name with --run"
        )


def _check_latency(settings: SearchSettings, card: ModelCard, space: SearchSpace) -> None:
    """Check that a limit can be kept: that it is not clearly below what the lightest networks take."""
    limit = settings.max_latency_ms
    if limit is None or settings.resume is not None:
        return
    assert settings.gpus_per_trial is not None  # the default was filled in
    least = least_latency(card, space.corners(heavy=False), settings.latency_batch, settings.gpus_per_trial)
    if limit * _CLEARLY < least:
        raise UserError(
            f"no architecture of {space.name} keeps --max-latency-ms {limit:g}: the fastest of its lightest ones takes "
            f"{least:.3g} ms for {settings.latency_batch} images"
        )


def _begin(settings: SearchSettings, directory: RunDirectory, images: TrainingImages) -> None:
    """Write down what is searched and on what."""
    if settings.resume is None and directory.config_file.exists():
        raise UserError(
            f"{directory.path} holds a search already: go on with --resume {directory.path}, or give another --run"
        )
    data = {"directory": str(settings.data), "fingerprint": images.dataset.fingerprint}
    directory.write_environment({"command": command(), "seed": settings.seed, "data": data, **environment()})
    plain = to_plain(replace(settings, run=None, resume=None))
    if settings.storage is not None:
        plain["storage"] = make_url(settings.storage).render_as_string(hide_password=True)
    directory.write_config(plain)
    directory.log(f"{'resumed' if settings.resume else 'started'}: {command()}")
    say(f"searching {settings.space} for {settings.objectives} with {settings.strategy}, {directory.path}")


def _shared(settings: SearchSettings, images: TrainingImages) -> SharedWeights | None:
    """The supernet that candidates inherit from; None where they do not."""
    if settings.fidelity == "scratch":
        return None
    recipe, sharing, seed = settings.supernet_recipe, settings.sharing, settings.seed
    shared = SharedWeights(settings.space, images, recipe, sharing, seed, settings.track, settings.supernet)
    if settings.resume is None:
        shared.check()
    return shared


def _search(
    settings: SearchSettings,
    directory: RunDirectory,
    images: TrainingImages,
    feasible: FeasibleSpace,
    supernet: Supernet | None,
) -> None:
    scoring = _scoring(settings, directory, images, supernet)
    study = _study(settings, directory, images, feasible)
    assert settings.workers is not None  # the defaults were filled in
    assert settings.gpus_per_trial is not None
    decisive = {**settings.identity, "data": images.dataset.fingerprint}
    with live_view(study) as show, tracking(settings.track, directory.path, decisive) as log:
        outcome = Outcome(directory, study, _describe(settings, directory, images), log)

        def on_outcome(number: int) -> None:
            outcome.note(number)
            show()

        try:
            evaluate_all(study, scoring, workers=settings.workers, gpus=settings.gpus_per_trial, on_outcome=on_outcome)
        finally:
            best = outcome.write()
    directory.log(study.stopped or "finished")
    if study.stopped is not None:
        raise UserError(f"the search stopped since {study.stopped}")
    if best is None:
        raise UserError(f"no candidate could be scored: {directory.candidates_file} says why")
    _report(directory, best)


def _scoring(
    settings: SearchSettings, directory: RunDirectory, images: TrainingImages, supernet: Supernet | None
) -> CandidateScoring:
    """What the workers need; candidates that only inherit do without most of the training images."""
    train = images.train()
    return CandidateScoring(
        fidelity=settings.fidelity,
        card=images.card(settings.space),
        train=calibration_images(train) if settings.fidelity == "inherit" else train,
        val=images.val(),
        fingerprint=images.dataset.fingerprint,
        supernet=supernet,
        recipe=Recipe.of(settings),
        seed=settings.seed,
        run=RunDirectory(directory.path.absolute()),
        latency=LatencyWanted(settings.latency_batch, settings.max_latency_ms) if settings.needs_latency else None,
    )


def _study(
    settings: SearchSettings, directory: RunDirectory, images: TrainingImages, feasible: FeasibleSpace
) -> SearchStudy:
    identity = {
        "space": settings.space,
        "data": images.dataset.fingerprint,
        "supernet": file_digest(directory.supernet) if directory.supernet.exists() else None,
        "objectives": settings.objectives,
        "fidelity": settings.fidelity,
    }
    assert settings.trials is not None  # the default was filled in
    return SearchStudy(
        open_storage(settings.storage or directory.storage),
        directory.path.name if settings.storage else "search",
        identity,
        space=feasible,
        sampler=get_repeatable_sampler(settings.strategy, settings.seed, feasible),
        objectives=settings.objective_names,
        trials=settings.trials,
        # Two rungs before the end: of nine candidates one is trained to the end.
        first_rung=0 if settings.fidelity == "inherit" else max(1, settings.epochs // REDUCTION**2),
    )


def _describe(settings: SearchSettings, directory: RunDirectory, images: TrainingImages) -> Callable[..., Best]:
    """All of the outcome that is known before the search."""
    options = to_plain(part(ReadOptions, settings))
    return partial(
        Best,
        space=settings.space,
        objectives=settings.objective_names,
        fidelity=settings.fidelity,
        recipe=None if settings.fidelity == "inherit" else Recipe.of(settings).to_json(),
        image_size=images.card(settings.space).image_size,
        data=DataSource(str(images.dataset.directory.absolute()), options, images.dataset.fingerprint),
        supernet=str(directory.supernet.relative_to(directory.path)) if directory.supernet.exists() else None,
    )


def _with_hands(settings: SearchSettings) -> SearchSettings:
    """Fill in how many candidates are evaluated at a time, and on what share of a GPU, from what Ray has."""
    hands = share_out(settings.workers, settings.gpus_per_trial, settings.ray_address)
    return replace(settings, workers=hands.workers, gpus_per_trial=hands.gpus)


def _report(directory: RunDirectory, best: Best) -> None:
    """Print the winner, and the others of the Pareto set."""
    console = Console(highlight=False, soft_wrap=True)
    winner = best.winner
    console.print(
        f"best: validation AUC [bold]{winner.auc:.4f}[/bold] ({best.fidelity}), {winner.params:,} parameters, "
        f"{winner.flops / 1e6:,.1f} MFLOPs\n{winner.architecture}"
    )
    if len(best.pareto) > 1:
        console.print("none is better in every way than these:")
        Console(highlight=False).print(candidate_table(list(best.pareto)))
    console.print(
        f"everything is in {directory.path}; train the best from scratch with "
        f"python -m nas.retrain --run {directory.path}"
    )


if __name__ == "__main__":
    main(NAME, Command(SearchSettings, run, begun_file))
