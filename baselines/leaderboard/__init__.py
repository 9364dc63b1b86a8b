"""Found and hand-designed networks under one recipe: ``python -m baselines.leaderboard``."""
