"""Parse the flags of ``python -m nas.search``, and run it."""

from nas.common.cli import Command, main
from nas.search.settings import SearchSettings, check, check_resumed, earlier

if __name__ == "__main__":
    main(
        "python -m nas.search",
        Command(
            SearchSettings,
            "nas.search.command:run",
            check=check,
            earlier=earlier,
            check_resumed=check_resumed,
        ),
    )
