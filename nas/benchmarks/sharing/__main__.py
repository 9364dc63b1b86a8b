"""Parse the flags of ``python -m nas.benchmarks.sharing``, and run it."""

from nas.benchmarks.sharing.settings import SharingBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.sharing",
        Command(SharingBenchmarkSettings, "nas.benchmarks.sharing.command:run"),
    )
