"""The door of the command ``python -m nas.data``."""

from nas.common.cli import Command, main
from nas.data.settings import (
    InspectSettings,
    PreviewSettings,
    ResidualSettings,
    SimulateSettings,
    check,
)

if __name__ == "__main__":
    main(
        "python -m nas.data",
        {
            "simulate": Command(SimulateSettings, "nas.data.command:simulate_data"),
            "inspect": Command(InspectSettings, "nas.data.command:inspect_data", check=check),
            "preview": Command(PreviewSettings, "nas.data.command:preview_data", check=check),
            "residual": Command(
                ResidualSettings, "nas.data.command:add_residual_channel", check=check
            ),
        },
    )
