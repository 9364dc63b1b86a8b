"""The report of a search or a leaderboard, for people who would rather look than read."""

from nas.report.report import write_report

__all__ = ["write_report"]
