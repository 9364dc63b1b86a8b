"""The report of a leaderboard: which network, how good, at what cost."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import search_spaces
from nas.report.answers import answers_sections, best_rows
from nas.report.architecture_drawing import ArchitectureDrawing
from nas.report.board import INTERVALS_SAY, Board
from nas.report.cost_figures import cost_figure
from nas.report.drawing import picture
from nas.report.forest import forest_figure
from nas.report.leaderboard_table import board_table, published_table
from nas.report.learning import learning_section
from nas.report.page import Page, Section
from nas.report.rows import Row
from nas.report.search_figures import search_figure
from nas.report.sections import (
    architecture_section,
    search_caption,
)
from nas.search.found import read_found
from nas.search.result import Candidate
from nas.search.run_directory import RunDirectory
from nas.training.deciding import averaged_name, deciding

# The recipe is told without these: augmentation has a line of its own, and the learning rate is
# each network's own and stands in its row.
_TOLD_APART = ("augmentation", "learning_rate")


def leaderboard_page(board: Board, directory: Path, data: Path | None) -> Page:
    """Put the page of a leaderboard together.

    Args:
        board: leaderboard to show.
        directory: directory of the leaderboard, where the predictions are.
        data: where the data set is now; None for where it was.

    Raises:
        UserError: a file is damaged.
    """
    scored = [row for row in board.rows if row.trainings]
    sections = [Section("All networks", tables=(board_table(board),))]
    if scored:
        sections += [
            _scores(scored, board),
            learning_section(scored, directory),
            _costs(scored, board),
            *answers_sections(scored, board, directory, data),
        ]
    drawn = {
        row.name: _drawing(row)
        for row in scored
        if row.card is not None and row.card["architecture"]
    }
    if drawn:
        sections.append(architecture_section("The architectures", drawn))
    sections += _searches(scored, board, directory)
    if board.published:
        sections.append(Section("Published elsewhere", tables=(published_table(board),)))
    sections.append(Section("How this was made", facts=_facts(board)))
    return Page("Leaderboard", _lead(scored, board), tuple(sections))


def _lead(scored: Sequence[Row], board: Board) -> str:
    """Say what came out; the baseline that is told of is the one that the figures show first."""
    if not scored:
        return "No network has a score yet."
    found, baselines = best_rows(scored, board)
    called = board.data.called
    told = [
        f"The found network that validation likes best, {_score(row, called)}." for row in found
    ]
    if baselines:
        best = baselines[0]
        told.append(f"The baseline that validation likes best, {_score(best, called)}.")
        if best.comparison is not None:
            low, high = best.comparison.interval
            told.append(
                f"The baseline's {called} less the found network's is "
                f"{best.comparison.difference:+.4f} ({low:+.4f} to {high:+.4f}, "
                f"{best.comparison.p_words})."
            )
    return " ".join(told)


def _score(row: Row, called: str) -> str:
    interval = f" ({row.interval[0]:.4f}–{row.interval[1]:.4f})" if row.interval else ""
    return (
        f"{row.name}, has a test {called} of {row.test_score:.4f}{interval} with {row.params:,} "
        "parameters"
    )


def _scores(scored: Sequence[Row], board: Board) -> Section:
    called = board.data.called
    answers = "class probabilities" if board.data.target is None else "numbers"
    caption = (
        f"Test {called} with 95 % bootstrap intervals over the test images, and the {called} of "
        f"each seed; hollow, the same of {answers} that are averaged over the eight symmetries of "
        f"the image. {INTERVALS_SAY}"
    )
    ordered = sorted(scored, key=lambda row: -row.test_score)
    alt = "; ".join(f"{row.name} {_both_scores(row)}" for row in ordered)
    return Section(
        "How good",
        pictures=(
            picture(
                "scores",
                partial(forest_figure, ordered),
                caption,
                f"Test {called} and its interval. {alt}.",
            ),
        ),
    )


def _both_scores(row: Row) -> str:
    scores = row.metrics["test"]
    averaged = scores.get(averaged_name(deciding(scores)))
    return f"{row.test_score:.4f}" + (f", averaged {averaged.mean:.4f}" if averaged else "")


def _costs(scored: Sequence[Row], board: Board) -> Section:
    batch = board.latency_batches[0]
    timed, called = "one image" if batch == 1 else f"{batch} images", board.data.called
    points = {
        number: Candidate(
            number=number,
            state="complete",
            architecture=row.name,
            params=row.params or 0,
            flops=row.flops or 0,
            latency_ms=row.latency_ms.get(str(batch)),
            auc=row.test_score if board.data.target is None else None,
            scores={} if board.data.target is None else {"r2": row.test_score},
        )
        for number, row in enumerate(scored)
    }
    draw = partial(
        cost_figure,
        list(points.values()),
        score=f"test {called}",
        marked={
            number: "best found"
            for number, row in enumerate(scored)
            if row.name == board.best_found
        },
        labels={number: row.name for number, row in enumerate(scored)},
        intervals={
            number: row.interval for number, row in enumerate(scored) if row.interval is not None
        },
        latency=f"latency of {timed} on {board.device}, ms",
    )
    caption = (
        f"Test {called} against costs; the line is the Pareto front, the networks that no other "
        "beats in both."
    )
    alt = "; ".join(
        f"{row.name}: {called} {row.test_score:.4f}, {row.params:,} parameters" for row in scored
    )
    return Section("At what cost", pictures=(picture("costs", draw, caption, f"{caption} {alt}."),))


def _drawing(row: Row) -> ArchitectureDrawing:
    assert row.card is not None
    assert row.params is not None
    height, width = row.card["resized_to"] or row.card["image_size"]
    architecture = search_spaces.get_space(row.card["model"]).parse(row.card["architecture"])
    return ArchitectureDrawing(architecture, (height, width), row.params)


def _searches(scored: Sequence[Row], board: Board, directory: Path) -> list[Section]:
    """Show how the searches went whose finds are among the rows."""
    sources = {row.name: row.source for row in scored if row.source}
    there = {
        name: run
        for name, source in sources.items()
        if (run := _search(source, directory)) is not None
    }
    words = [
        f"The directory of the search {source} is gone."
        for name, source in sources.items()
        if name not in there
    ]
    if not there:
        return [Section("The searches", tuple(words))] if words else []
    found = {name: read_found(run) for name, run in there.items()}
    fidelities = {name: best.fidelity for name, (best, _) in found.items()}
    if len(set(fidelities.values())) > 1:
        told = ", ".join(f"{name} by {fidelity}" for name, fidelity in fidelities.items())
        words.append(
            f"The searches scored their candidates in different ways ({told}): their curves "
            "cannot be compared."
        )
    curves = {
        f"{name} ({run.config().get('strategy', 'a search')})": found[name][1]
        for name, run in there.items()
    }
    draw = partial(search_figure, curves)
    called = board.data.called
    alt = f"Best validation {called} so far, and regret, of {', '.join(curves)}."
    drawn = picture("searches", draw, search_caption(called), alt)
    return [Section("The searches", tuple(words), (drawn,))]


def _search(source: str, directory: Path) -> RunDirectory | None:
    """Open the search that found a network; None where it is gone.

    It is looked for beside the board, as after both were moved, and then in the working directory.
    """
    for place in (directory / source, Path(source)):
        run = RunDirectory(place)
        if run.best_file.exists() and run.candidates_file.exists() and run.config_file.exists():
            return run
    return None


def _facts(board: Board) -> tuple[tuple[str, str], ...]:
    data, threads = board.data, "thread" if board.threads == 1 else "threads"
    facts = {
        "command": board.command,
        "data set": f"{data.directory} ({data.fingerprint[:8]}…), "
        + ", ".join(f"{count:,} {split}" for split, count in data.images.items()),
        **(
            {"classes": ", ".join(data.classes)}
            if data.target is None
            else {"target": data.target.title}
        ),
        "image size": " × ".join(map(str, data.image_size)),
        "recipe": _settings(
            {name: value for name, value in board.recipe.items() if name not in _TOLD_APART}
        ),
        "augmentation": _settings(board.recipe.get("augmentation", {})),
        "device": f"{board.device}; latencies with {board.threads} {threads}",
        **board.environment,
    }
    return tuple(facts.items())


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
