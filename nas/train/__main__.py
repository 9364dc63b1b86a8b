"""The door: ``python -m nas.train``."""

from nas.common.cli import Command, main
from nas.train.settings import TrainSettings, check

if __name__ == "__main__":
    main("python -m nas.train", Command(TrainSettings, "nas.train.command:run", check=check))
