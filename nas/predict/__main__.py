"""Parse the flags of ``python -m nas.predict``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.predict.settings import PredictSettings, check

if __name__ == "__main__":
    main(
        typed("predict"),
        Command(
            PredictSettings,
            "nas.predict.command:run",
            examples={
                "Classify a folder": "--checkpoint MODEL.safetensors --data DIR --out table.csv",
                "Probabilities as sure as they are right": (
                    "--checkpoint MODEL.safetensors --data DIR --calibrated"
                ),
            },
            check=check,
        ),
    )
