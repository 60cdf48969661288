"""The formats: inputs, predictions from a model's outputs, and prediction files."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from datasets import concatenate_datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from support import mining_loops

from harness import registry
from harness.data.layouts import Bitext, Pairs, Sentences, Squad, Tags
from harness.errors import HarnessError
from harness.formats import (
    BitextMining,
    SentencePair,
    SentenceRetrieval,
    SpanExtraction,
    TokenTagging,
)
from harness.formats.span_extraction import _best_span, _token_span
from harness.formats.token_tagging import _split
from harness.models.batching import IGNORED
from harness.models.tokenizer import load_tokenizer
from harness.recipes import Settings
from harness.search.mining import Mining, mine

NLI = ("contradiction", "entailment", "neutral")
UPOS = registry.task("udpos").format.labels
CONTEXTS = {
    "zh": "北京是中华人民共和国的首都。它位于华北平原的北部，人口超过两千万，历史悠久。" * 3,
    "ar": "القاهرة هي عاصمة جمهورية مصر العربية وأكبر مدنها من حيث عدد السكان. " * 4,
    "hi": "नई दिल्ली भारत की राजधानी है और यह यमुना नदी के किनारे बसी हुई है। " * 4,
    "th": "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย น้ำในแม่น้ำเจ้าพระยาไหลผ่าน " * 30,
    "en": "Ada   Lovelace wrote the ﬁrst program\u00a0in 1843, for a machine (never built). " * 4,
}


@pytest.fixture(params=["xlm-roberta", "bert"])
def tokenizer(request, tiny, tiny_bert):
    """Both families of tokenizers: unigram pieces, and word pieces with token types."""
    return load_tokenizer(tiny if request.param == "xlm-roberta" else tiny_bert)


def fake(tokenizer, infer=None, embed=None):
    return SimpleNamespace(tokenizer=tokenizer, infer=infer, embed=embed)


def pairs(*rows):
    names = ("sentence1", "sentence2", "label")
    return Pairs().to_dataset(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def tagged(sentences, tags=None):
    return Tags().to_dataset({"tokens": sentences, "tags": tags or [None] * len(sentences)})


def squad(*rows):
    """Rows of (context, question, answer); ids count from 0."""
    return Squad().to_dataset(
        {
            "id": [str(i) for i in range(len(rows))],
            "context": [context for context, *_ in rows],
            "question": [question for _, question, _ in rows],
            "answers": [[answer] if answer else [] for *_, answer in rows],
            "starts": [[context.index(answer)] if answer else [] for context, _, answer in rows],
        },
    )


# -- sentence pairs --------------------------------------------------------------------------------


def test_pairs_are_encoded_and_cut_at_the_longer_one(tokenizer):
    form = SentencePair(labels=NLI)
    rows = pairs(("the " * 90, "one two", "neutral"), ("a", "b", "contradiction"))
    features = form.encode(rows, tokenizer, Settings(max_length=24), training=True)
    assert [feature["labels"] for feature in features] == [2, 0]
    assert len(features[0]["input_ids"]) == 24 > len(features[1]["input_ids"])
    whole = tokenizer("one two", add_special_tokens=False)["input_ids"]
    end = features[0]["input_ids"][:-1][-len(whole) :]
    assert end == whole  # the short sentence is there to its last piece
    bare = form.encode(rows, tokenizer, Settings(max_length=24), training=False)
    assert all("labels" not in feature for feature in bare)
    assert set(bare[0]) == set(tokenizer.model_input_names)


def test_the_most_probable_label_is_predicted(tokenizer):
    form = SentencePair(labels=NLI)
    rows = pairs(*[(f"a {i}", "b", None) for i in range(3)])
    scores = [[np.array(row, np.float32)] for row in ([0, 3, 1], [-1, -2, -0.5], [9, 0, 0])]
    seen = []
    model = fake(tokenizer, infer=lambda features: seen.extend(features) or scores)
    assert form.predict(model, {"test": rows}, Settings()) == [
        "entailment",
        "neutral",
        "contradiction",
    ]
    assert len(seen) == 3 and all("labels" not in feature for feature in seen)
    assert form.gold(rows) is None


# -- tagging ---------------------------------------------------------------------------------------


def by_first_piece(features):
    """A model whose tag of a token is its id modulo the number of tags."""
    outputs = []
    for feature in features:
        scores = np.zeros((len(feature["input_ids"]), len(UPOS)), np.float32)
        for place, piece in enumerate(feature["input_ids"]):
            scores[place, piece % len(UPOS)] = 1
        outputs.append([scores])
    return outputs


def expected_tags(tokenizer, words, room):
    tags = []
    for word in words:
        ids = tokenizer(word, add_special_tokens=False)["input_ids"]
        first = ids[0] if 0 < len(ids) <= room else tokenizer.unk_token_id
        tags.append(UPOS[first % len(UPOS)])
    return tags


ODD = ["\u200b", "\u200d", "\x07", "\x85", "\xad", "", "\ufeff"]


@pytest.mark.parametrize("length", [5, 8, 16, 128])
def test_every_token_gets_the_tag_of_its_first_piece(tokenizer, length):
    """Trap 8: however long the sentence, however odd the word, none is lost."""
    form, limits = TokenTagging(labels=UPOS), Settings(max_length=length)
    sentences = [
        ["Internationalisation", "of", "programs"] * 15,
        [*ODD, "word", *ODD],
        ["\u200b"],
        ["x" * 400, "after", "y" * 400],
        ["short"],
        "eine sehr lange Reihe von Wörtern 北京 القاهرة दिल्ली".split() * 5,
    ]
    seen = []

    def infer(features):
        seen.extend(features)
        return by_first_piece(features)

    tags = form.predict(fake(tokenizer, infer), {"test": tagged(sentences)}, limits)
    assert [len(t) for t in tags] == [len(s) for s in sentences]
    room = length - tokenizer.num_special_tokens_to_add()
    assert tags == [expected_tags(tokenizer, words, room) for words in sentences]
    assert max(len(feature["input_ids"]) for feature in seen) <= length
    if length == 5:
        assert len(seen) > 3 * len(sentences)
    for feature in seen:  # each piece stands between the tokenizer's own special tokens
        probe = tokenizer("a")["input_ids"]
        assert (feature["input_ids"][0], feature["input_ids"][-1]) == (probe[0], probe[-1])


def test_tags_are_learnt_at_the_first_piece(tokenizer):
    form = TokenTagging(labels=UPOS)
    sentences = [["Internationalisation", "of", "\u200b", "programs"] * 6, ["Stop"]]
    tags = [["NOUN", "ADP", "X", "VERB"] * 6, ["PUNCT"]]
    rows, limits = tagged(sentences, tags), Settings(max_length=12)
    features = form.encode(rows, tokenizer, limits, training=True)
    places = [f["first"] for f in form.encode(rows, tokenizer, limits, training=False)]
    learnt = [
        [UPOS[label] for label in feature["labels"] if label != IGNORED] for feature in features
    ]
    assert [tag for piece in learnt for tag in piece] == [tag for row in tags for tag in row]
    for feature, first in zip(features, places, strict=True):
        assert "first" not in feature and "row" not in feature
        assert len(feature["labels"]) == len(feature["input_ids"]) <= 12
        marked = [i for i, label in enumerate(feature["labels"]) if label != IGNORED]
        assert marked == first
        assert feature["attention_mask"] == [1] * len(feature["input_ids"])


def test_pieces_follow_one_another_whole(tokenizer):
    form = TokenTagging(labels=UPOS)
    words = "Internationalisation of the programs in 1843 was never finished".split() * 4
    features = form.encode(tagged([words]), tokenizer, Settings(max_length=16), training=False)
    inner = [piece for feature in features for piece in feature["input_ids"][1:-1]]
    whole = [i for word in words for i in tokenizer(word, add_special_tokens=False)["input_ids"]]
    assert inner == whole


@settings(deadline=None)
@given(st.lists(st.integers(1, 7), max_size=30), st.integers(7, 12))
def test_sentences_are_split_greedily(lengths, room):
    runs = _split(lengths, room)
    assert [i for start, end in runs for i in range(start, end)] == list(range(len(lengths)))
    used = [sum(lengths[start:end]) for start, end in runs]
    assert all(0 < count <= room for count in used)
    for (_, end), count in zip(runs[:-1], used, strict=False):
        assert count + lengths[end] > room  # no piece ends early


# -- spans -----------------------------------------------------------------------------------------

SMALL = Settings(max_length=48, stride=12, max_question=8, max_answer=6)


def spans(form, rows, tokenizer, limits=SMALL):
    return form.encode(rows, tokenizer, limits, training=False)


@pytest.mark.parametrize("language", CONTEXTS)
def test_windows_cover_the_whole_context(tokenizer, language):
    context = CONTEXTS[language]
    features = spans(SpanExtraction(), squad((context, "Who wrote it?", "")), tokenizer)
    assert len(features) > 1
    whole = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)
    pieces, offsets = [], []
    for feature in features:
        inside = [i for i, span in enumerate(feature["offsets"]) if span is not None]
        assert inside == list(range(inside[0], inside[-1] + 1))
        pieces.append([feature["input_ids"][i] for i in inside])
        offsets.append([feature["offsets"][i] for i in inside])
        assert len(feature["input_ids"]) <= SMALL.max_length
    for number, (ids, places) in enumerate(zip(pieces, offsets, strict=True)):
        start = number * SMALL.stride
        assert ids == whole["input_ids"][start : start + len(ids)]
        assert places == whole["offset_mapping"][start : start + len(ids)]
    last = (len(pieces) - 1) * SMALL.stride + len(pieces[-1])
    assert last == len(whole["input_ids"])


def test_windows_stay_with_their_rows_in_order(tokenizer):
    rows = squad(*[(CONTEXTS[code], "w " * n, "") for n, code in enumerate(CONTEXTS, 1)])
    features = spans(SpanExtraction(), rows, tokenizer)
    numbers = [feature["row"] for feature in features]
    assert numbers == sorted(numbers) and set(numbers) == set(range(5))
    for row in range(5):
        starts = [
            next(span[0] for span in feature["offsets"] if span)
            for feature in features
            if feature["row"] == row
        ]
        assert starts == sorted(set(starts))


def test_a_long_question_is_cut(tokenizer):
    question = "Who wrote the very first program for a machine that was never built at all?"
    context = CONTEXTS["en"]
    (feature, *_) = spans(SpanExtraction(), squad((context, question, "")), tokenizer)
    whole = tokenizer(question, add_special_tokens=False)["input_ids"]
    assert len(whole) > SMALL.max_question
    start = feature["input_ids"].index(whole[0])
    end = start + SMALL.max_question
    assert feature["input_ids"][start:end] == whole[: SMALL.max_question]
    assert feature["offsets"][end] is None  # a special token follows, then the context
    assert feature["input_ids"][end] in tokenizer.all_special_ids


def test_a_window_without_room_for_a_context_is_refused(tokenizer):
    rows = squad(("It is long.", "how long is the river " * 20, ""))
    with pytest.raises(HarnessError, match="no room for a context"):
        spans(SpanExtraction(), rows, tokenizer, Settings(max_length=32, max_question=30))


def test_an_empty_question_and_context_are_answered(tokenizer):
    rows = squad(("", "Who?", ""), ("Ada", "", ""), (" \u200b ", "?", ""))
    model = fake(tokenizer, random_scores(1))
    answers = SpanExtraction().predict(model, {"test": rows}, SMALL)
    assert answers["0"] == "" and answers["1"] and answers["1"] in "Ada"
    assert list(answers) == ["0", "1", "2"]


def random_scores(seed, kept=None):
    def infer(features):
        draw = np.random.default_rng(seed)
        outputs = []
        for feature in features:
            count = len(feature["input_ids"])
            outputs.append([draw.normal(size=count).astype(np.float32) for _ in range(2)])
        if kept is not None:
            kept.extend(outputs)
        return outputs

    return infer


def best_by_hand(context, features, outputs, longest):
    """Every start and end of every window, by plain loops."""
    best = (-np.inf, "")
    for feature, (start, end) in zip(features, outputs, strict=True):
        offsets = feature["offsets"]
        for i, first in enumerate(offsets):
            for j, last in enumerate(offsets[i : i + longest], i):
                if not all(span and context[span[0] : span[1]].strip() for span in (first, last)):
                    continue
                if start[i] + end[j] > best[0]:
                    best = (start[i] + end[j], context[first[0] : last[1]].strip())
    return best[1]


@pytest.mark.parametrize("language", CONTEXTS)
def test_answers_are_exact_pieces_of_the_context(tokenizer, language):
    """Trap 7: cut by character offsets, whatever the script; never out of question or specials."""
    context = CONTEXTS[language]
    form = SpanExtraction()
    rows = squad((context, "Who wrote it?", ""), (context[:30], "Ada", ""))
    for seed in range(8):
        outputs = []
        answers = form.predict(fake(tokenizer, random_scores(seed, outputs)), {"test": rows}, SMALL)
        features = spans(form, rows, tokenizer)
        for row, text in enumerate(rows["context"]):
            mine = [i for i, feature in enumerate(features) if feature["row"] == row]
            expected = best_by_hand(
                text,
                [features[i] for i in mine],
                [outputs[i] for i in mine],
                SMALL.max_answer,
            )
            assert answers[str(row)] == expected
            assert answers[str(row)] and answers[str(row)] in text


def peaks(tokenizer, wanted):
    """A model sure of one (start, end) of tokens a window, and surer still of token 0."""

    def infer(features):
        outputs = []
        for feature in features:
            pair = [np.full(len(feature["input_ids"]), -9, np.float32) for _ in range(2)]
            pair[0][0] = pair[1][0] = 50
            for scores, place in zip(pair, wanted(feature), strict=True):
                scores[place] = 9
            outputs.append(pair)
        return outputs

    return fake(tokenizer, infer)


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        ("zh", "华北平原"),
        ("ar", "جمهورية مصر"),
        ("hi", "यमुना नदी"),
        ("th", "น้ำในแม่น้ำเจ้าพระยาไหลผ่าน"),
        ("en", "1843"),
    ],
)
def test_a_learnt_span_is_predicted_word_for_word(tokenizer, language, answer):
    """What training points at, prediction gives back, at code points (here after an emoji)."""
    form = SpanExtraction()
    context = "😀 " + CONTEXTS[language].strip()
    rows = squad((context, "Where?", answer))
    wide = Settings(max_length=200, stride=100, max_question=8, max_answer=60)
    learnt = form.encode(rows, tokenizer, wide, training=True)[0]
    assert "row" not in learnt and "offsets" not in learnt
    places = (learnt["start_positions"], learnt["end_positions"])
    assert 0 < places[0] <= places[1]
    model = peaks(tokenizer, lambda feature: places)
    said = form.predict(model, {"test": rows}, wide)["0"]
    assert said in context and answer in said and len(said) <= len(answer) + 12
    covered = tokenizer.decode(learnt["input_ids"][places[0] : places[1] + 1])
    if tokenizer.unk_token not in covered:
        assert said.replace(" ", "")[:2] == answer.replace(" ", "")[:2]


WIDE = Settings(max_length=64, stride=32, max_question=8, max_answer=60)
DECOMPOSED = [
    "cafe\u0301",
    "ha\u0300",
    "Vie\u0323\u0302",
    "n\u0303",
    "e\u0301e\u0301",
    "क\u093c",
    "café",
    "ab",
]


@pytest.mark.parametrize("word", DECOMPOSED)
@pytest.mark.parametrize("after", [" in Bonn .", "", ", or", " \u0301x"])
def test_a_letter_keeps_its_combining_marks(tokenizer, word, after):
    """NFKC composes letters, and the offsets of what it made may end before the marks."""
    form = SpanExtraction()
    context = f"Ada likes {word}{after}"
    rows = squad((context, "What ?", word))
    learnt = form.encode(rows, tokenizer, WIDE, training=True)[0]
    places = (learnt["start_positions"], learnt["end_positions"])
    assert places[0] > 0
    model = peaks(tokenizer, lambda feature: places)
    assert form.predict(model, {"test": rows}, WIDE) == {"0": word}


@pytest.mark.parametrize("end", range(1, 6))
def test_marks_of_a_token_of_their_own_are_left_to_it(tokenizer, end):
    """The model may end an answer before a vowel sign that is a token: that is its choice."""
    context = "हिन्दी"
    rows = squad((context, "?", context[:end]))
    form = SpanExtraction()
    features = spans(form, rows, tokenizer, WIDE)
    learnt = form.encode(rows, tokenizer, WIDE, training=True)[0]
    places = (learnt["start_positions"], learnt["end_positions"])
    covered = features[0]["offsets"][places[1]]
    said = form.predict(peaks(tokenizer, lambda feature: places), {"test": rows}, WIDE)["0"]
    assert said == context[: covered[1]] and len(said) <= end + 1


@pytest.mark.parametrize(
    "edges", [(" ", ""), ("", " "), (" ", " \u3000"), ("\u00a0", "\n"), ("\t ", "")]
)
def test_white_space_at_the_edge_of_an_answer_is_no_part_of_it(tokenizer, edges):
    before, after = edges
    form = SpanExtraction()
    context = f"She lives in{before or ' '}Bonn{after or ' '}by the river ."
    plain = form.encode(squad((context, "Where ?", "Bonn")), tokenizer, WIDE, training=True)[0]
    rows = squad((context, "Where ?", f"{before}Bonn{after}"))
    learnt = form.encode(rows, tokenizer, WIDE, training=True)[0]
    assert learnt == plain and learnt["start_positions"] > 0
    places = (learnt["start_positions"], learnt["end_positions"])
    model = peaks(tokenizer, lambda feature: places)
    assert form.predict(model, {"test": rows}, WIDE)["0"] == "Bonn"


@pytest.mark.parametrize("empty", ["", " "])
def test_the_first_answer_that_is_not_empty_is_learnt(tokenizer, empty):
    context, form = "Ada wrote the first program .", SpanExtraction()
    values = {"id": ["0"], "context": [context], "question": ["Who ?"]}
    answers = {"answers": [[empty, "Ada", "the"]], "starts": [[3, 0, 10]]}
    rows = Squad().to_dataset(values | answers)
    plain = squad((context, "Who ?", "Ada"))
    assert form.encode(rows, tokenizer, WIDE, training=True) == form.encode(
        plain, tokenizer, WIDE, training=True
    )
    bare = Squad().to_dataset(values | {"answers": [[empty]], "starts": [[3]]})
    learnt = form.encode(bare, tokenizer, WIDE, training=True)[0]
    assert (learnt["start_positions"], learnt["end_positions"]) == (0, 0)
    assert SpanExtraction(no_answer=True).gold(bare) == [("0", [empty])]
    assert form.gold(bare) is None and form.gold(rows) == [("0", [empty, "Ada", "the"])]


def test_windows_without_the_whole_answer_point_at_the_first_token(tokenizer):
    form = SpanExtraction()
    context = CONTEXTS["en"]
    answer = "machine (never built)"
    rows = squad((context, "What?", answer))
    features = form.encode(rows, tokenizer, SMALL, training=True)
    offsets = [feature["offsets"] for feature in spans(form, rows, tokenizer)]
    begin, end = context.index(answer), context.index(answer) + len(answer)
    kinds = set()
    for feature, places in zip(features, offsets, strict=True):
        there = [span for span in places if span]
        whole = there[0][0] <= begin and there[-1][1] >= end
        kinds.add(whole)
        first, last = feature["start_positions"], feature["end_positions"]
        assert ((first, last) != (0, 0)) == whole
        if whole:
            assert places[first][0] <= begin < places[first][1]
            assert places[last][0] < end <= places[last][1]
    assert kinds == {True, False}


def test_no_answer_is_longer_than_allowed(tokenizer):
    form = SpanExtraction()
    rows = squad(("one two three four five six seven eight nine ten", "Count?", ""))
    limits = Settings(max_length=64, stride=32, max_question=8, max_answer=2)
    (feature,) = spans(form, rows, tokenizer, limits)
    inside = [i for i, span in enumerate(feature["offsets"]) if span]

    def infer(features):
        start, end = (np.zeros(len(features[0]["input_ids"]), np.float32) for _ in range(2))
        start[inside[0]], end[inside[-1]] = 9, 8
        return [[start, end]]

    said = form.predict(fake(tokenizer, infer), {"test": rows}, limits)["0"]
    first = feature["offsets"][inside[0]][0]
    assert said == rows["context"][0][first : feature["offsets"][inside[1]][1]].strip() or (
        said == rows["context"][0][first : feature["offsets"][inside[0]][1]].strip()
    )


@pytest.mark.parametrize("kind", ["xlm-roberta", "bert"])
def test_white_space_is_never_an_answer(kind, tiny, tiny_bert):
    """A piece that holds nothing but a space has characters, yet is the null answer."""
    tokenizer = load_tokenizer(tiny if kind == "xlm-roberta" else tiny_bert)
    context = "Ada 北 \u3000 \u2003 ☃ \u00a0 wrote"
    rows = squad((context, "Who?", ""))
    features = spans(SpanExtraction(), rows, tokenizer)
    blanks = [
        i
        for i, span in enumerate(features[0]["offsets"])
        if span and span[1] > span[0] and not context[span[0] : span[1]].strip()
    ]
    if kind == "xlm-roberta":
        blanks = [
            i
            for i, piece in enumerate(tokenizer.convert_ids_to_tokens(features[0]["input_ids"]))
            if piece == "▁"
        ]
        assert blanks  # else this tests nothing
    for blank in blanks:
        model = peaks(tokenizer, lambda feature, place=blank: (place, place))
        assert SpanExtraction().predict(model, {"test": rows}, SMALL)["0"]


OFFSETS = st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=14)


@settings(deadline=None, max_examples=200)
@given(OFFSETS, st.integers(1, 6), st.integers(0, 10**6))
def test_the_best_span_is_the_brute_force(widths, longest, seed):
    offsets, at = [], 0
    for width in widths:
        offsets.append(None if width is None else (at, at + width))
        at += width or 0
    draw = np.random.default_rng(seed)
    start, end = (draw.permutation(len(widths)).astype(np.float32) for _ in range(2))
    allowed = [
        (float(start[i] + end[j]), (offsets[i][0], offsets[j][1]))
        for i in range(len(widths))
        for j in range(i, min(i + longest, len(widths)))
        if widths[i] and widths[j]
    ]
    score, span = _best_span(start, end, offsets, longest)
    if not allowed:
        assert (score, span) == (float("-inf"), None)
    else:
        assert score == max(allowed)[0] and (score, span) in allowed


def test_the_tokens_of_an_answer():
    offsets = [None, (0, 3), (3, 3), (3, 7), (8, 9), None]
    assert _token_span(offsets, 3, 7) == (3, 3)
    assert _token_span(offsets, 1, 9) == (1, 4)
    assert _token_span(offsets, 4, 12) == (0, 0)  # the window ends before the answer does
    assert _token_span(offsets, 20, 22) == (0, 0)


# -- retrieval -------------------------------------------------------------------------------------


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def embedder(seed, width=12):
    """Random embeddings, one a text, the same whenever asked; sentence ``x`` lies near ``X``."""
    known = {}
    draw = np.random.default_rng(seed)

    def embed(texts, max_length):
        assert max_length == 17
        for text in texts:
            if text.lower() not in known:
                known[text.lower()] = draw.normal(size=width) + 1
        noise = np.random.default_rng(len(texts))
        rows = [known[t.lower()] + 0.1 * noise.normal(size=width) for t in texts]
        return unit(rows) if len(texts) else np.zeros((0, width), np.float32)

    return fake(None, embed=embed)


def sentences(source, english):
    return Sentences().to_dataset(
        {
            "side": ["source"] * len(source) + ["english"] * len(english),
            "id": [str(i) for i in range(len(source))] + [str(i) for i in range(len(english))],
            "text": [*source, *english],
            "matches": [[]] * (len(source) + len(english)),
        },
    )


LENGTH = Settings(max_length=17)


def test_retrieval_is_the_brute_force():
    draw = np.random.default_rng(5)
    source = [f"text {i}" for i in range(40)]
    english = [f"other {i}" for i in range(25)]
    tables = {"text": unit(draw.normal(size=(40, 8))), "other": unit(draw.normal(size=(25, 8)))}
    model = fake(None, embed=lambda texts, max_length: tables[texts[0].split()[0]])
    found = SentenceRetrieval().predict(model, {"test": sentences(source, english)}, LENGTH)
    assert found == [str(i) for i in (tables["other"] @ tables["text"].T).argmax(axis=1)]


def test_english_asks_and_the_language_is_searched():
    """Line j of the sorted English file, and the number of its line in the language's file."""
    source = ["delta", "alpha", "charlie", "bravo"]
    english = sorted(word.upper() for word in source)
    found = SentenceRetrieval().predict(embedder(1), {"test": sentences(source, english)}, LENGTH)
    assert found == ["1", "3", "2", "0"]
    assert [source[int(line)] for line in found] == ["alpha", "bravo", "charlie", "delta"]


def test_the_other_direction_is_an_extra():
    """A cycle of three: its inverse is another permutation."""
    gold, other = ["1", "2", "0", "3"], ["2", "0", "1", "3"]
    form = SentenceRetrieval()
    assert form.score(gold, gold, "de") == {"accuracy": 100, "inverse_accuracy": 25}
    assert form.score(gold, other, "de") == {"accuracy": 25, "inverse_accuracy": 100}
    assert form.score(gold, ["01", "2", "0", "3"], "de")["accuracy"] == 75  # as officially


def test_a_limit_takes_questions_not_candidates():
    rows = sentences(["a", "b", "c"], ["x", "y"])
    kept = SentenceRetrieval().first(rows, 1)
    assert kept["text"][:] == ["a", "b", "c", "x"]
    assert BitextMining().first(rows, 1)["text"][:] == ["a", "x", "y"]
    assert SentenceRetrieval().first(rows, 9)["text"][:] == rows["text"][:]


def bitext(source, english, gold=()):
    ids = [f"de-{i}" for i in range(len(source))], [f"en-{i}" for i in range(len(english))]
    matches = {f"de-{i}": [f"en-{j}"] for i, j in gold} | {f"en-{j}": [f"de-{i}"] for i, j in gold}
    return Bitext().to_dataset(
        {
            "side": ["source"] * len(source) + ["english"] * len(english),
            "id": [*ids[0], *ids[1]],
            "text": [*source, *english],
            "matches": [matches.get(name, []) for name in (*ids[0], *ids[1])],
        },
    )


def mining_rows():
    """Two splits in which d1..d9 stand for D1..D9, among sentences of their own."""
    dev = bitext(
        [f"d{i}" for i in range(9)] + [f"own {i}" for i in range(6)],
        [f"else {i}" for i in range(8)] + [f"D{i}" for i in range(9)],
        [(i, 8 + i) for i in range(9)],
    )
    test = bitext(
        [f"t{i}" for i in range(7)] + [f"alone {i}" for i in range(9)],
        [f"T{i}" for i in range(7)] + [f"apart {i}" for i in range(5)],
    )
    return {"dev": dev, "test": test}


def test_mining_finds_the_hidden_pairs():
    found = BitextMining().predict(embedder(2), mining_rows(), LENGTH)
    assert set(found) >= {(f"de-{i}", f"en-{i}") for i in range(7)}
    assert found == sorted(found)


@pytest.mark.parametrize("seed", range(5))
def test_mining_applies_the_threshold_of_dev_to_test(seed):
    """Trap 5: the official script scores test with the candidates of dev."""
    rows, form, model = mining_rows(), BitextMining(neighbours=3), embedder(seed, width=4)

    def candidates(split):
        sides = {"source": [], "english": []}
        for side, name, text in zip(*(rows[split][c] for c in ("side", "id", "text")), strict=True):
            sides[side].append((name, text))
        vectors = [model.embed([t for _, t in sides[s]], 17) for s in ("source", "english")]
        found = mine(*vectors, Mining(3))
        return [
            (sides["source"][i][0], sides["english"][j][0], float(score))
            for i, j, score in zip(found.left, found.right, found.scores, strict=True)
        ]

    gold = set(form.gold(rows["dev"]))
    dev = [(score, (left, right) in gold) for left, right, score in candidates("dev")]
    threshold = mining_loops.threshold_of(dev, len(gold))
    expected = {(left, right) for left, right, s in candidates("test") if s >= threshold}
    assert set(form.predict(model, rows, LENGTH)) == expected
    # the test split's own gold is never looked at
    labelled = rows["test"].map(lambda row: {"matches": ["de-0"]})
    assert set(form.predict(model, rows | {"test": labelled}, LENGTH)) == expected


def test_sentences_that_occur_twice_drop_out():
    rows = mining_rows()
    rows["test"] = bitext(["t0", "t1", "t1", "t2", "t3", "x"], ["T0", "T1", "T2", "T3", "T3", "y"])
    found = BitextMining().predict(embedder(3), rows, LENGTH)
    assert ("de-0", "en-0") in found and ("de-3", "en-2") in found
    names = {name for pair in found for name in pair}
    assert not names & {"de-1", "de-2", "en-3", "en-4"}


def test_the_best_candidate_may_be_the_last_one():
    """Trap 5: every dev candidate is right, so the best cut is after the last."""
    rows = mining_rows()
    rows["dev"] = bitext(["d0", "d1"], ["D0", "D1"], [(0, 0), (1, 1)])
    assert BitextMining().predict(embedder(4), rows, LENGTH)


@pytest.mark.parametrize("gold", [[], [(0, 5)]])
def test_dev_without_a_right_candidate_does_not_crash(gold):
    rows = mining_rows()
    rows["dev"] = bitext(["d0", "own"], ["D1", "b", "c", "d", "e", "f"], gold)
    found = BitextMining().predict(embedder(4), rows, LENGTH)
    assert len(found) >= 7


def test_an_empty_side_mines_nothing():
    rows = mining_rows()
    rows["test"] = bitext(["t0"], [])
    assert BitextMining().predict(embedder(4), rows, LENGTH) == []


# -- files -----------------------------------------------------------------------------------------

FORMS = {
    "pairs": SentencePair(labels=NLI),
    "tags": TokenTagging(labels=UPOS),
    "spans": SpanExtraction(),
    "lines": SentenceRetrieval(),
    "ids": BitextMining(),
}


@pytest.mark.parametrize(
    ("form", "text", "line", "what"),
    [
        ("pairs", "neutral\nNeutral\n", 2, "'Neutral' is none of the labels contradiction, "),
        ("pairs", "neutral\n\nneutral\n", 2, "'' is none of the labels"),
        ("pairs", "2\n", 1, "'2' is none of the labels"),
        ("tags", "NOUN\n\nword\tNOUN\n", 3, "expected one tag a line and no tokens"),
        ("tags", "O\n", 1, "'O' is none of the tags ADJ, "),
        ("lines", "0\n1\nx\n", 3, "'x' is no 0-based line number"),
        ("lines", "0\n-1\n", 2, "'-1' is no 0-based line number"),
        ("lines", "0\n1.0\n", 2, "no 0-based line number"),
        ("lines", "٣\n", 1, "no 0-based line number"),
        ("lines", "²\n", 1, "no 0-based line number"),
        ("lines", "\n", 1, "no 0-based line number"),
        ("ids", "de-1\ten-1\nde-2 en-2\n", 2, "1 columns, expected two ids"),
        ("spans", '{\n"a": "b",\n', 3, "cut off"),
    ],
)
def test_malformed_predictions_name_file_and_line(write, form, text, line, what):
    path = write("p.tsv", text)
    with pytest.raises(HarnessError) as caught:
        FORMS[form].read(path)
    assert str(caught.value).startswith(f"{path}:{line}: ") and what in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ([], "not a JSON object of question id to answer"),
        ([{"id": "a"}], "not a JSON object"),
        ("text", "not a JSON object"),
        ({"a": None}, "the answer to a is not text but None"),
        ({"a": ["x"]}, "the answer to a is not text"),
        ({"a": "b", "c": {"text": "d" * 500}}, "the answer to c is not text"),
    ],
)
def test_malformed_answers_name_the_file(write, value, what):
    path = write("p.json", json.dumps(value))
    with pytest.raises(HarnessError) as caught:
        FORMS["spans"].read(path)
    assert str(caught.value).startswith(f"{path}: ") and what in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 150


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_utf8_or_not_there_names_the_file(write, tmp_path, form):
    path = write("p", b'{"a": "\xff"}\n')
    for place in (path, tmp_path / "missing"):
        with pytest.raises(HarnessError, match=f"^{place}:"):
            FORMS[form].read(place)


def test_answers_come_back_in_their_scripts(tmp_path):
    answers = {f"{code}-1": text[:20] for code, text in CONTEXTS.items()} | {"empty": ""}
    path = tmp_path / "deep" / "test-zh.json"
    FORMS["spans"].write(answers, path)
    assert FORMS["spans"].read(path) == answers
    assert "北京" in path.read_text("utf-8") and b"\r" not in path.read_bytes()


@pytest.mark.parametrize(
    ("form", "gold", "given"),
    [
        ("pairs", ["neutral"] * 3, ["neutral"] * 2),
        ("tags", [["NOUN"], ["VERB"]], [["NOUN"]]),
        ("tags", [["NOUN", "VERB"], ["VERB"]], [["NOUN", "VERB"], ["VERB", "X"]]),
        ("lines", [0, 1], [0, 1, 2]),
    ],
)
def test_a_wrong_number_of_predictions_is_refused(form, gold, given):
    with pytest.raises(HarnessError, match=r"\d predict"):
        FORMS[form].score(gold, given, "en")
    assert FORMS[form].score(gold, gold, "en")[FORMS[form].metric] == pytest.approx(100)


def test_only_the_gold_of_the_rows_is_kept():
    rows = squad((CONTEXTS["en"], "Who?", "Ada"))
    assert FORMS["spans"].limited([("0", ["a"]), ("1", ["b"])], rows) == [("0", ["a"])]
    twice = [("0", ["a"]), ("1", ["b"]), ("0", ["c"])]
    assert FORMS["spans"].limited(twice, rows) == twice[:1]
    both = concatenate_datasets([rows, rows])
    assert FORMS["spans"].limited(twice, both) == [twice[0], twice[2]]
    assert FORMS["pairs"].limited(list("abc"), pairs(("a", "b", "neutral"))) == ["a"]
    assert FORMS["lines"].limited(["3", "1"], sentences(["a", "b"], ["x"])) == ["3"]
    kept = bitext(["a", "b"], ["x"])
    assert FORMS["ids"].limited([("de-0", "en-0"), ("de-1", "en-9")], kept) == [("de-0", "en-0")]


SQUAD_FILES = [
    # (id, gold answers) of each question, predictions, exact match, F1
    ([("a", ["red"]), ("b", [""])], {"a": "red", "b": ""}, 100, 50),
    ([("a", ["red"]), ("b", [""])], {"a": "red", "b": "the"}, 100, 50),
    ([("a", ["red"]), ("b", [""])], {"a": "red", "b": "sea"}, 50, 50),
    ([("a", ["red"]), ("b", ["", "sea"])], {"a": "red", "b": ""}, 100, 50),
    ([("a", ["red"]), ("b", ["sea", ""])], {"a": "red", "b": "sea"}, 100, 100),
    ([("a", ["red"]), ("b", ["sea"]), ("a", ["sky"])], {"a": "red", "b": "sea"}, 200 / 3, 200 / 3),
    ([("a", ["red"]), ("a", ["red"]), ("b", ["sea"])], {"b": "sea"}, 100 / 3, 100 / 3),
]


@pytest.mark.parametrize(("questions", "given", "exact", "f1"), SQUAD_FILES)
@pytest.mark.parametrize("scorer", ["squad", "mlqa"])
def test_label_files_of_answers_are_scored_as_officially(
    write, scorer, questions, given, exact, f1
):
    """Repeated ids all count, an empty answer is one, and offsets are never looked at."""
    qas = [
        {"id": name, "answers": [{"text": text, "answer_start": 9} for text in texts]}
        | {"question": "?"}
        for name, texts in questions
    ]
    data = [{"paragraphs": [{"context": "red sea", "qas": qas}]}]
    form = SpanExtraction(scorer=scorer)
    for value in ({"data": data}, data):
        gold = form.read_gold(write("gold.json", json.dumps(value)))
        assert gold == questions
        scores = form.score(gold, form.read(write("p.json", json.dumps(given))), "en")
        assert scores == pytest.approx({"exact_match": exact, "f1": f1}, abs=1e-9)


def test_line_numbers_are_compared_as_they_are_written(write):
    form = SentenceRetrieval()
    gold = form.read_gold(write("gold.tsv", "0\n1\n2\n"))
    for lines, right in ((["00", "01", "2"], 1), (["0", "1", "2"], 3), (["000", "1", " 2 "], 2)):
        given = form.read(write("p.tsv", "".join(f"{line}\n" for line in lines)))
        assert form.score(gold, given, "de")["accuracy"] == pytest.approx(100 * right / 3)


def test_encoder_only_formats_have_no_training():
    for form in (FORMS["lines"], FORMS["ids"]):
        assert form.head is None and not hasattr(form, "encode")
