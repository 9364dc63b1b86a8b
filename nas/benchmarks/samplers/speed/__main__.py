"""Parse the flags of ``python -m nas.benchmarks.samplers.speed``, and run it."""

from nas.benchmarks.samplers.speed.settings import SamplerSpeedBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.samplers.speed",
        Command(SamplerSpeedBenchmarkSettings, "nas.benchmarks.samplers.speed.command:run"),
    )
