"""What a search writes down while it runs: its log, the table of candidates, and the best so far."""

import time
from collections.abc import Callable

from nas.run_directory import Best, Candidate, RunDirectory
from nas.study import SearchStudy

# The tables are written whole, so not after every candidate of a long and fast search.
_SECONDS = 2.0


class Outcome:
    """The files of a run that follow from its study.

    Args:
        directory: of the run.
        study: what is known.
        best: makes the outcome of ``winner``, ``pareto`` and ``weights``, which are what the study adds.
    """

    def __init__(self, directory: RunDirectory, study: SearchStudy, best: Callable[..., Best]) -> None:
        self._directory = directory
        self._study = study
        self._best = best
        self._written = 0.0

    def note(self, number: int) -> None:
        """Log a candidate that is done, and write the tables if that was not just done."""
        self._directory.log(_line(self._study.candidates()[number]))
        if time.monotonic() - self._written > _SECONDS:
            self.write()

    def write(self) -> Best | None:
        """Write the table of candidates and the best; return the latter, None where there is none."""
        self._written = time.monotonic()
        self._directory.write_candidates(self._study.candidates())
        pareto = self._study.pareto()
        if not pareto:
            return None
        weights = self._directory.candidate(pareto[0].number) / "model.safetensors"
        found = str(weights.relative_to(self._directory.path)) if weights.exists() else None
        best = self._best(winner=pareto[0], pareto=tuple(pareto), weights=found)
        self._directory.write_best(best)
        return best


def _line(candidate: Candidate) -> str:
    score = f"validation AUC {candidate.auc:.4f}" if candidate.auc is not None else candidate.reason
    return f"trial {candidate.number} {candidate.state}: {score} ({candidate.architecture})"
