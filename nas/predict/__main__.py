"""The door: ``python -m nas.predict``."""

from nas.common.cli import Command, main
from nas.predict.settings import PredictSettings, check

if __name__ == "__main__":
    main("python -m nas.predict", Command(PredictSettings, "nas.predict.command:run", check=check))
