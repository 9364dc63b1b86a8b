"""A leaderboard in words: what was compared, and how to read it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from baselines.published import AT_CHANCE
from nas.report.board import INTERVALS_SAY, Board, BoardData
from nas.report.rows import Published, Row
from nas.training.task import task_of


def about(board: Board) -> list[str]:
    """Return lines that say what was compared."""
    data, recipe = board.data, board.recipe
    images = ", ".join(f"{count:,} {name}" for name, count in data.images.items())
    augmentation = _settings(recipe["augmentation"])
    place = Path(data.directory)
    # An absolute path holds on one machine alone, and is nobody else's business.
    shown = place.name if place.is_absolute() else place
    return [
        f"Made by `{board.command}`, commit {board.environment.get('commit', 'unknown')}, "
        f"{board.environment.get('date', '')}.",
        "",
        f"* Data: {shown}, {pixels(data.image_size)} pixels, images: {images}; "
        f"{_learned(data)}; fingerprint {data.fingerprint[:16]}.",
        f"* Recipe, the same for all: {_settings(recipe)}; augmentation: {augmentation}. Of the "
        f"learning rates {', '.join(_values(board, 'tried'))} every network tried all with its "
        f"first seed, and validation chose.{_decays(board)}",
        f"* Device: {board.device}; {board.environment.get('hardware', '')}; "
        f"{board.environment.get('versions', '')}.",
    ]


def footnotes(board: Board) -> list[str]:
    """Return lines that say how to read the table."""
    classes = board.data.target is None
    lines = [
        f"Networks are numbered by test {board.data.called}. Validation images "
        "chose the epoch, the learning rate and the best found network; the test images were read "
        f"once for each training that counts. {_scores(board.data)} {INTERVALS_SAY} ± is the "
        f"sample standard deviation over seeds. {'Wrong images' if classes else 'MAE'}, and "
        "seconds of a training, are means over seeds. A multiplication and an "
        "addition are two FLOPs. Where the pixels that a network is fed are not those of the "
        "data, it takes no such images, and they are resized (bilinearly) on their way in; FLOPs "
        "and latency are at the size fed.",
        "",
        "Latency is the median of float32 forward passes on the machine that wrote this page, "
        f"wherever networks were trained: {board.device}, {_threads(board.threads)}. "
        f"{' '.join(_training(board))}",
    ]
    if board.best_found is None:
        lines += [
            "",
            "No found network is among the rows, so that there is nothing to compare with.",
        ]
    lines += [""]
    lines += [f"* {row.name}: {note}." for row in board.rows for note in row.notes]
    lines += [f"* {row.name} failed: {row.failure}" for row in board.rows if row.failure]
    if board.published:
        others = "; ".join(f"{name}: {listed(scores)}" for name, scores in board.published.items())
        lines += [
            "",
            "Published on other data, of networks that are not in the table: "
            f"{others}. {AT_CHANCE}",
        ]
    return lines


def _learned(data: BoardData) -> str:
    """Say what the networks learned."""
    if data.target is not None:
        return f"target: {data.target.title}"
    return f"classes: {', '.join(data.classes)}"


def _scores(data: BoardData) -> str:
    """Say what the scores are."""
    if data.target is not None:
        return (
            "R² is the share of the variance that is explained "
            f"({task_of(data).chance}), the mean over seeds, and MAE the mean absolute error; the "
            "interval of R² and the difference to the best found network come from the same "
            "resamples of the test images."
        )
    return (
        "The AUC is one-vs-rest, the mean over classes and seeds; its interval and the difference "
        "to the best found network come from the same resamples of the test images (within "
        "classes)."
    )


def _training(board: Board) -> list[str]:
    """Say how the trainings were run, and whether their settings left something to be gained."""
    rows = [row for row in board.rows if row.trainings]
    if not rows:
        return []
    groups: dict[tuple[int, int], list[str]] = {}
    for row in rows:
        for training in row.trainings:
            groups.setdefault((training.made.at_a_time, training.made.threads), []).append(row.name)
    told = [
        f"{at_a_time} at a time with {_threads(threads)} each"
        + (f" ({', '.join(dict.fromkeys(names))})" if len(groups) > 1 else "")
        for (at_a_time, threads), names in groups.items()
    ]
    lines = [f"Trainings ran {'; '.join(told)}.", _lengths(board, rows)]
    tried = [row for row in rows if len(row.tried) > 1]
    if tried:
        smallest, largest = (
            sum(f"{row.learning_rate:g}" == choose(row.tried, key=float) for row in tried)
            for choose in (min, max)
        )
        lines.append(
            f"Of {len(tried)} networks that tried several learning rates, {smallest} chose the "
            f"smallest and {largest} the largest."
        )
    return lines


def _lengths(board: Board, rows: Sequence[Row]) -> str:
    """Say when trainings ended, and whether more of it might raise their scores."""
    trainings, recipe = [training for row in rows for training in row.trainings], board.recipe
    if recipe.get("schedule") != "wsd":
        last = sum(training.epoch == recipe["epochs"] for training in trainings)
        return (
            f"In {last} of {len(trainings)} the last epoch was the best, so that more epochs might "
            "raise their scores."
        )
    return (
        "The learning rate stayed at its height until validation had not gained for "
        f"{recipe['patience']} epochs, and then fell over a fifth of all epochs; "
        f"{_cut_off(board)} of {len(trainings)} trainings were cut off before that, which their "
        "rows say."
    )


def cut_off_warning(board: Board) -> str:
    """Return what to think of trainings that ended too early; nothing where none did."""
    if not (cut := _cut_off(board)):
        return ""
    count = sum(len(row.trainings) for row in board.rows)
    return (
        f"{cut} of {count} trainings ended while validation still gained, so that a network which "
        "learns slowly stands too low: --max-minutes 0 trains to convergence"
    )


def _cut_off(board: Board) -> int:
    return sum(bool(training.cut_off) for row in board.rows for training in row.trainings)


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"


def _values(board: Board, tried: str) -> list[str]:
    return list(dict.fromkeys(value for row in board.rows for value in getattr(row, tried)))


def _decays(board: Board) -> str:
    decays = _values(board, "tried_decays")
    return f" The same for the weight decays {', '.join(decays)} after that." if decays else ""


def _settings(values: Mapping[str, Any]) -> str:
    plain = {
        name: value
        for name, value in values.items()
        if name not in ("augmentation", "learning_rate")
    }
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in plain.items())


def listed(scores: Iterable[Published]) -> str:
    """Return published scores as people read them."""
    return ", ".join(
        f"{score.dataset} {score.auc:.4f}"
        + (f" / {100 * score.accuracy:.4g} %" if score.accuracy is not None else "")
        for score in scores
    )


def pixels(size: Sequence[int] | None) -> str:
    """Return a size in pixels as people read it; empty where there is none."""
    return f"{size[0]} × {size[1]}" if size else ""
