"""The report of a leaderboard: which network, how good, at what cost."""

from collections.abc import Sequence
from pathlib import Path

import search_spaces
from nas.board import Board, Row
from nas.data import ReadOptions
from nas.report.architecture_drawing import ArchitectureDrawing
from nas.report.cost_figures import cost_figure
from nas.report.drawing import picture
from nas.report.forest import forest_figure
from nas.report.leaderboard_table import board_table
from nas.report.page import Page, Section
from nas.report.predictions import Predictions
from nas.report.search_figures import search_figure
from nas.report.sections import (
    SEARCH_CAPTION,
    architecture_section,
    classes_section,
    examples_section,
)
from nas.run_directory import Candidate, RunDirectory

# So many baselines stand beside the best found network where there is not room for all.
_OPPONENTS = 2


def leaderboard_page(board: Board, directory: Path, data: Path | None) -> Page:
    """Put the page of a leaderboard together.

    Args:
        board: to show.
        directory: of it, where the predictions are.
        data: where the data set is now; None for where it was.

    Raises:
        UserError: a file is damaged.
    """
    scored = [row for row in board.rows if row.trainings]
    sections = [Section("All networks", tables=(board_table(board),))]
    if scored:
        sections += [_scores(scored), _costs(scored, board)]
        sections += _classes(scored, board, directory, data)
    drawn = {row.name: _drawing(row) for row in scored if row.card is not None and row.card["architecture"]}
    if drawn:
        sections.append(architecture_section("The architectures", drawn))
    sections += _searches(scored)
    sections.append(Section("How this was made", facts=_facts(board)))
    return Page("Leaderboard", _lead(scored, board), tuple(sections))


def _lead(scored: Sequence[Row], board: Board) -> str:
    """What came out, in words; the strongest opponent is the one that the test images like best."""
    if not scored:
        return "No network has a score yet."
    found = [row for row in scored if row.name == board.best_found]
    opponents = [row for row in scored if row.kind == "baseline"]
    told = [f"The best found network, {_score(row)}." for row in found]
    if opponents:
        best = max(opponents, key=lambda row: row.test_auc)
        told.append(f"The best baseline, {_score(best)}.")
        if best.comparison is not None:
            low, high = best.comparison.interval
            told.append(
                f"The baseline's AUC less the found network's is {best.comparison.difference:+.4f} "
                f"({low:+.4f} to {high:+.4f}, p = {best.comparison.p_value:.3f})."
            )
    return " ".join(told)


def _score(row: Row) -> str:
    interval = f" ({row.interval[0]:.4f}–{row.interval[1]:.4f})" if row.interval else ""
    return f"{row.name}, has a test AUC of {row.test_auc:.4f}{interval} with {row.params:,} parameters"


def _scores(scored: Sequence[Row]) -> Section:
    caption = "Test AUC with 95 % bootstrap intervals over the test images, and the AUC of each seed."
    ordered = sorted(scored, key=lambda row: -row.test_auc)
    alt = "; ".join(f"{row.name} {row.test_auc:.4f}" for row in ordered)
    return Section("How good", pictures=(picture("scores", forest_figure(ordered), caption, f"{caption} {alt}."),))


def _costs(scored: Sequence[Row], board: Board) -> Section:
    batch = board.latency_batches[0]
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
    figure = cost_figure(
        list(points.values()),
        auc="test AUC",
        marked={number: "best found" for number, row in enumerate(scored) if row.name == board.best_found},
        labels={number: row.name for number, row in enumerate(scored)},
        intervals={number: row.interval for number, row in enumerate(scored) if row.interval is not None},
        latency=f"latency of {'one image' if batch == 1 else f'{batch} images'} on {board.device}, ms",
    )
    caption = "Test AUC against costs; the line joins the networks that no other beats in both."
    alt = "; ".join(f"{row.name}: AUC {row.test_auc:.4f}, {row.params:,} parameters" for row in scored)
    return Section("At what cost", pictures=(picture("costs", figure, caption, f"{caption} {alt}."),))


def _classes(scored: Sequence[Row], board: Board, directory: Path, data: Path | None) -> list[Section]:
    """ROC curves, confusion and mistakes of the best found network and the best baselines, by validation."""
    liked = sorted(scored, key=lambda row: -row.validation_auc)
    found = [row for row in liked if row.name == board.best_found]
    baselines = [row for row in liked if row.kind == "baseline"]
    chosen = [*found, *baselines[: _OPPONENTS + 1 - len(found)]] or liked[:1]
    networks = {}
    for row in chosen:
        files = [directory / training.predictions for training in row.trainings]
        validation = [training.validation["auc"] for training in row.trainings]
        if (predictions := Predictions.read(files, board.data.classes, validation)) is not None:
            networks[row.name] = predictions
    if not networks:
        return [Section("Classes", ("The predictions of the test images are not beside leaderboard.json.",))]
    name = next(iter(networks))
    place = data or Path(board.data.directory)
    return [
        classes_section(networks),
        examples_section(name, networks[name], place, ReadOptions(), board.data.fingerprint),
    ]


def _drawing(row: Row) -> ArchitectureDrawing:
    assert row.card is not None
    assert row.params is not None
    height, width = row.card["resized_to"] or row.card["image_size"]
    architecture = search_spaces.get_space(row.card["model"]).parse(row.card["architecture"])
    return ArchitectureDrawing(architecture, (height, width), row.params)


def _searches(scored: Sequence[Row]) -> list[Section]:
    """How the searches went whose finds are among the rows."""
    sources = {row.source: RunDirectory(Path(row.source)) for row in scored if row.source}
    there = {source: run for source, run in sources.items() if run.candidates_file.exists() and run.best_file.exists()}
    words = [f"The directory of the search {source} is gone." for source in sources if source not in there]
    if not there:
        return [Section("The searches", tuple(words))] if words else []
    fidelities = {source: run.best().fidelity for source, run in there.items()}
    if len(set(fidelities.values())) > 1:
        told = ", ".join(f"{source} by {fidelity}" for source, fidelity in fidelities.items())
        words.append(
            f"The searches scored their candidates in different ways ({told}): their curves cannot be compared."
        )
    names = {f"{run.config().get('strategy', '')} ({run.path.name})": run.candidates() for run in there.values()}
    figure = search_figure(names)
    alt = f"Best validation AUC so far, and regret, of {', '.join(names)}."
    return [Section("The searches", tuple(words), (picture("searches", figure, SEARCH_CAPTION, alt),))]


def _facts(board: Board) -> tuple[tuple[str, str], ...]:
    data = board.data
    facts = {
        "command": board.command,
        "data set": f"{data.directory} ({data.fingerprint[:8]}…), "
        + ", ".join(f"{count:,} {split}" for split, count in data.images.items()),
        "classes": ", ".join(data.classes),
        "image size": " × ".join(map(str, data.image_size)),
        "recipe": ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in board.recipe.items()),
        "device": board.device,
        **board.environment,
    }
    return tuple(facts.items())
