"""The report of a leaderboard."""

from pathlib import Path

from nas.board import Board
from nas.report.page import Page


def leaderboard_page(board: Board, directory: Path, data: Path | None) -> Page:
    """Put the page of a leaderboard together."""
    raise NotImplementedError
