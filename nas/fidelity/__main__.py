"""The door: ``python -m nas.fidelity``."""

from nas.common.cli import Command, main
from nas.fidelity.settings import FidelitySettings, check

if __name__ == "__main__":
    main(
        "python -m nas.fidelity", Command(FidelitySettings, "nas.fidelity.command:run", check=check)
    )
