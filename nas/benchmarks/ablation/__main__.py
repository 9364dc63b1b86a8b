"""The door: ``python -m nas.benchmarks.ablation``."""

from nas.benchmarks.ablation.settings import AblationSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.ablation",
        Command(AblationSettings, "nas.benchmarks.ablation.command:run", check=check),
    )
