"""Parse the flags of ``python -m nas.search``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.search.settings import SearchSettings, check, check_resumed, earlier

if __name__ == "__main__":
    main(
        typed("search"),
        Command(
            SearchSettings,
            "nas.search.command:run",
            examples={
                "Search images of your own for networks of at most 300,000 parameters": (
                    "--data DIR --max-params 300000"
                ),
                "Go on with a search that was stopped": "--resume results/runs/RUN",
            },
            check=check,
            earlier=earlier,
            check_resumed=check_resumed,
        ),
    )
