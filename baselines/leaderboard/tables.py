"""A board as tables: CSV for programs, Markdown for papers and web pages, text for terminals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from baselines.leaderboard.words import about, footnotes, listed, pixels
from nas.common.errors import UserError
from nas.report.board import Board, BoardData
from nas.report.rows import Row, Spread
from nas.training.deciding import averaged_name
from nas.training.task import task_of

# In these columns less is better.
_COSTS = (
    "wrong",
    "parameters",
    "untied_parameters",
    "flops",
    "latency_ms",
    "seconds",
    "auc_std",
    "r2_std",
    "mae",
    "p_value",
)
_WORDS = (
    "network",
    "kind",
    "unit",
    "size_fed",
    "published",
    "source",
    "architecture",
    "notes",
    "failure",
)

# All columns that are worth showing in a terminal need so many characters.
_WIDE = 150


def record(row: Row, data: BoardData, batches: Sequence[int]) -> dict[str, Any]:
    """Return a row in columns for a program; None stands where there is nothing to say."""
    test, name = row.metrics.get("test", {}), task_of(data).decides
    score, averaged = test.get(name), test.get(averaged_name(name))
    low, high = row.interval or (None, None)
    compared = row.comparison
    below, above = compared.interval if compared else (None, None)
    card = row.card or {}
    return {
        "network": row.name,
        "kind": row.kind,
        name: score and score.mean,
        f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_std": score and score.std,
        # These columns have a prefix of their own, for a class may be named low, high or std.
        **{f"class_auc_{one}": test[f"auc_{one}"].mean if test else None for one in data.classes},
        f"averaged_{name}": averaged and averaged.mean,
        **_beside(test, data),
        "images": data.images["test"],
        f"validation_{name}": row.validation_score if row.trainings else None,
        "difference": compared and compared.difference,
        "difference_low": below,
        "difference_high": above,
        "p_value": compared and compared.p_value,
        "parameters": row.params,
        "untied_parameters": row.untied_params,
        "flops": row.flops,
        **{f"latency_ms_{batch}": row.latency_ms.get(str(batch)) for batch in batches},
        "seconds": round(sum(item.seconds for item in row.trainings) / len(row.trainings), 1)
        if row.trainings
        else None,
        "seeds": len(row.trainings) or None,
        "learning_rate": row.learning_rate,
        "weight_decay": row.weight_decay,
        "size_fed": pixels(card.get("resized_to") or card.get("image_size")),
        "published": listed(row.published),
        "source": row.source,
        "architecture": card.get("architecture"),
        "notes": "; ".join(row.notes),
        "failure": row.failure,
    }


def _beside(test: Mapping[str, Spread], data: BoardData) -> dict[str, Any]:
    """Return the scores beside the one that decides."""
    if data.target is not None:
        return {"mae": test["mae"].mean if test else None, "unit": data.target.unit}
    accuracy = test["accuracy"].mean if test else None
    wrong = None if accuracy is None else round((1 - accuracy) * data.images["test"], 1)
    return {"accuracy": accuracy, "wrong": wrong}


def ordered(
    rows: Iterable[Row], column: str | None, data: BoardData, batches: Sequence[int]
) -> list[Row]:
    """Return rows in the order of a column, the best first; those without a value are last.

    Args:
        rows: rows of a board.
        column: name of the column; None for the score that decides.
        data: data set of the board.
        batches: sizes of the batches that were timed.

    Raises:
        UserError: there is no such column of numbers.
    """
    rows, column = list(rows), column or task_of(data).decides
    known = [name for name in record(Row("", "reference"), data, batches) if name not in _WORDS]
    if column not in known:
        raise UserError(f"--sort {column} is no column of numbers: give one of {', '.join(known)}")
    sign = 1 if column.startswith(_COSTS) else -1

    def key(row: Row) -> tuple[bool, float]:
        value = record(row, data, batches)[column]
        return value is None, 0.0 if value is None else sign * value

    return sorted(rows, key=key)


def frame(board: Board) -> pd.DataFrame:
    """Return the board as a table for programs, with a row for each network and reference."""
    records = [record(row, board.data, board.latency_batches) for row in board.rows]
    # Without this a count beside an empty cell would become a fraction.
    table = pd.DataFrame(records).convert_dtypes()
    table.insert(
        0, "rank", pd.Series([board.ranks.get(row.name) for row in board.rows], dtype="Int64")
    )
    return table


def csv(board: Board) -> str:
    """Return the board as CSV: a line of names, and a line for each row."""
    text: str = frame(board).to_csv(index=False, lineterminator="\n")
    return text


def markdown(board: Board) -> str:
    """Return the board as a page: what was compared, the table, and how to read it."""
    shown = [_texts(row, board) for row in board.rows]
    titles = list(shown[0])
    table = [_line(titles), "|" + "---|" * len(titles), *(_line(texts.values()) for texts in shown)]
    return "\n".join(["# Leaderboard", "", *about(board), "", *table, "", *footnotes(board)]) + "\n"


def terminal(board: Board, width: int) -> Table:
    """Return the board as a table with the columns that fit a terminal.

    Args:
        board: leaderboard to show.
        width: characters in a line of the terminal.
    """
    table = Table(box=None, pad_edge=False)
    called, beside = board.data.called, task_of(board.data).beside.title
    titles = ["#", "network", f"test {called} (95 %)", "± seeds", beside, "parameters"]
    if width >= _WIDE:
        titles += [
            f"{called} averaged over symmetries",
            "MFLOPs",
            f"ms, batch {board.latency_batches[0]}",
        ]
        titles += ["against the best found (p)"] if board.best_found is not None else []
    for title in titles:
        # A long title takes two lines, so that names have room.
        table.add_column(
            title.replace(" over ", "\nover ").replace(" the best", "\nthe best"),
            justify="left" if title == "network" else "right",
            no_wrap=title != "network",
        )
    for row in board.rows:
        texts = _texts(row, board)
        table.add_row(*(texts.get(title, "") for title in titles))
    return table


def _texts(row: Row, board: Board) -> dict[str, str]:
    """Return a row as people read it, by the title of the column."""
    own = record(row, board.data, board.latency_batches)
    name, called = task_of(board.data).decides, board.data.called
    interval = " ({:.4f} – {:.4f})".format(*row.interval) if row.interval else ""
    texts = {
        "#": _text(board.ranks.get(row.name), "d"),
        "network": row.name,
        "kind": row.kind,
        f"test {called} (95 %)": "failed" if row.failure else f"{row.test_score:.4f}{interval}",
        "± seeds": _text(own[f"{name}_std"], ".4f"),
        **{f"AUC {one}": _text(own[f"class_auc_{one}"], ".4f") for one in board.data.classes},
        f"{called} averaged over symmetries": _text(own[f"averaged_{name}"], ".4f"),
        **_beside_texts(own, board),
    }
    if board.best_found is not None:
        texts["against the best found (p)"] = _against(row, board)
    texts |= {
        "parameters": _text(row.params, ","),
        "untied": _text(own["untied_parameters"], ","),
        "MFLOPs": _text(row.flops and row.flops / 1e6, ",.1f"),
        **{
            f"ms, batch {batch}": _text(own[f"latency_ms_{batch}"], ",.1f")
            for batch in board.latency_batches
        },
        "training (s)": _text(own["seconds"], ",.0f"),
        "learning rate": _text(row.learning_rate, "g"),
        "weight decay": _text(row.weight_decay, "g"),
        "pixels fed": own["size_fed"] or "–",
    }
    if board.data.target is None:
        texts["published on other data: AUC, accuracy"] = own["published"] or "–"
    return texts


def _beside_texts(own: Mapping[str, Any], board: Board) -> dict[str, str]:
    beside = task_of(board.data).beside
    if board.data.target is not None:
        return {beside.title: _text(own["mae"], beside.form)}
    return {
        "accuracy": _text(own["accuracy"], ".1%"),
        f"wrong of {board.data.images['test']:,}": _text(own["wrong"], ",g"),
    }


def _against(row: Row, board: Board) -> str:
    if row.name == board.best_found:
        return "best found"
    if row.comparison is None:
        return "–"
    low, high = row.comparison.interval
    difference = f"{row.comparison.difference:+.4f} ({low:+.4f} – {high:+.4f})"
    return f"{difference}, {row.comparison.p_words}"


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
