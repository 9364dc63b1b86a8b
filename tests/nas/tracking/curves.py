"""The curves that trackers wrote, read as their own programs read them."""

import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb.proto.wandb_internal_pb2 import Record

Curves = dict[str, list[tuple[int, float]]]
"""Steps and values by name."""

# Size of a block, and the kinds of chunks that end a record: whole records, and last parts.
_BLOCK = 32 * 1024
_ENDS = (1, 4)


def place(directory: Path, track: str) -> Path:
    (found,) = (directory / "tracking").glob(f"{track}-*")
    return found


def curves(directory: Path, track: str = "tensorboard") -> Curves:
    return {"tensorboard": _tensorboard, "wandb": _wandb, "mlflow": _mlflow}[track](
        place(directory, track)
    )


def _tensorboard(place: Path) -> Curves:
    events = EventAccumulator(str(place), size_guidance={"scalars": 0})
    events.Reload()
    return {
        name: [(item.step, item.value) for item in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


def _wandb(place: Path) -> Curves:
    found: Curves = defaultdict(list)
    for record in wandb_records(place):
        if record.WhichOneof("record_type") == "history":
            values = {
                item.key or "/".join(item.nested_key): json.loads(item.value_json)
                for item in record.history.item
            }
            for name in values.keys() - {"_step", "_runtime", "_timestamp"}:
                found[name].append((values["_step"], values[name]))
    return dict(found)


def wandb_records(place: Path) -> list[Record]:
    """Return all records of the offline runs in the order of time."""
    files = sorted(place.glob("wandb/offline-run-*/*.wandb"))
    return [Record.FromString(data) for file in files for data in _leveldb(file.read_bytes())]


def _leveldb(log: bytes) -> Iterator[bytes]:
    """Yield the records of a log in LevelDB's format: blocks of chunks, after a magic word.

    wandb ships no reader of its files.
    """
    assert log.startswith(b":W&B")
    at, record = 7, b""
    while at + 7 <= len(log):
        if _BLOCK - at % _BLOCK < 7:  # There is no room for the head of a chunk.
            at += _BLOCK - at % _BLOCK
            continue
        _, size, kind = struct.unpack_from("<IHB", log, at)
        record += log[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in _ENDS:
            yield record
            record = b""


def _mlflow(place: Path) -> Curves:
    # The import takes a second, and must find the environment that the tracker made.
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("lens-nas").experiment_id])
    names = run.data.metrics
    return {
        name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
        for name in names
    }
