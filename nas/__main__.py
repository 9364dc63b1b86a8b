"""The door of all commands: ``python -m nas`` and ``lens-nas``."""

import sys

from nas.common.commands import overview, run_named
from nas.common.errors import UserError


def main() -> None:
    """Run the command that the first argument names; list all commands where there is none."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        sys.stdout.write(f"{overview()}\n")
        return
    try:
        run_named(name, arguments)
    except UserError as mistake:
        sys.stderr.write(f"error: {mistake}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
