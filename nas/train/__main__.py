"""Parse the flags of ``python -m nas.train``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.train.settings import TrainSettings, check

if __name__ == "__main__":
    main(
        typed("train"),
        Command(
            TrainSettings,
            "nas.train.command:run",
            examples={
                "Train a network of the search space": "--architecture symmetric_mbconv --data DIR",
                "Train a network of timm": "--model resnet18 --data DIR --epochs 20",
            },
            check=check,
        ),
    )
