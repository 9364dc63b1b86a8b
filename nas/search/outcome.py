"""What a search writes down while it runs: log, curves, candidates, and the best so far."""

import time
from collections.abc import Callable, Sequence

from nas.search.result import Best, Candidate
from nas.search.run_directory import RunDirectory
from nas.search.study import SearchStudy
from nas.tracking.curves import Log
from nas.training.deciding import CALLED, deciding

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
        self._best_score: float | None = None

    def note(self, number: int) -> None:
        """Log a candidate that is done, and write the tables unless they were just written."""
        candidates = self._study.candidates()
        self._directory.log(_line(candidates[number], CALLED[deciding(self._study.objectives)]))
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
            name, score = deciding(self._study.objectives), item.score
            if item.state == "complete" and score is not None:
                best = self._best_score
                self._best_score = score if best is None else max(score, best)
            values = {
                f"candidate/{name}": score,
                "candidate/params": item.params,
                "candidate/flops": item.flops,
                "candidate/latency_ms": item.latency_ms,
                f"best/{name}": self._best_score,
            }
            self._log(
                item.number, {name: value for name, value in values.items() if value is not None}
            )
            self._tracked += 1


def _line(candidate: Candidate, called: str) -> str:
    score = candidate.score
    told = candidate.reason if score is None else f"validation {called} {score:.4f}"
    return f"trial {candidate.number} {candidate.state}: {told} ({candidate.architecture})"
