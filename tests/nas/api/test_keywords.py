"""Keywords of the API are the flags of a command."""

import shlex
from pathlib import Path
from typing import Any

import yaml

from nas import api
from nas.api.keywords import command_line, settings_from
from nas.common.cli import to_plain
from nas.search.settings import SearchSettings
from tests.folders import folder
from tests.running import Run


def test_keywords_are_written_as_the_command_that_does_the_same(run: Run, tmp_path: Path) -> None:
    data = api.open_data(folder(tmp_path / "it's here"), crop=40)
    given: dict[str, Any] = {
        "data": data,
        "trials": 7,
        "max_params": None,
        "channels_last": False,
        "fill_nan": True,
        "classes": ("a", "b"),
        "augmentation": {"shift": 0, "symmetries": False},
    }
    line = command_line("nas.search", SearchSettings, given)
    assert line.startswith("python -m nas.search --crop 40 --data ")
    done = run(*shlex.split(line)[2:], "--print-config")
    assert yaml.safe_load(done.stdout) == to_plain(settings_from(SearchSettings, given))
