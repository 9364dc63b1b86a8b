"""The door: ``python -m nas.benchmarks.priors``."""

from nas.benchmarks.priors.settings import PriorSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.priors",
        Command(PriorSettings, "nas.benchmarks.priors.command:run", check=check),
    )
