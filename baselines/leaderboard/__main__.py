"""Parse the flags of ``python -m baselines.leaderboard``, and run it."""

from baselines.leaderboard.settings import LeaderboardSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m baselines.leaderboard",
        Command(LeaderboardSettings, "baselines.leaderboard.command:run", check=check),
    )
