"""The door: ``python -m nas.benchmarks.simulation``."""

from nas.benchmarks.simulation.settings import SimulationBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.simulation",
        Command(SimulationBenchmarkSettings, "nas.benchmarks.simulation.command:run"),
    )
