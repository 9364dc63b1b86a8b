"""The door: ``python -m search_spaces.benchmark``."""

import argparse
from pathlib import Path


def main() -> None:
    """Read the arguments, measure, and write down the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m search_spaces.benchmark",
        description="Measure speed and memory of networks and supernet, and write speed.md and "
        "speed.json.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("results/search_spaces"),
        help="folder for the two files (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="seed of weights, images and random architectures (default: %(default)s)",
    )
    arguments = parser.parse_args()

    # A wrong argument is refused before the measuring modules are loaded.
    from search_spaces.benchmark.command import run

    run(arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
