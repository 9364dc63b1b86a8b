"""How long a training lasts: a number of epochs, or until validation gains no more.

With the schedule ``wsd`` (warm-up, stable, decay; Hu et al. 2024, arXiv 2404.06395) the learning
rate stays at its height while validation gains, and then falls over a fifth of all epochs, which is
worth as much as a cosine whose length was known before (Hägele et al. 2024, arXiv 2405.18392).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from nas.common.errors import UserError
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord, best_record

CutOff = Literal["", "epochs", "time"]
"""What ended the time at the full learning rate while validation still gained: the number of
epochs, the time, or neither."""

# Epochs in which the rate falls, for each epoch before.
_FALL = 1 / 4


@dataclass(frozen=True)
class Turn:
    """The end of the time at the full learning rate.

    Attributes:
        epoch: last epoch at the full rate.
        cut_off: what ended it; empty where validation gained no more.
    """

    epoch: int
    cut_off: CutOff

    @property
    def last(self) -> int:
        """The last epoch of the training, at whose end the rate is zero."""
        return self.epoch + ceil(self.epoch * _FALL)


def turn(recipe: Recipe, records: Sequence[EpochRecord]) -> Turn | None:
    """Return where the learning rate begins to fall; None where it does not, or not yet.

    It depends on what was written down alone, so that a resumed training turns where it did.

    Args:
        recipe: how the network is trained.
        records: records of the epochs so far.

    Raises:
        UserError: ``--max-minutes`` is less than an epoch takes.

    Example:
        >>> from nas.training.course import turn
        >>> from nas.training.recipe import Recipe
        >>> from nas.training.record import EpochRecord
        >>> aucs = 0.8, 0.9, 0.89, 0.9
        >>> records = [EpochRecord(n, n, 0.5, 1e-3, 9.0, {"auc": a}) for n, a in enumerate(aucs, 1)]
        >>> turn(Recipe(schedule="wsd", patience=2, epochs=40), records)
        Turn(epoch=4, cut_off='')
        >>> turn(Recipe(schedule="wsd", patience=3, epochs=40), records) is None
        True
    """
    if recipe.schedule != "wsd":
        return None
    limit = 60 * recipe.max_minutes or float("inf")
    if records and records[0].seconds > limit:
        raise UserError(
            f"--max-minutes {recipe.max_minutes:g} is less than one epoch takes "
            f"({records[0].seconds / 60:.2g}): give more, or 0 for any"
        )
    seconds = 0.0
    for number, record in enumerate(records, start=1):
        seconds += record.seconds
        if number - best_record(records[:number]).epoch >= recipe.patience:
            return Turn(number, "")
        if seconds >= limit:
            return Turn(number, "time")
        if Turn(number + 1, "").last > recipe.epochs:
            return Turn(number, "epochs")
    return None


def last_epoch(recipe: Recipe, records: Sequence[EpochRecord]) -> int:
    """Return the number of the last epoch, as far as it is known: it may yet be less."""
    found = turn(recipe, records)
    return recipe.epochs if found is None else min(found.last, recipe.epochs)
