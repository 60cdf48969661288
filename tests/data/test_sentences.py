"""The sentence rule: what it splits, what holds for any text, and how well it does."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data.sentences import sentences_of


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences_of(text)]


@pytest.mark.parametrize(
    "text",
    [
        "The mill stood here.|Anna saw it.",
        'He said "Go."|(She went!)|"Why?" she asked.',
        "Rain fell?!|12 boats sank.",
        "It was sold [in May].|“Good.”|«Gut.»|Then more.",
        "It was built in 1830.[note 1]|Nobody knows why.[citation needed]",
        "It ended at 5 p.m. Monday, with Dr. Old, Mrs. Miller and Lt. Gen. Lake.",
        "J. R. Smith and E.P. Miller met vs. Prof. Lake, cf. Vol. 2, No. 7 and Art. IV.",
        "She liked Art.|Over all, no.|No.|They went.",
        "It was sold in the U.S. Army shop.",
        "It was sold in the U.S.|The shop closed.",
        "The emperor (r. 1402) and Op. 2 stayed, e.g. Ft. Hill at Mt. Lake in Nov. 1830.",
        "a mill.\n\nthe boat.|Éva came.|İt was late.",
        "A mill at 3.5 m.|",
        "|",
    ],
)
def test_what_is_split(text: str) -> None:
    parts = [part for part in text.split("|") if part]
    assert split(" ".join(parts)) == parts


@given(st.text(st.sampled_from("Ab. ?!\"')[]\n\t5“•U") | st.characters()))
def test_spans_are_ordered_hold_no_outer_space_and_cover_the_rest(text: str) -> None:
    spans = sentences_of(text)
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start
    covered = {i for start, end in spans for i in range(start, end)}
    assert all(text[i].isspace() for i in set(range(len(text))) - covered)


@pytest.mark.parametrize("piece", [".", '."', ".[a]", ". ", " ", "A.", ".\t\t", '"', "[", "a.b"])
def test_the_time_is_linear(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    begun = time.process_time()
    sentences_of(text)
    assert time.process_time() - begun < 5  # a quadratic rule takes hours


def test_it_finds_the_breaks_of_xquad_r(real_data: Path) -> None:
    """F1 of (start, end) against the English sentence breaks, which the issue bounds by 0.985."""
    data = json.loads((real_data / "xtreme/lareqa/xquad-r/en.json").read_text("utf-8"))["data"]
    both = gold = ours = 0
    for article in data:
        for paragraph in article["paragraphs"]:
            right = {tuple(span) for span in paragraph["sentence_breaks"]}
            found = set(sentences_of(paragraph["context"]))
            both, gold, ours = both + len(right & found), gold + len(right), ours + len(found)
    assert gold == 149
    assert 2 * both / (gold + ours) >= 0.985
