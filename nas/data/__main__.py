"""The door of the command ``python -m nas.data``."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.data.settings import (
    InspectSettings,
    PreviewSettings,
    ResidualSettings,
    SimulateSettings,
    check,
)

if __name__ == "__main__":
    main(
        typed("data"),
        {
            "simulate": Command(
                SimulateSettings,
                "nas.data.command:run_simulation",
                examples={
                    "Simulate images as Euclid sees lenses": "--model II --out data/model_II",
                    "Simulate few and larger ones": "--images 300 --image-size 96 --out data/few",
                },
            ),
            "inspect": Command(
                InspectSettings,
                "nas.data.command:inspect_data",
                examples={
                    "See what a directory holds": "DIR",
                    "Have it as JSON": "DIR --json",
                },
                check=check,
            ),
            "preview": Command(
                PreviewSettings,
                "nas.data.command:preview_data",
                examples={
                    "Draw six images of each class": "DIR",
                    "Draw ten as PDF": "DIR --columns 10 --out preview.pdf",
                },
                check=check,
            ),
            "residual": Command(
                ResidualSettings,
                "nas.data.command:add_residual_channel",
                examples={
                    "Fit simulated images": "DIR --out data/residual",
                    "Fit images of a telescope": "DIR --psf-fwhm 1.6 --out data/residual",
                },
                check=check,
            ),
        },
    )
