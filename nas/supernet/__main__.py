"""Parse the flags of ``python -m nas.supernet``, and run it."""

from nas.common.cli import Command, main
from nas.supernet.settings import SupernetSettings, check

if __name__ == "__main__":
    main(
        "python -m nas.supernet", Command(SupernetSettings, "nas.supernet.command:run", check=check)
    )
