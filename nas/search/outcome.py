"""What a search writes down while it runs: log, curves, candidates, and the best so far."""

import time
from collections.abc import Callable, Sequence

from nas.search.result import Best, Candidate
from nas.search.run_directory import RunDirectory
from nas.search.study import SearchStudy
from nas.tracking.curves import Log

# The tables are written whole each time, which would be too often after every candidate of a long
# and fast search.
_SECONDS = 2.0


class Outcome:
    """The files of a run that follow from its study.

    Args:
        directory: Directory of the run.
        study: The history, which knows the candidates.
        best: Makes the outcome from ``winner``, ``pareto`` and ``weights``, which the study adds.
        log: Takes the curves, whose steps are the numbers of trials.
    """

    def __init__(
        self, directory: RunDirectory, study: SearchStudy, best: Callable[..., Best], log: Log
    ) -> None:
        self._directory = directory
        self._study = study
        self._best = best
        self._log = log
        self._written = 0.0
        self._tracked = 0
        self._best_auc: float | None = None

    def note(self, number: int) -> None:
        """Log a candidate that is done, and write the tables unless they were just written."""
        candidates = self._study.candidates()
        self._directory.log(_line(candidates[number]))
        self._track(candidates)
        if time.monotonic() - self._written > _SECONDS:
            self.write()

    def write(self) -> Best | None:
        """Write the table of candidates and the best; return the best, None where there is none."""
        self._written = time.monotonic()
        candidates = self._study.candidates()
        self._directory.write_candidates(candidates)
        self._track(candidates)
        pareto = self._study.pareto()
        if not pareto:
            return None
        weights = self._directory.candidate(pareto[0].number) / "model.safetensors"
        found = str(weights.relative_to(self._directory.path)) if weights.exists() else None
        best = self._best(winner=pareto[0], pareto=tuple(pareto), weights=found)
        self._directory.write_best(best)
        return best

    def _track(self, candidates: Sequence[Candidate]) -> None:
        """Log candidates in their order, as far as all earlier ones are done.

        So the curves of a resumed search are those of an unbroken one.
        """
        for item in candidates[self._tracked :]:
            if item.state == "running":
                return
            if item.state == "complete" and item.auc is not None:
                self._best_auc = max(item.auc, self._best_auc or 0.0)
            values = {
                "candidate/auc": item.auc,
                "candidate/params": item.params,
                "candidate/flops": item.flops,
                "candidate/latency_ms": item.latency_ms,
                "best/auc": self._best_auc,
            }
            self._log(
                item.number, {name: value for name, value in values.items() if value is not None}
            )
            self._tracked += 1


def _line(candidate: Candidate) -> str:
    score = f"validation AUC {candidate.auc:.4f}" if candidate.auc is not None else candidate.reason
    return f"trial {candidate.number} {candidate.state}: {score} ({candidate.architecture})"
