"""Run ``python -m nas.search``."""

from nas.common.cli import Command, main
from nas.search.settings import SearchSettings, begun, check

if __name__ == "__main__":
    main("python -m nas.search", Command(SearchSettings, "nas.search.command:run", begun, check))
