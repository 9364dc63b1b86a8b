"""What ``python -m nas.benchmarks.outcomes`` does: run the same jobs twice, and compare digests."""

import csv
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors.numpy import load_file

from nas.benchmarks.checkouts import ROOT, run_command
from nas.benchmarks.outcomes.settings import OutcomesBenchmarkSettings
from nas.benchmarks.record import publish
from nas.common.errors import UserError
from nas.common.progress import progress
from nas.common.provenance import commit_of

_JOBS = (
    "nas.data simulate --model II --images 600 --image-size 32 --nuisance 0.1 --out data",
    "nas.supernet --space hybrid_nano --data data --epochs 1 --run supernet --track none",
    "nas.train --space hybrid_nano --architecture coatnet_like --data data --epochs 2 --run train "
    "--track none",
    "nas.search --space hybrid_nano --strategy evolution --data data --supernet supernet "
    "--trials 12 --workers 1 --run search --track none",
    "baselines.leaderboard --data data --run search --models ResNet-18 --random 0 --epochs 1 "
    "--seeds 1 --workers 1 --out board --track none",
)

# What both checkouts make, but not where: a training of a leaderboard lies below its own digest.
_COMPARED = {
    "images": "data/images.npy",
    "supernet, weights": "supernet/model.safetensors",
    "supernet, epochs": "supernet/log.csv",
    "training, weights": "train/model.safetensors",
    "training, epochs": "train/log.csv",
    "search, candidates": "search/candidates.csv",
    "leaderboard, scores": "board/leaderboard.json",
    "leaderboard, weights": "board/trainings/*/model.safetensors",
    "leaderboard, predictions": "board/trainings/*/predictions.parquet",
}


def run(settings: OutcomesBenchmarkSettings) -> None:
    """Run the jobs with both checkouts, print the table of digests and write it.

    Raises:
        UserError: a job failed, or an outcome differs.
    """
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        checkouts = {"before": settings.against, "now": ROOT}
        with progress("running", len(checkouts) * len(_JOBS), "jobs") as advance:
            for name, checkout in checkouts.items():
                place = Path(scratch, name)
                place.mkdir()
                for job in _JOBS:
                    _run(job, checkout, place)
                    advance(1)
                found[name] = digests(place)
    before, now = found["before"], found["now"]
    differing = [what for what, digest in now.items() if before[what] != digest]
    figures = {
        what: f"{digest} now, {before[what]} before" if what in differing else f"{digest} in both"
        for what, digest in now.items()
    }
    publish(settings.out, "outcomes", {"commit before": commit_of(settings.against), **figures})
    if differing:
        raise UserError(
            f"the checkouts come to other outcomes ({', '.join(differing)}): the table shows which"
        )


def _run(job: str, checkout: Path, place: Path) -> None:
    done = run_command(job, checkout, place, {"LENS_NAS_CACHE": str(place / "cache"), "CI": "true"})
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason is known"])[-1]
        raise UserError(f"python -m {job} failed in {checkout} ({last}): mend that first")


def digests(place: Path) -> dict[str, str]:
    """Return digests of the outcomes in a directory, by what they are of.

    Args:
        place: where the jobs ran.
    """
    read: Mapping[str, Callable[[Path], bytes]] = {
        ".npy": Path.read_bytes,
        ".safetensors": _tensors,
        ".csv": _rows,
        ".parquet": lambda path: pd.read_parquet(path).to_csv(index=False).encode(),
        ".json": _scores,
    }
    values = {}
    for what, pattern in _COMPARED.items():
        parts = sorted(read[path.suffix](path) for path in place.glob(pattern))
        values[what] = hashlib.sha256(b"".join(parts)).hexdigest()[:16]
    return values


def _tensors(path: Path) -> bytes:
    tensors = load_file(path)
    return b"".join(name.encode() + tensors[name].tobytes() for name in sorted(tensors))


def _rows(path: Path) -> bytes:
    """The rows of a table without the column of seconds."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{**row, "seconds": None} for row in csv.DictReader(file)]
    return json.dumps(rows, sort_keys=True).encode()


def _scores(path: Path) -> bytes:
    """What a leaderboard says of its networks, without times."""
    names = ("name", "params", "flops", "learning_rate", "interval", "metrics")
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows = [{name: row[name] for name in names} for row in board["rows"]]
    return json.dumps(rows, sort_keys=True).encode()
