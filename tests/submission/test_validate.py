"""``harness submission validate``: every code of safety, schema and files, and bad folders."""

import copy
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.entry_folders import (
    FORMAT_1,
    PUBLISHED,
    STAGE,
    VALUE,
    ZERO,
    make_entry,
    value_of,
    write_value,
)

from harness import registry
from harness.submission import json_schema
from harness.submission.checks import findings_of
from harness.submission.checks.safety import url_fault
from harness.submission.entries import entries_in, incoming_of, neighbours
from harness.submission.findings import Finding
from harness.submission.validate import validate

Run = Callable[..., tuple[int, str, str]]
MINE = ("safety", "schema", "files")
STAGED: dict[str, Any] = {"slug": "staged", "intermediate": [STAGE], "baseline": "plain"}
FILES = ("xnli/test-en.tsv", "xnli/test-de.tsv")


def found(folder: Path) -> list[Finding]:
    """The findings of an entry, but for missing languages and other concerns'."""
    return [
        one
        for one in findings_of(incoming_of(folder))
        if one.code[0] in "XSF" and one.code != "F302"
    ] + [one for one in findings_of(incoming_of(folder)) if one.code == "C503"]


def told(folder: Path) -> list[tuple[str, str, str]]:
    return [(one.code, one.pointer, one.near) for one in found(folder)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        STAGED,
        PUBLISHED | {"runs": ..., "slug": "paper"},
        {"notes": "Größe: 10 %, naïve, 中文, हिन्दी"},
        {"links": ..., "claims": ..., "notes": ..., "withdrawn": ...},
        {"model": VALUE["model"] | {"parameters": None, "fingerprint": None, "revision": None}},
        {"manifest": {"harness": "0.12.0", "git": None, "data": {"xnli/de": ZERO}}},
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_good_entries(
    tmp_path: Path, changes: dict[str, Any], fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fast:
        monkeypatch.setattr(json_schema, "_quick", lambda version: None)
    make_entry(tmp_path)
    assert found(make_entry(tmp_path, **changes)) == []


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": ...}, ("S201", "/title", "")),
        (
            {"model": {"name": "a", "base": "b", "weights": "open"}},
            ("S201", "/model/parameters", ""),
        ),
        ({"runs": ...}, ("S201", "/runs", "")),
        ({"kind": "published", "runs": ..., "claims": {}}, ("S201", "/source", "")),
        (PUBLISHED, ("S202", "/runs", "")),
        ({"titel": "x"}, ("S202", "/titel", "title")),
        ({"links": {"papre": "https://example.org"}}, ("S202", "/links/papre", "paper")),
        ({"claims": {"XNLI": {}}}, ("S202", "/claims/XNLI", "")),
        ({"title": 5}, ("S203", "/title", "")),
        ({"title": "x" * 81}, ("S203", "/title", "")),
        ({"title": ""}, ("S203", "/title", "")),
        ({"kind": "run"}, ("S203", "/kind", "runs")),
        ({"date": "2026-02-31"}, ("S203", "/date", "")),
        ({"date": "26.11.2026"}, ("S203", "/date", "")),
        ({"licence": "any one"}, ("S203", "/licence", "")),
        ({"benchmark": "xtrem"}, ("S203", "/benchmark", "xtreme")),
        ({"partial": None}, ("S203", "/partial", "")),
        ({"baseline": "plain"}, ("S203", "/baseline", "")),
        ({"intermediate": [STAGE]}, ("S203", "/baseline", "")),
        ({"intermediate": [{"tasks": [], "mlm": 2}]}, ("S203", "/intermediate/0/mlm", "")),
        ({"claims": {"xnli": {"en": {"f1": -1}}}}, ("S203", "/claims/xnli/en/f1", "")),
        ({"claims": {"xnli": {"en": {"f1": "9"}}}}, ("S203", "/claims/xnli/en/f1", "")),
        ({"claims": {"overall": 100.1}}, ("C503", "/claims/overall", "")),
        ({"training": VALUE["training"] | {"tried": 0}}, ("S203", "/training/tried", "")),
        (
            {"training": VALUE["training"] | {"languages": ["en", "de", "en"]}},
            ("S203", "/training/languages", ""),
        ),
        ({"model": VALUE["model"] | {"fingerprint": "ab"}}, ("S203", "/model/fingerprint", "")),
        ({"model": VALUE["model"] | {"parameters": True}}, ("S203", "/model/parameters", "")),
        ({"slug": "Plain"}, ("S203", "/slug", "")),
        ({"format": 3}, ("S204", "/format", "")),
        ({"format": "2"}, ("S204", "/format", "")),
        ({"format": True}, ("S204", "/format", "")),
        ({"format": ...}, ("S201", "/format", "")),
    ],
)
def test_schema(
    tmp_path: Path,
    changes: dict[str, Any],
    expected: tuple[str, str, str],
    fast: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not fast:
        monkeypatch.setattr(json_schema, "_quick", lambda version: None)
    folder = make_entry(tmp_path)
    write_value(folder, value_of(**changes))
    findings = found(folder)
    assert expected in [(one.code, one.pointer, one.near) for one in findings]
    assert all(one.line and one.expected and one.remedy for one in findings)
    assert len(findings) <= 1 + (changes.get("slug") == "Plain") + ("mlm" in expected[1])


@pytest.mark.parametrize("value", [None, [], [{}], 1, "x", True])
def test_a_submission_that_is_no_object(tmp_path: Path, value: Any) -> None:
    folder = make_entry(tmp_path)
    write_value(folder, value)
    (one,) = found(folder)
    assert (one.code, one.expected) == ("S203", "an object")


def run_of(**changes: Any) -> dict[str, Any]:
    return {"id": "a", "seed": 1, "intermediate_run": None, "files": {FILES[0]: ZERO}} | changes


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (run_of(seed=2), [("S203", "/runs/1/id", "")]),
        (run_of(id="b"), [("S203", "/runs/1/seed", "")]),
        (run_of(id="b", seed=1.0), [("S203", "/runs/1/seed", "")]),
        (run_of(), [("S203", "/runs/1/id", ""), ("S203", "/runs/1/seed", "")]),
    ],
)
def test_runs_that_are_one(tmp_path: Path, second: dict[str, Any], expected: list[Any]) -> None:
    folder = make_entry(tmp_path)
    write_value(folder, value_of(runs=[run_of(), second]))
    assert told(folder) == expected


def test_one_seed_after_two_intermediate_trainings(tmp_path: Path) -> None:
    make_entry(tmp_path)
    runs = [
        run_of(files={}, intermediate_run="m1"),
        run_of(id="b", files={}, intermediate_run="m2"),
    ]
    assert told(make_entry(tmp_path, **STAGED, runs=runs)) == []


def test_twenty_one_runs(tmp_path: Path) -> None:
    folder = make_entry(tmp_path)
    write_value(folder, value_of(runs=[run_of(id=f"r{n}", seed=n) for n in range(21)]))
    (one,) = found(folder)
    assert (one.code, one.found, one.expected) == ("S203", "21 items", "at most 20 items")


def test_slug_and_folder(tmp_path: Path) -> None:
    folder = make_entry(tmp_path).rename(tmp_path / "other")
    assert told(folder) == [("S205", "/slug", "")]


@pytest.mark.parametrize(
    ("other", "baseline", "words", "near"),
    [
        ({}, "plan", "no entry here", "plain"),
        ({}, "staged", "the entry itself", ""),
        ({"model": VALUE["model"] | {"base": "another"}}, "plain", "the base 'another'", ""),
        ({"benchmark": "xtreme"}, "plain", "the benchmark 'xtreme'", ""),
        ({"intermediate": [STAGE], "baseline": "staged"}, "plain", "intermediate training", ""),
        ({"title": ...}, "plain", "cannot be read", ""),
    ],
)
def test_baseline(
    tmp_path: Path, other: dict[str, Any], baseline: str, words: str, near: str
) -> None:
    make_entry(tmp_path, **other)
    (one,) = found(make_entry(tmp_path, **STAGED | {"baseline": baseline}))
    assert (one.code, one.pointer, one.near) == ("S206", "/baseline", near) and words in one.found


def test_neighbours_are_read_when_asked_for_and_again_when_they_change(tmp_path: Path) -> None:
    folder = make_entry(tmp_path)
    staged = make_entry(tmp_path, **STAGED)
    (tmp_path / "schema").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "link").symlink_to(folder)
    others = neighbours(staged)
    assert list(others) == ["link", "plain"] and "staged" not in others and "../plain" not in others
    assert others["link"] is None  # nothing behind a link is read
    first = others["plain"]
    assert first is not None and first.title == "Plain encoder" and others["plain"] is first
    write_value(folder, value_of(title="Another title"))
    again = others["plain"]
    assert again is not None and again.title == "Another title"
    (folder / "submission.json").write_text("[" * 100)
    assert others["plain"] is None
    with pytest.raises(KeyError):
        others["gone"]


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("/title", "a\u202eb", "RIGHT-TO-LEFT OVERRIDE) at character 2"),
        ("/title", "a\u2066b", "U+2066"),
        ("/title", "\u200f", "U+200F"),
        ("/title", "a\u061c", "U+061C"),
        ("/title", "ab\u200b", "ZERO WIDTH SPACE) at character 3"),
        ("/title", "a\x1b[31m", "U+001B"),
        ("/title", "a\nb", "U+000A"),
        ("/title", "a\tb", "U+0009"),
        ("/title", "a\x7fb", "U+007F"),
        ("/title", "a\x85b", "U+0085"),
        ("/title", "a\u2028b", "U+2028"),
        ("/title", "a\u3164b", "HANGUL FILLER"),
        ("/title", "a\U000e0041", "U+E0041"),
        ("/notes", "a\tb", "U+0009"),
        ("/partial", "a\nb", "U+000A"),
    ],
)
def test_characters_that_are_not_seen(tmp_path: Path, path: str, text: str, words: str) -> None:
    (one,) = found(make_entry(tmp_path, **{path[1:]: text}))
    assert (one.code, one.pointer) == ("X105", path) and words in one.found and one.line


def test_a_hidden_character_in_a_key(tmp_path: Path) -> None:
    (one,) = found(make_entry(tmp_path, **{"ti\u200btle": "x"}))
    assert (one.code, one.pointer) == ("X105", "/ti\u200btle") and "of a key" in one.found


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "javascript:alert(1)",
        "HTTPS://example.org",
        "https:/example.org",
        "https://",
        "https:///path",
        "https://user@example.org",
        "https://user:word@example.org",
        "https://example.org:443/",
        "https://example.org:/",
        "https://example.org:x/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::1",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://example.org\\@evil.org/",
        "https://exa mple.org/",
        "https://example.org/<script>",
        "https://example.org/é",
        "https://-a.org/",
        "https://a..org/",
        "data:text/html,x",
        "",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    assert url_fault(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://a-b.example.org/x/y?z=1&w=%20#top",
        "https://xn--bcher-kva.example/",
        "https://example.org/@user/(x)",
    ],
)
def test_urls_that_are_taken(url: str) -> None:
    assert url_fault(url) == ""


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"links": {"code": "http://example.org"}}, "/links/code"),
        ({"submitter": {"name": "a", "url": "https://1.2.3.4"}}, "/submitter/url"),
        (
            PUBLISHED | {"runs": ..., "source": PUBLISHED["source"] | {"url": "ftp://example.org"}},
            "/source/url",
        ),
    ],
)
def test_each_url_is_looked_at(tmp_path: Path, changes: dict[str, Any], pointer: str) -> None:
    assert told(make_entry(tmp_path, **changes)) == [("X106", pointer, "")]


@pytest.mark.parametrize(
    ("name", "raw", "code", "line"),
    [
        ("xnli/test-en.tsv", b"neutral\n\xff\n", "X104", 2),
        ("xnli/test-en.tsv", b"\xef\xbb\xbfneutral\n", "X104", 1),
        ("xnli/test-en.tsv", b"neutral\n\0\n", "X104", 2),
        ("xnli/test-en.tsv", b"neutral\rneutral\n", "X104", 1),
        ("xnli/test-en.tsv", b"neutral\n" + b"x" * 100_001 + b"\n", "X103", 2),
        ("xnli/test-en.tsv", b"\n" * 2_000_001, "X103", 0),
        ("xnli/test-en.tsv", b"PK\x03\x04", "X108", 0),
        ("xnli/test-en.tsv", b"\x1f\x8b\x08", "X108", 0),
        ("xquad/test-en.json", b'{"a": "x",\n "a": "y"}', "X107", 2),
        ("xquad/test-en.json", b"[" * 100, "X107", 1),
        ("xquad/test-en.json", b'{"a": NaN}', "X107", 1),
    ],
)
def test_bytes_of_predictions(tmp_path: Path, name: str, raw: bytes, code: str, line: int) -> None:
    (one,) = found(make_entry(tmp_path, {name: raw}))
    assert (one.code, one.line) == (code, line)
    assert one.file == f"plain/predictions/seed-1/{name}"


def test_cr_lf_and_a_long_line_of_json_are_taken(tmp_path: Path) -> None:
    answers = json.dumps({f"id-{number}": "answer" for number in range(6_000)})
    assert len(answers) > 100_000
    files = {"xnli/test-en.tsv": b"neutral\r\nentailment\r\n", "xquad/test-en.json": answers}
    assert found(make_entry(tmp_path, files)) == []


def test_a_link_stops_all_that_rests_on_safety(tmp_path: Path) -> None:
    folder = make_entry(tmp_path, titel="x")
    (folder / "predictions" / "seed-1" / "link").symlink_to("/etc/passwd")
    assert told(folder) == [("X101", "", "")]


def rename(old: str, new: str) -> Callable[[Path], object]:
    def change(run: Path) -> object:
        (run / new).parent.mkdir(parents=True, exist_ok=True)
        return (run / old).rename(run / new)

    return change


def added(path: str) -> Callable[[Path], object]:
    def change(run: Path) -> object:
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        return (run / path).write_text("neutral\n")

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda run: (run / FILES[1]).write_text("contradiction\n"), {("F305", "")}),
        (lambda run: (run / FILES[1]).unlink(), {("F305", "")}),
        (added("xnli/test-es.tsv"), {("F305", "")}),
        (rename("xnli", "xnil"), {("F301", "xnli"), ("F305", "")}),
        (rename(FILES[1], "xnli/test-ja.tsv"), {("F303", "test-ar.tsv"), ("F305", "")}),
        (rename(FILES[1], "xnli/test-de.txt"), {("F304", "test-de.tsv"), ("F305", "")}),
        (added("xnli/notes.txt"), {("F304", ""), ("F305", "")}),
        (added("readme"), {("F304", ""), ("F305", "")}),
        (added("../seed-2/xnli/test-en.tsv"), {("F304", "seed-1")}),
        (added("../../notes.txt"), {("F304", "")}),
        (added("../../manifest.json"), {("F304", "")}),  # neither is it a verified.json
        (added("../../statistics/seed-2.safetensors"), {("F304", "statistics/seed-1.safetensors")}),
        (added("../../statistics/seed-1.safetensors"), set()),
        (added("../../verified.json"), set()),
        (lambda run: shutil.rmtree(run.parent), {("F305", "")}),
    ],
)
def test_files(
    tmp_path: Path, change: Callable[[Path], object], expected: set[tuple[str, str]]
) -> None:
    folder = make_entry(tmp_path, dict.fromkeys(FILES, "neutral\n"))
    change(folder / "predictions" / "seed-1")
    findings = found(folder)
    assert {(one.code, one.near) for one in findings} == expected
    assert all(one.found and one.expected for one in findings)


def test_languages_and_tasks_that_are_missing_are_warned_of(tmp_path: Path) -> None:
    warnings = [one for one in findings_of(incoming_of(make_entry(tmp_path))) if one.code == "F302"]
    languages, tasks = (one.found for one in warnings)
    assert languages == "1 of 7 languages: without de es zh ar hi sw"
    assert tasks.startswith("1 of 9 tasks: without pawsx udpos")
    assert {one.severity.value for one in warnings} == {"warning"}


def test_the_level_of_a_single_run_may_be_left_out(tmp_path: Path) -> None:
    folder = make_entry(tmp_path)
    (folder / "predictions/seed-1/xnli").rename(folder / "predictions/xnli")
    (folder / "predictions/seed-1").rmdir()
    assert found(folder) == []


def test_predictions_that_lie_elsewhere(tmp_path: Path) -> None:
    folder = make_entry(tmp_path, links={"predictions": "https://example.org/all"})
    aside = (folder / "predictions").rename(tmp_path / "aside")
    assert found(folder) == []  # the hashes are only declared
    assert found_elsewhere(folder, aside) == []
    (aside / "seed-1" / FILES[0]).write_text("changed\n")
    assert found_elsewhere(folder, aside) == ["F305"]
    (aside / "seed-1" / "link").symlink_to("x")
    assert found_elsewhere(folder, aside) == ["X101"]


def found_elsewhere(folder: Path, aside: Path) -> list[str]:
    every = findings_of(incoming_of(folder, elsewhere=aside))
    return [one.code for one in every if one.code[0] in "XSF" and one.code != "F302"]


def test_published_numbers_have_no_predictions(tmp_path: Path) -> None:
    folder = make_entry(tmp_path, **PUBLISHED | {"runs": ...})
    assert found(folder) == []
    added("predictions/seed-1/xnli/test-en.tsv")(folder)
    assert told(folder) == [("F304", "", "")]


def test_at_most_twenty_of_one_code_a_file_are_told(tmp_path: Path) -> None:
    files = {f"xnli/{number}.tsv": ZERO for number in range(332)}
    folder = make_entry(tmp_path)
    write_value(folder, value_of(runs=[VALUE["runs"][0] | {"files": files}]))
    missing = [one for one in found(folder) if one.code == "F305"]
    assert len(missing) == 21 and missing[-1].found == "and 313 more"


# ---------------------------------------------------------------- folders and the command


def test_which_folders_are_entries(tmp_path: Path) -> None:
    one, two = make_entry(tmp_path, slug="one"), make_entry(tmp_path, slug="two")
    (tmp_path / "README.md").write_text("How to.")
    for name in ("schema", ".git", "bare"):
        (tmp_path / name).mkdir()
    bare = tmp_path / "bare"  # a folder without submission.json is told of, not passed over
    assert entries_in([tmp_path]) == [bare, one, two]
    assert entries_in([two, tmp_path / "one" / ".", two]) == [two, one]
    assert [(f.code, f.file) for f in found(bare)] == [("F305", "bare/submission.json")]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "no such folder"),
        (lambda p: p.mkdir(), "no entry: neither here nor in a folder below"),
        (lambda p: p.write_text(""), "a file, no folder"),
        (lambda p: p.symlink_to("nowhere"), "a file, no folder"),
        (lambda p: (p / "schema").mkdir(parents=True), "no entry"),
    ],
)
def test_cannot_look(tmp_path: Path, make: Callable[[Path], object], words: str, run: Run) -> None:
    make(tmp_path / "where")
    code, out, err = run("submission", "validate", tmp_path / "where")
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1


def test_an_error_does_not_steer_the_terminal(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a\x1b[31m\u202e").write_text("")
    code, _, err = run("submission", "validate", *tmp_path.iterdir())
    assert code == 2 and "a\\x1b[31m\\u202e" in err and not {"\x1b", "\u202e"} & set(err)


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setattr("harness.submission.entries.MAX_ENTRIES", 3)
    for name in ("e1", "e2", "e3", "e4"):
        make_entry(tmp_path, slug=name)
    code, _, err = run("submission", "validate", tmp_path)
    assert code == 2 and "more than 3 entries" in err


def test_the_command(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_entry(tmp_path)
    code, out, _ = run("submission", "validate", folder)
    assert code == 0 and "warning F302 plain/predictions/seed-1/xnli: 1 of 7 languages" in out
    assert run("submission", "validate", folder, "--strict")[0] == 1
    write_value(folder, value_of(titel="x"))
    code, out, _ = run("submission", "validate", tmp_path)
    assert code == 1 and "error S202 plain/submission.json:" in out and "write `title`" in out
    code, out, _ = run("submission", "validate", tmp_path, "--format", "json")
    value = json.loads(out)
    assert code == 1 and not value["ok"] and value["entries"] == ["plain"]
    assert value["findings"][0]["near"] == "title"
    monkeypatch.chdir(tmp_path)
    code, out, _ = run("submission", "validate", "plain", "--format", "github")
    assert code == 1 and out.startswith("::error file=plain/submission.json,line=")
    code, _, err = run("submission", "validate", folder, "--format", "jsn")
    assert code == 2 and "did you mean json" in err


def test_the_schema_is_published_as_it_is_used() -> None:
    root = Path(__file__).parents[2]
    inner = root / "harness/submission/schema/submission-2.json"
    assert inner.read_bytes() == (root / "submissions/schema/submission-2.json").read_bytes()


@pytest.mark.parametrize("fast", [True, False])
def test_every_example_of_the_schema_fits(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fast:
        monkeypatch.setattr(json_schema, "_quick", lambda version: None)
    for name, field in json_schema.schema_of(2)["properties"].items():
        for example in field["examples"]:
            if name == "baseline":
                continue  # it goes with `intermediate`
            value = copy.deepcopy(VALUE) | {name: example}
            pointers = [list(e.absolute_path)[:1] for e in json_schema.errors_of(value, 2)]
            assert [name] not in pointers, (name, example)


def test_a_hidden_character_beside_a_very_long_key(tmp_path: Path) -> None:
    folder = make_entry(tmp_path)
    below = {f"a{number}": 1 for number in range(40_000)}
    write_value(folder, value_of(title="a\u202e", **{"k" * 300_000: below}))
    start = time.process_time()
    assert [code for code, *_ in told(folder)] == ["X105"]
    assert time.process_time() - start < 5


def test_predictions_of_a_neighbour_in_format_1_are_not_read_above_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_entry(tmp_path, slug="other")
    write_value(other, FORMAT_1)
    assert neighbours(tmp_path / "plain")["other"]
    monkeypatch.setattr("harness.submission.listing.MAX_ENTRY", 1)
    write_value(other, FORMAT_1 | {"seed": 22})
    assert neighbours(tmp_path / "plain")["other"] is None


def test_the_nearest_name_of_the_first_strays_alone_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    where = "harness.submission.checks.presence.closest"
    monkeypatch.setattr(where, lambda word, known: calls.append(word) or [])
    folder = make_entry(tmp_path)
    for number in range(100):
        for path in (f"stray{number}", f"predictions/seed-1/xnli/test-a{number}.tsv"):
            (folder / path).write_text("")
        (folder / "predictions" / "seed-1" / f"task{number}").mkdir()
        (folder / "predictions" / "seed-1" / f"task{number}" / "a").write_text("")
    codes = [code for code, *_ in told(folder)]
    assert [codes.count(code) for code in ("F301", "F303", "F304")] == [100] * 3
    assert len(set(calls)) == 60


def test_hostile_values_take_no_time(tmp_path: Path) -> None:
    mixed = [None, "a", 1, [], {}] * 10_000
    many = {f"k{number}": 1 for number in range(30_000)}
    deep = {"tasks": [{"languages": mixed[:200]}] * 60}
    start = time.process_time()
    for changes in ({"training": {"languages": mixed}}, many, {"intermediate": [deep] * 2}):
        folder = make_entry(tmp_path)
        write_value(folder, value_of(**changes))
        report = validate([folder])
        codes = {one.code for _, one in report}
        assert not report.ok and codes <= {"S201", "S202", "S203"} and len(list(report)) < 100
    assert time.process_time() - start < 10  # a test of uniqueness in quadratic time takes minutes


def test_plain_findings_do_not_load_every_plug_in(tmp_path: Path) -> None:
    registry.benchmarks.cache_clear()
    validate([make_entry(tmp_path)])
    assert registry.benchmarks.cache_info().currsize == 0
