"""Parse the flags of ``python -m nas.benchmarks.outcomes``, and run it."""

from nas.benchmarks.outcomes.settings import OutcomesBenchmarkSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.outcomes",
        Command(OutcomesBenchmarkSettings, "nas.benchmarks.outcomes.command:run", check=check),
    )
