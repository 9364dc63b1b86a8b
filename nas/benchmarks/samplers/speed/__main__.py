"""The door: ``python -m nas.benchmarks.samplers.speed``."""

from nas.benchmarks.samplers.speed.settings import SamplerSpeedSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.samplers.speed",
        Command(SamplerSpeedSettings, "nas.benchmarks.samplers.speed.command:run"),
    )
