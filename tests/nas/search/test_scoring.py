"""How a candidate is trained for its score."""

import csv
from collections.abc import Generator
from pathlib import Path

import torch

from nas.data.options import ReadOptions
from nas.search.run_directory import RunDirectory
from nas.search.scoring import CandidateScoring
from nas.search.study import Proposal
from nas.training.images import TrainingImages
from nas.training.recipe import Recipe
from search_spaces import get_space

SPACE = get_space("lens_nano")


def epochs(directory: Path) -> list[dict[str, str]]:
    with (directory / "log.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_candidate_that_was_killed_goes_on_from_its_last_epoch(
    tmp_path: Path, data: Path
) -> None:
    images = TrainingImages.open(data, ReadOptions())
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    scoring = CandidateScoring(
        fidelity="funnel",
        card=images.card(SPACE.name),
        train=images.train(),
        val=images.val(),
        fingerprint=images.dataset.fingerprint,
        supernet=None,
        initial=None,
        recipe=Recipe(epochs=3, batch_size=16),
        seed=0,
        run=run,
        latency=None,
        objectives=("auc",),
    )
    proposal, cpu = Proposal(0, SPACE.smallest), torch.device("cpu")
    work = scoring.worker(cpu).work(proposal)
    before = [next(work)[0].auc for _ in range(2)]
    state = run.candidate(0) / "state.safetensors"
    left = state.read_bytes()
    assert isinstance(work, Generator)
    work.close()
    state.write_bytes(left)  # which a kill would not have removed
    trained = epochs(run.candidate(0))
    assert len(trained) == 2

    again = [(evaluation.auc, last) for evaluation, last in scoring.worker(cpu).work(proposal)]
    assert [auc for auc, _ in again[:2]] == before
    assert [last for _, last in again] == [False, False, True]
    # Their seconds are those of the first time.
    assert epochs(run.candidate(0))[:2] == trained
    assert not state.exists()
