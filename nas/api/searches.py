"""Searches, and what they found."""

from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import optuna
import pandas as pd

from nas.api.comparisons import PathLike, Report, report
from nas.api.keywords import command_line, said_in_python, settings_from, shows_settings
from nas.api.plugins import strategy_name
from nas.common.figure import ShownFigure
from nas.common.provenance import asked
from nas.common.settings import take_strings
from nas.data.dataset import LensDataset
from nas.report.drawing import style
from nas.report.search_figures import search_figure
from nas.search.command import search_networks
from nas.search.found import read_found
from nas.search.result import Best, Candidate
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings, check, resumed
from nas.search.storage import read_study
from nas.training.deciding import CALLED, deciding


@dataclass(frozen=True, repr=False)
class SearchResult:
    """What a search found, read from its directory.

    It stands for the directory where a path is asked for. A notebook shows the winner and the
    Pareto front.

    Attributes:
        directory: directory of the run.
        storage: database of the study; None for the file in the directory.

    Example:
        A search of last week::

            from pathlib import Path

            from nas import api

            found = api.SearchResult(Path("results/runs/mine"))
            print(found.best.architecture, found.best.auc)
            found.plot_history()

        >>> from pathlib import Path
        >>> from nas import api
        >>> api.SearchResult(Path("nowhere")).best  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: nowhere is not the directory of a search: ...
    """

    directory: Path
    storage: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        take_strings(self)

    def __fspath__(self) -> str:
        return str(self.directory)

    def __repr__(self) -> str:
        best, called = self.best, CALLED[deciding(self._outcome.objectives)]
        return (
            f"SearchResult({self._outcome.space}, {len(self.candidates)} candidates, best of "
            f"validation {called} {best.score:.4f} with {best.params:,} parameters; "
            f"{self.directory})"
        )

    def _repr_html_(self) -> str:
        """Return the winner and the Pareto front, which notebooks ask for."""
        columns = ["auc", "scores.r2", "params", "flops", "latency_ms", "architecture"]
        known = [name for name in columns if name in self.pareto]
        front = self.pareto[known].dropna(axis="columns").to_html(border=0)
        return f"<p>{escape(repr(self))}</p><p>None is better in every way than these:</p>{front}"

    @property
    def best(self) -> Candidate:
        """The candidate with the highest validation score, or the one that the finals recommend."""
        return self._outcome.winner

    @property
    def pareto(self) -> pd.DataFrame:
        """The candidates that no other beats in every objective, the best first."""
        return _table(list(self._outcome.pareto))

    @property
    def candidates(self) -> pd.DataFrame:
        """All candidates by number, with the columns of ``candidates.csv``."""
        return _table(self._found[1])

    @cached_property
    def study(self) -> optuna.Study:
        """The history as an Optuna study, for Optuna's own plots and importances."""
        return read_study(self._run.study(self.storage))

    def plot_history(self) -> ShownFigure:
        """Draw all candidates, the best so far, and its regret."""
        strategy = str(self._run.config().get("strategy", "a search"))
        with style():
            return search_figure({strategy: self._found[1]})

    def report(self, **settings: Any) -> Report:
        """Write the page of the search.

        Args:
            settings: fields of :class:`~nas.report.settings.ReportSettings` but ``directory``.
        """
        return report(self.directory, **settings)

    @property
    def _run(self) -> RunDirectory:
        return RunDirectory.open(self.directory)

    @cached_property
    def _found(self) -> tuple[Best, list[Candidate]]:
        return read_found(self._run)

    @property
    def _outcome(self) -> Best:
        return self._found[0]


def _table(candidates: list[Candidate]) -> pd.DataFrame:
    return pd.DataFrame([item.to_cells() for item in candidates]).set_index("number")


@shows_settings(SearchSettings)
def search(
    data: LensDataset | PathLike | None = None, *, resume: PathLike | None = None, **settings: Any
) -> SearchResult:
    """Search for the best architectures, as ``python -m nas.search`` does.

    An interrupted search leaves its directory, and goes on with ``search(resume=DIRECTORY)``.

    Args:
        data: the data set, or its directory; by default one is simulated.
        resume: result or directory of a search to go on with; settings that are left out are those
            of that search.
        settings: fields of :class:`~nas.search.settings.SearchSettings`; ``strategy`` may also be
            a sampler of Optuna, which is then asked throughout, and given again with ``resume``.

    Returns:
        What was found: ``best``, ``candidates``, ``pareto``, ``study``, ``plot_history()`` and
        ``report()``.

    Raises:
        UserError: a setting cannot be used, or the search cannot begin, stopped, or scored no
            candidate.
        search_spaces.SpaceError: there is no search space of this name.

    Example:
        The first search, which takes minutes::

            from nas import api

            found = api.search(api.simulate(images=3000), trials=20)
            print(found.best.architecture)
            retrained = api.retrain(found)

        >>> from nas import api
        >>> api.search(strategy="evolutoin")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: there is no strategy 'evolutoin': ... evolution?
    """
    given = settings if data is None else {"data": data, **settings}
    if "strategy" in given:
        given = {**given, "strategy": strategy_name(given["strategy"])}
    wanted = settings_from(SearchSettings, given)
    line = command_line("nas.search", SearchSettings, {**given, "resume": resume})
    with said_in_python():
        if resume is None:
            check(wanted)
        else:
            wanted = resumed(Path(resume), **{name: getattr(wanted, name) for name in given})
    with asked(line):
        return SearchResult(search_networks(wanted).path, wanted.storage)
