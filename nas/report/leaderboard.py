"""The report of a leaderboard: which network, how good, at what cost."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import search_spaces
from nas.report.architecture_drawing import ArchitectureDrawing
from nas.report.board import INTERVALS_SAY, Board
from nas.report.calibration import calibration_section
from nas.report.cost_figures import cost_figure
from nas.report.drawing import picture
from nas.report.forest import forest_figure
from nas.report.leaderboard_table import board_table, published_table
from nas.report.learning import learning_section
from nas.report.page import Page, Section
from nas.report.predictions import Predictions
from nas.report.rows import Row
from nas.report.search_figures import search_figure
from nas.report.sections import (
    SEARCH_CAPTION,
    architecture_section,
    classes_section,
    examples_section,
)
from nas.search.found import read_found
from nas.search.result import Candidate
from nas.search.run_directory import RunDirectory
from nas.training.result import AVERAGED

# So many baselines stand beside the best found network where there is not room for all.
_OPPONENTS = 2
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
        sections += [_scores(scored), learning_section(scored, directory), _costs(scored, board)]
        sections += _classes(scored, board, directory, data)
    drawn = {
        row.name: _drawing(row)
        for row in scored
        if row.card is not None and row.card["architecture"]
    }
    if drawn:
        sections.append(architecture_section("The architectures", drawn))
    sections += _searches(scored, directory)
    if board.published:
        sections.append(Section("Published elsewhere", tables=(published_table(board),)))
    sections.append(Section("How this was made", facts=_facts(board)))
    return Page("Leaderboard", _lead(scored, board), tuple(sections))


def _best(scored: Sequence[Row], board: Board) -> tuple[list[Row], list[Row]]:
    """Return the best found network, if any, and the baselines, by falling validation AUC."""
    liked = sorted(scored, key=lambda row: -row.validation_auc)
    return [row for row in liked if row.name == board.best_found], [
        row for row in liked if row.kind == "baseline"
    ]


def _lead(scored: Sequence[Row], board: Board) -> str:
    """Say what came out; the baseline that is told of is the one that the figures show first."""
    if not scored:
        return "No network has a score yet."
    found, baselines = _best(scored, board)
    told = [f"The found network that validation likes best, {_score(row)}." for row in found]
    if baselines:
        best = baselines[0]
        told.append(f"The baseline that validation likes best, {_score(best)}.")
        if best.comparison is not None:
            low, high = best.comparison.interval
            told.append(
                f"The baseline's AUC less the found network's is {best.comparison.difference:+.4f} "
                f"({low:+.4f} to {high:+.4f}, {best.comparison.p_words})."
            )
    return " ".join(told)


def _score(row: Row) -> str:
    interval = f" ({row.interval[0]:.4f}–{row.interval[1]:.4f})" if row.interval else ""
    return (
        f"{row.name}, has a test AUC of {row.test_auc:.4f}{interval} with {row.params:,} parameters"
    )


def _scores(scored: Sequence[Row]) -> Section:
    caption = (
        "Test AUC with 95 % bootstrap intervals over the test images, and the AUC of each seed; "
        "hollow, the same of class probabilities that are averaged over the eight symmetries of "
        f"the image. {INTERVALS_SAY}"
    )
    ordered = sorted(scored, key=lambda row: -row.test_auc)
    alt = "; ".join(f"{row.name} {_both_scores(row)}" for row in ordered)
    return Section(
        "How good",
        pictures=(
            picture(
                "scores",
                partial(forest_figure, ordered),
                caption,
                f"Test AUC and its interval. {alt}.",
            ),
        ),
    )


def _both_scores(row: Row) -> str:
    averaged = row.metrics["test"].get(AVERAGED)
    return f"{row.test_auc:.4f}" + (f", averaged {averaged.mean:.4f}" if averaged else "")


def _costs(scored: Sequence[Row], board: Board) -> Section:
    batch = board.latency_batches[0]
    timed = "one image" if batch == 1 else f"{batch} images"
    points = {
        number: Candidate(
            number=number,
            state="complete",
            architecture=row.name,
            auc=row.test_auc,
            params=row.params or 0,
            flops=row.flops or 0,
            latency_ms=row.latency_ms.get(str(batch)),
        )
        for number, row in enumerate(scored)
    }
    draw = partial(
        cost_figure,
        list(points.values()),
        auc="test AUC",
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
        "Test AUC against costs; the line is the Pareto front, the networks that no other beats in "
        "both."
    )
    alt = "; ".join(
        f"{row.name}: AUC {row.test_auc:.4f}, {row.params:,} parameters" for row in scored
    )
    return Section("At what cost", pictures=(picture("costs", draw, caption, f"{caption} {alt}."),))


def _classes(
    scored: Sequence[Row], board: Board, directory: Path, data: Path | None
) -> list[Section]:
    """Show ROC curves, confusion, calibration and mistakes of what validation likes best.

    They are the best found network and the best baselines.
    """
    found, baselines = _best(scored, board)
    chosen = [*found, *baselines[: _OPPONENTS + 1 - len(found)]] or [
        max(scored, key=lambda row: row.validation_auc)
    ]
    told = {row.name: _told(row, board, directory) for row in scored}
    there = {name: predictions for name, predictions in told.items() if predictions is not None}
    networks = {row.name: there[row.name] for row in chosen if row.name in there}
    if not networks:
        return [
            Section(
                "Classes", ("The predictions of the test images are not beside leaderboard.json.",)
            )
        ]
    name = next(iter(networks))
    place = data or Path(board.data.directory)
    choice = "These networks are the best of their kind, found or baseline, by validation AUC."
    return [
        classes_section(networks, choice),
        calibration_section(there, {row.name: row.trainings for row in scored}, list(networks)),
        examples_section(name, networks[name], place, board.data.options, board.data.fingerprint),
    ]


def _told(row: Row, board: Board, directory: Path) -> Predictions | None:
    """Return what the trainings of a network said of the test images; None where it is gone."""
    files = [directory / training.predictions for training in row.trainings]
    validation = [training.validation["auc"] for training in row.trainings]
    return Predictions.read(files, board.data.classes, validation)


def _drawing(row: Row) -> ArchitectureDrawing:
    assert row.card is not None
    assert row.params is not None
    height, width = row.card["resized_to"] or row.card["image_size"]
    architecture = search_spaces.get_space(row.card["model"]).parse(row.card["architecture"])
    return ArchitectureDrawing(architecture, (height, width), row.params)


def _searches(scored: Sequence[Row], directory: Path) -> list[Section]:
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
    alt = f"Best validation AUC so far, and regret, of {', '.join(curves)}."
    return [
        Section("The searches", tuple(words), (picture("searches", draw, SEARCH_CAPTION, alt),))
    ]


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
        "classes": ", ".join(data.classes),
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
