"""When a search gives up: after failures at its start, or proposals that break the limits."""

from collections.abc import Callable, Sequence

from optuna.trial import FrozenTrial, TrialState

from nas.search.result import Candidate
from nas.search.trials import is_evaluated, is_infeasible

# A search stops when more than half of the first ten candidates failed.
_FIRST = 10

# A search stops when so many proposals in a row break the limits. Where their latency had to be
# measured to know it, patience is shorter.
_PROPOSALS = 1000
_SLOW_PROPOSALS = 200


class Patience:
    """How many settled trials in a row broke the limits, and when that is enough.

    Args:
        max_latency_ms: Largest latency that is allowed; None for any.
    """

    def __init__(self, max_latency_ms: float | None) -> None:
        self._max_latency_ms = max_latency_ms
        self._infeasible_in_a_row = 0
        # How many of those in a row had their latency measured to know it.
        self._slow_in_a_row = 0

    def count(self, trial: FrozenTrial) -> None:
        """Count a trial, in the order of settlement."""
        if is_infeasible(trial):
            self._infeasible_in_a_row += 1
            self._slow_in_a_row += is_evaluated(trial)
        else:
            self._infeasible_in_a_row = self._slow_in_a_row = 0

    def over(self, candidates: Callable[[], Sequence[Candidate]]) -> str | None:
        """Return why to give up on proposals that keep the limits; None while there is hope.

        Args:
            candidates: Returns all candidates, the fastest of which is named.
        """
        if self._slow_in_a_row >= _SLOW_PROPOSALS:
            fastest = min(item.latency_ms for item in candidates() if item.latency_ms is not None)
            return (
                f"{_SLOW_PROPOSALS:,} candidates in a row took longer than --max-latency-ms "
                f"{self._max_latency_ms:g} (the fastest of all {fastest:.3g} ms): search again "
                "with a higher limit"
            )
        if self._infeasible_in_a_row >= _PROPOSALS:
            return (
                f"{_PROPOSALS:,} proposals in a row broke the limits: raise them, or choose "
                "another strategy"
            )
        return None


def failed_at_the_start(trials: Sequence[FrozenTrial], reason: str) -> str | None:
    """Return why to give up after failures; None while less than half of the first ones failed.

    Args:
        trials: All trials, the last of which failed.
        reason: Why it failed.
    """
    evaluated = [trial for trial in trials if trial.state.is_finished() and is_evaluated(trial)]
    failures = sum(trial.state is TrialState.FAIL for trial in evaluated[:_FIRST])
    if len(evaluated) > _FIRST or failures <= _FIRST // 2:
        return None
    return (
        f"{failures} of the first {len(evaluated)} candidates failed, the last one because {reason}"
    )
