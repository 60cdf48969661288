"""The board's files: they agree with each other, and are the same bytes everywhere."""

import json
import os
import re
import socket
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import html5lib
import jsonschema
import pytest
from support.boards import BASELINE, TRANSFER, copied, entries, say, verified
from support.entries import rewrite
from support.places import ROOT

from harness.leaderboard import board_rows, load
from harness.leaderboard.board import board_of
from harness.leaderboard.board_build import build
from harness.leaderboard.rounding import points

SCHEMA = json.loads((files("harness.leaderboard") / "schema/leaderboard-1.json").read_text("utf-8"))


def read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def values(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "leaderboard.json").read_text("utf-8"))
    return value


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    made = entries(root)
    say(made / TRANSFER, title="MNLI & 50 % first_")
    build(made, root / "out")
    return root / "out"


def described(schema: Any, place: str) -> list[str]:
    """The fields of a schema without a description."""
    if not isinstance(schema, dict):
        return []
    missing = []
    for name, one in schema.get("properties", {}).items():
        missing += [f"{place}/{name}"] if not one.get("description") else []
    for key, inner in schema.items():
        for one in (
            inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
        ):
            missing += described(one, f"{place}/{key}")
        missing += described(inner, f"{place}/{key}")
    return missing


def test_the_schema_describes_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert described(SCHEMA, "") == []
    assert described({"properties": {"a": {}}}, "") == ["/a"]


def test_the_json_fits_its_schema(built: Path) -> None:
    value = values(built)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(value)] == []
    assert list(value["rows"]) == [TRANSFER, BASELINE] and value["entries"] == 2
    assert value["families"][BASELINE]["rows"] == [TRANSFER]
    value["rows"][TRANSFER]["more"] = 1
    assert not validator.is_valid(value)


def test_numbers_agree_in_all_files(built: Path) -> None:
    value, table = values(built), load(built)
    family = value["families"][BASELINE]
    cells = {"score": family["scores"], "difference": family["differences"]}
    count = sum(len(columns) for one in cells.values() for columns in one.values())
    assert len(table) == count > 300
    markdown = (built / "leaderboard.md").read_text("utf-8")
    latex = (built / "tables" / f"helps-{BASELINE}.tex").read_text("utf-8")
    for row in table:
        cell = cells[row.kind][row.slug][row.column]
        for name in ("estimate", "low", "high", "df", "q", "k"):
            assert getattr(row, name) == cell.get(name), (row, name)
    shown = [*family["targets"], "mean"]
    for slug, kind, title in (
        (BASELINE, "score", "Plain encoder"),
        (TRANSFER, "difference", "MNLI"),
    ):
        lines = [line for line in markdown.splitlines() if line.startswith(f"| {title}")]
        in_markdown = [cell.strip() for cell in lines[0].split("|")[2:]]
        line = next(line for line in latex.splitlines() if line.startswith(title))
        in_latex = [c.strip() for c in re.split(r"(?<!\\)&", line)[1:]]
        for place, column in enumerate(shown):
            cell = cells[kind][slug][column]
            half = (cell["high"] - cell["low"]) / 2
            text = f"{points(cell['estimate'], plus=kind == 'difference')} ±{points(half)}"
            assert in_markdown[place].startswith(text), column
            plain = in_latex[place].replace(r"$\pm$", "±").replace("$-$", "-")
            assert plain.startswith(text), column


NUMBER = re.compile(r"[+-]?\d+\.\d")


def page_cells(page: str, section: str) -> dict[tuple[str, str], list[str]]:
    """The numbers of a section's tables by entry and key of the column, read back from the page."""
    (inside,) = html5lib.parse(page, namespaceHTMLElements=False).findall(
        f".//section[@id='{section}']"
    )
    cells = {}
    for one in inside.iter("table"):
        keys = [th.get("data-k") for th in one.findall("thead/tr")[-1]]
        for line in one.findall("tbody/tr"):
            link = line.find("th/a")
            if link is None:
                continue
            for key, cell in zip(keys[1:], list(line)[1:], strict=False):
                text = "".join(cell.itertext()).replace("−", "-")
                cells.setdefault(
                    (link.get("href").removeprefix("#entry-"), key), NUMBER.findall(text)
                )
    return cells


def shown(estimate: float, half: float, *, plus: bool = False) -> list[str]:
    """The numbers of a cell: the estimate and, unless nothing varies, half of its interval."""
    return [points(estimate, plus=plus), points(half)] if half else [points(estimate, plus=plus)]


def test_numbers_agree_in_the_page(built: Path) -> None:
    value, page = values(built), (built / "index.html").read_text("utf-8")
    family = value["families"][BASELINE]
    helps, languages = (page_cells(page, name) for name in ("helps", "languages"))
    for slug in (BASELINE, TRANSFER):
        plus = slug != BASELINE
        for column, cell in family["differences" if plus else "scores"][slug].items():
            kind, _, code = column.partition("/")
            here = helps.get((slug, column))
            if kind == "language":
                here = languages[slug, f"l-{code}"]
            if here is None:
                assert kind not in (*family["targets"], "mean") or code, column
                continue
            half = (cell["high"] - cell["low"]) / 2
            assert here[:2] == shown(cell["estimate"], half, plus=plus), (slug, column)


def test_numbers_of_the_board_agree_in_page_and_tables(built: Path) -> None:
    value, page = values(built), (built / "index.html").read_text("utf-8")
    in_page = page_cells(page, "board")
    markdown = (built / "leaderboard.md").read_text("utf-8").split("## Board")[1]
    latex = (built / "tables/board-mini-zero-shot.tex").read_text("utf-8")
    for slug, row in value["rows"].items():
        summary = row["summary"]
        found = {"overall": summary["overall"]}
        found |= {f"g-{name}": one for name, one in summary["groups"].items()}
        found |= {name: one["score"] for name, one in summary["tasks"].items()}
        expected = {key: shown(one["score"], one["half"]) for key, one in found.items()}
        assert {key: in_page[slug, key] for key in expected} == expected
        title = "MNLI" if slug == TRANSFER else row["name"]
        (line,) = [line for line in markdown.splitlines() if f"| {title}" in line]
        cells = line.strip("| ").split("|")[-len(expected) :]
        assert [NUMBER.findall(cell) for cell in cells] == list(expected.values())
        (line,) = [line for line in latex.splitlines() if f"& {title}" in line]
        cells = re.split(r"(?<!\\)&", line)[-len(expected) :]
        assert [NUMBER.findall(cell) for cell in cells] == list(expected.values())


def test_special_characters_are_escaped(built: Path) -> None:
    assert r"MNLI \& 50 \% first\_ & " in (built / f"tables/helps-{BASELINE}.tex").read_text()
    assert "| MNLI &#38; 50 % first&#95; |" in (built / "leaderboard.md").read_text("utf-8")


def test_files_are_the_same_bytes_everywhere(tmp_path: Path) -> None:
    made = entries(tmp_path)
    build(made, tmp_path / "here")
    expected = read(tmp_path / "here")
    places = (
        ("0", "UTC", "C"),
        ("1", "Asia/Kathmandu", "C.UTF-8"),
        ("77", "America/Lima", "tr_TR"),
    )
    for number, (seed, zone, locale) in enumerate(places):
        out = tmp_path / f"out-{number}"
        words = ["leaderboard", "build", "--submissions", made, "--output", out]
        changed = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONUTF8": "1"}
        changed |= {"XDG_CACHE_HOME": str(tmp_path / seed), "PYTHONPATH": str(ROOT)}
        subprocess.run(
            [sys.executable, "-m", "harness", *map(str, words)],
            check=True,
            env=os.environ | changed,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
        )
        assert read(out) == expected, places[number]
    text = b"".join(expected.values()).decode()
    assert str(tmp_path) not in text and str(Path.home()) not in text
    assert socket.gethostname() not in text


def test_the_order_of_reading_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = entries(tmp_path)
    copied(made, BASELINE, "other", kind="runs")
    build(made, tmp_path / "one")
    plain = board_rows.entries_in
    monkeypatch.setattr(board_rows, "entries_in", lambda paths: plain(paths)[::-1])
    build(made, tmp_path / "two")
    assert read(tmp_path / "one") == read(tmp_path / "two")


def estimates(folder: Path) -> dict[tuple[str, str, str], float]:
    return {(row.slug, row.kind, row.column): row.estimate for row in load(folder)}


def test_one_changed_prediction_changes_what_depends_on_it(tmp_path: Path) -> None:
    made = entries(tmp_path)
    build(made, tmp_path / "out")
    before = estimates(tmp_path / "out")

    def flipped(text: str) -> str:
        first, rest = text.split("\n", 1)
        labels = ["entailment", "neutral", "contradiction"]
        gold = (ROOT / "tasks/mini/data/labels/xnli/test-de.tsv").read_text().split("\n")[0]
        return "\n".join([gold if first != gold else next(x for x in labels if x != gold), rest])

    rewrite(made / TRANSFER, "xnli/test-de.tsv", flipped)
    verified(made)
    told = build(made, tmp_path / "out", check=True).differences
    build(made, tmp_path / "out")
    after = estimates(tmp_path / "out")
    assert before.keys() == after.keys()
    changed = {place for place in before if before[place] != after[place]}
    columns = {"xnli", "xnli/de", "xnli/gap", "xnli/zero-shot", "mean", "group/classification"}
    columns |= {"language/de", "family/Indo-European", "script/Latn", "resources/5"}
    kinds = ("score", "difference")
    assert changed == {(TRANSFER, kind, column) for kind in kinds for column in columns}
    assert f"{TRANSFER}: its runs differ" in told
    moved = [line for line in told if line.startswith(f"{TRANSFER} on xnli/de: ")]
    for kind, line in zip(kinds, moved, strict=True):
        place = (TRANSFER, kind, "xnli/de")
        new, old = (points(one[place], plus=kind == "difference") for one in (after, before))
        assert line == f"{TRANSFER} on xnli/de: {new} was {old}"


def test_sums_that_are_not_those_that_were_verified_are_told(tmp_path: Path) -> None:
    from harness.errors import HarnessError

    made = entries(tmp_path)
    (made / TRANSFER / "statistics/seed-1.safetensors").write_bytes(b"other")
    with pytest.raises(HarnessError, match=r"not what verified.json says; verify the entry again"):
        board_of(made).rows[0].runs  # noqa: B018
