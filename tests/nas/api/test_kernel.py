"""The API in a real Jupyter kernel, as a notebook has it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from nas.common.artefacts import read_json

SEARCH = (
    "fidelity='scratch', strategy='random', epochs=1, batch_size=16, max_params=40_000, "
    "workers=1, gpus_per_trial=0.0, track='none'"
)


@dataclass
class Cell:
    """What a cell that was run left behind."""

    reply: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)

    def shown(self, kind: str) -> list[Any]:
        """Return what was shown of a MIME type, widgets' outputs among it."""
        contents = [message["content"] for message in self.messages]
        return [item["data"][kind] for item in contents if kind in item.get("data", {})]

    @property
    def said(self) -> str:
        """What was written to standard output and standard error."""
        texts = [one["content"]["text"] for one in self.messages if one["msg_type"] == "stream"]
        return "".join(texts)


RunCell = Callable[[str], Cell]


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[RunCell, Any]]:
    """Run cells in a kernel of Jupyter's, and interrupt it with the second of the pair."""
    monkeypatch.delenv("CI", raising=False)  # which wants no bars
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    assert isinstance(client, BlockingKernelClient)

    def run(code: str) -> Cell:
        cell = Cell({})
        cell.reply = client.execute_interactive(
            code, allow_stdin=False, timeout=300, output_hook=cell.messages.append
        )["content"]
        return cell

    yield run, manager.interrupt_kernel
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def interrupt_after(candidates: int, log: Path, interrupt: Callable[[], None]) -> None:
    while not log.exists() or log.read_text().count(" complete: ") < candidates:
        time.sleep(0.05)
    interrupt()


def test_a_notebook_works_as_one_expects(
    notebook: tuple[RunCell, Callable[[], None]], tmp_path: Path
) -> None:
    run, interrupt = notebook
    # A bar moves in a widget; no lines are written that only terminals move over.
    simulated = run("from nas import api\ndata = api.simulate(images=60, image_size=40)\ndata")
    assert simulated.reply["status"] == "ok"
    assert simulated.shown("application/vnd.jupyter.widget-view+json")
    bars = [html for html in simulated.shown("text/html") if "simulating" in html]
    assert "60/60" in bars[-1]
    assert "simulating" not in simulated.said
    assert "<td>20</td>" in simulated.shown("text/html")[-1]
    assert run("data.plot()").shown("image/png")

    # A mistake is one line.
    for code, kind, sentence in (
        ("api.search(data, trails=5)", "UserError", "there is no setting trails: did you mean"),
        ("api.train(data, architecture='symetric')", "SpaceError", "'symetric' is no architecture"),
    ):
        mistake = run(code).reply
        assert mistake["status"] == "error"
        (line,) = mistake["traceback"]
        assert line.startswith(f"{kind}: {sentence}")
        assert "\n" not in line

    # An interrupted search goes on in the same kernel.
    log = tmp_path / "mine" / "search.log"
    thread = Thread(target=interrupt_after, args=(1, log, interrupt), daemon=True)
    thread.start()
    interrupted = run(f"api.search(data, trials=50, run='mine', {SEARCH})")
    thread.join()
    assert interrupted.reply["ename"] == "KeyboardInterrupt"
    done = int(run("len(api.SearchResult('mine').candidates)").shown("text/plain")[0])
    assert 1 <= done < 50
    found = run(f"found = api.search(resume='mine', trials={done + 1})\nfound")
    assert found.reply["status"] == "ok"
    assert "None is better in every way" in found.shown("text/html")[-1]
    assert run("import ray; ray.is_initialized()").shown("text/plain") == ["False"]
    assert run("found.plot_history()").shown("image/png")

    # What is written down is a command that does the same, not how Jupyter starts its kernels.
    command = read_json(tmp_path / "mine" / "environment.json")[-1]["command"]
    assert command == f"python -m nas.search --trials {done + 1} --resume mine"
    assert "ipykernel" not in log.read_text()
