"""Texts of Mewsli-X."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data.mentions import description_of, query_of, sentence_of, span_of, spans_of

TEXT = "An old mill {7} stood here. Anna saw the mill {again}, and  the { boat.\nIt sank."
SENTENCES = [(0, 27), (28, 71), (72, 80)]


def mentioned(word: str, at: int = 0) -> str:
    start = TEXT.index(word, at)
    return query_of(TEXT, SENTENCES, start, start + len(word))


def test_a_mention_stands_in_its_sentence_and_braces_become_brackets() -> None:
    assert mentioned("old mill") == "old mill: An { old mill } (7) stood here."
    # the space before it and the one of the marker are made one; so are two in the text
    assert mentioned("mill", 30) == "mill: Anna saw the { mill } (again), and the { boat."


def test_two_spaces_are_made_one_in_one_pass() -> None:
    # five spaces, one of them the marker's, become three; a loop would leave one
    assert query_of("a    b", [(0, 6)], 0, 1) == "a: { a }   b"


def test_a_mention_in_no_one_sentence_gets_what_is_around_it() -> None:
    start, end = TEXT.index("boat"), TEXT.index("sank") + 4
    assert sentence_of(SENTENCES, start, end) is None
    assert query_of(TEXT, SENTENCES, start, end).startswith("boat. It sank: An old mill (7)")
    long = "x" * 1000 + " word " + "y" * 1000
    query = query_of(long, [], 1001, 1005)
    assert query == "word: " + "x" * 255 + " { word } " + "y" * 255


def test_a_description_is_its_sentences_or_the_whole_of_it() -> None:
    assert description_of(TEXT, SENTENCES[:1]) == "An old mill {7} stood here."
    assert description_of("One.\u2028Two.", []) == "One. Two."
    assert description_of("One.   Two. Three.", [(0, 4), (7, 11)]) == "One. Two."


def test_spans_are_checked_against_their_text() -> None:
    assert spans_of([{"start": 0, "end": 4}], "Mill.") == [(0, 4)]
    assert span_of({"start": 1, "end": 3, "text": "𝔪l"}, "a𝔪ll") == (1, 3)  # code points
    for value, fault in [
        ("x", "not a list"),
        ([3], "not an object"),
        ([{"start": 0}], "no whole numbers"),
        ([{"start": True, "end": 2}], "no whole numbers"),
        ([{"start": 2, "end": 2}], "is empty"),
        ([{"start": 2, "end": 9}], "leaves its text of 5 characters"),
        ([{"start": 0, "end": 4, "text": "mill"}], "is not at 0 to 4"),
    ]:
        with pytest.raises(ValueError, match=fault):
            spans_of(value, "Mill.")


@given(st.text("{}ab\n "), st.text("{}ab\n "))
def test_braces_are_replaced_as_by_the_official_expression(left: str, right: str) -> None:
    def official(text: str) -> str:
        return re.sub(r"\{(.*?)\}", r"(\1)", text)

    text = f"{left}mill{right}"
    given_text = f"mill: {official(left)} {{ mill }} {official(right)}"
    expected = " ".join(given_text.splitlines()).replace("  ", " ").strip()
    assert query_of(text, [(0, len(text))], len(left), len(left) + 4) == expected


def test_many_braces_take_no_longer_than_few() -> None:
    text = "{" * 200_000 + "mill"
    assert query_of(text, [(0, len(text))], 200_000, 200_004).count("{") == 200_001


def test_mentions_of_the_sample(real_data: Path) -> None:
    """Eight of the composed mentions need their braces escaped, as the issue counts them."""
    escaped = 0
    for path in sorted((real_data / "xtreme/mewslix/wikinews_mentions").glob("test-*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            context, text = row["context"], row["context"]["text"]
            spans = spans_of(context["sentence_spans"], text)
            mentions = row.get("mentions") or [row["mention"]]
            for mention in mentions:
                start, end = span_of(mention["mention_span"], text)
                assert sentence_of(spans, start, end)
                first, last = sentence_of(spans, start, end) or (0, 0)
                parts = text[first:start], text[end:last]
                escaped += any(re.search(r"\{.*?\}", part) for part in parts)
                assert query_of(text, spans, start, end).startswith(text[start:end].strip()[:3])
    assert escaped == 8
