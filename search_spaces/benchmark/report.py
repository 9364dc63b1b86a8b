"""The page of Markdown that shows the measurements, and the circumstances they were made in."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import timm
import torch

from search_spaces.benchmark.memory import Peaks
from search_spaces.benchmark.speed import Comparison, Setting
from search_spaces.benchmark.timing import BATCH, IMAGE_SIZE


def circumstances(seed: int) -> dict[str, object]:
    """Return what somebody needs to know who wants to make the same measurements."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return {
        "command": "python -m search_spaces.benchmark",
        "commit": commit.stdout.strip() or "unknown",
        "seed": seed,
        "cpu": _cpu(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "timm": timm.__version__,
    }


def page(
    about: dict[str, object],
    subnets: Sequence[Comparison],
    coatnets: Sequence[Comparison],
    tied: Sequence[Comparison],
    settings: Sequence[Setting],
    peaks: Sequence[Peaks],
    rates: dict[str, dict[str, float]],
) -> str:
    """Return the whole page.

    Args:
        about: Circumstances of the measurements, by name.
        subnets: Subnets in the supernet against the same networks alone.
        coatnets: CoAtNet-like networks against timm's CoAtNet.
        tied: Symmetric networks against ordinary ones of the same shapes.
        settings: Networks in every precision and memory format.
        peaks: Peak memory of training, for every space.
        rates: Architectures a second, by space and by what is counted (``params``, ``flops``).
    """
    return "\n".join(
        [
            "# Speed and memory of networks and supernet",
            "",
            "Medians of interleaved rounds (a ratio is the median of the rounds' ratios), batches "
            f"of {BATCH} images of {IMAGE_SIZE} × {IMAGE_SIZE} pixels; a training step is a "
            "forward and a backward pass.",
            "",
            *_table(["", ""], ([name, str(value)] for name, value in about.items())),
            "",
            "## A subnet in the supernet, against the same network alone (aim: ≤ 1.10)",
            "",
            *_comparisons(subnets),
            "",
            "## Our CoAtNet-like networks, against timm's CoAtNet of the same dimensions (aim: ≤ "
            "1.0)",
            "",
            *_comparisons(coatnets),
            "",
            "## Symmetric networks, against ordinary ones of the same shapes (aim: ≤ 1.10)",
            "",
            *_comparisons(tied),
            "",
            "## Peak memory of three training steps with AdamW, above that of the libraries (aim: "
            "≤ 1.3)",
            "",
            "Sandwich: largest, smallest and two random subnets, with a backward pass after each. "
            "Alone: the one of them that needs most.",
            "",
            *_table(
                ["space", "one alone, MB", "sandwich of four, MB", "ratio"],
                ([p.space, f"{p.alone:.0f}", f"{p.sandwich:.0f}", f"{p.ratio:.2f}"] for p in peaks),
            ),
            "",
            "## Architectures a second on one core (aims: 20,000 for parameters, 2,000 for FLOPs)",
            "",
            *_table(
                ["space", "parameters", "FLOPs"],
                (
                    [space, f"{rate['params']:,.0f}", f"{rate['flops']:,.0f}"]
                    for space, rate in rates.items()
                ),
            ),
            "",
            "## Precision and memory format (CoAtNet-like network alone, ms)",
            "",
            *_table(
                ["space", "precision", "layout", "training step", "inference"],
                (
                    [
                        s.space,
                        s.precision,
                        s.layout,
                        f"{median(s.times.training_step):.1f}",
                        f"{median(s.times.inference):.1f}",
                    ]
                    for s in settings
                ),
            ),
            "",
        ]
    )


def _comparisons(comparisons: Iterable[Comparison]) -> list[str]:
    return _table(
        [
            "space",
            "network",
            "parameters",
            "layout",
            "training, ms",
            "ratio",
            "inference, ms",
            "ratio",
        ],
        (
            [
                c.space,
                c.network,
                f"{c.params:,}",
                c.layout,
                f"{median(c.ours.training_step):.1f} / {median(c.reference.training_step):.1f}",
                f"{c.training_ratio:.3f}",
                f"{median(c.ours.inference):.1f} / {median(c.reference.inference):.1f}",
                f"{c.inference_ratio:.3f}",
            ]
            for c in comparisons
        ),
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor()
