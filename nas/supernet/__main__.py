"""Parse the flags of ``python -m nas.supernet``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.supernet.settings import SupernetSettings, check

if __name__ == "__main__":
    main(
        typed("supernet"),
        Command(
            SupernetSettings,
            "nas.supernet.command:run",
            examples={
                "Train a supernet for a data set": "--data DIR --epochs 24",
                "Let small networks learn from the largest": "--data DIR --rule sandwich",
            },
            check=check,
        ),
    )
