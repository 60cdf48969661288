"""What tables say in words, and what rows are called in their family."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.entries import BASELINE, TRANSFER
from support.page_boards import changed

from harness.leaderboard.baselines import Family
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.foot_marks import foot_notes, foot_of, shown_half
from harness.leaderboard.row_labels import label_of
from harness.leaderboard.views.conclusions import Conclusion, conclusions
from harness.leaderboard.views.entry_view import _finding
from harness.leaderboard.views.shown_cells import difference_cell, heat_cell, score_cell
from harness.leaderboard.views.what_helps import mean_title, partial_of

COLUMNS = {"xnli": "XNLI", "mean": "overall"}
PLAIN = BoardCell(0.5, -3.0, 4.0, kind="runs", verdict="not told apart", smallest=4.25)
MORE = BoardCell(2.6, 1.7, 3.5, kind="runs", verdict="more")
LESS = BoardCell(-2.6, -3.5, -1.7, kind="runs", verdict="less")
SAME = BoardCell(0.1, -0.5, 0.7, kind="runs", verdict="no difference")
ALONE = BoardCell(9.0, 8.0, 10.0, kind="items only", verdict="one seed")


def told(one: Conclusion) -> str:
    return f"{one.title} {', '.join(' '.join(item) for item in one.items)}{one.rest}".strip()


def test_what_helps_and_hurts_is_named() -> None:
    rows = {"MNLI": {"xnli": MORE, "mean": MORE}, "QQP": {"xnli": LESS, "mean": PLAIN}}
    rows |= {"CCG": {"xnli": PLAIN}, "SQuAD": {"xnli": SAME}}
    assert list(map(told, conclusions(rows, COLUMNS))) == [
        "Helps: MNLI on XNLI +2.6",
        "Hurts: QQP on XNLI −2.6",
        "Not told apart from chance: all others (2 cells).",
        "Surely less than 1 point either way: SQuAD on XNLI +0.1",
        "Told apart from the baseline in the last column: MNLI on overall +2.6",
    ]


def test_nothing_told_apart_says_what_could_have_been_missed() -> None:
    first, second = map(told, conclusions({"MNLI": {"xnli": PLAIN, "mean": PLAIN}}, COLUMNS))
    assert first == (
        "No setting is told apart from the baseline on any target; a true difference could have"
        " been missed, on XNLI one of up to 4.2 points."
    )
    assert second == "In the column “overall” no setting is told apart from the baseline."
    assert "none" in told(conclusions({"A": {"xnli": MORE}}, COLUMNS)[1])


def test_one_run_settles_nothing() -> None:
    (only,) = conclusions({"MNLI": {"xnli": ALONE, "mean": ALONE}}, COLUMNS)
    assert "each row has one run" in only.title and not only.items
    assert conclusions({}, COLUMNS) == ()


def test_many_findings_are_counted() -> None:
    rows = {f"row {n}": {"xnli": MORE} for n in range(9)}
    assert conclusions(rows, COLUMNS)[0].rest == " and 3 more"


def _task(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": name, "languages": ["en"], "translated": False, "examples": 1, **facts}


@pytest.mark.parametrize(
    ("stages", "label"),
    [
        ([{"tasks": [_task("hellaswag")]}], "HellaSwag"),
        ([{"tasks": [_task("mnli")]}, {"tasks": [_task("squad")]}], "MNLI → SQuAD"),
        ([{"tasks": [_task("mnli"), _task("my own set")], "mlm": 0.5}], "MNLI + my own set + MLM"),
        ([{"tasks": [_task("mnli", languages=["de", "sw"])]}], "MNLI (de, sw)"),
        ([{"tasks": [_task("mnli", translated=True)]}], "MNLI (translated)"),
        ([{"tasks": [_task("tydiqa")]}], "TyDiQA-GoldP"),
    ],
)
def test_a_row_is_called_by_its_intermediate_task(
    board: Board, stages: list[dict[str, Any]], label: str
) -> None:
    row = changed(board.by_slug[TRANSFER], intermediate=stages)
    family = Family(board.by_slug[BASELINE], (row,))
    assert label_of(row, family) == label
    assert label_of(family.baseline, family) == "no intermediate task"
    part = changed(row, partial="two languages only")
    assert label_of(part, Family(family.baseline, (part,))) == f"{label} – PARTIAL"


def test_two_rows_of_one_intermediate_task_are_called_by_their_titles(board: Board) -> None:
    first, second = board.by_slug[TRANSFER], changed(board.by_slug[TRANSFER], "Again", slug="z")
    family = Family(board.by_slug[BASELINE], (first, second))
    assert [label_of(row, family) for row in family.rows] == [first.name, "Again"]
    unknown = changed(first, intermediate=[{"tasks": []}])
    assert label_of(unknown, Family(board.by_slug[BASELINE], (unknown,))) == first.name


def test_only_a_whole_family_has_an_overall_mean(board: Board) -> None:
    ((family, table),) = board.families
    assert partial_of(family, table) == "" and mean_title(family, table) == "overall"
    less = replace(table, targets=table.targets[:2])
    assert partial_of(family, less) == "2 of 9 tasks"
    assert mean_title(family, less) == "mean of these 2 targets"


def test_an_interval_without_width_is_no_certainty() -> None:
    alike = BoardCell(33.333333, 33.333333, 33.333333, kind="runs")
    assert score_cell(alike).whole == "33.3³"
    assert difference_cell(replace(alike, estimate=0.0, low=0.0, high=0.0)).whole == "+0.0³"
    narrow = BoardCell(33.3, 33.27, 33.33, kind="runs")
    assert score_cell(narrow).whole == "33.3 ±0.0" and shown_half(0.03) == 0.03
    assert foot_of("fixed", 0.0) == "" and foot_of("items only", None) == ""
    (words,) = foot_notes(["³", "", "³"])
    assert words.startswith("³ all runs give the same score")


def test_a_heat_table_has_no_colour_for_one_run() -> None:
    assert heat_cell(ALONE).fill == "" and heat_cell(ALONE, plain=True).fill == ""
    assert heat_cell(MORE).fill == "s7"


def test_a_finding_is_told_in_words_first() -> None:
    assert _finding("P409", 9) == "Warning: one label nearly everywhere, 9 times (P409)"
    assert _finding("D605", 1) == "Note: one run, once (D605)"
    assert _finding("Z999", 2) == "2 times, code Z999"
