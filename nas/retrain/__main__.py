"""Parse the flags of ``python -m nas.retrain``, and run it."""

from nas.common.cli import Command, main
from nas.retrain.settings import RetrainSettings, check

if __name__ == "__main__":
    main("python -m nas.retrain", Command(RetrainSettings, "nas.retrain.command:run", check=check))
