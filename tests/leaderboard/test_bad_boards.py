"""Boards of entries that are few, odd, hostile or incomparable."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.boards import BASELINE, TRANSFER, copied, entries, say, sealed, verified
from support.entries import MNLI, Value, change, load, restate
from support.entry_folders import PUBLISHED, make_entry

from harness.errors import HarnessError
from harness.leaderboard import LongTable
from harness.leaderboard import load as long
from harness.leaderboard.board import Board, board_of
from harness.leaderboard.board_build import build
from harness.leaderboard.long_table import long_table
from harness.leaderboard.outputs import as_dict
from harness.leaderboard.text_tables import board_tables, main_table
from harness.submission.verified import Verified


def main(board: Board, place: int = 0) -> str:
    return main_table(board, *board.families[place]).terminal()


def left_out(board: Board) -> dict[str, str]:
    return {slug: why for family, _ in board.families for slug, why in family.left_out.items()}


def kinds(table: LongTable, slug: str) -> set[str]:
    return {row.kind for row in table if row.slug == slug}


def test_no_entries(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(HarnessError, match="no entry"):
        build(tmp_path / "none", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_entry(tmp_path: Path) -> None:
    made = entries(tmp_path)
    shutil.rmtree(made / TRANSFER)
    board = board_of(made)
    assert board.ranks == {BASELINE: (1, 1)} and len(board.families) == 1
    built = build(made, tmp_path / "out")
    assert built.text == "" and kinds(long(tmp_path / "out"), BASELINE) == {"score"}


def test_an_entry_whose_baseline_is_not_there(tmp_path: Path) -> None:
    made = entries(tmp_path)
    shutil.rmtree(made / BASELINE)
    board = board_of(made)
    assert board.families == () and list(board.ranks) == [TRANSFER]
    why = f"its baseline {BASELINE} is not here"
    assert board.notes == (f"{TRANSFER} has no differences: {why}",)
    assert kinds(long_table(board), TRANSFER) == {"score"}
    columns = {row.column for row in long_table(board)}
    assert {"xnli", "xnli/de", "xnli/gap", "group/qa", "mean"} <= columns


def spoilt(name: str, **fields: object) -> Callable[[Path], None]:
    return lambda made: say(made / name, **fields)


def fewer_languages(made: Path) -> None:
    for path in (made / BASELINE).glob("predictions/*/xnli/test-sw.tsv"):
        path.unlink()
    restate(made / BASELINE)
    verified(made)
    for name in (BASELINE, TRANSFER):
        say(made / name, partial="no Swahili")


def other_base(made: Path) -> None:
    def changed(value: Value) -> None:
        value["model"]["base"] = "example/other"

    change(made / BASELINE, changed)
    sealed(made / BASELINE)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (spoilt(BASELINE, withdrawn="wrong labels"), f"its baseline {BASELINE} is withdrawn"),
        (spoilt(TRANSFER, withdrawn="wrong labels"), "it is withdrawn"),
        (spoilt(BASELINE, partial="two seeds are lost"), f"of it and its baseline {BASELINE} one"),
        (fewer_languages, "xnli: other languages than its baseline"),
        (other_base, "another base or benchmark"),
        (lambda made: (made / BASELINE / "verified.json").unlink(), "is not recomputed"),
        (lambda made: (made / TRANSFER / "verified.json").unlink(), "it is not recomputed"),
    ],
    ids="withdrawn own partial languages base claimed claimed-own".split(),
)
def test_what_cannot_be_compared_says_why(
    spoil: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    made = entries(tmp_path)
    spoil(made)
    board = board_of(made)
    found = left_out(board)
    if found:
        assert why in found[TRANSFER]
        assert as_dict(board)["families"][BASELINE]["left_out"] == found
    else:  # its baseline makes no family
        assert why in board.notes[0]
        assert not [family for family, _ in board.families if family.rows]
    assert "difference" not in kinds(long_table(board), TRANSFER)


def test_a_baseline_that_has_a_stage_itself_is_none(tmp_path: Path) -> None:
    made = entries(tmp_path)
    copied(made, TRANSFER, "second", baseline=TRANSFER)
    board = board_of(made)
    assert "second" not in {row.slug for family, _ in board.families for row in family.rows}


def test_two_rows_of_one_title(tmp_path: Path) -> None:
    made = entries(tmp_path)
    say(made / BASELINE, title="Same")
    say(made / TRANSFER, title="Same")
    assert [row.name for row in board_of(made).rows] == [
        f"Same (example/encoder) ({slug})" for slug in (TRANSFER, BASELINE)
    ]


TITLES = [
    "😀" * 80,
    "שלום עולם",
    "</script><script>alert(1)</script>",
    "{{7*7}}",
    "=cmd|'/C calc'!A0",
    r"\input{/etc/passwd} 100% $x_1^2$ #1 & ~",
    "[link](https://example.org) www.example.org | `code` ![i](x)",
]


def test_titles_are_data(tmp_path: Path) -> None:
    made = entries(tmp_path)
    for number, title in enumerate(TITLES):
        copied(made, TRANSFER, f"row-{number}", title=title)
    shutil.rmtree(made / TRANSFER)
    assert build(made, tmp_path / "out").notes == ()
    assert {*TITLES} < {row.name for row in long(tmp_path / "out")}
    text = (tmp_path / "out/leaderboard.csv").read_text("utf-8")
    assert not re.search(r'(^|,)"?[=+@]', text.partition("\n")[2], re.MULTILINE)
    markdown = (tmp_path / "out/leaderboard.md").read_text("utf-8")
    assert not re.search(r"<|\]\(|://|`[^`]*code|www\.", markdown)
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 2  # there are two tables
    latex = (tmp_path / f"out/tables/helps-{BASELINE}.tex").read_text("utf-8")
    body = latex.partition(r"\toprule")[2].replace(r"\\", "")
    plain = re.sub(r"\$(\\[a-z]+|\\hat\{k\}|-|\^[12])\$", "", body)
    for sign in "#%$_~^":
        assert not re.search(rf"(?<!\\){re.escape(sign)}", plain), sign
    assert r"\input" not in latex


def test_one_run_everywhere(tmp_path: Path) -> None:
    made = entries(tmp_path, runs=1)
    board = board_of(made)
    assert set(board.ranks.values()) == {(1, 2)}
    text = main(board)
    assert "One run a row: nothing is known of another seed, so nothing is marked." in text
    assert "²" in text and "▲" not in text and "▼" not in text
    _, table = board.families[0]
    cells = table.differences[TRANSFER]
    assert all(cells[name].q is None and cells[name].mark == "" for name in table.targets)


def test_all_differences_equal(tmp_path: Path) -> None:
    made = entries(tmp_path)
    shutil.rmtree(made / TRANSFER)
    twin = copied(made, BASELINE, "twin", baseline=BASELINE, intermediate=MNLI)
    change(twin, lambda v: [run.update(intermediate_run=run["id"]) for run in v["runs"]])
    sealed(twin)
    board = board_of(made)
    assert [row.slug for row in board.families[0][0].rows] == ["twin"]
    assert main(board).count("+0.0 ±") == 8  # the encoder alone answers alike in the two others
    assert set(board.ranks.values()) == {(1, 2)}


def test_an_entry_of_another_scorer_is_stale(tmp_path: Path) -> None:
    made = entries(tmp_path)
    path = made / TRANSFER / "verified.json"
    one = Verified.read(made / TRANSFER)
    path.write_text(path.read_text().replace(f'"scorer": {one.scorer},', '"scorer": 99,'))
    board = board_of(made)
    assert board.by_slug[TRANSFER].provenance.value == "stale"
    assert list(board.ranks) == [BASELINE]
    text = board_tables(board)[0].terminal()
    assert "unranked: verified by another version" in text
    assert {row.provenance for row in long_table(board) if row.slug == TRANSFER} <= {"stale"}


def test_a_published_row_is_unranked_and_has_no_interval(tmp_path: Path) -> None:
    made = entries(tmp_path)
    claims = {"xnli": {"mean": {"accuracy": 70.05}, "de": {"accuracy": 71.0}}, "overall": 60.0}
    claims |= {"xquad": {"mean": {"f1": 80.0}}, "groups": {"qa": 50.5}}
    value = load(made / BASELINE)
    value |= {"slug": "paper", "title": "A paper", "kind": "published", "claims": claims}
    del value["runs"]
    value |= PUBLISHED
    value["links"] = {"paper": "https://example.org/paper"}
    (made / "paper").mkdir()
    change_to(made / "paper", value)
    board = board_of(made)
    assert board.notes == () and board.by_slug["paper"].unranked.startswith("published")
    rows = [row for row in long_table(board) if row.slug == "paper"]
    found = {row.column: (row.estimate, row.low, row.k) for row in rows}
    assert found == {  # F1 alone is not XQuAD's headline score
        "xnli": (70.05, None, 0),
        "xnli/de": (71.0, None, 0),
        "group/qa": (50.5, None, 0),
        "mean": (60.0, None, 0),
    }
    lines = board_tables(board)[0].markdown().splitlines()
    (line,) = [line for line in lines if "A paper" in line]
    assert line.count("60.0 |") == 1 and "70.0 |" in line  # half to even
    assert "±" not in line and "unranked: published numbers" in line


def change_to(folder: Path, value: Value) -> None:
    from support.entries import save

    save(folder, value)


def test_an_entry_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    made = entries(tmp_path)
    (made / "broken").mkdir()
    (made / "broken/submission.json").write_text('{"format": 2')
    board = board_of(made)
    assert len(board.rows) == 2 and board.notes[0].startswith("broken is left out: X107")
    built = build(made, tmp_path / "out")
    assert built.notes == board.notes
    assert "broken is left out" in (tmp_path / "out/leaderboard.md").read_text("utf-8")


def test_two_benchmarks_stay_apart(tmp_path: Path) -> None:
    made = entries(tmp_path)
    folder = make_entry(made)
    change(folder, lambda value: value.update(benchmark="xtreme"))
    board = board_of(made)
    assert {row.benchmark.name for row in board.rows} == {"mini", "xtreme"}
    assert set(board.ranks) == {BASELINE, TRANSFER}
    assert [table.name for table in board_tables(board)] == [
        "board-mini-zero-shot",
        "board-xtreme-zero-shot",
    ]


def test_a_target_that_nobody_has(tmp_path: Path) -> None:
    made = entries(tmp_path)
    for name in (BASELINE, TRANSFER):
        for path in (made / name).glob("predictions/*/xnli"):
            shutil.rmtree(path)
        restate(made / name)
        say(made / name, partial="without xnli")
    verified(made)
    board = board_of(made)
    _, table = board.families[0]
    assert "xnli" not in table.targets and board.ranks == {}
    assert all(row.name.endswith(" – PARTIAL") for row in board.rows)
    text = board_tables(board)[0].terminal()
    assert "unranked: partial: without xnli" in text and "8/9 tasks, 54/61 languages" in text


def test_no_prediction_is_read(tmp_path: Path) -> None:
    made = entries(tmp_path)
    (made / TRANSFER / "predictions/seed-1/xnli/test-de.tsv").write_bytes(b"\0")
    board = board_of(made)
    assert board.notes == () and set(board.ranks) == {BASELINE, TRANSFER}
    path = made / TRANSFER / "predictions/seed-1/xnli/test-en.tsv"
    path.unlink()
    path.symlink_to("/dev/zero")
    assert board_of(made).notes[0].startswith(f"{TRANSFER} is left out: X101 a symbolic link")


def test_runs_that_are_copies_have_no_interval(tmp_path: Path) -> None:
    made = entries(tmp_path)
    first = made / TRANSFER / "predictions/seed-1"
    for name in ("seed-2", "seed-3"):
        shutil.rmtree(first.with_name(name))
        shutil.copytree(first, first.with_name(name))
    restate(made / TRANSFER)
    verified(made)
    board = board_of(made)
    assert left_out(board) == {TRANSFER: "it has no intervals"}
    assert board.by_slug[TRANSFER].unranked == "its overall score has no interval"
    assert board.ranks == {BASELINE: (1, 1)}
    assert {row.low for row in long_table(board) if row.slug == TRANSFER} == {None}
