"""The door: ``python -m nas.benchmarks.symmetry``."""

from nas.benchmarks.symmetry.settings import SymmetryBenchmarkSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.symmetry",
        Command(SymmetryBenchmarkSettings, "nas.benchmarks.symmetry.command:run", check=check),
    )
