"""The hand-designed networks that a found network must beat, and the leaderboard."""
