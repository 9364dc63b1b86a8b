"""Search, print the winner, and leave all that is known in the run directory.

This is what ``python -m nas.search`` does.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from rich.text import Text

from nas.cluster.connection import Hands, cluster, share_out
from nas.common.commands import typed
from nas.common.errors import UserError
from nas.common.files import file_digest
from nas.common.next_steps import show_next
from nas.common.progress import say
from nas.common.provenance import command, environment
from nas.common.screen import screen
from nas.costs import params_words
from nas.data.dataset import open_dataset
from nas.data.targets import read_target
from nas.samplers.repeatable import get_repeatable_sampler
from nas.search.evaluation import evaluate_all, least_latency
from nas.search.finals import FinalTraining
from nas.search.live import candidate_table, finals_table, finals_words, live_view
from nas.search.objectives import ranked
from nas.search.outcome import Outcome
from nas.search.plan import SearchPlan
from nas.search.result import Best, Candidate
from nas.search.room import room_in
from nas.search.run_directory import RunDirectory
from nas.search.scoring import CandidateScoring
from nas.search.settings import SearchSettings
from nas.search.storage import is_taken
from nas.search.study import SearchStudy
from nas.tracking.curves import tracking
from nas.training.calibration import calibration_images
from nas.training.chance import CHANCE, interval_words, rough_interval
from nas.training.deciding import CALLED, deciding
from nas.training.regression import KNOWS_NOTHING, rough_r2_interval
from nas.training.spec import InitialWeights
from nas.training.task import task_of
from search_spaces import Supernet

# A latency this many times the limit cannot be blamed on a device that happened to be busy.
_CLEARLY = 1.5


def run(settings: SearchSettings) -> None:
    """Search, and print the winner."""
    directory = search_networks(settings)
    _report(directory, directory.best())


def search_networks(settings: SearchSettings) -> RunDirectory:
    """Search, and leave all that is known in the run directory, which is returned.

    Args:
        settings: Settings of the search, given or taken from the run that is resumed.

    Raises:
        UserError: The search cannot begin, stopped, or scored no candidate.
        search_spaces.SpaceError: There is no search space of this name.
    """
    plan = SearchPlan.of(settings)
    # A database or a cluster that does not answer must be known before a supernet is trained.
    if settings.storage is not None and is_taken(plan.study) and not plan.resumed:
        raise UserError(
            f"--storage holds a study {plan.study.name} already: go on with its search with "
            "--resume, or give a directory of another name with --run"
        )
    resume = f"{typed('search')} --resume {shlex.quote(str(plan.directory.path))}"
    with cluster(settings.ray_address, settings.workers, f"go on with {resume}"):
        hands = share_out(settings)
        _check_latency(plan, hands)
        with plan.directory.locked(), room_in(plan.directory):
            _begin(plan)
            try:
                supernet = (
                    plan.shared.bring(plan.directory.supernet) if plan.shared is not None else None
                )
                _search(plan, supernet, hands)
            except KeyboardInterrupt:
                plan.directory.log("interrupted")
                say(f"stopped; go on with: {resume}")
                raise
    return plan.directory


def _check_latency(plan: SearchPlan, hands: Hands) -> None:
    """Check that the limit is not clearly below the time that the lightest networks take."""
    if plan.latency is None or plan.latency.limit_ms is None or plan.resumed:
        return
    space, batch, limit = plan.space.space, plan.latency.batch, plan.latency.limit_ms
    least = least_latency(plan.card, space.corners(heavy=False), batch, hands.gpus)
    if limit * _CLEARLY < least:
        raise UserError(
            f"no architecture of {space.name} keeps --max-latency-ms {limit:g}: the fastest of "
            f"its lightest ones takes {least:.3g} ms for {batch} images"
        )


def _begin(plan: SearchPlan) -> None:
    """Write down what is searched, and on what."""
    directory = plan.directory
    if not plan.resumed:
        directory.require_new()  # again, now that the directory is held
    data = {"directory": plan.config["data"], "fingerprint": plan.source.fingerprint}
    directory.write_environment(
        {"command": command(), "seed": plan.seed, "data": data, **environment()}
    )
    directory.write_config(plan.config)
    directory.log(f"{'resumed' if plan.resumed else 'started'}: {command()}")
    say(
        f"searching {plan.card.model} for {','.join(plan.objectives)} with {plan.strategy}, "
        f"{directory.path}"
    )


def _search(plan: SearchPlan, supernet: Supernet | None, hands: Hands) -> None:
    directory, weights = plan.directory, _weights(plan)
    scoring, study = _scoring(plan, supernet, weights), _study(plan, weights)
    with live_view(study) as show, tracking(plan.track, directory.path, plan.identity) as log:
        outcome = Outcome(directory, study, _describe(plan), log)

        def on_outcome(number: int) -> None:
            outcome.note(number)
            show()

        try:
            # One core is enough for a candidate, since the networks and images are small.
            evaluate_all(study, scoring, replace(hands, cpus=1), on_outcome)
        finally:
            best = outcome.write()
    directory.log(study.stopped or "finished")
    if study.stopped is not None:
        raise UserError(f"the search stopped since {study.stopped}")
    if best is None:
        raise UserError(f"no candidate could be scored: {directory.candidates_file} says why")
    scored = [item.score for item in study.candidates() if item.score is not None]
    task_of(plan.images).warn_of_chance(
        "the best candidate's validation",
        max(scored),
        plan.images.truth(plan.images.splits.val),
        guesses=len(scored),
    )
    if plan.finals is not None:
        _finish(plan, plan.finals, best, study.candidates())


def _finish(
    plan: SearchPlan, training: FinalTraining, best: Best, candidates: Sequence[Candidate]
) -> None:
    """Train the best candidates whole, and write down which of them is recommended."""
    finals = training.run(
        ranked(candidates),
        plan.card,
        plan.images,
        plan.directory.finals,
        plan.workers,
    )
    winner = next(item for item in candidates if item.number == finals.recommended)
    plan.directory.write_best(replace(best, winner=winner, weights=None, finals=finals))
    plan.directory.log(f"finals: trial {finals.recommended} is recommended")


def _scoring(plan: SearchPlan, supernet: Supernet | None, weights: str | None) -> CandidateScoring:
    """Return what the workers need, with no more training images than the fidelity uses."""
    train = plan.images.train()
    return CandidateScoring(
        fidelity=plan.fidelity,
        card=plan.card,
        train=calibration_images(train) if plan.fidelity == "inherit" else train,
        val=plan.images.val(),
        fingerprint=plan.source.fingerprint,
        supernet=supernet,
        initial=InitialWeights("supernet", weights) if weights is not None else None,
        recipe=plan.recipe,
        seed=plan.training_seed,
        run=RunDirectory(plan.directory.path.absolute()),
        latency=plan.latency,
        objectives=plan.objectives,
    )


def _weights(plan: SearchPlan) -> str | None:
    """Return the digest of the weights that candidates inherit; None where they do not inherit."""
    supernet = plan.directory.supernet
    return file_digest(supernet) if supernet.exists() else None


def _study(plan: SearchPlan, weights: str | None) -> SearchStudy:
    identity: dict[str, Any] = {
        "space": plan.card.model,
        "data": plan.source.fingerprint,
        "supernet": weights,
        "objectives": ",".join(plan.objectives),
        "fidelity": plan.fidelity,
    }
    if plan.fidelity != "inherit":
        identity |= {"first_rung": plan.first_rung, "training_seed": plan.training_seed}
    if plan.images.target is not None:
        identity["target"] = plan.images.target.name
    return SearchStudy(
        plan.study,
        identity,
        space=plan.space,
        sampler=get_repeatable_sampler(plan.strategy, plan.seed, plan.space),
        objectives=plan.objectives,
        trials=plan.trials,
        first_rung=plan.first_rung,
    )


def _describe(plan: SearchPlan) -> Callable[..., Best]:
    """Return a maker of the outcome, with all filled in that is known before the search."""
    directory = plan.directory
    return partial(
        Best,
        space=plan.card.model,
        objectives=plan.objectives,
        fidelity=plan.fidelity,
        recipe=None if plan.fidelity == "inherit" else plan.recipe.to_json(),
        image_size=plan.card.image_size,
        data=plan.source,
        supernet=str(directory.supernet.relative_to(directory.path))
        if directory.supernet.exists()
        else None,
        target=plan.images.target.name if plan.images.target is not None else None,
    )


def _report(directory: RunDirectory, best: Best) -> None:
    """Print the winner, and the others of the Pareto set."""
    console = screen()
    winner = best.winner
    assert winner.score is not None  # a candidate without one never wins
    name, score, how = deciding(best.objectives), winner.score, str(best.fidelity)
    if best.finals is not None:
        (won,) = [one for one in best.finals.finalists if one.trial == winner.number]
        score, how = mean(won.scores), f"finals; {how} {winner.score:.4f}"
    console.print(
        Text.assemble(
            f"best: validation {CALLED[name]} ",
            (f"{score:.4f}", "bold"),
            f" ({how}), {params_words(winner.params, winner.untied_params)}, "
            f"{winner.flops / 1e6:,.1f} MFLOPs\n"
            f"{winner.architecture}",
        ),
        soft_wrap=True,
    )
    if best.finals is not None:
        console.print(finals_words(best.finals))
        console.print(finals_table(best.finals))
    if len(best.pareto) > 1:
        console.print("none is better in every way than these:")
        console.print(candidate_table(list(best.pareto), name))
    console.print(f"{_how_sure(best, score)}\neverything is in {directory.path}", soft_wrap=True)
    path = shlex.quote(str(directory.path))
    show_next(
        {
            "Make a page of the search": f"report {path}",
            "Train the best from scratch, and test it": f"retrain --run {path}",
        }
    )


def _how_sure(best: Best, score: float) -> str:
    """Say roughly how sure the score of the winner is, and what one that knows nothing has."""
    dataset = open_dataset(Path(best.data.directory), best.data.read_options())
    val = dataset.splits().val
    if best.target is None:
        interval = rough_interval(score, dataset.labels[val], len(dataset.classes))
        images, chance = len(val), f"chance is {CHANCE}"
    else:
        images = int(np.isfinite(read_target(dataset, best.target)[0][val]).sum())
        interval, chance = rough_r2_interval(score, images), KNOWS_NOTHING
    return (
        f"{interval_words(interval)}, roughly, over the {images:,} validation images, which also "
        f"chose it; {chance}"
    )
