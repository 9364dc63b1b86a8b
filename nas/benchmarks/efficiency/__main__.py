"""The door: ``python -m nas.benchmarks.efficiency``."""

from nas.benchmarks.efficiency.settings import EfficiencySettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.efficiency",
        Command(EfficiencySettings, "nas.benchmarks.efficiency.command:run", check=check),
    )
