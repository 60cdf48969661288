"""The board of the repository's entries is the one that is committed."""

from __future__ import annotations

from support.places import ROOT

from harness.leaderboard.board_build import build


def test_the_committed_board_is_that_of_the_entries() -> None:
    place = ROOT / "leaderboard"
    built = build(ROOT / "submissions", place / "site", place / "figures", check=True)
    assert not built.differences, built.differences
    assert place / "site" / "index.html" in built.written
