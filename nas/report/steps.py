"""What can be done after a page was looked at."""

import shlex
from pathlib import Path

from nas.report.board import FILE, Board
from nas.report.retrained import read_retrained
from nas.search.run_directory import RunDirectory
from nas.training.task import task_of


def next_steps(directory: Path) -> dict[str, str]:
    """Return name and flags of commands that go on from a page, by what each does.

    Args:
        directory: directory of a search or of a leaderboard that has a page.

    Raises:
        UserError: a file of the directory is damaged.
    """
    if (directory / FILE).exists():
        return _after_board(Board.read(directory), directory)
    run = shlex.quote(str(directory))
    if read_retrained(RunDirectory.open(directory)):
        return {"Compare it with known networks": f"leaderboard --run {run}"}
    return {"Train the best from scratch, and test it": f"retrain --run {run}"}


def _after_board(board: Board, directory: Path) -> dict[str, str]:
    """Use the network that validation likes best, with the weights that it likes best."""
    best = max(board.rows, key=lambda row: row.validation_score)
    task, target = task_of(board.data), board.data.target
    ranked = sorted(best.trainings, key=lambda training: -training.validation[task.decides])
    for training in ranked[:1]:
        weights = (directory / training.predictions).parent / "model.safetensors"
        if weights.exists():
            network = shlex.quote(str(weights))
            use = "Classify images" if target is None else f"Read {target.name} off images"
            return {f"{use} with {best.name}": f"predict --checkpoint {network} --data DIR"}
    return {}
