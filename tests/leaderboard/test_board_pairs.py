"""Differences of any two rows: of one family, and of ranked rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.boards import entries
from support.entries import BASELINE, TRANSFER
from support.statistics_made import language, run

from harness import registry
from harness.leaderboard import board_pairs
from harness.leaderboard.board import Board
from harness.leaderboard.board_pairs import ALL, NEAR, Pair, near, ranked_pairs
from harness.leaderboard.board_rows import BoardRow, read_board
from harness.statistics import Column, Panel, Row, Run, moderate, panels_of
from harness.statistics.difference import p_values


def drawn(seed: int, rate: float) -> Run:
    """A run on all of mini, right at a rate."""
    generator, mini = np.random.default_rng(seed), registry.benchmark("mini")
    targets = {
        name: {
            code: language(generator.random(40) < rate)
            for code in mini.languages_of(registry.task(name))
        }
        for name in mini.task_names()
    }
    return run(seed, targets)


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[BoardRow]:
    """Two ranked rows with drawn runs."""
    monkeypatch.setattr("harness.places.cache", lambda: tmp_path / "cache")
    rows = read_board(entries(tmp_path))[0]
    for row, rate, seeds in zip(rows, (0.4, 0.6), ((1, 2, 3), (4, 5, 6)), strict=True):
        row.__dict__["runs"] = tuple(drawn(seed, rate) for seed in seeds)
    return rows


def test_two_settings_of_a_family_differ_as_their_scores_do(board: Board) -> None:
    ((_, table),) = board.families
    (pair,) = table.pairs
    assert {pair.first, pair.second} == {TRANSFER, "qqp-first"}
    assert {"xnli", "group/qa", "mean"} <= pair.cells.keys()
    for column, cell in pair.cells.items():
        first, second = (table.scores[slug][column] for slug in (pair.first, pair.second))
        assert cell.estimate == pytest.approx(second.estimate - first.estimate, abs=2e-6)
        assert cell.low is not None and cell.high is not None
        assert cell.low <= cell.estimate <= cell.high and cell.k == cell.k_base == 3


def test_a_pair_is_on_the_board_once_and_a_family_goes_before_ranks(board: Board) -> None:
    pairs = [frozenset((pair.first, pair.second)) for pair in board.pairs]
    assert pairs == [{TRANSFER, "qqp-first"}]  # the baseline's are in its table
    assert len(board.ranked) == 3
    assert board.pairs[0] == board.families[0][1].pairs[0]


def test_ranked_rows_are_compared_as_ranks_are(rows: list[BoardRow]) -> None:
    (pair,) = ranked_pairs(rows)
    by_slug = {row.slug: row for row in rows}
    some = [Row(slug, by_slug[slug].runs) for slug in (pair.first, pair.second)]
    panel = board_pairs._panels(some, registry.benchmark("mini"))["mean"]
    df = panel.runs - 1
    p = p_values(panel, moderate(panel.variances, df).of(panel.variances, df))
    assert pair.cells["mean"].p == pytest.approx(p[0, 1], abs=1e-6)
    assert pair.cells["mean"].estimate == pytest.approx(panel.means[1] - panel.means[0], abs=1e-5)


def test_pairs_are_kept_and_read_back(rows: list[BoardRow]) -> None:
    first = ranked_pairs(rows)
    for row in rows:
        row.__dict__["runs"] = ()  # reading these would fail
    assert ranked_pairs(rows) == first
    assert [Pair.read(pair.as_dict()) for pair in first] == first


def test_panels_joined_are_those_of_the_whole(rows: list[BoardRow]) -> None:
    some = [Row(row.slug, row.runs) for row in rows]
    mini = registry.benchmark("mini")
    tasks = [registry.task(name) for name in mini.task_names()]
    targets = [Column.of_target(task.name, mini.languages_of(task)) for task in tasks]
    made = board_pairs._panels(some, mini)
    columns = [*targets, Column.mean("mean", targets)]
    for column, whole in zip(columns, panels_of(some, columns), strict=True):
        assert isinstance(whole, Panel)
        for name in ("means", "variances", "mixtures", "items", "clusters", "fixed"):
            ours, theirs = getattr(made[column.name], name), getattr(whole, name)
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@given(st.integers(0, 300))
def test_near_rows_are_compared_once(count: int) -> None:
    pairs = near(count)
    reach = count if count <= ALL else NEAR
    assert set(pairs) == {
        (i, j) for i in range(count) for j in range(i + 1, count) if j - i <= reach
    }
    assert len(set(pairs)) == len(pairs)


@given(st.integers(0, 300))
def test_windows_cover_what_is_near(count: int) -> None:
    rows = list(range(count))
    found = [
        (window[i], window[j])
        for window, places in board_pairs._windows(rows)  # type: ignore[arg-type]
        for i, j in places
    ]
    assert sorted(found) == near(count)  # type: ignore[comparison-overlap]


def test_a_row_without_a_rank_has_no_ranked_pair(rows: list[BoardRow]) -> None:
    assert {row.slug for row in rows} == {BASELINE, TRANSFER}
    assert ranked_pairs(rows[:1]) == []


def test_only_as_many_rows_as_a_page_shows_have_pairs(
    rows: list[BoardRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_pairs, "MOST", 1)
    assert ranked_pairs(rows) == []
