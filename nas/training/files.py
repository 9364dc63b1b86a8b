"""The files of one training, and how a training goes on after it was killed.

    state.safetensors   all that changes: weights, moving average, optimizer, the epochs so far
    model.safetensors   the weights of the best epoch so far, with all that is needed to use them
    log.csv             one line an epoch

They are written in this order after every epoch, each atomically. The state alone says how far the
training is. A kill between the files leaves the others one epoch behind, until the resumed training
writes them once more with ``TrainingFiles.write_outcome``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from nas.common.artefacts import checked, reading, short
from nas.common.errors import UserError
from nas.common.files import make_directory, room_for, write_text
from nas.training.networks.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nas.training.record import LOG, EpochRecord, Epochs, best_record, to_csv

# Name under which the state holds the spec. It stays as it is, or no older training would go on.
_SPEC = "identity"
_GOES_ON = "the same command goes on from the last whole epoch"


@dataclass(frozen=True)
class TrainingFiles:
    """The files of one training.

    Attributes:
        directory: directory of the files; ``read`` makes it.
        spec: JSON values of the training's spec, which decide its outcome. A training is resumed
            only where they are equal to those of the state.
        writes: whether this process writes the files. Where several processes train together, all
            but one only read.
    """

    directory: Path
    spec: Mapping[str, Any]
    writes: bool = True

    @property
    def state(self) -> Path:
        """The path of all that a resumed training needs."""
        return self.directory / "state.safetensors"

    @property
    def model(self) -> Path:
        """The path of the weights of the best epoch."""
        return self.directory / "model.safetensors"

    def read(self) -> tuple[Checkpoint, list[EpochRecord]] | None:
        """Return the state and the epochs so far, or None where nothing was written yet.

        Raises:
            UserError: the directory cannot be made, or its state is damaged or of another training.
        """
        # A directory that cannot be written must be known before the first epoch.
        make_directory(self.directory)
        if not self.state.exists():
            return None
        saved = load_checkpoint(self.state, "state")
        with reading(self.state, "remove it, and the training begins anew"):
            then = checked(dict[str, Any], saved.about.get(_SPEC))
            records = checked(Epochs, saved.about.get("epochs"))
        _require_equal(self.directory, then, self.spec)
        return saved, list(records)

    def write_state(self, tensors: Mapping[str, Tensor], records: Sequence[EpochRecord]) -> None:
        """Write all that a resumed training needs."""
        if not self.writes:
            return
        epochs = [record.to_json() for record in records]
        with room_for(self.state, _GOES_ON):
            save_checkpoint(self.state, tensors, {_SPEC: self.spec, "epochs": epochs}, "state")

    def write_outcome(
        self, weights: Mapping[str, Tensor] | None, records: Sequence[EpochRecord]
    ) -> None:
        """Write the log and the weights of the best epoch.

        Args:
            weights: weights of the last epoch if it is the best so far, otherwise None: then the
                weights in the file stay as they are.
            records: records of all epochs so far.
        """
        if not self.writes:
            return
        if weights is not None:
            outcome = best_record(records).to_json()
            with room_for(self.model, _GOES_ON):
                save_checkpoint(self.model, weights, {**self.spec, "outcome": outcome})
        log = self.directory / LOG
        with room_for(log, _GOES_ON):
            write_text(log, to_csv(records))


def _require_equal(directory: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    before, after = dict(_leaves(then)), dict(_leaves(now))
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            raise UserError(
                f"{directory} holds a training with {short(name)} {short(before.get(name))}, not "
                f"{short(after.get(name))}: give another directory, or the settings and "
                "data of that training"
            )


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield all leaves of nested dictionaries with their dotted names; a list is one leaf."""
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from _leaves(branch, f"{path}.{name}" if path else name)
    else:
        yield path, list(tree) if isinstance(tree, tuple) else tree
