"""Parse the flags of ``python -m baselines.leaderboard``, and run it."""

from baselines.leaderboard.settings import LeaderboardSettings, check
from nas.common.cli import Command, main
from nas.common.commands import typed

if __name__ == "__main__":
    main(
        typed("leaderboard"),
        Command(
            LeaderboardSettings,
            "baselines.leaderboard.command:run",
            examples={
                "Compare the newest search with two hand-designed networks": "",
                "Choose what it is compared with": "--run RUN --models ResNet-18,ViT-tiny",
            },
            check=check,
        ),
    )
