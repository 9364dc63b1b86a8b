"""Measure and write ``speed.md`` and ``speed.json``: ``python -m search_spaces.benchmark``."""

import argparse
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
)

_ROUNDS = 7
_COUNTED = 20_000


def main() -> None:
    """Measure everything in one run and write it down."""
    parser = argparse.ArgumentParser(prog="python -m search_spaces.benchmark", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("results/search_spaces"), help="folder for the two files"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of weights, images and random architectures"
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    about = circumstances(arguments.seed)
    rates = count_rates(_COUNTED, rng)
    peaks = [measure_memory(space) for space in HYBRID_SPACES]
    coatnets = coatnet_against_timm(_ROUNDS)
    settings = precision_and_layout(_ROUNDS)
    subnets = subnets_against_standalone(_ROUNDS, rng)

    arguments.out.mkdir(parents=True, exist_ok=True)
    measured = {
        "about": about,
        "subnets": [asdict(row) for row in subnets],
        "coatnets": [asdict(row) for row in coatnets],
        "settings": [asdict(row) for row in settings],
        "peaks": [asdict(row) for row in peaks],
        "rates": rates,
    }
    (arguments.out / "speed.json").write_text(json.dumps(measured, indent=1) + "\n")
    text = page(about, subnets, coatnets, settings, peaks, rates)
    (arguments.out / "speed.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
