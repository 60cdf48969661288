"""The scores: by hand, against the reference scorer, and on XTREME's real labels."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import reference_scorer as reference
from support.places import ROOT

from harness.scoring import (
    accuracy,
    chunk_scores,
    mlqa_scores,
    pair_scores,
    squad2_scores,
    squad_scores,
    token_accuracy,
)
from harness.task_score import TaskScore, summarise

MLQA_LANGUAGES = ("en", "es", "hi", "vi", "de", "ar", "zh")
EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)

Tags = list[list[str]]
Answers = Mapping[str, Sequence[str]]


def same(ours: Mapping[str, float], theirs: Mapping[str, float]) -> bool:
    """Whether two results have the same keys, and values equal to 1e-9."""
    return ours.keys() == theirs.keys() and all(
        isinstance(ours[key], float) and math.isclose(ours[key], theirs[key], abs_tol=1e-9)
        for key in ours
    )


def test_importing_scoring_imports_no_array_or_model_library() -> None:
    heavy = ("numpy", "torch", "transformers", "datasets", "evaluate")
    code = f"import sys, harness.scoring; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# Classification


def test_accuracy_by_hand() -> None:
    assert accuracy(["0", "1", "1", "x"], ["0", "1", "0", "x"]) == {"accuracy": 75.0}


@pytest.mark.parametrize(("gold", "guess"), [(["a"], []), (["a"], ["a", "b"]), ([], [])])
def test_accuracy_refuses_what_cannot_be_scored(gold: list[str], guess: list[str]) -> None:
    with pytest.raises(ValueError, match="labels"):
        accuracy(gold, guess)


@EXAMPLES
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_accuracy_equals_the_reference(pairs: list[tuple[str, str]]) -> None:
    gold, guess = [a for a, _ in pairs], [b for _, b in pairs]
    assert same(accuracy(gold, guess), reference.accuracy(gold, guess))


# Tagging


def tags(text: str) -> Tags:
    """Sentences parted by ``|``, tags by white space."""
    return [sentence.split() for sentence in text.split("|")]


# Counts by hand: gold, prediction, right chunks, predicted chunks, gold chunks. All of these and
# 57,431 random corpora and 340 from real labels were compared with seqeval 0.0.12 when written.
CHUNKS = {
    "one of two": ("B-P I-P O B-L", "B-P O O B-L", 1, 2, 2),
    "README of seqeval": ("O O B-M I-M O|B-P I-P O", "O B-M I-M I-M O|B-P I-P O", 1, 2, 2),
    "I opens a chunk": ("O B-P I-P O", "O I-P I-P O", 1, 1, 1),
    "a type change opens a chunk": ("B-P B-L", "B-P I-L", 2, 2, 2),
    "B parts two chunks": ("B-P I-P", "B-P B-P", 0, 2, 1),
    "a sentence ends a chunk": ("B-P|I-P", "B-P|O", 1, 1, 2),
    "a run of one part of speech": ("NOUN NOUN VERB", "NOUN NOUN VERB", 2, 2, 2),
    "S stands alone": ("SYM SYM SCONJ", "SYM SYM SCONJ", 3, 3, 3),
    "S in a noun run": ("NOUN SYM NOUN", "NOUN NOUN NOUN", 0, 1, 3),
    "I of INTJ after O of nothing": ("INTJ INTJ X", "INTJ X X", 0, 2, 2),
    "E ends": ("B-P E-P E-P", "B-P I-P E-P", 0, 1, 2),
    "the last dash parts the type": ("B-A-P I-X-P", "B-P I-P", 1, 1, 1),
    "nothing predicted": ("B-P", "O", 0, 0, 1),
    "nothing labelled": ("O", "B-P", 0, 1, 0),
    "a stop is outside": (". .-P B-P", "O O B-P", 1, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", CHUNKS)
def test_chunk_counts_by_hand(name: str) -> None:
    gold, guess, right, predicted, labelled = CHUNKS[name]
    precision = right / predicted if predicted else 0.0
    recall = right / labelled if labelled else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    expected = {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}
    assert same(chunk_scores(tags(gold), tags(guess)), expected)
    assert same(reference.chunk_scores(tags(gold), tags(guess)), expected)


def test_a_chunk_that_nothing_opened_takes_the_last_beginning() -> None:
    # ".-P I-P" opens nothing, yet I-P ends a chunk: it began at 0, in the first sentence.
    gold, guess = tags("B-P|.-P I-P"), tags("O|.-P I-P")
    assert same(chunk_scores(gold, guess), reference.chunk_scores(gold, guess))
    assert chunk_scores(gold, guess)["recall"] == 50.0


def test_trap_1_cconj_is_not_sconj() -> None:
    gold, guess = tags("CCONJ NOUN|SCONJ VERB"), tags("SCONJ NOUN|CCONJ VERB")
    assert chunk_scores(gold, guess) == {"f1": 50.0, "precision": 50.0, "recall": 50.0}
    seqeval = pytest.importorskip("seqeval.metrics")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval 1.x doubts that these are entity tags
        assert seqeval.f1_score(gold, guess) == 1.0


def test_token_accuracy_by_hand() -> None:
    assert token_accuracy(tags("O O B-P|X"), tags("O B-P B-P|X")) == 75.0


@pytest.mark.parametrize("score", [chunk_scores, token_accuracy])
@pytest.mark.parametrize(
    ("gold", "guess", "words"),
    [
        (["A"], [], "0 predicted sentences for 1"),
        (["A", "A B"], ["A", "A"], "sentence 2: 1 predicted tags for 2"),
        ([], [], "no tags"),
        ([""], [""], "no tags"),
    ],
)
def test_tagging_refuses_other_shapes(
    score: Callable[[Tags, Tags], object], gold: list[str], guess: list[str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        score([line.split() for line in gold], [line.split() for line in guess])


def test_an_empty_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="empty tag"):
        chunk_scores([["O"]], [[""]])


def corpora(pool: Sequence[str]) -> st.SearchStrategy[list[list[tuple[str, str]]]]:
    """Corpora of (gold, predicted) tags."""
    pair = st.tuples(st.sampled_from(pool), st.sampled_from(pool))
    equal = st.sampled_from(pool).map(lambda tag: (tag, tag))
    return st.lists(st.lists(equal | pair, max_size=8), min_size=1, max_size=5).filter(any)


BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
POS = ["ADJ", "NOUN", "CCONJ", "SCONJ", "SYM", "INTJ", "PUNCT", "X", "PROPN", "PRON", "DET"]
ODD = ["O", "B-P", "I-P", "E-P", "S-P", ".-P", "O-P", "B", "I", "E", "S", ".", "X-O", "I-O", "-"]


@pytest.mark.parametrize("pool", [BIO, POS, ODD, BIO + POS + ODD], ids=["bio", "pos", "odd", "all"])
def test_chunks_equal_the_reference(pool: list[str]) -> None:
    @EXAMPLES
    @given(corpora(pool))
    def check(corpus: list[list[tuple[str, str]]]) -> None:
        gold = [[a for a, _ in sentence] for sentence in corpus]
        guess = [[b for _, b in sentence] for sentence in corpus]
        assert same(chunk_scores(gold, guess), reference.chunk_scores(gold, guess))
        accuracies = token_accuracy(gold, guess), reference.token_accuracy(gold, guess)
        assert math.isclose(*accuracies, abs_tol=1e-9)

    check()


@pytest.mark.parametrize("first", ODD)
def test_every_pair_of_tags_equals_the_reference(first: str) -> None:
    for second in ODD:
        for guess in ([first, "O"], ["O", second], ["B-P", second]):
            gold, guesses = [[first, second]], [guess]
            assert same(chunk_scores(gold, guesses), reference.chunk_scores(gold, guesses))


# Question answering

ONE = {
    "articles, case, punctuation": ("The cat!", ["a Cat"], 100, 100),
    "half": ("black cat", ["cat nap"], 0, 50),
    "best answer": ("cat", ["dog", "the black cat", "cats"], 0, 200 / 3),
    "repeated answers": ("x", ["x", "x", "X."], 100, 100),
    "repeated tokens": ("no no no", ["no no"], 0, 80),
    "one side repeats": ("no no no", ["no"], 0, 50),
    "both empty": ("", ["the"], 100, 0),
    "empty prediction": ("", ["cat"], 0, 0),
    "empty answer": ("cat", ["..."], 0, 0),
    "Unicode space": ("a\u3000red\u00a0cat\n", ["red cat"], 100, 100),
    "a dash is no ASCII punctuation": ("a\u2013b", ["\u2013b"], 100, 100),
    "punctuation joins words": ("well-known", ["wellknown"], 100, 100),
    "final sigma": ("ΟΔΟΣ", ["οδο\u03c2"], 100, 100),
    "lower case is not case folding": ("straße", ["strasse"], 0, 0),
    "full-width stays": ("北京。", ["北京"], 0, 0),
}


@pytest.mark.parametrize("name", ONE)
def test_squad_by_hand(name: str) -> None:
    guess, answers, exact, f1 = ONE[name]
    expected = {"exact_match": exact, "f1": f1}
    assert same(squad_scores({"q": answers}, {"q": guess}), expected)
    assert same(reference.squad_scores({"q": answers}, {"q": guess}), expected)


def test_missing_predictions_score_nothing_and_unknown_ids_are_ignored() -> None:
    gold = {"1": ["cat"], "2": ["dog"], "3": ["..."]}
    assert squad_scores(gold, {"2": "dog", "9": "cat"}) == {
        "exact_match": 100 / 3,
        "f1": 100 / 3,
    }
    assert squad_scores(gold, {}) == {"exact_match": 0.0, "f1": 0.0}


def repeated(*answers: list[str]) -> list[tuple[str, list[str]]]:
    """Questions that share two ids, taken in turn."""
    return [("ab"[place % 2], texts) for place, texts in enumerate(answers)]


@pytest.mark.parametrize(
    ("gold", "guesses", "exact"),
    [
        (repeated(["red"], ["sea"], ["red"]), {"a": "red", "b": "sky"}, 200 / 3),
        (repeated(["red"], ["sea"], ["red"]), {"a": "Red.", "b": "sea"}, 100),
        (repeated(["red"], ["sea"], ["sky"]), {"a": "sky", "b": "sea"}, 200 / 3),
        (repeated(["red"], ["sea"], ["sky", "red"], ["sea"]), {"b": "sea"}, 50),
        (repeated(["red"], ["sea"], ["red"], ["sea"], ["red"]), {"a": "red"}, 60),
    ],
)
def test_every_question_counts_where_ids_repeat(
    gold: list[tuple[str, list[str]]], guesses: dict[str, str], exact: float
) -> None:
    """SQuAD's and MLQA's scripts walk through the questions, not through their ids."""
    expected = {"exact_match": exact, "f1": exact}
    assert same(squad_scores(gold, guesses), expected)
    for language in MLQA_LANGUAGES:
        assert same(mlqa_scores(gold, guesses, language), expected)
    assert same(squad2_scores(gold, guesses), expected)


@pytest.mark.parametrize("empty", ["", " ", "...", "the"])
@pytest.mark.parametrize("guess", ["", "a", "!"])
def test_an_empty_gold_answer_is_an_answer(empty: str, guess: str) -> None:
    alone, beside = {"q": [empty]}, {"q": ["red", empty]}
    for gold in (alone, beside):
        assert squad_scores(gold, {"q": guess}) == {"exact_match": 100.0, "f1": 0.0}
        assert mlqa_scores(gold, {"q": guess}, "en") == {"exact_match": 100.0, "f1": 0.0}
        assert squad_scores(gold, {"q": "sea"}) == {"exact_match": 0.0, "f1": 0.0}
        assert reference.squad_scores(gold, {"q": guess}) == squad_scores(gold, {"q": guess})
    assert squad_scores(beside, {"q": "red"}) == {"exact_match": 100.0, "f1": 100.0}


MLQA = {
    "es": ("Las casas, «rojas»", "casas rojas", 100),
    "de": ("Der Hund eines Mannes", "hund mannes", 100),
    "vi": ("những con mèo", "con mèo", 100),
    "hi": ("a घर।", "घर", 0),
    "en": ("\u201cthe cat\u201d", "cat", 100),
    "ar": ("سؤال", "سؤ", 100),
    "zh": ("北京。", "北 京", 100),
}


@pytest.mark.parametrize("language", MLQA)
def test_mlqa_by_hand(language: str) -> None:
    guess, answer, exact = MLQA[language]
    scores = mlqa_scores({"q": [answer]}, {"q": guess}, language)
    assert scores["exact_match"] == exact
    assert same(scores, reference.mlqa_scores({"q": [answer]}, {"q": guess}, language))


def test_mlqa_segments_chinese_by_character() -> None:
    gold, guess = {"q": ["北京大学 BBC"]}, {"q": "在北京 bbc"}
    assert same(mlqa_scores(gold, guess, "zh"), {"exact_match": 0.0, "f1": 100 * 2 / 3})


@pytest.mark.parametrize(("last", "f1"), [("\u9fa5", 80.0), ("\u9fa6", 50.0)])
def test_mlqa_segments_up_to_u9fa5(last: str, f1: float) -> None:
    gold, guess = {"q": [f"{last}{last} x"]}, {"q": f"{last} x"}
    assert mlqa_scores(gold, guess, "zh")["f1"] == pytest.approx(f1, abs=1e-9)


def test_qa_refuses_what_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="'fr'; it has en"):
        mlqa_scores({"q": ["x"]}, {"q": "x"}, "fr")
    with pytest.raises(ValueError, match="no questions"):
        squad_scores({}, {})
    with pytest.raises(ValueError, match="'q' has no gold answer"):
        squad_scores({"q": []}, {"q": "x"})


PIECES = [
    *("a", "an", "the", "The", "AN", "el", "las", "der", "EINES", "của", "những", "ال", "الكتاب"),
    *(
        "ا",
        "ل",
        "سؤال",
        "cat",
        "Cat",
        "cats",
        "don't",
        "U.S.",
        "1,5",
        "北京",
        "京",
        "。",
        "，",
        "龥",
    ),
    *("\u9fa6", "한국", "คน", "ΣΑΣ", "Σ", "İ", "ß", "ﬁ", "＄", "$", "+", "«", "»", "\u2013", "_"),
    *(" ", "  ", "\n", "\t", "\u3000", "\u00a0", "\u2028", "\x1c", "\x85", "\u200b", "\x00"),
    *("\u0301", "\ud800", "\U0010ffff", "😀", "।", "،", "٪", "!", "-", ".", "'", "ａ", "Ａ", ""),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=7).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda gap: gap.join(pieces))
)
QUESTIONS = st.lists(
    st.tuples(st.lists(TEXTS, min_size=1, max_size=3), st.none() | TEXTS), min_size=1, max_size=6
)


@settings(EXAMPLES, max_examples=250)
@given(QUESTIONS, st.randoms(use_true_random=False))
def test_answers_equal_the_reference(
    items: list[tuple[list[str], str | None]], luck: random.Random
) -> None:
    """Every example in every language: making one takes longer than scoring it."""
    gold = {str(place): answers for place, (answers, _) in enumerate(items)}
    guesses = {}
    for place, (answers, guess) in enumerate(items):
        if guess is not None:
            words = [*luck.choice(answers).split(" "), guess]
            guesses[str(place)] = " ".join(luck.sample(words, luck.randint(1, len(words))))
    assert same(squad_scores(gold, guesses), reference.squad_scores(gold, guesses))
    for language in MLQA_LANGUAGES:
        ours = mlqa_scores(gold, guesses, language)
        assert same(ours, reference.mlqa_scores(gold, guesses, language)), language


def test_every_character_is_normalised_as_the_reference_does() -> None:
    everything = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    blocks = ["x".join(everything[i : i + 64]) for i in range(0, len(everything), 64)]
    gold = {str(place): [reference.squad_normalise(text)] for place, text in enumerate(blocks)}
    guesses = {str(place): text for place, text in enumerate(blocks)}
    assert same(squad_scores(gold, guesses), reference.squad_scores(gold, guesses))
    for language in ("en", "zh"):
        gold = {key: [reference.mlqa_normalise(guesses[key], language)] for key in guesses}
        ours = mlqa_scores(gold, guesses, language)
        assert ours["exact_match"] > 99
        assert same(ours, reference.mlqa_scores(gold, guesses, language))


# Mining


def test_pairs_by_hand() -> None:
    gold = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]
    mined = [("a", "1"), ("b", "3"), ("a", "1")]
    expected = {"f1": 100 / 3, "precision": 50.0, "recall": 25.0}
    assert same(pair_scores(iter(gold), iter(mined)), expected)
    assert pair_scores(gold, []) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    with pytest.raises(ValueError, match="no gold pairs"):
        pair_scores([], mined)


PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("1234")))


@EXAMPLES
@given(PAIRS.filter(bool), PAIRS)
def test_pairs_equal_the_reference(
    gold: list[tuple[str, str]], mined: list[tuple[str, str]]
) -> None:
    assert same(pair_scores(gold, mined), reference.pair_scores(gold, mined))


# Averages


def task(name: str, metric: str = "accuracy", **scores: float | None) -> TaskScore:
    """A task with one value for each metric of each language; None leaves a language out."""
    languages = {
        language: dict.fromkeys(metric.split("+"), value)
        for language, value in scores.items()
        if value is not None
    }
    return TaskScore(name, metric, languages, tuple(scores))


def test_task_score_and_gap() -> None:
    xnli = task("xnli", en=90.0, de=80.0, sw=60.0)
    assert xnli.complete
    assert xnli.score == pytest.approx(230 / 3)
    assert xnli.gap == pytest.approx(20.0)


def test_retrieval_has_no_gap() -> None:
    """It searches across languages, though some of its tasks have English queries."""
    for name, metric in (("lareqa", "map_20"), ("mewslix", "map_20"), ("tatoeba", "accuracy")):
        assert task(name, metric, en=90.0, de=80.0).gap is None
    assert task("of a plug-in that is not there", en=90.0, de=80.0).gap == 10.0


def test_question_answering_averages_its_two_metrics() -> None:
    languages = {
        "de": {"exact_match": 40.0, "f1": 60.0, "other": 1.0},
        "en": {"exact_match": 70.0, "f1": 80.0},
    }
    xquad = TaskScore("xquad", "exact_match+f1", languages, ("en", "de"))
    assert xquad.score == (55.0 + 70.0) / 2
    assert xquad.gap == 75.0 - 50.0


def test_a_task_with_a_language_missing_has_a_score_but_is_not_complete() -> None:
    part = TaskScore("panx", "f1", {"en": {"f1": 80.0}}, ("en", "th"), {"th": "no labels"})
    assert (part.score, part.gap, part.complete) == (80.0, None, False)
    empty = TaskScore("panx", "f1", {}, ("en",))
    assert (empty.score, empty.gap, empty.complete) == (None, None, False)
    assert task("tatoeba", ar=50.0, de=70.0).gap is None
    assert not TaskScore("none", "f1", {}, ()).complete


@pytest.mark.parametrize(
    ("languages", "expected", "missing", "words"),
    [
        ({"fr": {"f1": 1.0}}, ("en",), {}, "'fr' is not one"),
        ({}, ("en",), {"fr": "?"}, "'fr' is not one"),
        ({"en": {"f1": 1.0}}, ("en",), {"en": "?"}, "both scored and missing"),
        ({"en": {"accuracy": 1.0}}, ("en",), {}, "'en' has no 'f1'"),
        ({}, ("en", "en"), {}, "expected twice"),
    ],
)
def test_a_task_score_refuses_contradictions(
    languages: dict[str, dict[str, float]],
    expected: tuple[str, ...],
    missing: dict[str, str],
    words: str,
) -> None:
    with pytest.raises(ValueError, match=words):
        TaskScore("udpos", "f1", languages, expected, missing)


def test_overall_is_the_mean_of_tasks_not_of_groups() -> None:
    groups = {"classification": ["xnli", "pawsx"], "tagging": ["udpos"]}
    tasks = {"xnli": task("xnli", en=80.0), "pawsx": task("pawsx", en=70.0)}
    part = summarise(groups, tasks)
    assert part.groups == {"classification": 75.0, "tagging": None}
    assert part.overall is None
    whole = summarise(groups, {**tasks, "udpos": task("udpos", en=30.0)})
    assert whole.groups == {"classification": 75.0, "tagging": 30.0}
    assert whole.overall == 60.0
    cut = summarise(groups, {**tasks, "udpos": task("udpos", en=30.0, de=None)})
    assert (cut.groups["tagging"], cut.overall) == (None, None)


def test_a_summary_refuses_a_task_in_no_group() -> None:
    with pytest.raises(ValueError, match="'xnli' is in no group"):
        summarise({"tagging": ["udpos"]}, {"xnli": task("xnli", en=1.0)})
    empty = summarise({}, {})
    assert (empty.groups, empty.overall) == ({}, None)
    assert summarise({"none": []}, {}).groups == {"none": None}


# The real labels

GROUPS = {
    "classification": ("xnli", "pawsx"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
    "retrieval": ("bucc2018", "tatoeba"),
}
TASKS = [name for names in GROUPS.values() for name in names]
METRICS = {"tagging": "f1", "qa": "exact_match+f1", "bucc2018": "f1"}

Result = dict[str, dict[str, float]]
Both = tuple[dict[str, float], dict[str, float]]


def label_files(name: str) -> list[Path]:
    """The label files of a task under $XTREME_DATA."""
    data = Path(os.environ.get("XTREME_DATA") or ROOT.parent / "shared" / "data")
    files = sorted((data / "labels" / name).glob("test-*"))
    if not files:
        pytest.skip(f"no labels of {name} in {data}: set XTREME_DATA to a folder with labels/")
    return files


def read_answers(file: Path) -> dict[str, list[str]]:
    """The gold answers of a file in SQuAD's format."""
    articles = json.loads(file.read_text(encoding="utf-8"))["data"]
    questions = [q for a in articles for p in a["paragraphs"] for q in p["qas"]]
    return {q["id"]: [answer["text"] for answer in q["answers"]] for q in questions}


def noisy_answers(gold: Answers, luck: random.Random) -> dict[str, str]:
    """Right answers, cut ones, others' ones, decorated ones, empty ones and none."""
    every = [answer for answers in gold.values() for answer in answers]
    guesses = {}
    for question, answers in gold.items():
        text = luck.choice(answers)
        start = luck.randrange(len(text) + 1)
        kinds = [text, text[start:], text[:start], luck.choice(every), f"The {text}, a.", ""]
        kind = luck.randrange(len(kinds) + 1)
        if kind < len(kinds):
            guesses[question] = kinds[kind]
    return guesses


def score_lines(name: str, lines: list[str], luck: random.Random) -> Both:
    """Scores noisy predictions for the lines of one label file, ours first."""
    if name in GROUPS["tagging"]:
        gold = [block.split("\n") for block in "\n".join(lines).strip("\n").split("\n\n")]
        pool = sorted({tag for sentence in gold for tag in sentence})
        guess = [[luck.choice([tag, tag, luck.choice(pool)]) for tag in s] for s in gold]
        return chunk_scores(gold, guess), reference.chunk_scores(gold, guess)
    labels = [line for line in lines if line]
    if name == "bucc2018":
        pairs = [(line.split("\t")[0], line.split("\t")[1]) for line in labels]
        mined = luck.sample(pairs, len(pairs) // 2) + [(a, "en-0") for a, _ in pairs[::3]]
        return pair_scores(pairs, mined), reference.pair_scores(pairs, mined)
    guesses = [luck.choice([label, luck.choice(labels)]) for label in labels]
    return accuracy(labels, guesses), reference.accuracy(labels, guesses)


@cache
def real_scores(name: str) -> tuple[Result, Result]:
    """Language to scores of seeded noisy predictions, ours and the reference's."""
    ours: Result = {}
    theirs: Result = {}
    for file in label_files(name):
        language = file.stem.removeprefix("test-")
        luck = random.Random(f"{name} {language}")
        if file.suffix == ".json":
            gold = read_answers(file)
            guess = noisy_answers(gold, luck)
            if name == "mlqa":
                ours[language] = mlqa_scores(gold, guess, language)
                theirs[language] = reference.mlqa_scores(gold, guess, language)
            else:
                ours[language] = squad_scores(gold, guess)
                theirs[language] = reference.squad_scores(gold, guess)
        else:
            lines = file.read_text(encoding="utf-8").split("\n")
            ours[language], theirs[language] = score_lines(name, lines, luck)
    return ours, theirs


@pytest.mark.parametrize("name", TASKS)
def test_real_labels_score_as_in_the_reference(name: str) -> None:
    ours, theirs = real_scores(name)
    assert ours.keys() == theirs.keys()
    for language in ours:
        assert same(ours[language], theirs[language]), language
        assert any(0 < value < 100 for value in ours[language].values()), language


def test_real_labels_average_as_in_the_reference() -> None:
    tasks, expected = {}, {}
    for group, names in GROUPS.items():
        for name in names:
            ours, theirs = real_scores(name)
            metric = METRICS.get(name) or METRICS.get(group, "accuracy")
            tasks[name] = TaskScore(name, metric, ours, tuple(ours))
            expected[name] = reference.task_score(theirs, metric.split("+"))
            assert tasks[name].score == pytest.approx(expected[name], abs=1e-9)
    summary = summarise(GROUPS, tasks)
    assert summary.groups == pytest.approx(reference.group_scores(GROUPS, expected), abs=1e-9)
    assert summary.overall == pytest.approx(reference.overall_score(expected), abs=1e-9)
