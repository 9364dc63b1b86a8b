"""How a candidate gets its score.

It inherits the supernet's weights (``inherit``), is trained on from them (``finetune``), or is
trained from random weights (``scratch``, and in a ``funnel``).
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn

from nas.common.lock import share
from nas.costs import measure_latency
from nas.data.tensors import LensTensors
from nas.search.measures import measure_of, measured
from nas.search.options import FidelityName
from nas.search.result import Evaluation
from nas.search.run_directory import RunDirectory
from nas.search.study import Proposal
from nas.training.evaluation import class_probabilities
from nas.training.metrics import score
from nas.training.networks.card import ModelCard
from nas.training.paced import paced
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord, best_record
from nas.training.spec import InitialWeights, TrainingSpec
from nas.training.supernet.inheritance import Inheritance
from search_spaces import Architecture, Supernet


@dataclass(frozen=True)
class LatencyWanted:
    """How the latency of candidates is measured."""

    batch: int
    """Number of images in a batch."""
    limit_ms: float | None
    """Milliseconds for a batch beyond which a candidate is not scored at all; None for no limit."""


@dataclass(frozen=True)
class CandidateScoring:
    """All that a worker needs to score candidates.

    Attributes:
        fidelity: Name of the way in which candidates are scored.
        card: Images and classes of the candidates' networks; it names no architecture.
        train: Images to learn from, on the CPU.
        val: Images to score on, on the CPU.
        fingerprint: Hash of the data set's content.
        supernet: Supernet whose weights are inherited; None for ``scratch`` and ``funnel``.
        initial: Identity of the supernet's weights; None where there is no supernet.
        recipe: Recipe of the training; not used where candidates only inherit.
        seed: Seed of the training.
        run: Run directory, which all workers see; each candidate's checkpoints go into a directory
            of their own there.
        latency: How latency is measured; None where it is not measured.
        objectives: Names of what is searched for; those are measured that only images tell.
    """

    fidelity: FidelityName
    card: ModelCard
    train: LensTensors
    val: LensTensors
    fingerprint: str
    supernet: Supernet | None
    initial: InitialWeights | None
    recipe: Recipe
    seed: int
    run: RunDirectory
    latency: LatencyWanted | None
    objectives: tuple[str, ...] = ("auc",)

    def worker(self, device: torch.device) -> "CandidateScorer":
        """Return a scorer whose images and supernet are on the device."""
        share(self.run.path)
        supernet = self.supernet.to(device) if self.supernet is not None else None
        own = replace(self, train=self.train.to(device), val=self.val.to(device), supernet=supernet)
        return CandidateScorer(own, device)


class CandidateScorer:
    """Scores candidates on a device.

    Args:
        scoring: What is needed to score, with images and supernet on the device.
        device: Device that scores.
    """

    def __init__(self, scoring: CandidateScoring, device: torch.device) -> None:
        self._scoring = scoring
        self._device = device
        self._inheritance = Inheritance(scoring.train, scoring.val)
        self._further = any(measure_of(name).of for name in scoring.objectives)

    def work(self, proposal: Proposal) -> Iterator[tuple[Evaluation, bool]]:
        """Score a candidate, and yield what is known and whether it is the last.

        Something is yielded after each epoch, or once where candidates inherit.

        Args:
            proposal: The candidate.

        Raises:
            NonFiniteError: A loss or a score is not a number.
        """
        start = time.perf_counter()
        network, wanted, latency = self._network(proposal.architecture), self._scoring.latency, None
        if wanted is not None:
            shape = (self._scoring.card.in_chans, *self._scoring.card.image_size)
            latency = measure_latency(network, shape, wanted.batch, self._device).milliseconds
            if wanted.limit_ms is not None and latency > wanted.limit_ms:
                yield Evaluation(latency_ms=latency, seconds=time.perf_counter() - start), True
                return
        for judged, done in self._scores(proposal, network):
            yield replace(judged, latency_ms=latency, seconds=time.perf_counter() - start), done

    def _inherited(self, network: nn.Module) -> Evaluation:
        """Return what a network is worth that is not trained."""
        val = self._scoring.val
        probabilities, labels = class_probabilities(network, val), val.labels.cpu().numpy()
        auc = score(probabilities, labels, val.classes).auc
        further = measured(self._scoring.objectives, labels, probabilities)
        return Evaluation(auc=auc, scores=further)

    def _trained(self, network: nn.Module, best: Mapping[str, float]) -> Evaluation:
        """Return what a network is worth that has the weights of its best epoch."""
        judged = _after_epoch(best)
        if not self._further:
            return judged
        return replace(judged, scores=self._inherited(network).scores)

    def _network(self, architecture: Architecture) -> nn.Module:
        scoring = self._scoring
        if scoring.supernet is not None:
            return self._inheritance.network(scoring.supernet, architecture)
        card = replace(scoring.card, architecture=str(architecture))
        return card.build(scoring.seed, scoring.recipe.drop_path).to(self._device)

    def _scores(self, proposal: Proposal, network: nn.Module) -> Iterator[tuple[Evaluation, bool]]:
        """Yield what is known of the network's worth, and whether it is the last."""
        scoring = self._scoring
        if scoring.fidelity == "inherit":
            yield self._inherited(network), True
            return
        # A candidate that was killed goes on from its last epoch, and reports all of them again.
        directory = scoring.run.candidate(proposal.number)
        card = replace(scoring.card, architecture=str(proposal.architecture))
        spec = TrainingSpec(
            data=scoring.fingerprint,
            card=card,
            recipe=scoring.recipe,
            seed=scoring.seed,
            initial=scoring.initial,
        )
        epochs = paced(
            lambda on_epoch: spec.fit(network, scoring.train, scoring.val, directory, on_epoch)
        )
        records: list[EpochRecord] = []
        try:
            for record in epochs:
                records.append(record)
                if record.epoch < scoring.recipe.epochs:
                    yield _after_epoch(record.val), False
            # The training left the weights of the best epoch in the network.
            yield self._trained(network, best_record(records).val), True
        finally:
            epochs.close()
            # This is the state of the optimizer and the current weights. Nobody goes on from here,
            # and the best weights are kept in a file beside it.
            (directory / "state.safetensors").unlink(missing_ok=True)


def _after_epoch(val: Mapping[str, float]) -> Evaluation:
    """Return what is known after an epoch: its AUC, or the scores of a regression."""
    return Evaluation(auc=val["auc"]) if "auc" in val else Evaluation(scores=dict(val))
