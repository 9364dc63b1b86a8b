"""The door: ``python -m nas.benchmarks.transfer``."""

from nas.benchmarks.transfer.settings import TransferSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.transfer",
        Command(TransferSettings, "nas.benchmarks.transfer.command:run", check=check),
    )
