"""Progress is a bar on a terminal and in a notebook, and two lines elsewhere."""

import builtins
import io
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nas.common.progress import progress, waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("simulating", 40, "images", completed=10) as advance:
        for _ in range(3):
            advance(10)
    shown = terminal.getvalue()
    assert "40/40" in shown
    assert "images/s" in shown
    assert "0:00:00" in shown


def test_what_is_waited_for_is_shown_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with waiting("starting Ray"):
        pass
    shown, _, rest = terminal.getvalue().rpartition("starting Ray")
    assert "\x1b[2K" in rest  # the line is erased
    assert "\n" not in shown.strip()


def test_elsewhere_what_is_waited_for_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting("starting Ray"):
        pass
    assert capsys.readouterr().err == "starting Ray\n"


class ZMQInteractiveShell:
    """What rich knows a notebook by."""


class Output:
    """The widget in which a bar moves."""

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...

    def clear_output(self, wait: bool) -> None: ...


def notebook(monkeypatch: pytest.MonkeyPatch, *, widgets: bool) -> list[Any]:
    """Pretend that this is a notebook; return what it displays."""
    shown: list[Any] = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(builtins, "get_ipython", ZMQInteractiveShell, raising=False)
    modules: dict[str, dict[str, Any]] = {
        "IPython": {},
        "IPython.display": {"display": shown.append},
    }
    if widgets:
        modules["ipywidgets"] = {"Output": Output}
    else:
        # As where they are not installed.
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
    for name, content in modules.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return shown


def test_a_bar_in_a_notebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = notebook(monkeypatch, widgets=True)
    with progress("simulating", 40, "images") as advance:
        advance(40)
    widget, *bars = shown
    assert isinstance(widget, Output)
    texts = [bar._repr_mimebundle_(["text/plain"], [])["text/plain"] for bar in bars]
    assert any("40/40" in text for text in texts)
    assert capsys.readouterr().err == ""


def test_a_notebook_without_widgets_has_two_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = notebook(monkeypatch, widgets=False)
    with progress("simulating", 40, "images") as advance:
        advance(40)
    assert shown == []
    assert capsys.readouterr().err.startswith("simulating 40 images\nsimulating done: 40 images in")


@pytest.mark.parametrize(("stderr", "ci"), [(io.StringIO, ""), (Terminal, "true")])
def test_two_lines_elsewhere(
    stderr: type[io.StringIO], ci: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    output = stderr()
    monkeypatch.setattr(sys, "stderr", output)
    with progress("simulating", 2000, "images", completed=500) as advance:
        advance(1000)
        advance(500)
    first, last = output.getvalue().splitlines()
    assert first == "simulating 2,000 images, 500 of them done before"
    assert last.startswith("simulating done: 1,500 images in ")
    assert "\x1b" not in output.getvalue()


def test_units_that_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    output, clock = io.StringIO(), iter([0.0, 50.0])
    monkeypatch.setattr(sys, "stderr", output)
    monkeypatch.setattr("nas.common.progress.time", SimpleNamespace(monotonic=lambda: next(clock)))
    with progress("training", 4, "networks") as advance:
        advance(4)
    assert output.getvalue().splitlines()[1] == "training done: 4 networks in 50.0 s (12.5 s each)"


def test_an_interrupted_task_is_not_called_done(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    with pytest.raises(KeyboardInterrupt), progress("simulating", 2, "images"):
        raise KeyboardInterrupt
    assert output.getvalue() == "simulating 2 images\n"
