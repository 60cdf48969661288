"""The leaderboard: entries in, one page and its tables out."""

from harness.leaderboard.long_table import LongTable, load

__all__ = ["LongTable", "load"]
