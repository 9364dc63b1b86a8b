"""Publishing a benchmark, as JSON for programs and as a Markdown table for people."""

import sys
from pathlib import Path
from typing import Any

from nas.common.files import make_directory, write_json, write_text
from nas.common.provenance import command, environment


def publish(out: Path, name: str, figures: dict[str, Any]) -> None:
    """Print the figures and write them, with what made them, to ``out``/``name``.json and .md.

    Args:
        out: Directory for both files.
        name: Name of both files, without its ending.
        figures: What was measured and under which conditions, by what the table calls it.
    """
    record = {"command": command(), **figures, **environment()}
    lines = [f"| {key.replace('_', ' ')} | {_text(value)} |" for key, value in record.items()]
    table = "\n".join(["| what | value |", "|---|---|", *lines]) + "\n"
    make_directory(out, "--out")
    write_json(out / f"{name}.json", record)
    write_text(out / f"{name}.md", table)
    sys.stdout.write(table)


def _text(value: Any) -> str:
    if isinstance(value, str) and value.startswith("python "):
        return f"`{value}`"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
