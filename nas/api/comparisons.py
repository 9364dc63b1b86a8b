"""Comparisons: networks that are trained anew and judged, the leaderboard, fidelity and reports."""

import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from baselines.leaderboard.command import compare_networks, write_page
from baselines.leaderboard.settings import LeaderboardSettings
from baselines.leaderboard.settings import check as check_leaderboard
from baselines.leaderboard.tables import frame
from nas.api.keywords import command_line, settings_from, shows_settings
from nas.common.provenance import asked
from nas.data.dataset import LensDataset
from nas.fidelity.command import measure_fidelity
from nas.fidelity.report import Fidelity
from nas.fidelity.settings import FidelitySettings
from nas.fidelity.settings import check as check_fidelity
from nas.report.board import Board
from nas.report.command import report_of
from nas.report.settings import ReportSettings
from nas.report.settings import check as check_report
from nas.retrain.command import retrain_architectures
from nas.retrain.retrained import Retrained
from nas.retrain.settings import RetrainSettings
from nas.retrain.settings import check as check_retraining

PathLike = str | os.PathLike[str]
"""A path, or what has one: the result of a search stands for its directory."""


@dataclass(frozen=True)
class Report:
    """A page that was written, which a notebook shows.

    Attributes:
        path: path of ``report.html``; figures as PNG and PDF are in ``figures`` beside it.
    """

    path: Path

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own, so that its styles leave the notebook alone."""
        page = escape(self.path.read_text(encoding="utf-8"))
        return f'<iframe srcdoc="{page}" width="100%" height="700"></iframe>'


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """A leaderboard that is finished.

    Attributes:
        directory: directory of the tables, and of all trainings.
        board: all that is known.
        report: the page.
    """

    directory: Path
    board: Board
    report: Report

    def __repr__(self) -> str:
        return f"Leaderboard({len(self.board.ranks)} networks; {self.directory})"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each network and reference, with the columns of ``leaderboard.csv``."""
        return frame(self.board)

    def _repr_html_(self) -> str:
        """Return the scores as a table, which notebooks ask for."""
        name, beside, *_ = self.board.data.scores
        scores = [name, f"{name}_low", f"{name}_high", beside]
        return self.table[["rank", "network", *scores, "parameters"]].to_html(border=0, index=False)


@shows_settings(RetrainSettings)
def retrain(run: PathLike | None = None, **settings: Any) -> Retrained:
    """Train the best of a search from scratch and judge it, as ``python -m nas.retrain`` does.

    The same call goes on where it was interrupted, and reads the test split of no network twice.

    Args:
        run: result or directory of a search; by default the newest in ``results/runs``.
        settings: fields of :class:`~nas.retrain.settings.RetrainSettings`; ``architecture`` and
            ``data`` train an architecture of one's own.

    Returns:
        The networks with their scores: ``scores``, ``network`` and ``classifier``.

    Raises:
        UserError: a setting cannot be used, the search has found nothing yet, or its data are gone.
        search_spaces.SpaceError: there is no such architecture.

    Example:
        >>> import numpy as np
        >>> from nas import api
        >>> images = np.random.default_rng(0).random((60, 32, 32), dtype=np.float32)
        >>> data = api.from_arrays(images, np.arange(60) % 2, classes=["ring", "arc"])
        >>> retrained = api.retrain(
        ...     data=data, architecture="symmetric_tiny", epochs=1, seeds=2, device="cpu"
        ... )
        >>> len(retrained.scores), retrained.classifier.classes
        (2, ('ring', 'arc'))
    """
    given = settings if run is None else {"run": run, **settings}
    wanted = settings_from(RetrainSettings, given, check_retraining)
    with asked(command_line("nas.retrain", RetrainSettings, given)):
        return retrain_architectures(wanted)


@shows_settings(LeaderboardSettings)
def leaderboard(data: LensDataset | PathLike | None = None, **settings: Any) -> Leaderboard:
    """Compare found networks with hand-designed ones, as ``python -m baselines.leaderboard`` does.

    The same call goes on where it was interrupted, and trains nothing again.

    Args:
        data: the data set, or its directory; by default that of the searches.
        settings: fields of :class:`~baselines.leaderboard.settings.LeaderboardSettings`.

    Returns:
        The leaderboard: ``table``, ``board`` and ``report``.

    Raises:
        UserError: a setting cannot be used, or no network could be trained.

    Example:
        Two networks on one's own images; it takes minutes::

            from nas import api

            board = api.leaderboard(data, models="ResNet-18,ViT-tiny", epochs=10)
            print(board.table[["network", "auc", "parameters"]])

        >>> import inspect
        >>> from nas import api
        >>> inspect.signature(api.leaderboard).parameters["seeds"].default
        2
    """
    given = settings if data is None else {"data": data, **settings}
    wanted = settings_from(LeaderboardSettings, given, check_leaderboard)
    with asked(command_line("baselines.leaderboard", LeaderboardSettings, given)):
        board = compare_networks(wanted)
    return Leaderboard(wanted.out, board, Report(write_page(board, wanted.out)))


@shows_settings(FidelitySettings)
def fidelity(data: LensDataset | PathLike, **settings: Any) -> Fidelity:
    """Measure whether a supernet's ranking can be trusted, as ``python -m nas.fidelity`` does.

    Args:
        data: the data set that the supernet was trained on, or its directory.
        settings: fields of :class:`~nas.fidelity.settings.FidelitySettings`, ``supernet`` among
            them.

    Returns:
        The networks trained alone and how others would have ranked them: ``table``, ``rankings()``
        and ``plot()``.

    Raises:
        UserError: a setting cannot be used, or the supernet is of other images.

    Example:
        A supernet of ``python -m nas.supernet``; it takes many minutes::

            from nas import api

            measured = api.fidelity(data, supernet="results/runs/mine")
            print(measured.rankings()["mine"].kendall)

        >>> import inspect
        >>> from nas import api
        >>> inspect.signature(api.fidelity).parameters["architectures"].default
        24
    """
    given = {"data": data, **settings}
    wanted = settings_from(FidelitySettings, given, check_fidelity)
    with asked(command_line("nas.fidelity", FidelitySettings, given)):
        return measure_fidelity(wanted)


@shows_settings(ReportSettings)
def report(directory: PathLike | None = None, **settings: Any) -> Report:
    """Write the page of a search or of a leaderboard, as ``python -m nas.report`` does.

    Args:
        directory: result or directory of a search, or directory of a leaderboard; by default the
            newest search in ``results/runs``.
        settings: fields of :class:`~nas.report.settings.ReportSettings`.

    Returns:
        The page, which a notebook shows.

    Raises:
        UserError: the directory is neither, or has nothing to show yet.

    Example:
        >>> from nas import api
        >>> api.report("nowhere")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: nowhere is no directory: give that of a search ...
    """
    given = settings if directory is None else {"directory": directory, **settings}
    return Report(report_of(settings_from(ReportSettings, given, check_report)))
