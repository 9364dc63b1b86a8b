"""The door: ``python -m nas.report``."""

from nas.common.cli import Command, main
from nas.report.settings import ReportSettings, check

if __name__ == "__main__":
    main("python -m nas.report", Command(ReportSettings, "nas.report.command:run", check=check))
