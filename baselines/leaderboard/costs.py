"""The costs of a network of any kind: parameters, FLOPs and latency.

Latency is measured once for each device.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from nas.common.artefacts import DamageError, checked, read_json, reading
from nas.common.files import make_directory, room_for, short_digest, write_json
from nas.common.rules import Amount
from nas.costs import LATENCY_THREADS, counted_flops, measure_latency
from nas.training.networks.card import ModelCard


@dataclass(frozen=True)
class NetworkSize:
    """The size of a network.

    Attributes:
        params: number of parameters.
        flops: floating-point operations for one image.
    """

    params: int
    flops: int


def size_of(card: ModelCard) -> NetworkSize:
    """Count parameters, and the FLOPs of one image at the size that the network is fed."""
    network = card.build()
    flops = counted_flops(network, torch.zeros(1, card.in_chans, *card.image_size))
    return NetworkSize(sum(weight.numel() for weight in network.parameters()), flops)


@dataclass(frozen=True)
class _Measured:
    milliseconds: dict[str, Amount]


class LatencyCache:
    """Median times of networks by batch size, measured on one device and remembered.

    Times are in milliseconds.

    Args:
        root: directory of the measurements.
        device: device on which to measure.
        hardware: name of the device; what was measured on another one is no answer.
        batches: batch sizes to measure.
    """

    def __init__(
        self, root: Path, device: torch.device, hardware: str, batches: Sequence[int]
    ) -> None:
        self._root, self._device, self._hardware, self._batches = (
            root,
            device,
            hardware,
            tuple(batches),
        )

    def known(self, card: ModelCard) -> dict[str, float] | None:
        """Return the times of a network that was measured before; None where it was not.

        Raises:
            UserError: the file of the measurement is damaged.
        """
        path = self._path(card)
        if not path.exists():
            return None
        with reading(path, "remove it, and the same command measures anew"):
            times = checked(_Measured, read_json(path)).milliseconds
            if missing := [batch for batch in self._batches if str(batch) not in times]:
                raise DamageError(f"no time of {missing[0]} images")
        return {str(batch): times[str(batch)] for batch in self._batches}

    def measure(self, card: ModelCard) -> dict[str, float]:
        """Measure a network, on a device that should do nothing else.

        Raises:
            UserError: the measurement cannot be written.
        """
        network = card.build().to(self._device)
        shape = (card.in_chans, *card.image_size)
        times = {
            str(batch): round(measure_latency(network, shape, batch, self._device).milliseconds, 3)
            for batch in self._batches
        }
        make_directory(self._root)
        with room_for(self._path(card), "the same command goes on"):
            write_json(self._path(card), {**self._identity(card), "milliseconds": times})
        return times

    def _path(self, card: ModelCard) -> Path:
        return self._root / f"{short_digest(self._identity(card))}.json"

    def _identity(self, card: ModelCard) -> dict[str, object]:
        return {
            "model": card.to_json(),
            "device": self._device.type,
            "hardware": self._hardware,
            "threads": LATENCY_THREADS,
            "torch": torch.__version__,
            "batches": list(self._batches),
        }
