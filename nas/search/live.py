"""What a search shows while it runs.

On a terminal and in a notebook these are a progress bar and the best candidates; in pipes and in CI
two lines.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import mean, stdev

from rich.console import Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from nas.common.progress import say
from nas.common.screen import is_watched, screen, words
from nas.search.objectives import ranked
from nas.search.result import Candidate, Finals
from nas.search.study import SearchStudy
from nas.training.deciding import CALLED, deciding
from search_spaces import get_space
from search_spaces.hybrid import describe, is_hybrid, operator

_SHOWN = 5


@contextmanager
def live_view(study: SearchStudy) -> Iterator[Callable[[], None]]:
    """Show on stderr how a search goes, for the length of a ``with`` block.

    Args:
        study: The history of the search.

    Yields:
        A function to call without arguments whenever a candidate is done.
    """
    if not is_watched():
        start, before = time.monotonic(), study.finished
        done = f", {before:,} of them done before" if before else ""
        say(f"searching {study.trials:,} candidates{done}")
        yield lambda: None
        say(f"searched {study.finished - before:,} candidates in {time.monotonic() - start:.1f} s")
        return
    progress = Progress(
        words("searching"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = progress.add_task("", total=study.trials, completed=study.finished)
    score = deciding(study.objectives)
    nothing = Group(progress, candidate_table([], score))
    with Live(nothing, console=screen(stderr=True), refresh_per_second=4) as live:

        def update() -> None:
            progress.update(bar, completed=study.finished)
            best = ranked(study.candidates())[:_SHOWN]
            live.update(Group(progress, candidate_table(best, score)))

        update()
        yield update
        live.refresh()  # which a notebook does not do by itself at the end


_OUTLINE = "architecture (operator, depth·width)"


def candidate_table(candidates: list[Candidate], score: str = "auc") -> Table:
    """Return a table of candidates for a terminal.

    Untied weights stand there where a network is symmetric, and latencies where any is known.

    Args:
        candidates: Candidates that have a score.
        score: Name of the score that decides.
    """
    texts: dict[str, Callable[[Candidate], str]] = {
        "trial": lambda item: str(item.number),
        f"val {CALLED[score]}": lambda item: f"{item.score:.4f}",
        "parameters": lambda item: f"{item.params:,}",
        "untied": lambda item: _known(item.untied_params, ","),
        "MFLOPs": lambda item: f"{item.flops / 1e6:,.1f}",
        "ms": lambda item: _known(item.latency_ms, ".1f"),
    }
    if all(item.untied_params in (None, item.params) for item in candidates):
        del texts["untied"]
    if all(item.latency_ms is None for item in candidates):
        del texts["ms"]
    table = Table(box=None, pad_edge=False)
    for title, text in texts.items():
        # In a narrow terminal the stages are cut, and no number.
        width = max(len(title), *(len(text(item)) for item in candidates), 0)
        table.add_column(title, justify="right", no_wrap=True, min_width=width)
    table.add_column(_OUTLINE, no_wrap=True)
    for item in candidates:
        table.add_row(*(text(item) for text in texts.values()), _outline(item.architecture))
    return table


def finals_words(finals: Finals) -> str:
    """Return in words who won the finals, and how sure that is."""
    first, *others = finals.finalists
    if not others:
        return f"one finalist was trained for {finals.epochs} epochs"
    second = others[0]
    words = (
        f"finals, {finals.epochs} epochs and {len(first.scores)} seeds: trial {first.trial} is "
        f"better than trial {second.trial} with probability {second.worse:.2f}"
    )
    if finals.recommended == first.trial:
        return words
    return f"{words}; of those that cannot be told apart, trial {finals.recommended} costs least"


def finals_table(finals: Finals) -> Table:
    """Return a table of the finalists for a terminal, the recommended one marked."""
    table = Table(box=None, pad_edge=False)
    score = CALLED["auc" if finals.finalists[0].aucs else "r2"]
    for title in ("trial", f"val {score}", "± seeds", "worse (p)", "parameters", "MFLOPs"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(_OUTLINE)
    for item in finals.finalists:
        spread = stdev(item.scores) if len(item.scores) > 1 else None
        table.add_row(
            f"{'→ ' if item.trial == finals.recommended else ''}{item.trial}",
            f"{mean(item.scores):.4f}",
            _known(spread, ".4f"),
            _known(item.worse, ".2f"),
            f"{item.params:,}",
            f"{item.flops / 1e6:,.1f}",
            _outline(item.architecture),
        )
    return table


def _known(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _outline(line: str) -> str:
    """Outline an architecture: M1·32 is a stage of one MBConv block with 32 channels.

    The name of a symmetry stands before the stages. Of networks of one's own there are the genes.
    """
    architecture = get_space(line.partition("/")[0]).parse(line)
    if not is_hybrid(architecture):
        return architecture.line
    stem, stages = describe(architecture)
    outline = [f"{operator(stage)[0].upper()}{stage.depth}·{stage.width}" for stage in stages]
    return " ".join(outline if stem.symmetry == "none" else [stem.symmetry, *outline])
