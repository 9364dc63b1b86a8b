"""A tracker: curves as lines of JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas.api import register_tracker
from nas.tracking.services import Tracker


class Lines(Tracker):
    """Writes a line for every step into ``curves.jsonl``."""

    def __init__(self, place: Path, name: str, run: str) -> None:
        self._file = (place / "curves.jsonl").open("a", encoding="utf-8")

    def settings(self, values: Mapping[str, Any]) -> None:
        """Write what holds for the whole run."""
        self._write({"settings": dict(values)})

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write the numbers of a step."""
        self._write({"step": step, **values})

    def close(self, finished: bool) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


register_tracker("lines", Lines)
