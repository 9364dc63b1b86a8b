"""What a search found, as a later command reads it."""

from collections.abc import Sequence
from pathlib import Path

from nas.common.artefacts import DamageError, reading, short
from nas.common.errors import UserError
from nas.search.objectives import ranked
from nas.search.result import Best, Candidate
from nas.search.run_directory import RunDirectory
from search_spaces import SpaceError, get_space


def read_found(run: RunDirectory) -> tuple[Best, list[Candidate]]:
    """Return the outcome of a search and all its candidates, which agree.

    Every line is an architecture of the search's space, and the winner is among the candidates that
    have a score.

    Raises:
        UserError: the search has found nothing yet, a file is damaged, or nobody here knows the
            search's space.
    """
    best, candidates = run.best(), run.candidates()
    try:
        get_space(best.space)
    except SpaceError as error:
        raise UserError(f"{run.best_file} cannot be read: {error}") from error
    _check(run, run.best_file, best.space, best.pareto)
    _check(run, run.candidates_file, best.space, candidates)
    with reading(run.candidates_file, run.anew):
        if best.winner.number not in {item.number for item in ranked(candidates)}:
            raise DamageError(f"candidate {best.winner.number} of best.json has no score there")
    return best, candidates


def _check(run: RunDirectory, file: Path, space: str, candidates: Sequence[Candidate]) -> None:
    with reading(file, run.anew):
        for item in candidates:
            try:
                get_space(space).parse(item.architecture)
            except SpaceError as error:
                raise DamageError(f"candidate {item.number}: {short(error)}") from error
