"""Exact match and F1 of extracted answers: XQuAD, TyDiQA (SQuAD's script) and MLQA (its own).

Both scripts normalise a prediction and each of its gold answers, compare them whole (exact
match) and as bags of tokens (F1), and keep the better answer. They differ in how they normalise.
Here every distinct string is normalised once, and all of them together: joined by line feeds
into one text that goes through each rule in a single pass. A line feed is neither cased, nor
part of a word, nor punctuation, so no rule matches across it.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

Answers = Mapping[str, Sequence[str]] | Iterable[tuple[str, Sequence[str]]]
"""Gold answers: (question id, its answers) pairs, or a mapping where no id repeats."""

_Rule = Callable[[str], str]


class _Rules(NamedTuple):
    """How answers are normalised, after lower-casing; each rule maps a text to a text.

    Attributes:
        punctuation: Removes punctuation.
        articles: Replaces each article by a space.
        segments: Puts spaces around what is a token by itself.
    """

    punctuation: _Rule
    articles: _Rule
    segments: _Rule


def _same(text: str) -> str:
    """Return the text, for a language without the rule."""
    return text


def _without(text: str, characters: Iterable[str]) -> str:
    """Remove characters; a pass for each is faster than one pass through a table."""
    for character in characters:
        text = text.replace(character, "")
    return text


_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _ascii_punctuation(text: str) -> str:
    """Remove ``string.punctuation``, as SQuAD's script does."""
    if text.isascii():
        return text.translate(_ASCII_PUNCTUATION)
    return _without(text, string.punctuation)


def _unicode_punctuation(text: str) -> str:
    """Remove all of category P and ``string.punctuation``, as MLQA's script does.

    The script collects category P over ``range(sys.maxunicode)``, which leaves out U+10FFFF;
    that one is unassigned, so nothing is lost.
    """
    marks = (c for c in set(text) if c in string.punctuation or unicodedata.category(c)[0] == "P")
    return _without(text, marks)


def _words(*words: str) -> _Rule:
    """Return a rule that replaces whole words by a space."""
    return partial(re.compile(rf"\b(?:{'|'.join(words)})\b").sub, " ")


def _arabic_article(text: str) -> str:
    r"""Replace every ``ال``, inside words too.

    MLQA's pattern is ``\sال^|ال``. Its first branch wants the start of the text after a
    character and so never matches.
    """
    return text.replace("ال", " ")


_CHINESE = re.compile("[\u4e00-\u9fa5]+")


def _chinese_characters(text: str) -> str:
    """Make each character of U+4E00..U+9FA5 a token; punctuation is already removed."""
    return _CHINESE.sub(lambda run: f" {' '.join(run[0])} ", text)


_SQUAD = _Rules(_ascii_punctuation, _words("a", "an", "the"), _same)

# The articles are those of MLQA's script, https://github.com/facebookresearch/MLQA.
_MLQA_ARTICLES: dict[str, _Rule] = {
    "en": _words("a", "an", "the"),
    "es": _words("un", "una", "unos", "unas", "el", "la", "los", "las"),
    "hi": _same,
    "vi": _words("của", "là", "cái", "chiếc", "những"),
    "de": _words(
        *("ein", "eine", "einen", "einem", "eines", "einer"),
        *("der", "die", "das", "den", "dem", "des"),
    ),
    "ar": _arabic_article,
    "zh": _same,
}


def _normalised(texts: Iterable[str], rules: _Rules) -> dict[str, str]:
    """Normalise texts: lower case, punctuation, articles, white space, in that order.

    Args:
        texts: Texts, perhaps repeated.
        rules: The script's rules.

    Returns:
        Each text to its normal form: tokens joined by single spaces.
    """
    distinct = dict.fromkeys(texts)
    joined = "\n".join(distinct)
    if joined.count("\n") >= len(distinct):  # all white space is alike to the rules
        joined = "\n".join(text.replace("\n", " ") for text in distinct)
    joined = rules.segments(rules.articles(rules.punctuation(joined.lower())))
    lines = (" ".join(line.split()) for line in joined.split("\n"))
    return dict(zip(distinct, lines, strict=bool(distinct)))  # of no texts, one empty line


def _token_f1(guess: Sequence[str], truth: Sequence[str]) -> float:
    """Return the F1 of two bags of tokens, 0..1; 0 if they share none, even if both are empty.

    Formula: SQuAD v1.1's ``f1_score``: precision and recall of the multiset intersection.

    Args:
        guess: Tokens of the prediction.
        truth: Tokens of the answer.
    """
    guess_set, truth_set = set(guess), set(truth)
    shared = len(guess_set & truth_set)
    if not shared:
        return 0.0
    if len(guess_set) < len(guess) and len(truth_set) < len(truth):  # both repeat tokens
        shared = (Counter(guess) & Counter(truth)).total()
    precision = shared / len(guess)
    recall = shared / len(truth)
    return 2 * precision * recall / (precision + recall)


def _pairs(gold: Answers) -> list[tuple[str, Sequence[str]]]:
    """Return gold answers as pairs, at least one."""
    pairs = list(gold.items() if isinstance(gold, Mapping) else gold)
    if not pairs:
        raise ValueError("no questions to score against")
    return pairs


def _questions(
    gold: Answers, predictions: Mapping[str, str], rules: _Rules
) -> list[tuple[int, float]]:
    """Return exact match and F1, 0 to 1, of each question; both are 0 without a prediction."""
    pairs = _pairs(gold)
    for question, answers in pairs:
        if not answers:
            raise ValueError(f"question {question!r} has no gold answer")
    answered = [(predictions[name], answers) for name, answers in pairs if name in predictions]
    texts = list(chain.from_iterable((guess, *truths) for guess, truths in answered))
    normal = _normalised(texts, rules) if texts else {}
    scores = []
    for name, answers in pairs:
        given = normal[predictions[name]] if name in predictions else None
        truths = {normal[answer] for answer in answers} if given is not None else set()
        if given in truths:
            scores.append((1, float(bool(given))))  # F1 is 0 without a common token
        elif given:
            tokens = given.split()
            scores.append((0, max(_token_f1(tokens, truth.split()) for truth in truths)))
        else:
            scores.append((0, 0.0))
    return scores


def _scores(gold: Answers, predictions: Mapping[str, str], rules: _Rules) -> dict[str, float]:
    """Return the scores of predictions by one script's rules; see `squad_scores`."""
    return question_means(_questions(gold, predictions, rules))


def question_means(questions: Sequence[tuple[int, float]]) -> dict[str, float]:
    """Return exact match and F1 in percent of what ``squad_questions`` has of each question."""
    f1 = 0.0
    for _, one in questions:  # in order, as the script adds; sum() would add more exactly
        f1 += one
    exact = sum(one for one, _ in questions)
    return {"exact_match": 100.0 * exact / len(questions), "f1": 100.0 * f1 / len(questions)}


def squad_questions(gold: Answers, predictions: Mapping[str, str]) -> list[tuple[int, float]]:
    """Return exact match and F1 of each question, 0 to 1; ``squad_scores`` has their means."""
    return _questions(gold, predictions, _SQUAD)


def squad_scores(gold: Answers, predictions: Mapping[str, str]) -> dict[str, float]:
    """Return exact match and F1 of the SQuAD v1.1 script, for XQuAD and TyDiQA in any language.

    Normalisation is English for all languages: lower case, no ``string.punctuation``, no
    a/an/the, tokens by white space. The best gold answer counts; a question without a
    prediction scores 0; predictions for unknown ids are ignored. Every question counts, also
    where its id repeats. An empty gold answer is an answer like any other. Sums run in the order
    of ``gold``, so the values equal the script's to the last digit.

    Args:
        gold: Question ids and their gold answers, at least one each.
        predictions: Question id to the predicted answer.

    Returns:
        ``{"exact_match", "f1"}``, percentages of the gold questions.

    Raises:
        ValueError: There are no questions, or one has no answer.
    """
    return _scores(gold, predictions, _SQUAD)


def squad2_scores(gold: Answers, predictions: Mapping[str, str]) -> dict[str, float]:
    """Return exact match and F1 of the SQuAD v2.0 script, where a question may have no answer.

    Such a question scores 1 for a prediction that normalises to nothing, else 0; the others as
    in `squad_scores`. Source: evaluate-v2.0.py of the SQuAD site, at its threshold of 1 over
    predictions that are empty where none is meant.

    Args:
        gold: Question ids and their gold answers, none where the context holds no answer.
        predictions: Question id to the predicted answer, "" for none; a missing one scores 0.

    Returns:
        ``{"exact_match", "f1"}``, percentages of the gold questions.

    Raises:
        ValueError: There are no questions.
    """
    pairs = _pairs(gold)
    given = [predictions[name] for name, _ in pairs if name in predictions]
    normal = _normalised(chain(given, *(answers for _, answers in pairs)), _SQUAD)
    questions = [(name, [text for text in answers if normal[text]]) for name, answers in pairs]
    some = [pair for pair in questions if pair[1]]
    means = _scores(some, predictions, _SQUAD) if some else {"exact_match": 0.0, "f1": 0.0}
    empty = sum(
        not answers and name in predictions and not normal[predictions[name]]
        for name, answers in questions
    )
    return {
        metric: (value * len(some) + 100.0 * empty) / len(pairs) for metric, value in means.items()
    }


MLQA_LANGUAGES = tuple(_MLQA_ARTICLES)
"""The languages that MLQA's script knows."""


def mlqa_scores(gold: Answers, predictions: Mapping[str, str], language: str) -> dict[str, float]:
    """Return exact match and F1 of the MLQA v1 script.

    As `squad_scores`, but all Unicode punctuation is removed, articles are the language's own
    (none in Hindi and Chinese; in Arabic every ``ال``, inside words too), and in Chinese each
    character is a token.

    Args:
        gold: Question ids and their gold answers, at least one each.
        predictions: Question id to the predicted answer.
        language: Language of the context, one of MLQA's: en es hi vi de ar zh.

    Returns:
        ``{"exact_match", "f1"}``, percentages of the gold questions.

    Raises:
        ValueError: MLQA has no such language, there are no questions, or one has no answer.
    """
    return _scores(gold, predictions, _mlqa_rules(language))


def mlqa_questions(
    gold: Answers, predictions: Mapping[str, str], language: str
) -> list[tuple[int, float]]:
    """Return exact match and F1 of each question, 0 to 1; ``mlqa_scores`` has their means."""
    return _questions(gold, predictions, _mlqa_rules(language))


def _mlqa_rules(language: str) -> _Rules:
    if language not in _MLQA_ARTICLES:
        raise ValueError(f"MLQA has no language {language!r}; it has {', '.join(_MLQA_ARTICLES)}")
    segments = _chinese_characters if language == "zh" else _same
    return _Rules(_unicode_punctuation, _MLQA_ARTICLES[language], segments)
