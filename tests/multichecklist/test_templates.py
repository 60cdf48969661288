"""The templates: what is read of them, and each thing that can be wrong, in a line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.checklist_made import HEAD, ROWS, changed, table

from harness.errors import HarnessError
from harness.multichecklist import templates as module
from harness.multichecklist.templates import LINE, parts_of, read_templates

Write = Callable[[str, str | bytes], Path]


def test_blocks_lines_and_languages(write: Write) -> None:
    read = read_templates(write("t.tsv", table()))
    assert read.languages == ("en", "de", "tr", "th") and read.notes == ()
    comparison, sides, both, again = read.blocks
    assert [len(block.contexts) for block in read.blocks] == [1, 1, 2, 1]
    assert [len(block.pairs) for block in read.blocks] == [2, 2, 1, 1]
    assert {kind: len(lines) for kind, lines in comparison.fillers.items()} == {"adj": 3}
    assert set(sides.fillers) == {"obj", "tint", "build", "stuff", "property"}
    assert set(again.fillers) == {"plant"}  # of the block before it, and no more
    assert again.fillers["plant"] == both.fillers["plant"]
    assert "de" not in both.contexts[1].variants and "de" not in both.fillers["tool"][1].variants


def test_what_conditions_list(write: Write) -> None:
    read = read_templates(write("t.tsv", table()))
    question = read.blocks[0].pairs[1][0]
    assert [v.only for v in question.variants["de"]] == [
        {"adj": {"quicker", "deeper"}},
        {"adj": {"bolder"}},
    ]
    (pale, _), (fern, _) = (read.blocks[1].fillers["tint"], read.blocks[2].fillers["plant"])
    assert [v.only for v in pale.variants["de"]] == [
        {"obj": {"kettle"}},
        {"obj": {"a spoon", "the spoon"}},
    ]
    assert pale.words == {"pale"} and read.blocks[1].fillers["obj"][0].words == {
        "a kettle", "the kettle", "kettle",
    }  # fmt: skip
    assert fern.variants["de"][0].only == {LINE: {"{first_name} has {plant} and {tool}."}}


def test_a_word_that_is_no_filler_is_a_note_and_never_holds(write: Write) -> None:
    read = read_templates(write("t.tsv", changed(7, {3: "quiker"})))
    assert read.notes == ("t.tsv:7: de-placeholders lists 'quiker', which is not a filler",)
    assert read.blocks[0].pairs[1][0].variants["de"][0].only == {LINE: frozenset()}


def test_short_lines_and_ends_of_lines(write: Write) -> None:
    text = table().replace("\n", "\r\n")
    assert read_templates(write("t.tsv", b"\xef\xbb\xbf" + text.encode())).languages[0] == "en"
    cut = [row for row in ROWS if len(row) < len(HEAD)]
    assert cut, "the names' lines end after the English cell"


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        ("a, b", 2, ["a", "b"]),
        ("أ، ب", 2, ["أ", "ب"]),
        ("甲，乙", 2, ["甲", "乙"]),
        ("甲、乙", 2, ["甲", "乙"]),
        ("ก ข", 2, ["ก", "ข"]),
        ("one word", 1, ["one word"]),
        ("more than two", 2, ["more than two"]),
        ("a, b, c", 2, ["a", "b", "c"]),
    ],
)
def test_forms_of_a_filler(text: str, count: int, expected: list[str]) -> None:
    assert parts_of(text, count) == expected


BAD = {
    "no head": ("Name\tx\n", "1: expected the columns Field, en"),
    "empty": ("", "1: expected the columns Field, en"),
    "no English": (table(head=("Field", "fr")), "1: expected the columns Field, en"),
    "no test": ("Field\ten\n\n", "holds no test"),
    "a stray condition": (
        table(head=("Field", "en", "de-placeholders")), "1: column 3, de-placeholders, does not",
    ),
    "a column without a name": (table(head=("Field", "en", "")), "1: column 3, '', is not a"),
    "a column that names a file": (
        table(head=("Field", "en", "../de")), "1: column 3, '../de', is not a language",
    ),
    "too many cells": (changed(4, {9: "x"}), "4: 10 cells, but 8 columns"),
    "no field": (changed(4, {0: " "}), "4: no field"),
    "before a name": ("Field\ten\nContext\tx\n", "2: 'Context' before the first Name"),
    "an empty name": (changed(2, {1: ""}), None),
    "a name twice": (table((*ROWS, *ROWS)), "46: a second test 'A is COMP"),
    "a brace": (changed(4, {2: "{first_name schwimmt"}), "4: column 3: a brace without its other"),
    "a closing brace": (changed(5, {1: "Who} swims?"}), "5: column 2: a brace without its other"),
    "a brace in a brace": (changed(5, {1: "{a{b}}?"}), "5: column 2: a brace without its other"),
    "an unknown filler": (changed(5, {2: "Wer {farbe}?"}), "5: de: unknown filler {farbe}"),
    "an odd filler": (changed(5, {2: "Wer {adj[0]}{0!r}?"}), "5: de: unknown filler {0!r}"),
    "a property alone": (changed(16, {2: "{p} {obj[0]}"}), "16: de: {p} does not say what of"),
    "a form of a property": (changed(17, {2: "{p[0]}?"}), "17: de: {p[0]} does not say what of"),
    "its long name": (changed(17, {1: "{property}?"}), "17: en: {property} does not say what of"),
    "part of a thing": (changed(16, {2: "{obj.p1}"}), "16: de: {obj.p1} has .p1, which only"),
    "part of a person": (changed(4, {2: "{first_name.v2}"}), "4: de: {first_name.v2} has .v2"),
    "instead of an answer": (changed(6, {3: "{x}"}), "6: de: unknown filler {x}"),
    "one property": (
        table([row for row in ROWS if not {*row[:2]} & {"build", "stuff"}]),
        "24: the test 'Two sides of a thing' has one property; it needs two",
    ),
    "no answer": (changed(6, {0: "adj"}), "5: a Question without an Answer"),
    "no answer at the end": (changed(8, {0: "adj"}), "7: a Question without an Answer"),
    "no question": (changed(5, {0: "Answer"}), "5: an Answer without a Question"),
    "no context": (changed(4, {0: "adj"}), "2: the test 'A is COMP"),
    "no English filler": (changed(9, {1: ""}), "9: adj has no English filler"),
    "a property without lines": (changed(28, {1: "weight"}), "28: no lines of the property"),
    "not UTF-8": (table().encode().replace(b"Taxonomy", b"\xff", 1), ":14: not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_with_its_line(name: str, write: Write) -> None:
    text, said = BAD[name]
    path = write("t.tsv", text)
    with pytest.raises(HarnessError) as caught:
        read_templates(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    assert (said or "2: ") in message


def test_files_that_are_missing_or_too_large(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (tmp_path / "none.tsv", tmp_path):
        with pytest.raises(HarnessError, match=r"no such file|a folder"):
            read_templates(path)
    monkeypatch.setattr(module, "LARGEST", 100)
    with pytest.raises(HarnessError, match="larger than"):
        read_templates(write("t.tsv", table()))


@given(st.lists(st.lists(st.text(alphabet='Name\tContextAQ{}[]0,.pv1 \x00"é', max_size=12))))
def test_any_text_is_read_or_refused_in_a_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "t.tsv"
    path.write_text("Field\ten\tde\n" + "".join("\t".join(row) + "\n" for row in rows), "utf-8")
    message = ""
    try:
        read_templates(path)
    except HarnessError as error:
        message = str(error)
    assert not message or message.startswith(str(path))
