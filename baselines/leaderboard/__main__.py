"""Parse the flags of ``python -m baselines.leaderboard``, and run it."""

from baselines.leaderboard.settings import LeaderboardSettings, check
from nas.common.cli import Command, main

if __name__ == "__main__":
    main(
        "python -m baselines.leaderboard",
        Command(
            LeaderboardSettings,
            "baselines.leaderboard.command:run",
            examples={
                "Compare the newest search with eight networks": "",
                "Compare a search with two networks": "--run RUN --models ResNet-18,ViT-tiny",
            },
            check=check,
        ),
    )
