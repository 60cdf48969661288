"""Sums and jackknife on the real rows of all nine tasks, against scorer and bootstrap."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import registry
from harness.data.folder import FolderSource, open_folder
from harness.declarations import headline
from harness.formats import BitextMining, SpanExtraction, TokenTagging
from harness.statistics import Column, Panel, Row, Run, Sums, panels_of
from harness.statistics.clusters import cluster
from harness.statistics.sums import summed

TASKS = registry.benchmark("xtreme").task_names()
RESAMPLES = 10_000


@pytest.fixture(scope="module")
def source(real_data: Path) -> FolderSource:
    return open_folder(real_data, None)


def changed(gold: Any, rng: random.Random, rate: float) -> Any:
    """Predictions that follow the gold but for a share of them."""
    if isinstance(gold[0], str):
        return [rng.choice(gold) if rng.random() < rate else label for label in gold]
    if isinstance(gold[0], list):
        tags = sorted({tag for sentence in gold for tag in sentence})
        return [[rng.choice(tags) if rng.random() < rate else t for t in row] for row in gold]
    if isinstance(gold[0][1], str):  # pairs of ids
        sources, others = zip(*gold, strict=True)
        kept = [pair for pair in gold if rng.random() > rate]
        return kept + [(rng.choice(sources), rng.choice(others)) for _ in range(len(gold) // 5)]
    answers = [text for _, some in gold for text in some]
    texts = {}
    for name, some in gold:
        if rng.random() > rate / 4:
            text = rng.choice(answers) if rng.random() < rate else some[0]
            texts[name] = text.rsplit(" ", 1)[0] if rng.random() < rate else text
    return texts


@cache
def known(source: FolderSource, name: str, count: int) -> tuple[Any, dict[str, Any]]:
    """The clusters and the gold of a task's first languages that have labels."""
    task = registry.task(name)
    gold: dict[str, Any] = {}
    keys = {}
    for code in task.languages:
        if len(gold) < count:
            labels = source.gold(task, code)
            if labels is not None:
                gold[code] = labels
                keys[code] = task.format.keys(source.examples(task, "test", code))
    return cluster(keys), gold


def predicted(
    source: FolderSource, name: str, seed: int, count: int = 3
) -> tuple[Sums, dict[str, float]]:
    """The sums of made-up predictions, and the official scores."""
    task, rng = registry.task(name), random.Random(seed)
    clusters, gold = known(source, name, count)
    tallies, scores = {}, {}
    for code, labels in gold.items():
        predictions = changed(labels, rng, 0.3)
        tally = task.format.tally(labels, predictions, code)
        assert tally is not None
        tallies[code] = tally
        scores[code] = headline(task.format.metric, task.format.score(labels, predictions, code))
    return summed(tallies, clusters, dict.fromkeys(gold, "")), scores


@pytest.mark.real
@pytest.mark.parametrize("name", TASKS)
def test_sums_give_the_official_score(source: FolderSource, name: str) -> None:
    sums, scores = predicted(source, name, seed=1, count=50)
    assert len(scores) >= len(registry.task(name).languages) - 1  # one file has no labels
    for code, score in scores.items():
        assert sums.languages[code].score == pytest.approx(score, abs=1e-9)
        assert 0 < score < 100


def bootstrap(run: Run, name: str, generator: np.random.Generator) -> float:
    """The standard error of a target's score over resamples of whole clusters."""
    sums = run.sums[name]
    parts = list(sums.languages.values())
    last = (
        max(
            int(part.numbers.max()) if part.numbers is not None else part.clusters - 1
            for part in parts
        )
        + 1
    )
    strata = [parts] if sums.joint else [[part] for part in parts]
    score = np.zeros(RESAMPLES)
    for stratum in strata:
        count = last if sums.joint else stratum[0].clusters
        dense = np.zeros((2 * len(stratum), count))
        for i, part in enumerate(stratum):
            numbers = np.arange(part.clusters) if part.numbers is None else part.numbers
            dense[2 * i, numbers], dense[2 * i + 1, numbers] = part.a, part.b
        for start in range(0, RESAMPLES, 500):
            drawn = generator.integers(0, count, (500, count), dtype=np.uint16)
            weights = np.stack([np.bincount(one, minlength=count) for one in drawn])
            totals = weights.astype(np.float32) @ dense.T.astype(np.float32)
            score[start : start + 500] += (totals[:, ::2] / totals[:, 1::2]).sum(1)
    return float(100 * (score / len(parts)).std())


@pytest.mark.real
@pytest.mark.parametrize("name", TASKS)
def test_the_jackknife_is_as_wide_as_a_bootstrap(source: FolderSource, name: str) -> None:
    sums, _ = predicted(source, name, seed=2)
    run = Run(1, {name: sums}, frozenset({name}))
    (panel,) = panels_of([Row("one", (run,))], [Column.of_target(name, sums.languages)])
    assert isinstance(panel, Panel)
    variance, _ = panel.spreads((0,), (1.0,))
    error = bootstrap(run, name, np.random.default_rng(3))
    assert float(np.sqrt(variance)) == pytest.approx(error, rel=0.03)


TAGS = st.sampled_from(["O", "B-PER", "I-PER", "I-LOC", "B-LOC", "NOUN", "SYM", "SCONJ", "E-X"])
SENTENCES = st.lists(
    st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=6), min_size=1, max_size=5
)
ANSWERS = st.sampled_from(
    ["", "the", "a cat", "cat", "Cat!", "red cat", "der rote", "红猫", "x y x"]
)
QUESTIONS = st.lists(
    st.tuples(st.lists(ANSWERS, min_size=1, max_size=3), st.none() | ANSWERS),
    min_size=1,
    max_size=6,
)
PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=8)


def adds_up(form: Any, gold: Any, predictions: Any, language: str) -> None:
    tally = form.tally(gold, predictions, language)
    score = headline(form.metric, form.score(gold, predictions, language))
    assert 100 * tally.a.sum() / (tally.b.sum() or 1) == pytest.approx(score, abs=1e-9)
    assert (tally.a <= tally.b).all()


@given(SENTENCES)
def test_chunks_by_sentence_add_up(rows: list[list[tuple[str, str]]]) -> None:
    form = TokenTagging(labels=())
    gold = [[tag for tag, _ in row] for row in rows]
    predictions = [[tag for _, tag in row] for row in rows]
    adds_up(form, gold, predictions, "en")


@given(QUESTIONS, st.sampled_from(["squad", "mlqa"]), st.sampled_from(["en", "de", "zh", "sw"]))
def test_questions_add_up(rows: Any, scorer: Any, language: str) -> None:
    gold = [(f"q{i}", answers) for i, (answers, _) in enumerate(rows)]
    predictions = {f"q{i}": text for i, (_, text) in enumerate(rows) if text is not None}
    adds_up(SpanExtraction(scorer=scorer), gold, predictions, language)


@given(PAIRS.filter(bool), PAIRS)
def test_pairs_add_up(gold: Any, predictions: Any) -> None:
    adds_up(BitextMining(), gold, predictions, "de")


def test_a_chunk_belongs_to_the_sentence_it_ends_in() -> None:
    gold = [["B-PER", "I-PER"], ["O"], ["O", "B-LOC"]]
    predictions = [["B-PER", "I-PER"], ["B-LOC"], ["O", "B-PER"]]
    tally = TokenTagging(labels=()).tally(gold, predictions, "en")
    assert tally.a.tolist() == [2, 0, 0]
    assert tally.b.tolist() == [2, 1, 2]


def random_scores(seed: int) -> list[Callable[[], None]]:
    """Checks of random predictions in every format of the nine tasks."""
    rng = random.Random(seed)
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "NOUN", "SYM"]
    words = ["a", "the", "cat", "Cat", "dog!", "红猫", "der"]
    gold = [[rng.choice(tags) for _ in range(rng.randint(1, 5))] for _ in range(4)]
    guess = [[rng.choice(tags) for _ in row] for row in gold]
    asked = [(str(i), [" ".join(rng.choices(words, k=2))]) for i in range(4)]
    said = {str(i): " ".join(rng.choices(words, k=rng.randint(0, 3))) for i in range(4)}
    truth = [(rng.choice("ab"), rng.choice("xy")) for _ in range(3)]
    mined = [(rng.choice("ab"), rng.choice("xy")) for _ in range(3)]
    return [
        lambda: adds_up(TokenTagging(labels=()), gold, guess, "en"),
        lambda: adds_up(SpanExtraction(), asked, said, "en"),
        lambda: adds_up(SpanExtraction(scorer="mlqa"), asked, said, "zh"),
        lambda: adds_up(BitextMining(), truth, mined, "de"),
    ]


def test_ten_thousand_random_predictions_add_up() -> None:
    for seed in range(2500):
        for check in random_scores(seed):
            check()
