"""What formats tell of prediction files: each fault with its line, and never another score."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import registry
from harness.data.files import Snapshot
from harness.data.layouts import Tags
from harness.errors import HarnessError
from harness.formats.common import other_count
from harness.formats.faults import Fault, Kind

Write = Callable[[str, str | bytes], Path]


def faults_of(task: str, text: str, language: str = "de") -> list[Fault]:
    """Return the faults that reading a file of a task tells."""
    found: list[Fault] = []
    one = registry.task(task)
    one.format.read(Snapshot(f"{task}/{one.file(language)}", text.encode()), found.append)
    return found


def read(task: str, text: str) -> object:
    """Read a file without a report."""
    return registry.task(task).format.read(Snapshot("test-de.tsv", text.encode()))


@pytest.mark.parametrize(
    ("given_count", "remedy"),
    [
        (35, "one short: was a header skipped?"),
        (37, "one more: was a header written?"),
        (34, ""),
        (38, ""),
    ],
)
def test_one_short_and_one_more_are_asked_about(given_count: int, remedy: str) -> None:
    (fault,) = other_count(given_count, 36, "pairs")
    assert fault.kind is Kind.COUNT and fault.remedy == remedy
    assert (fault.found, fault.expected) == (f"{given_count} predictions", "36 pairs")
    assert fault.text == f"{given_count} predictions for 36 labelled pairs" + (
        f"; {remedy}" if remedy else ""
    )
    assert list(other_count(36, 36, "pairs")) == []


def test_labels_and_blank_lines_are_told_with_their_lines() -> None:
    faults = faults_of("xnli", "neutral\n\nNeutral\nentailment\n2\n")
    assert [(f.kind, f.line, f.found) for f in faults] == [
        (Kind.BLANK, 2, "a blank line"),
        (Kind.LABEL, 3, "'Neutral'"),
        (Kind.LABEL, 5, "'2'"),
    ]
    assert {f.expected for f in faults} == {"one of the labels contradiction, entailment, neutral"}


def test_a_sentence_of_another_length_is_told_with_its_own_line() -> None:
    """Doubled blank lines are harmless, but the lines after them are other ones."""
    form = registry.task("udpos").format
    gold = [["NOUN", "VERB"], ["DET", "NOUN", "PUNCT"], ["X"]]
    text = "\n\nNOUN\nVERB\n\n\n\nDET\nNOUN\n\nX\n\n\n"
    given_tags = form.read(Snapshot("test-de.tsv", text.encode()))
    assert given_tags == [["NOUN", "VERB"], ["DET", "NOUN"], ["X"]]
    (fault,) = form.misfits(gold, given_tags)
    assert (fault.kind, fault.line) == (Kind.LENGTH, 8)
    assert (fault.found, fault.expected) == ("sentence 2: 2 tags", "3 tokens")
    assert list(form.misfits(given_tags, given_tags)) == []


@pytest.mark.parametrize(
    ("text", "kind", "line", "remedy"),
    [
        ("A\nB\n\nC\n\nD\n\nE\n", Kind.BLANK, 4, "one more: is a blank line too many?"),
        ("A\nB\nC\nD\n\nE\n", Kind.COUNT, 1, "one short: is a blank line missing?"),
        ("A\nB\n\nC\nD\n", Kind.COUNT, 0, "one short: is a blank line missing?"),
    ],
)
def test_another_number_of_sentences_is_told_where_it_begins(
    text: str, kind: Kind, line: int, remedy: str
) -> None:
    from harness.formats.token_tagging import TokenTagging

    form = TokenTagging(())
    given_tags = form.read(Snapshot("test-de.tsv", text.encode()))
    (fault,) = form.misfits([["A", "B"], ["C", "D"], ["E"]], given_tags)
    assert (fault.kind, fault.line) == (kind, line)
    assert fault.remedy.startswith(remedy)
    assert ("sentence" in fault.remedy) == bool(line)


def test_long_answers_are_told_at_the_door_alone() -> None:
    answers = {"a": "x" * 10_001, "b": "x" * 10_000, "c": 3, "d": None}
    assert [(f.kind, f.found or f.text) for f in faults_of("xquad", json.dumps(answers))] == [
        (Kind.ANSWER, "the answer to a has 10,001 characters"),
        (Kind.ANSWER, "c: 3"),
        (Kind.ANSWER, "d: None"),
    ]
    assert read("xquad", json.dumps({"a": answers["a"]})) == {"a": answers["a"]}
    (fault,) = faults_of("mlqa", "[1]")
    assert (fault.kind, fault.found) == (Kind.ANSWER, "list")


def test_pairs_that_no_mining_gives_are_told_at_the_door_alone() -> None:
    text = "de-1\ten-1\nen-2\tde-2\nfr-3\ten-3\nde-4\tfr-4\nde-1\ten-5\nde-6\ten-1\n"
    assert [(f.line, f.remedy or f.text) for f in faults_of("bucc2018", text)] == [
        (2, "the columns are the other way round: swap them"),
        (3, "a pair of other languages: look for mixed files"),
        (4, "a pair of other languages: look for mixed files"),
        (5, "de-1 is in line 1 already"),
        (6, "en-1 is in line 1 already"),
    ]
    assert len(read("bucc2018", text)) == 6  # type: ignore[arg-type]  # the official scorer's
    shape = faults_of("bucc2018", "de-1 en-1\nde-1\ten-1\tx\nen-1\tde-1\n")
    assert [(f.line, f.found) for f in shape] == [(1, "'de-1 en-1'"), (2, "'de-1\\ten-1\\tx'")]


@pytest.mark.parametrize("text", ["1\t2\n2\t1\n", "s-1\tt-1\n", "DE-1\tEN-1\n", "deutsch-1\tx\n"])
def test_ids_without_a_language_are_not_judged_by_it(text: str) -> None:
    assert faults_of("bucc2018", text) == []


def test_repeated_pairs_do_not_change_the_score() -> None:
    form = registry.task("bucc2018").format
    gold = [("de-1", "en-1"), ("de-2", "en-2")]
    assert form.score(gold, gold, "de") == form.score(gold, [*gold, gold[0]], "de")


def test_indices_are_told_with_their_lines() -> None:
    assert [f.line for f in faults_of("tatoeba", "0\n-1\n 2 \n٣\n1e3\n")] == [2, 4, 5]
    form = registry.task("tatoeba").format
    found = list(form.misfits(["0", "1", "2"], ["2", "3", "9" * 5_000]))
    assert [(f.kind, f.line, f.expected) for f in found] == [
        (Kind.INDEX, 2, "0 to 2"),
        (Kind.INDEX, 3, "0 to 2"),
    ]
    assert len(found[1].found) <= 60


def test_ids_are_counted_and_three_are_named() -> None:
    gold = [(f"q{number}", ["x"]) for number in range(5)]
    found = list(registry.task("xquad").format.misfits(gold, {"q4": "x", "z": "y"}))
    assert [f.found for f in found] == [
        "4 of 5 ids are missing: q0, q1, q2 …",
        "1 of 5 ids belong to no question: z",
    ]


@given(
    task=st.sampled_from(["xnli", "udpos", "bucc2018", "tatoeba", "xquad"]),
    text=st.text('nNOUNeutral0123456789-\t\n\r {}[]":,', max_size=60),
)
def test_a_report_hears_all_that_is_refused_without_one(task: str, text: str) -> None:
    """What raises without a report is told to one; lines are in the file; answers are the same."""
    try:
        faults = faults_of(task, text)
    except HarnessError:  # no JSON at all
        with pytest.raises(HarnessError):
            read(task, text)
        return
    for fault in faults:
        assert 0 <= fault.line <= text.count("\n") + text.count("\r") + 1
        assert fault.text and "\n" not in fault.text
    try:
        answers = read(task, text)
    except HarnessError:
        assert faults
        return
    extra = {Kind.PAIR, Kind.ANSWER}  # those that only a report hears of
    assert {fault.kind for fault in faults} <= extra
    form = registry.task(task).format
    assert form.read(Snapshot("test-de.tsv", text.encode()), lambda _: None) == answers


def test_tags_are_told_one_by_one_in_the_order_of_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "test-en.tsv"
    path.write_text("a\tX\tX\na\tZ\nb\n\na\tX\tX\nb\tX\n")  # the first line comes twice
    told: list[tuple[int, str]] = []
    columns = Tags().read_file(path, ("X",), lambda *fault: told.append(fault))
    assert [line for line, _ in told] == [1, 2, 3, 5]
    assert columns["tokens"] == [["a", "a", "b"], ["a", "b"]]
    assert columns["tags"] == [["X", "Z", ""], ["X", "X"]]
