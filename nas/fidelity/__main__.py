"""Parse the flags of ``python -m nas.fidelity``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.fidelity.settings import FidelitySettings, check

if __name__ == "__main__":
    main(
        typed("fidelity"),
        Command(
            FidelitySettings,
            "nas.fidelity.command:run",
            examples={
                "Measure one supernet": "--supernet results/runs/SUPERNET --data DIR",
                "Compare two": "--supernet results/runs/A,results/runs/B --data DIR",
            },
            check=check,
        ),
    )
