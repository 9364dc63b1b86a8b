"""Candidates are evaluated on workers: the study proposes, Ray Tune runs, the study notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import ray
import torch

from nas.cluster.actor import device_of
from nas.cluster.carried import Carried
from nas.cluster.connection import Hands
from nas.cluster.jobs import Equipment, Failure
from nas.cluster.tune import run_all
from nas.costs import measure_latency
from nas.search.result import Evaluation
from nas.search.study import Proposal, SearchStudy
from nas.training.networks.card import ModelCard
from search_spaces import Architecture


def evaluate_all(
    study: SearchStudy,
    scoring: Equipment[Proposal, Evaluation],
    hands: Hands,
    on_outcome: Callable[[int], None] = lambda number: None,
) -> None:
    """Evaluate candidates until the study has all that it wants, or stops.

    Ray must be running. After an interruption (``KeyboardInterrupt``) the study can be resumed.

    Args:
        study: The history, which proposes candidates and takes their outcomes.
        scoring: How candidates are scored.
        hands: How many candidates are evaluated at a time, and on what.
        on_outcome: Called with the number of each candidate that an evaluation settled.
    """
    run_all(_Candidates(study, on_outcome), scoring, hands)


@dataclass(frozen=True)
class _Candidates:
    """The candidates of a study, as the jobs that Ray Tune runs."""

    study: SearchStudy
    on_outcome: Callable[[int], None]

    def next(self) -> Proposal | None:
        return self.study.next()

    @property
    def done(self) -> bool:
        return self.study.done

    def report(self, job: Proposal, step: int, outcome: Evaluation) -> bool:
        return outcome.score is not None and self.study.report(job.number, step, outcome.score)

    def settle(self, job: Proposal, outcome: Evaluation, stopped: bool) -> None:
        settle = self.study.stop if stopped else self.study.complete
        settle(job.number, outcome)
        self.on_outcome(job.number)

    def fail(self, job: Proposal, failure: Failure) -> None:
        self.study.fail(job.number, failure.reason)
        self.on_outcome(job.number)


def least_latency(
    card: ModelCard, architectures: Sequence[Architecture], batch: int, gpus: float
) -> float:
    """Return the milliseconds that the fastest of some architectures takes for a batch.

    They are timed as candidates are, in a process with the same share of a machine. Ray must be
    running.

    Args:
        card: Images and classes of the networks; it names no architecture.
        architectures: Architectures to time, at least one.
        batch: Number of images in a pass.
        gpus: Share of a GPU; 0 times on a CPU.
    """
    timed = ray.remote(num_cpus=1, num_gpus=gpus)(_least_latency)
    device, carried = device_of(gpus), Carried.here()
    least: float = ray.get(timed.remote(card, architectures, batch, device, carried))
    return least


def _least_latency(
    card: ModelCard,
    architectures: Sequence[Architecture],
    batch: int,
    device: torch.device,
    carried: Carried,
) -> float:
    carried.unpack()
    shape = (card.in_chans, *card.image_size)
    networks = (replace(card, architecture=str(item)).build(0).to(device) for item in architectures)
    return min(measure_latency(network, shape, batch, device).milliseconds for network in networks)
