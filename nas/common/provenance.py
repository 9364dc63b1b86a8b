"""What made a result: command, commit, versions, hardware and date.

They are kept with every number that is published.
"""

import datetime
import importlib.metadata
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent

_TOOLKIT = "lens-nas"
_PACKAGES = (_TOOLKIT, "numpy", "torch", "timm", "ray", "optuna", "lenstronomy")

_NOT_INSTALLED = "0+checkout"

_asked: ContextVar[str | None] = ContextVar("asked", default=None)


@dataclass(frozen=True)
class Made:
    """What made one training.

    Attributes:
        device: Device that computed: ``cpu`` or ``cuda``.
        threads: Number of torch's threads that computed.
        at_a_time: Most trainings that ran at a time, this one among them.
        hardware: Processor and GPUs, as :func:`environment` names them.
        versions: Versions of Python and packages, as :func:`environment` names them.
        commit: Commit of this toolkit, as :func:`environment` names it.
    """

    device: str
    threads: int
    at_a_time: int
    hardware: str
    versions: str
    commit: str


@contextmanager
def asked(line: str) -> Iterator[None]:
    """Let :func:`command` be this line for the length of a ``with`` block.

    What a notebook or a program calls has no command line of its own: that of a notebook's process
    starts a kernel, and says nothing of what was done.

    Args:
        line: Command line that does the same.

    Example:
        >>> with asked("python -m nas.search --trials 20"):
        ...     command()
        'python -m nas.search --trials 20'
    """
    before = _asked.set(line)
    try:
        yield
    finally:
        _asked.reset(before)


def command() -> str:
    """Return the command line of this process as a user would type it.

    Pasted into a shell, it runs. A worker of Ray's has a command line that nobody typed, and must
    be told the driver's; so has a notebook, and :func:`asked` tells what would do the same.

    Example:
        In a process that was started with ``python -m nas.search --trials 20``::

            from nas.common.provenance import command

            print(command())  # python -m nas.search --trials 20
    """
    if (line := _asked.get()) is not None:
        return line
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is None:
        return shlex.join(sys.argv)
    return shlex.join(["python", "-m", spec.name.removesuffix(".__main__"), *sys.argv[1:]])


def version_of(package: str) -> str:
    """Return the installed version of a package.

    A checkout of this toolkit that is not installed has no version: it is ``0+checkout``.

    Args:
        package: Name of the distribution, as pip knows it.

    Raises:
        PackageNotFoundError: The package is not installed and is not this toolkit.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        if package != _TOOLKIT:
            raise
        return _NOT_INSTALLED


def environment(packages: Iterable[str] = _PACKAGES) -> dict[str, str]:
    """Return what this process runs on: hardware, versions, commit and today's date.

    The commit ends in ``-dirty`` where files outside ``results`` were changed since.

    Args:
        packages: Names of the packages whose versions are given, beside that of Python.

    Example:
        >>> sorted(environment())
        ['commit', 'date', 'hardware', 'versions']
        >>> environment(["numpy"])["versions"].startswith("Python 3.")
        True
    """
    versions = ", ".join(f"{name} {version_of(name)}" for name in packages)
    return {
        "hardware": f"{_processor()}, {os.cpu_count()} logical cores{_accelerators()}",
        "versions": f"Python {platform.python_version()}, {versions}",
        "commit": commit_of(_ROOT),
        "date": today(),
    }


def today() -> str:
    """Return the date in Greenwich, as ``2026-01-31``."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def commit_of(checkout: Path) -> str:
    """Return the commit of a checkout, with ``-dirty`` where files were changed since.

    Files in ``results`` are passed over: they decide nothing, and a benchmark that writes them as
    they come would call itself changed. An installed package has no commit, though it may lie in
    the environment of a project that has one.
    """
    if not (checkout / ".git").exists() or shutil.which("git") is None:
        return "unknown"
    commit = _git(checkout, "describe", "--always", "--exclude=*")
    changed = _git(
        checkout, "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)results"
    )
    return f"{commit}-dirty" if commit and changed else commit or "unknown"


def _git(checkout: Path, *words: str) -> str:
    git = ["git", "-C", str(checkout), *words]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _accelerators() -> str:
    """Return the names of the GPUs, but nothing in a process that never loaded torch.

    Such a process has not used a GPU, and loading torch is slow.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return ""
    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return ", " + ", ".join(names)
