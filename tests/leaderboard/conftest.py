"""The board that the tests of the page share: a baseline and two settings, three runs each."""

from __future__ import annotations

import pytest
from support.entries import write_baseline, write_transfer
from support.page_boards import board_at

from harness.leaderboard.board import Board
from harness.submission.verify import verify


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    root = tmp_path_factory.mktemp("entries")
    write_baseline(root)
    write_transfer(root)
    write_transfer(root, "qqp-first")
    verify(root, every=True, workers=1)
    return board_at(root)
