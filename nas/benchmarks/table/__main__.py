"""The door: ``python -m nas.benchmarks.table``."""

from nas.benchmarks.table.settings import TableSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.table",
        Command(TableSettings, "nas.benchmarks.table.command:run", check=check),
    )
