"""Parse the flags of ``python -m nas.benchmarks.answers``, and run it."""

from nas.benchmarks.answers.settings import AnswersBenchmarkSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m nas.benchmarks.answers",
        Command(AnswersBenchmarkSettings, "nas.benchmarks.answers.command:run", check=check),
    )
