"""Parse the flags of ``python -m nas.retrain``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.retrain.settings import RetrainSettings, check

if __name__ == "__main__":
    main(
        typed("retrain"),
        Command(
            RetrainSettings,
            "nas.retrain.command:run",
            examples={
                "Train the best three of a search": "--run results/runs/RUN --top 3",
                "Train a network that has a name": "--architecture symmetric_mbconv --data DIR",
            },
            check=check,
        ),
    )
