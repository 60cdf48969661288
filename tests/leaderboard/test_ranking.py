"""Ranks: intervals among the ranked rows of one benchmark and regime."""

from pathlib import Path

import numpy as np
import pytest
from support.boards import BASELINE, TRANSFER, entries, say
from support.statistics_made import language, run

from harness import registry
from harness.leaderboard import ranking
from harness.leaderboard.board_rows import BoardRow, read_board
from harness.leaderboard.ranking import ranks_of
from harness.statistics import Column, Panel, Row, Run, panels_of


def drawn(seed: int, rate: float) -> Run:
    """A run on all of mini, right at a rate."""
    generator, mini = np.random.default_rng(seed), registry.benchmark("mini")
    targets = {
        name: {
            code: language(generator.random(80) < rate)
            for code in mini.languages_of(registry.task(name))
        }
        for name in mini.task_names()
    }
    return run(seed, targets)


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[BoardRow]:
    monkeypatch.setattr("harness.places.cache", lambda: tmp_path / "cache")
    return read_board(entries(tmp_path))[0]


def with_runs(row: BoardRow, *runs: Run) -> BoardRow:
    row.__dict__["runs"] = runs
    return row


def test_rows_far_apart_have_a_rank_each(rows: list[BoardRow]) -> None:
    low, high = rows
    with_runs(low, *(drawn(seed, 0.4) for seed in (1, 2, 3)))
    with_runs(high, *(drawn(seed, 0.8) for seed in (4, 5, 6)))
    assert ranks_of(rows) == {low.slug: (2, 2), high.slug: (1, 1)}
    assert ranks_of(rows[::-1]) == ranks_of(rows)


def test_single_runs_may_be_anywhere(rows: list[BoardRow]) -> None:
    for row, rate in zip(rows, (0.4, 0.8), strict=True):
        with_runs(row, drawn(int(rate * 10), rate))
    assert set(ranks_of(rows).values()) == {(1, 2)}


def test_ranks_are_kept_by_the_sums_they_are_made_of(rows: list[BoardRow]) -> None:
    first = ranks_of(rows)
    for row in rows:
        with_runs(row)  # reading these would fail
    assert ranks_of(rows) == first


def test_regimes_are_ranked_apart(tmp_path: Path) -> None:
    made = entries(tmp_path)
    training = {"languages": ["en"], "regime": "few-shot", "selection": "last"}
    say(made / TRANSFER, training=training | {"recipe": "quick", "tried": 1})
    rows = read_board(made)[0]
    assert ranks_of(rows) == {BASELINE: (1, 1), TRANSFER: (1, 1)}


@pytest.mark.parametrize("selection", ["target-dev", "test", "unknown"])
def test_a_selection_that_sees_the_targets_is_unranked(selection: str, tmp_path: Path) -> None:
    made = entries(tmp_path)
    training = {"languages": ["en"], "regime": "zero-shot", "selection": selection}
    say(made / TRANSFER, training=training | {"recipe": "quick", "tried": 1})
    rows = read_board(made)[0]
    assert ranks_of(rows) == {BASELINE: (1, 1)}
    assert rows[0].unranked == f"chosen by {selection.replace('-', ' ')}"


def test_the_panel_in_parts_is_the_panel_of_the_whole(rows: list[BoardRow]) -> None:
    some = [Row(row.slug, row.runs) for row in rows]
    mini = registry.benchmark("mini")
    tasks = [registry.task(name) for name in mini.task_names()]
    targets = [Column.of_target(task.name, mini.languages_of(task)) for task in tasks]
    (whole,) = panels_of(some, [Column.mean("mean", targets)])
    parts = ranking._panel(some, mini)
    assert isinstance(whole, Panel)
    for name in ("means", "variances", "mixtures", "items", "clusters", "fixed"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)
