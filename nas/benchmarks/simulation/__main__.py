"""Parse the flags of ``python -m nas.benchmarks.simulation``, and run it."""

from nas.benchmarks.simulation.settings import SimulationBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.simulation",
        Command(SimulationBenchmarkSettings, "nas.benchmarks.simulation.command:run"),
    )
