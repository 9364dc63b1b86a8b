"""Parse the flags of ``python -m nas.benchmarks.funnel``, and run it."""

from nas.benchmarks.funnel.settings import FunnelBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.funnel",
        Command(FunnelBenchmarkSettings, "nas.benchmarks.funnel.command:run"),
    )
