"""Parse the flags of ``python -m nas.benchmarks.reading``, and run it."""

from nas.benchmarks.reading.settings import ReadingBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.reading",
        Command(ReadingBenchmarkSettings, "nas.benchmarks.reading.command:run"),
    )
