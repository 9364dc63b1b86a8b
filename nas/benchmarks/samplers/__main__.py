"""Parse the flags of ``python -m nas.benchmarks.samplers``, and run it."""

from nas.benchmarks.samplers.settings import SamplerBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.samplers",
        Command(SamplerBenchmarkSettings, "nas.benchmarks.samplers.command:run"),
    )
