"""Parse the flags of ``python -m nas.benchmarks.training``, and run it."""

from nas.benchmarks.training.settings import TrainingBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.training",
        Command(TrainingBenchmarkSettings, "nas.benchmarks.training.command:run"),
    )
