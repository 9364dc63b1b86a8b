"""Parse the flags of ``python -m nas.report``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.report.settings import ReportSettings, check

if __name__ == "__main__":
    main(
        typed("report"),
        Command(
            ReportSettings,
            "nas.report.command:run",
            examples={
                "Make the page of the newest search": "",
                "Make that of a leaderboard": "results/runs/leaderboard",
            },
            check=check,
        ),
    )
