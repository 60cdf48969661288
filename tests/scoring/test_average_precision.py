"""Average precision, against the official function (``reference_scorer.py``)."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reference_scorer import average_precision_at_k

from harness import registry
from harness.scoring import average_precision

IDS = [f"c{n}" for n in range(12)]


@given(
    st.lists(st.sampled_from(IDS), min_size=1, unique=True),
    st.lists(st.sampled_from(IDS), max_size=30),
    st.sampled_from([None, 1, 3, 20]),
)
def test_it_is_the_official_number_to_the_last_digit(
    right: list[str], ranked: list[str], k: int | None
) -> None:
    assert average_precision(right, ranked, k) == average_precision_at_k(right, ranked, k)


def test_known_values() -> None:
    assert average_precision(["a"], ["x", "a"], 20) == 0.5
    assert average_precision(["a"], ["x", "a"], 1) == 0
    assert average_precision(["a", "b"], ["a", "a", "b"], 20) == (1 + 2 / 3) / 2  # a counts once
    assert average_precision(IDS, ["c0", "c1"], 2) == 1  # min(R, k) below the line
    assert average_precision(IDS, ["c0", "c1"]) == 2 / 12
    assert average_precision(["a"], []) == 0
    with pytest.raises(ValueError, match="no right answer"):
        average_precision([], ["a"])


def test_all_of_lareqa_is_scored_in_half_a_second() -> None:
    draw = np.random.default_rng(1)
    names = [f"c{n}" for n in range(13_014)]
    numbers = draw.integers(0, 60, (13_090, 31)).tolist()
    gold = {f"q{i}": [names[n] for n in row[:11]] for i, row in enumerate(numbers)}
    answers = {f"q{i}": [names[n] for n in row[11:]] for i, row in enumerate(numbers)}
    start = time.process_time()
    score = registry.task("lareqa").format.score(gold, answers, "en")
    assert time.process_time() - start < 0.5 and 5 < score["map_20"] < 40
