"""Average precision, against the official function written out."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import registry
from harness.scoring import average_precision

IDS = [f"c{n}" for n in range(12)]


def official(targets: list[str], ranked: list[str], k: int | None) -> float:
    """What XTREME-R's code computes, by its own loop over all pairs of places."""
    if k:
        ranked = ranked[:k]
    hits = score = 0.0
    for i, one in enumerate(ranked):
        if one in targets and one not in ranked[:i]:
            hits += 1.0
            score += hits / (i + 1.0)
    return score / (min(len(targets), k) if k else len(targets))


@given(
    st.lists(st.sampled_from(IDS), min_size=1, unique=True),
    st.lists(st.sampled_from(IDS), max_size=30),
    st.sampled_from([None, 1, 3, 20]),
)
def test_it_is_the_official_number_to_the_last_digit(
    right: list[str], ranked: list[str], k: int | None
) -> None:
    assert average_precision(right, ranked, k) == official(right, ranked, k)


def test_known_values() -> None:
    assert average_precision(["a"], ["x", "a"], 20) == 0.5
    assert average_precision(["a"], ["x", "a"], 1) == 0
    assert average_precision(["a", "b"], ["a", "a", "b"], 20) == (1 + 2 / 3) / 2  # a counts once
    assert average_precision(IDS, ["c0", "c1"], 2) == 1  # min(R, k) below the line
    assert average_precision(IDS, ["c0", "c1"]) == 2 / 12
    assert average_precision(["a"], []) == 0
    with pytest.raises(ValueError, match="no right answer"):
        average_precision([], ["a"])


def test_the_official_mock_data() -> None:
    """google-research/xtreme, evaluate_test.py: the place of the one right id, a mention each."""
    places = {
        "ar": 16, "de": 2, "en": 12, "es": 12, "fa": 4, "ja": 14, "pl": 19, "ro": 6, "ta": 13,
        "tr": 8, "uk": 9,
    }  # fmt: skip
    task = registry.task("mewslix")
    scores = []
    for language in task.languages:
        ranked = [f"Q{n}" for n in range(1, 21)]
        gold = {"mention": [f"Q{places[language]}"]}
        scores.append(task.format.score(gold, {"mention": ranked}, language)[task.format.metric])
    assert sum(scores) / len(scores) == pytest.approx(14.39025156130419, rel=1e-15)


def test_all_of_lareqa_is_scored_in_half_a_second() -> None:
    draw = np.random.default_rng(1)
    names = [f"c{n}" for n in range(13_014)]
    numbers = draw.integers(0, 60, (13_090, 31)).tolist()
    gold = {f"q{i}": [names[n] for n in row[:11]] for i, row in enumerate(numbers)}
    answers = {f"q{i}": [names[n] for n in row[11:]] for i, row in enumerate(numbers)}
    start = time.process_time()
    score = registry.task("lareqa").format.score(gold, answers, "en")
    assert time.process_time() - start < 0.5 and 5 < score["map_20"] < 40
