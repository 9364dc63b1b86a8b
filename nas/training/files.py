"""The files of one training, and how it goes on after it was killed.

    state.safetensors   all that changes: weights, moving average, optimizer, the epochs so far
    model.safetensors   the weights of the best epoch so far, with all that is needed to use them
    log.csv             one line an epoch

They are written in this order after every epoch, each atomically. The state alone says how far the
training is; a kill between the files leaves the others one epoch behind, and
``TrainingFiles.write`` after a resume mends that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from nas.common.errors import UserError
from nas.common.files import make_directory, room_for, write_text
from nas.training.networks.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nas.training.record import EpochRecord, best_record, to_csv

_GOES_ON = "the same command goes on from the last whole epoch"


@dataclass(frozen=True)
class TrainingFiles:
    """The files of one training."""

    directory: Path
    """Where they are; ``read`` makes it."""
    identity: Mapping[str, Any]
    """JSON values that decide the outcome: a training is resumed only where they are equal."""
    writes: bool = True
    """Whether this process writes them; the others that train together with it only read."""

    @property
    def state(self) -> Path:
        """All that a resumed training needs."""
        return self.directory / "state.safetensors"

    @property
    def model(self) -> Path:
        """The weights of the best epoch."""
        return self.directory / "model.safetensors"

    def read(self) -> tuple[Checkpoint, list[EpochRecord]] | None:
        """Return the state and the epochs so far; None where nothing was written yet.

        Raises:
            UserError: the directory cannot be made, or its state is damaged or of another training.
        """
        # Now, so that a place which cannot be written is known before the first epoch.
        make_directory(self.directory)
        if not self.state.exists():
            return None
        saved = load_checkpoint(self.state, "state")
        _require_equal(self.directory, saved.about["identity"], self.identity)
        return saved, [EpochRecord(**record) for record in saved.about["epochs"]]

    def write_state(self, tensors: Mapping[str, Tensor], records: Sequence[EpochRecord]) -> None:
        """Write how far the training is."""
        if not self.writes:
            return
        epochs = [record.to_json() for record in records]
        with room_for(self.state, _GOES_ON):
            save_checkpoint(
                self.state, tensors, {"identity": self.identity, "epochs": epochs}, "state"
            )

    def write_outcome(
        self, weights: Mapping[str, Tensor] | None, records: Sequence[EpochRecord]
    ) -> None:
        """Write the log and, where the last epoch is the best, its weights."""
        if not self.writes:
            return
        if weights is not None:
            outcome = best_record(records).to_json()
            with room_for(self.model, _GOES_ON):
                save_checkpoint(self.model, weights, {**self.identity, "outcome": outcome})
        log = self.directory / "log.csv"
        with room_for(log, _GOES_ON):
            write_text(log, to_csv(records))


def _require_equal(directory: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    before, after = dict(_leaves(then)), dict(_leaves(now))
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            raise UserError(
                f"{directory} holds a training with {name} {before.get(name)}, not "
                f"{after.get(name)}: give another directory, or the settings and data of that "
                "training"
            )


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All leaves of nested dictionaries with their dotted names; a list is one leaf."""
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from _leaves(branch, f"{path}.{name}" if path else name)
    else:
        yield path, list(tree) if isinstance(tree, tuple) else tree
