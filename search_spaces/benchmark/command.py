"""The run of the benchmark, from the measurements to the files."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from search_spaces.benchmark.memory import measure_memory
from search_spaces.benchmark.report import circumstances, page
from search_spaces.benchmark.speed import (
    HYBRID_SPACES,
    coatnet_against_timm,
    count_rates,
    precision_and_layout,
    subnets_against_standalone,
    tied_against_untied,
)

_ROUNDS = 7
_COUNTED = 20_000


def run(out: Path, seed: int) -> None:
    """Measure everything in one run, print the page, and write ``speed.md`` and ``speed.json``.

    Args:
        out: Folder of the two files, which is made where it is missing.
        seed: Seed of weights, images and random architectures.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    about = circumstances(seed)
    rates = count_rates(_COUNTED, rng)
    peaks = [measure_memory(space) for space in HYBRID_SPACES]
    coatnets = coatnet_against_timm(_ROUNDS)
    tied = tied_against_untied(_ROUNDS)
    settings = precision_and_layout(_ROUNDS)
    subnets = subnets_against_standalone(_ROUNDS, rng)

    out.mkdir(parents=True, exist_ok=True)
    measured = {
        "about": about,
        "subnets": [asdict(row) for row in subnets],
        "coatnets": [asdict(row) for row in coatnets],
        "tied": [asdict(row) for row in tied],
        "settings": [asdict(row) for row in settings],
        "peaks": [asdict(row) for row in peaks],
        "rates": rates,
    }
    (out / "speed.json").write_text(json.dumps(measured, indent=1) + "\n")
    text = page(about, subnets, coatnets, tied, settings, peaks, rates)
    (out / "speed.md").write_text(text)
    print(text)
