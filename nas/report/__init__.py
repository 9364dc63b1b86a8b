"""The report of a search or a leaderboard, for people who would rather look than read."""
