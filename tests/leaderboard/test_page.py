"""The page as text: what stands in it, what is escaped, and boards that are not as one expects."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.entries import BASELINE, TRANSFER, write_baseline, write_transfer
from support.page_boards import board_at, board_with, changed, claimed, hostile
from support.places import ROOT

from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.colours import DARK, LIGHT, contrast
from harness.leaderboard.page import is_https, page_of, script_json, short
from harness.leaderboard.views.shown_cells import difference_cell, heat_cell, number, signed
from harness.leaderboard.views.what_helps import what_helps_of
from harness.submission.verified import Provenance
from harness.submission.verify import verify

SITE = ROOT / "harness" / "leaderboard" / "site"
NAMES = [
    "🦆" * 80,
    "</script><script>canary=1</script>",
    "{{7*7}}",
    "מבחן العربية",
    "=cmd|' /C calc'!A0",
    r"50% & $x_1$ \textbf{~}^#",
    "<!--<script>",
]


def parsed(page: str) -> str:
    """Return the page, which must be HTML without an error."""
    html5lib.HTMLParser(strict=True).parse(page)
    return page


def without_bdi(page: str) -> str:
    return page.replace("<bdi>", "").replace("</bdi>", "")


def test_every_number_of_the_board_stands_in_the_page(board: Board) -> None:
    page = parsed(page_of(board))
    ((family, table),) = board.families
    for row in family.rows:
        for target in table.targets:
            cell = table.differences[row.slug][target]
            assert cell.half is not None
            assert f"{signed(cell.estimate)} ±{cell.half:.1f}" in page
    for row in board.rows:
        assert row.verified is not None and row.verified.summary.overall is not None
        assert f"<td>{row.verified.summary.overall.score:.1f} ±" in page
        assert f"<details id=entry-{row.slug}>" in page
    assert board.digest in page
    assert page == page_of(board)


def test_the_policy_names_this_script_and_this_style(board: Board) -> None:
    page = page_of(board)
    assert page.index("Content-Security-Policy") < page.index("<meta charset")
    for tag, source in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        (digest,) = re.findall(rf"{source} &#39;sha256-([^&]+)&#39;", page)
        assert b64decode(digest) == hashlib.sha256(text.encode()).digest()
    assert not re.search(r"<[^>]+\s(style|on\w+)=", page)


def test_the_script_is_short_and_writes_no_markup() -> None:
    script = (SITE / "page.js").read_text("utf-8")
    assert script.startswith("// @ts-check")
    assert len(script.splitlines()) <= 600
    words = ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "Function(", "document.write")
    assert [word for word in (*words, "localStorage", "fetch(") if word in script] == []


def test_only_our_own_pictures_script_style_and_data_are_markup() -> None:
    templates = "".join(path.read_text("utf-8") for path in SITE.glob("*.j2"))
    assert "safe" not in re.findall(r"\|\s*(\w+)", templates)
    code = (ROOT / "harness" / "leaderboard" / "page.py").read_text("utf-8")
    assert len(re.findall(r"\bMarkup\(", code)) == 4


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_entry_is_text(board: Board, name: str) -> None:
    row = board.by_slug[TRANSFER]
    bad = changed(row, name, **hostile(name, row.entry.value))
    page = parsed(page_of(replace(board, rows=(bad, board.by_slug[BASELINE]))))
    assert "49" not in re.findall(r"<bdi>(.*?)</bdi>", page)
    assert "<script>canary" not in page and "javascript:" not in page
    assert re.findall(
        r"<script[^>]*>", re.sub(r"(?s)(<script[^>]*>).*?</script>", r"\1", page)
    ) == [
        '<script type="application/json" id="data">',
        "<script>",
    ]


def test_pictures_stand_in_their_sections_under_the_policy(board: Board) -> None:
    figures = {
        "forest-a": "<svg id=f></svg>",
        "heat-a": "<svg id=h></svg>",
        "new": "<svg id=n></svg>",
    }
    page = parsed(page_of(board, figures, ".figure text{fill:var(--ink)}"))
    places = [
        page.index(word)
        for word in (
            "<svg id=f>",
            '<section id="board"',
            "<svg id=n>",
            '<section id="languages"',
            "<svg id=h>",
        )
    ]
    assert places == sorted(places)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (digest,) = re.findall(r"style-src &#39;sha256-([^&]+)&#39;", page)
    assert style.endswith(".figure text{fill:var(--ink)}")
    assert b64decode(digest) == hashlib.sha256(style.encode()).digest()


def test_a_target_that_nobody_has_and_a_language_of_which_nothing_is_known(board: Board) -> None:
    ((family, table),) = board.families
    cell = BoardCell(1.0, 0.5, 1.5)
    scores = {s: {**cells, "language/xx": cell} for s, cells in table.scores.items()}
    less = replace(table, targets=tuple(t for t in table.targets if t != "xnli"), scores=scores)
    page = parsed(page_of(replace(board, families=((family, less),))))
    helps = page.split('id="helps"')[1].split('id="board"')[0]
    assert 'data-k="pawsx"' in helps and 'data-k="xnli"' not in helps
    assert 'data-k=l-xx title="xx"' in page and ">other<" in page


def test_a_board_without_entries_is_a_page() -> None:
    page = parsed(page_of(Board((), (), {})))
    assert "<p>0 entries." in page
    assert "No baseline has been recomputed yet" in page


def test_one_entry_without_a_baseline(board: Board) -> None:
    page = parsed(page_of(board_with([board.by_slug[TRANSFER]])))
    assert "<p>1 entry." in page
    assert f"its baseline {BASELINE} is not here" in page


def test_a_baseline_alone(board: Board) -> None:
    page = parsed(page_of(board_with([board.by_slug[BASELINE]])))
    assert "No entry is compared with this baseline." in page


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"withdrawn": "a fault in the data"}, "is withdrawn"),
        ({"partial": "two languages only"}, "is partial"),
    ],
)
def test_a_baseline_that_cannot_be_one_leaves_no_difference(
    board: Board, fields: dict[str, str], why: str
) -> None:
    baseline = changed(board.by_slug[BASELINE], **fields)
    page = parsed(page_of(board_with([baseline, board.by_slug[TRANSFER]])))
    assert re.search(rf"{TRANSFER}.*?</a>: [^<]*{why}", page)
    assert re.search(r"▲|▼", page.split('id="helps"')[1].split('id="board"')[0]) is None


def test_a_baseline_that_is_not_recomputed(board: Board) -> None:
    page = page_of(board_with([claimed(board.by_slug[BASELINE]), board.by_slug[TRANSFER]]))
    assert f"its baseline {BASELINE} is not recomputed" in page


def test_a_stale_entry_is_told_apart_and_has_no_rank(board: Board) -> None:
    stale = claimed(board.by_slug[TRANSFER], Provenance.STALE)
    page = parsed(page_of(board_with([board.by_slug[BASELINE], stale])))
    assert "<td><small>stale</small>" in page
    assert (
        "<dt>Not ranked because<dd>verified by another version, or for other files<"
        in without_bdi(page)
    )
    assert re.search(r"<td>stale\s", page)


def test_a_withdrawn_entry_stays_struck_through(board: Board) -> None:
    rows = [changed(row, withdrawn="a fault") for row in board.rows]
    page = parsed(page_of(board_with(rows)))
    assert page.count("<s>") >= 2 * len(rows)
    assert page.count("<small>withdrawn</small>") == len(rows)


def test_claimed_and_published_numbers_are_apart_and_without_intervals(board: Board) -> None:
    claims = {"overall": 61.25, "groups": {"qa": 50.0}, "xnli": {"mean": {"accuracy": 70.0}}}
    row = changed(board.by_slug[BASELINE], claims=claims)
    one = claimed(row)
    source = {"citation": "A. Author 2020", "where": "table 1", "url": "https://example.org/p"}
    two = claimed(
        changed(row, slug="paper", kind="published", runs=[], claims=claims, source=source),
        Provenance.PUBLISHED,
    )
    page = parsed(page_of(board_with([one, two])))
    assert page.count("<td>61.2<") == 2 and page.count("<td>70.0<") == 2
    assert page.index("Not ranked, in no order") < page.index("Published numbers, not ranked")


def test_what_is_null_is_a_dash(board: Board) -> None:
    row = board.by_slug[TRANSFER]
    model = {**row.entry.value["model"], "parameters": None, "parameters_body": None}
    bare = changed(row, model=model)
    page = parsed(page_of(board_with([board.by_slug[BASELINE], bare])))
    assert "<td>– | –<" in page
    assert "None" not in page and "null" not in page.split("<script")[0]


def test_two_benchmarks_with_equal_task_names_have_tables_of_their_own(board: Board) -> None:
    other = claimed(changed(board.by_slug[BASELINE], slug="elsewhere", benchmark="xtreme"))
    page = parsed(page_of(board_with([*board.rows, other])))
    assert len(re.findall(r'<table class="sorted board">', page)) == 2


def test_of_very_many_entries_the_first_500_are_shown(board: Board) -> None:
    row = claimed(board.by_slug[BASELINE])
    rows = [replace(row, entry=replace(row.entry, slug=f"entry-{n:05}")) for n in range(1500)]
    many = Board((*rows, *board.rows), board.families, board.ranks)
    page = page_of(many)
    assert page.count("<details id=") == 500
    assert all(f"<details id=entry-{one.slug}>" in page for one in board.rows)
    assert "1,503 entries are on the board, and 500 of them on this page" in page


def test_one_run_everywhere_marks_nothing_and_says_so(tmp_path: Path) -> None:
    write_baseline(tmp_path, runs=1)
    write_transfer(tmp_path, runs=1)
    verify(tmp_path, every=True, workers=1)
    page = parsed(page_of(board_at(tmp_path)))
    assert "One run a row, so nothing is marked" in page
    assert "² one run; the interval is of the test items only" in page
    assert not re.search(r"▲|▼", page.split('id="helps"')[1].split('id="board"')[0])


def test_a_difference_has_a_colour_only_where_it_is_marked() -> None:
    plain = BoardCell(3.0, -1.0, 7.0, verdict="not told apart")
    sure = replace(plain, low=1.0, high=5.0, verdict="more")
    assert difference_cell(plain).fill == "" and difference_cell(plain).mark == ""
    assert difference_cell(sure).fill == "s7" and difference_cell(sure).mark == "▲"
    assert heat_cell(plain).fill == "w7" and heat_cell(sure).fill == "s7"
    assert difference_cell(BoardCell(60.0, 50.0, 70.0, verdict="more")).fill == "s8"
    assert difference_cell(None).text == "–"


def test_a_partial_family_says_what_is_missing_and_has_no_overall_score(board: Board) -> None:
    words = "samples of the test sets; " + "and so on " * 20
    rows = [changed(row, partial=words.strip()) for row in board.rows if row.slug != "qqp-first"]
    page = parsed(page_of(board_with(rows)))
    note = f"PARTIAL:</b> 9 of 9 tasks; {words.strip()}. Compare within this table only"
    assert without_bdi(page).count(note) == 2  # What helps and Languages
    assert ">mean of these 9 targets" in page and ">MNLI – PARTIAL<" in without_bdi(page)
    assert f"<dt>Partial<dd>{words.strip()}" in without_bdi(page)
    assert page.count("<small>partial</small>") == 2


def test_columns_that_nobody_has_are_left_out_of_the_board(board: Board) -> None:
    claims = {"xnli": {"mean": {"accuracy": 70.0}}}
    row = claimed(changed(board.by_slug[BASELINE], claims=claims))
    table = parsed(page_of(board_with([row]))).split('id="board"')[1].split("</table>")[0]
    heads = re.findall(r"<th scope=col[^>]*>([^<\n]*)", table)
    assert heads[5:] == ["XNLI", "Complete", "Runs", "Tried", "Numbers are"]
    assert "colspan=10>Not ranked" in table


def test_a_title_is_kept_where_a_row_is_called_by_its_task(board: Board) -> None:
    page = page_of(board_with([row for row in board.rows if row.slug != "qqp-first"]))
    name = board.by_slug[TRANSFER].name
    assert f'<a href=#entry-{TRANSFER} title="{name}">MNLI</a>' in page
    assert "<ul class=found><li>" in page


def test_all_differences_equal(board: Board) -> None:
    ((family, table),) = board.families
    same = {s: dict.fromkeys(c, BoardCell(0.0, 0.0, 0.0)) for s, c in table.differences.items()}
    equal = replace(board, families=((family, replace(table, differences=same)),))
    shown = what_helps_of(equal, equal.by_slug)
    assert {cell.text for line in shown.tables[0].rows for cell in line.cells} == {"+0.0"}
    parsed(page_of(equal))


def test_colours_are_read_and_seen_in_both_themes() -> None:
    for palette in (LIGHT, DARK):
        assert contrast(palette.ink, palette.paper) >= 4.5
        assert contrast(palette.quiet, palette.paper) >= 4.5
        assert contrast(palette.rule, palette.paper) >= 3
        for tone in palette.tones:
            assert contrast(tone.ink, tone.fill) >= 4.5
            assert contrast(palette.ink, tone.pale) >= 4.5
            assert contrast(tone.edge, palette.paper) >= 3
        assert contrast(palette.tones[-1].edge, palette.paper) >= 4.5  # links


def test_numbers_have_one_decimal_and_a_true_minus() -> None:
    assert [signed(x) for x in (1.25, 1.35, -0.04, 0.04, -2.0, None)] == [
        "+1.2", "+1.4", "+0.0", "+0.0", "−2.0", "–",
    ]  # fmt: skip
    assert number(-3.14) == "−3.1"


@given(st.text())
def test_data_never_ends_its_script_and_is_read_back(text: str) -> None:
    written = script_json({"name": text})
    assert not {*"<\u2028\u2029"} & {*written}
    assert json.loads(written) == {"name": text}


@given(st.text())
def test_texts_are_cut_and_links_are_https(text: str) -> None:
    assert len(short(text)) <= 80
    assert is_https(f"https://{text}") == (text.isprintable() and " " not in text)
    assert not is_https(f"http://{text}") and not is_https(f"javascript:{text}")
