"""What the networks of a leaderboard that validation likes best said of the test images."""

from collections.abc import Sequence
from pathlib import Path

from nas.data.targets import Target
from nas.report.board import Board
from nas.report.calibration import calibration_section
from nas.report.numbers import ReadNumbers, numbers_section
from nas.report.page import Section
from nas.report.predictions import Predictions
from nas.report.rows import Row
from nas.report.sections import classes_section, examples_section
from nas.training.deciding import deciding

# So many baselines stand beside the best found network where there is not room for all.
_OPPONENTS = 2
_GONE = "The predictions of the test images are not beside leaderboard.json."


def best_rows(scored: Sequence[Row], board: Board) -> tuple[list[Row], list[Row]]:
    """Return the best found network, if any, and the baselines, by falling validation score.

    Args:
        scored: rows with trainings.
        board: their leaderboard.
    """
    liked = sorted(scored, key=lambda row: -row.validation_score)
    return [row for row in liked if row.name == board.best_found], [
        row for row in liked if row.kind == "baseline"
    ]


def answers_sections(
    scored: Sequence[Row], board: Board, directory: Path, data: Path | None
) -> list[Section]:
    """Show what the networks that validation likes best said of the test images.

    They are the best found network and the best baselines.

    Args:
        scored: rows with trainings.
        board: their leaderboard.
        directory: directory of the leaderboard, where the predictions are.
        data: where the data set is now; None for where it was.

    Raises:
        UserError: a file is damaged.
    """
    found, baselines = best_rows(scored, board)
    chosen = [*found, *baselines[: _OPPONENTS + 1 - len(found)]] or [
        max(scored, key=lambda row: row.validation_score)
    ]
    choice = (
        "These networks are the best of their kind, found or baseline, by validation "
        f"{board.data.called}."
    )
    if board.data.target is not None:
        return [_numbers(chosen, board.data.target, directory, choice)]
    return _classes(scored, chosen, board, directory, data, choice)


def _numbers(chosen: Sequence[Row], target: Target, directory: Path, choice: str) -> Section:
    """Show the numbers that networks read off the images, against the true ones."""
    told = {row.name: ReadNumbers.read(*_judged(row, directory), target) for row in chosen}
    there = {name: numbers for name, numbers in told.items() if numbers is not None}
    return numbers_section(there, choice) if there else Section("Numbers", (_GONE,))


def _classes(
    scored: Sequence[Row],
    chosen: Sequence[Row],
    board: Board,
    directory: Path,
    data: Path | None,
    choice: str,
) -> list[Section]:
    """Show ROC curves, confusion, calibration and mistakes of the chosen networks."""
    told = {
        row.name: Predictions.read(*_judged(row, directory), board.data.classes) for row in scored
    }
    there = {name: predictions for name, predictions in told.items() if predictions is not None}
    networks = {row.name: there[row.name] for row in chosen if row.name in there}
    if not networks:
        return [Section("Classes", (_GONE,))]
    name = next(iter(networks))
    place = data or Path(board.data.directory)
    return [
        classes_section(networks, choice),
        calibration_section(there, {row.name: row.trainings for row in scored}, list(networks)),
        examples_section(name, networks[name], place, board.data.options, board.data.fingerprint),
    ]


def _judged(row: Row, directory: Path) -> tuple[list[Path], list[float]]:
    """Return the files of what trainings said of the test images, and their validation scores."""
    files = [directory / training.predictions for training in row.trainings]
    scores = [training.validation for training in row.trainings]
    return files, [one[deciding(one)] for one in scores]
