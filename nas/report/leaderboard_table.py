"""The table of a leaderboard: the columns that decide, and behind them all others."""

import math
from collections.abc import Callable

from nas.report.board import INTERVALS_SAY, Board
from nas.report.page import EMPTY, Cell, Table, number
from nas.report.rows import Published, Row
from nas.training.deciding import averaged_name
from nas.training.task import task_of

# Which network it is, how good, how large, and how sure that is: the first columns.
_DECISIVE = 5


def board_table(board: Board) -> Table:
    """Return a table with a line for each network and each reference, in the order of the board."""
    columns = _columns(board)
    rows = [[cell(row) for cell in columns.values()] for row in board.rows]
    caption = (
        "Scores on the test images, means over seeds; in brackets 95 % bootstrap intervals over "
        "the test images. Differences are to the best found network, which validation chose, from "
        f"a paired bootstrap. Ranks are by test {board.data.called}. {INTERVALS_SAY}"
    )
    marked = frozenset(i for i, row in enumerate(board.rows) if row.name == board.best_found)
    return Table(caption, tuple(columns), rows, marked, decisive=_DECISIVE)


def published_table(board: Board) -> Table:
    """Return a table of the scores that others published of networks which are not on the board."""
    rows = [
        (
            Cell(name),
            Cell(item.dataset),
            number(item.auc, ".4f"),
            number(item.accuracy, ".2%"),
            Cell(item.source, wide=True),
        )
        for name, scores in board.published.items()
        for item in scores
    ]
    caption = "Scores that others published of networks that are not in the table, on other data"
    return Table(caption, ("network", "data set", "AUC", "accuracy", "source"), rows)


def _columns(board: Board) -> dict[str, Callable[[Row], Cell]]:
    """Return what stands below each title, as a function of the row."""
    ranks, called, score = board.ranks, board.data.called, task_of(board.data).decides
    latencies = {f"ms, batch {batch}": _latency(batch) for batch in board.latency_batches}
    return {
        "network": _name,
        f"test {called}": _test,
        "parameters": lambda row: number(row.params),
        "difference": _difference,
        "p": _p,
        "rank": lambda row: number(ranks.get(row.name)),
        "kind": lambda row: Cell(row.kind),
        "± seeds": lambda row: number(
            row.metrics["test"][score].std if row.metrics else None, ".4f"
        ),
        **{f"AUC {name}": _score(f"auc_{name}", ".4f") for name in board.data.classes},
        f"{called} averaged over symmetries": _averaged(score),
        **_beside(board),
        "untied": lambda row: number(row.untied_params),
        "MFLOPs": lambda row: number(None if row.flops is None else row.flops / 1e6, ",.1f"),
        **latencies,
        "training, s": lambda row: number(
            sum(item.seconds for item in row.trainings) / len(row.trainings)
            if row.trainings
            else None,
            ",.0f",
        ),
        "learning rate": lambda row: number(row.learning_rate, "g"),
        "pixels fed": _fed,
        **({"AUC published on other data": _published} if board.data.target is None else {}),
        "notes": lambda row: Cell(
            "; ".join((*row.notes, row.failure)).strip("; "), wide=bool(row.notes or row.failure)
        ),
    }


def _beside(board: Board) -> dict[str, Callable[[Row], Cell]]:
    """Return what stands below the titles of the scores beside the one that decides."""
    if board.data.target is not None:
        beside = task_of(board.data).beside
        return {beside.title: _score(beside.name, beside.form)}
    images = board.data.images["test"]
    return {
        "accuracy": _score("accuracy", ".1%"),
        f"wrong of {images:,}": lambda row: number(
            images * (1 - row.metrics["test"]["accuracy"].mean) if row.metrics else None, ",.0f"
        ),
    }


def _name(row: Row) -> Cell:
    architecture = (row.card or {}).get("architecture")
    return (
        Cell(row.name, more=f"{row.source} {architecture}".strip())
        if architecture
        else Cell(row.name)
    )


def _test(row: Row) -> Cell:
    if not row.metrics:
        return Cell("failed", math.nan, more=row.failure)
    interval = f"({row.interval[0]:.4f}–{row.interval[1]:.4f})" if row.interval else ""
    return Cell(f"{row.test_score:.4f}", row.test_score, interval)


def _p(row: Row) -> Cell:
    compared = row.comparison
    return Cell(compared.p_words.removeprefix("p "), compared.p_value) if compared else EMPTY


def _difference(row: Row) -> Cell:
    if row.comparison is None:
        return EMPTY
    difference, (low, high) = row.comparison.difference, row.comparison.interval
    return Cell(f"{difference:+.4f}", difference, f"({low:+.4f} to {high:+.4f})")


def _score(name: str, form: str) -> Callable[[Row], Cell]:
    return lambda row: number(row.metrics["test"][name].mean if row.metrics else None, form)


def _averaged(score: str) -> Callable[[Row], Cell]:
    def averaged(row: Row) -> Cell:
        known = row.metrics.get("test", {}).get(averaged_name(score))
        return number(known.mean if known else None, ".4f")

    return averaged


def _latency(batch: int) -> Callable[[Row], Cell]:
    return lambda row: number(row.latency_ms.get(str(batch)), ",.1f")


def _fed(row: Row) -> Cell:
    if row.card is None:
        return EMPTY
    height, width = row.card["resized_to"] or row.card["image_size"]
    return Cell(
        f"{height} × {width}{' (resized)' if row.card['resized_to'] else ''}", height * width
    )


def _published(row: Row) -> Cell:
    short = "; ".join(f"{item.dataset}: {item.auc:.4f}" for item in row.published)
    return Cell(short, more="; ".join(map(_published_words, row.published)))


def _published_words(published: Published) -> str:
    accuracy = "" if published.accuracy is None else f", accuracy {published.accuracy:.2%}"
    return f"{published.dataset}: AUC {published.auc:.4f}{accuracy} ({published.source})"
