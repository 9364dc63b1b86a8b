"""The door of all commands: ``python -m nas`` and ``lens-nas``."""

import sys
from pathlib import Path

from nas.common.commands import overview, run_named
from nas.common.errors import UserError


def main() -> None:
    """Run the command that the first argument names; list all commands where there is none."""
    # Of a script, as pip writes it for lens-nas, Python knows no module.
    script = sys.modules["__main__"].__spec__ is None
    prefix = Path(sys.argv[0]).stem if script else "python -m nas"
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        sys.stdout.write(f"{overview(prefix)}\n")
        return
    try:
        run_named(prefix, name, arguments)
    except UserError as mistake:
        sys.stderr.write(f"error: {mistake}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
