"""Parse the flags of ``python -m nas.benchmarks.search``, and run it."""

from nas.benchmarks.search.settings import SearchBenchmarkSettings
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.search",
        Command(SearchBenchmarkSettings, "nas.benchmarks.search.command:run"),
    )
