"""The report of what a data directory holds, for people; programs read ``LensDataset.info``."""

from typing import Any

from rich.table import Table
from rich.text import Text

from nas.common.screen import screen
from nas.data.dataset import LensDataset, describe_filled

# Number of files that are named one by one; more are only counted.
_NAMED = 10


def show(dataset: LensDataset) -> None:
    """Print the report on a data set for people."""
    console, info = screen(), dataset.info
    shape = " × ".join(str(side) for side in info["image_shape"])
    low, high = info["value_range"]
    console.print(str(dataset.directory), style="bold")
    console.print(
        f"layout {info['layout']}, images {shape} (channels × height × width), {info['dtype']}"
    )
    console.print(f"values {low:g} to {high:g}")
    console.print(_counts(dataset))
    for note in _notes(info):
        console.print(Text.assemble(("!", "yellow"), f" {note}"))


def _counts(dataset: LensDataset) -> Table:
    splits = dataset.info["splits"]
    table = Table("class", *splits, "total")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in dataset.classes:
        counts = [counts.get(name, 0) for counts in splits.values()]
        table.add_row(name, *map(str, counts), str(sum(counts)))
    totals = [sum(counts.values()) for counts in splits.values()]
    table.add_row("all", *map(str, totals), str(sum(totals)), style="bold")
    return table


def _notes(info: dict[str, Any]) -> list[str]:
    notes = list(info["notes"])
    resized, duplicates, skipped = info["resized"], info["duplicates"], info["skipped"]
    if info["filled"]["images"]:
        notes.append(describe_filled(info))
    if resized:
        notes.append(
            f"{resized['cropped']} images cropped and {resized['padded']} padded to one size"
        )
    if duplicates["within_splits"]:
        notes.append(
            f"{duplicates['within_splits']} images are copies of another one in the same split"
        )
    if duplicates["across_splits"]:
        notes.append(
            f"{duplicates['across_splits']} images stand in several splits: a leak, scores will "
            "look too good"
        )
    if duplicates["across_classes"]:
        notes.append(
            f"{duplicates['across_classes']} images stand in several classes: one of them is wrong"
        )
    notes += [f"copies: {' = '.join(files)}" for files in duplicates["examples"][:_NAMED]]
    notes += [f"skipped {item['file']}: {item['reason']}" for item in skipped[:_NAMED]]
    if len(skipped) > _NAMED:
        notes.append(f"and {len(skipped) - _NAMED} more skipped (--json names all)")
    return notes
