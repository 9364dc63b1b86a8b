"""What ``python -m nas.benchmarks.answers`` does: ask every command for its help, and count."""

import resource
import sys
from pathlib import Path

from nas.benchmarks.answers.settings import AnswersBenchmarkSettings
from nas.benchmarks.checkouts import ROOT, run_command
from nas.benchmarks.record import publish
from nas.common.progress import progress


def run(settings: AnswersBenchmarkSettings) -> None:
    """Measure, print the table and write it."""
    checkouts = {"": ROOT}
    if settings.against is not None:
        checkouts = {"before": settings.against, "now": ROOT}
    seconds: dict[tuple[str, str], list[float]] = {
        (module, name): []
        for module in commands()
        for name, checkout in checkouts.items()
        if _has(checkout, module)
    }
    with progress("asking", settings.rounds * len(seconds), "helps") as advance:
        for _ in range(settings.rounds):
            for (module, name), times in seconds.items():
                times.append(_seconds(module, checkouts[name]))
                advance(1)
    figures = {
        f"{module} --help{name and f', {name}'} (processor s)": round(min(times), 2)
        for (module, name), times in seconds.items()
    }
    publish(settings.out, "answers", {"rounds": settings.rounds, **figures})


def commands() -> list[str]:
    """Return the modules of all commands, this one left out."""
    found = [
        path.parent for name in ("nas", "baselines") for path in (ROOT / name).rglob("__main__.py")
    ]
    own = Path(__file__).parent
    return sorted(".".join(path.relative_to(ROOT).parts) for path in found if path != own)


def _has(checkout: Path, module: str) -> bool:
    """Return whether a checkout has a command, as a package or as a module."""
    path = checkout.joinpath(*module.split("."))
    return (path / "__main__.py").exists() or path.with_suffix(".py").exists()


def _seconds(module: str, checkout: Path) -> float:
    """Processor seconds, of the user and the system, that a command's help takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # From a directory in which no package of ours lies.
    run_command(f"{module} --help", checkout, Path(sys.executable).parent).check_returncode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
