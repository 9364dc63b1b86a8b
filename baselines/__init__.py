"""What a found network must beat: the hand-designed networks and the leaderboard."""
