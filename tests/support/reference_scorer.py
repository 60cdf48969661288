"""A slow scorer, written from the published definitions and sharing no code with the harness.

One token, one question, one pair at a time, in plain Python, so that each line can be held
against the definition it comes from. The tests compare ``harness.scoring`` with it, and
``benchmarks/scoring.py`` times the two. All results are percentages.

Sources: XTREME's ``evaluate.py`` (accuracy, averages, BUCC), seqeval 0.0.12 (chunks), the SQuAD
v1.1 evaluation script, the MLQA v1 evaluation script, XTREME-R's ``utils_mewslix.py`` (reciprocal
ranks) and ``utils_lareqa.py`` (average precision).
"""

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

Chunk = tuple[str, int, int]
Normaliser = Callable[[str], str]


def accuracy(gold: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Correct predictions / predictions."""
    correct = 0
    for label, prediction in zip(gold, predictions, strict=True):
        if label == prediction:
            correct += 1
    return {"accuracy": correct / len(predictions) * 100}


def _ends(before: str, before_type: str, after: str, after_type: str) -> bool:
    """Whether a chunk ends between two tags, by conlleval's rules."""
    if before in ("E", "S"):
        return True
    if before in ("B", "I") and after in ("B", "S", "O"):
        return True
    return before not in ("O", ".") and before_type != after_type


def _starts(before: str, before_type: str, after: str, after_type: str) -> bool:
    """Whether a chunk starts between two tags, by conlleval's rules."""
    if after in ("B", "S"):
        return True
    if before in ("E", "S", "O") and after in ("E", "I"):
        return True
    return after not in ("O", ".") and before_type != after_type


def chunks(sentences: Sequence[Sequence[str]]) -> list[Chunk]:
    """The chunks (type, first tag, last tag) of a corpus, its sentences parted by an O."""
    tags: list[str] = []
    for sentence in sentences:
        tags.extend(sentence)
        tags.append("O")
    found: list[Chunk] = []
    before, before_type, begin = "O", "", 0
    for place, tag in enumerate(tags):
        after, after_type = tag[0], tag.split("-")[-1]
        if _ends(before, before_type, after, after_type):
            found.append((before_type, begin, place - 1))
        if _starts(before, before_type, after, after_type):
            begin = place
        before, before_type = after, after_type
    return found


def _ratios(correct: int, predicted: int, labelled: int) -> dict[str, float]:
    """F1, precision and recall of counts, 0 where a denominator is."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / labelled if labelled else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}


def chunk_scores(
    gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]
) -> dict[str, float]:
    """Micro-averaged F1 over chunks."""
    labelled, predicted = set(chunks(gold)), set(chunks(predictions))
    return _ratios(len(labelled & predicted), len(predicted), len(labelled))


def token_accuracy(gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> float:
    """Right tags / tags."""
    correct = total = 0
    for labels, guesses in zip(gold, predictions, strict=True):
        for label, guess in zip(labels, guesses, strict=True):
            correct += label == guess
            total += 1
    return correct / total * 100


def pair_scores(
    gold: Iterable[tuple[str, str]], predictions: Iterable[tuple[str, str]]
) -> dict[str, float]:
    """F1 of two sets of pairs."""
    labelled, predicted = set(gold), set(predictions)
    return _ratios(len(labelled & predicted), len(predicted), len(labelled))


ASCII_PUNCTUATION = set(string.punctuation)
ALL_PUNCTUATION = {
    chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)).startswith("P")
} | ASCII_PUNCTUATION

MLQA_ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "hi": None,
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": r"\sال^|ال",
    "zh": None,
}


def squad_normalise(text: str) -> str:
    """SQuAD: lower case, then no punctuation, then no English articles, then white space."""
    text = text.lower()
    text = "".join(character for character in text if character not in ASCII_PUNCTUATION)
    text = re.sub(r"\b(a|an|the)\b", " ", text)
    return " ".join(text.split())


def mixed_segmentation(text: str) -> list[str]:
    """MLQA's Chinese tokens: a Han character or punctuation mark alone, the rest by space."""
    tokens: list[str] = []
    pending = ""
    for character in text:
        if re.search("[\u4e00-\u9fa5]", character) or character in ALL_PUNCTUATION:
            tokens.extend(pending.split())
            tokens.append(character)
            pending = ""
        else:
            pending += character
    tokens.extend(pending.split())
    return tokens


def mlqa_normalise(text: str, language: str) -> str:
    """MLQA: as SQuAD, with the language's articles and tokens and all Unicode punctuation."""
    text = text.lower()
    text = "".join(character for character in text if character not in ALL_PUNCTUATION)
    pattern = MLQA_ARTICLES[language]
    if pattern is not None:
        text = re.sub(pattern, " ", text)
    tokens = mixed_segmentation(text) if language == "zh" else text.split()
    return " ".join(token for token in tokens if token.strip())


def answer_f1(prediction: str, answer: str, normalise: Normaliser) -> float:
    """F1 of the tokens of two answers (0..1)."""
    predicted, true = normalise(prediction).split(), normalise(answer).split()
    common = Counter(predicted) & Counter(true)
    same = sum(common.values())
    if same == 0:
        return 0.0
    precision = same / len(predicted)
    recall = same / len(true)
    return 2 * precision * recall / (precision + recall)


def answer_exact(prediction: str, answer: str, normalise: Normaliser) -> bool:
    """Whether two answers are equal once normalised."""
    return normalise(prediction) == normalise(answer)


def _qa(
    gold: Mapping[str, Sequence[str]], predictions: Mapping[str, str], normalise: Normaliser
) -> dict[str, float]:
    """The loop that SQuAD's and MLQA's scripts share."""
    exact = f1 = 0.0
    for question, answers in gold.items():
        if question not in predictions:
            continue
        prediction = predictions[question]
        exact += max(answer_exact(prediction, answer, normalise) for answer in answers)
        f1 += max(answer_f1(prediction, answer, normalise) for answer in answers)
    return {"exact_match": 100.0 * exact / len(gold), "f1": 100.0 * f1 / len(gold)}


def squad_scores(
    gold: Mapping[str, Sequence[str]], predictions: Mapping[str, str]
) -> dict[str, float]:
    """The SQuAD v1.1 script."""
    return _qa(gold, predictions, squad_normalise)


def mlqa_scores(
    gold: Mapping[str, Sequence[str]], predictions: Mapping[str, str], language: str
) -> dict[str, float]:
    """The MLQA v1 script."""
    return _qa(gold, predictions, lambda text: mlqa_normalise(text, language))


def reciprocal_rank(right: str, ranked: Sequence[str]) -> float:
    """1 / the place of the right one, 0 without it."""
    for place, one in enumerate(ranked, start=1):
        if one == right:
            return 1.0 / place
    return 0.0


def mewslix_score(
    gold: Mapping[str, Sequence[str]], predictions: Mapping[str, Sequence[str]], k: int = 20
) -> float:
    """Mewsli-X: the mean reciprocal rank of each query's first label among its first k."""
    ranks = [
        reciprocal_rank(labels[0].strip(), predictions.get(name, [])[:k])
        for name, labels in gold.items()
    ]
    return sum(ranks) / len(ranks) * 100


def average_precision_at_k(
    targets: Sequence[str], ranked: Sequence[str], k: int | None = None
) -> float:
    """LAReQA: by a loop over all pairs of places."""
    if k:
        ranked = ranked[:k]
    hits = score = 0.0
    for i, one in enumerate(ranked):
        if one in targets and one not in ranked[:i]:
            hits += 1.0
            score += hits / (i + 1.0)
    return score / (min(len(targets), k) if k else len(targets))


def average_precisions(
    gold: Mapping[str, Sequence[str]], predictions: Mapping[str, Sequence[str]]
) -> list[float]:
    """Of each question, at 20."""
    return [
        average_precision_at_k(right, predictions.get(name, []), 20) for name, right in gold.items()
    ]


def lareqa_score(
    gold: Mapping[str, Sequence[str]], predictions: Mapping[str, Sequence[str]]
) -> float:
    """LAReQA: numpy's mean over questions."""
    return float(np.mean(average_precisions(gold, predictions))) * 100


def task_score(languages: Mapping[str, Mapping[str, float]], metrics: Sequence[str]) -> float:
    """A task's score: each metric's mean over the languages, then the mean of the metrics."""
    means = []
    for metric in metrics:
        values = [scores[metric] for scores in languages.values()]
        means.append(sum(values) / len(values))
    return sum(means) / len(means)


def group_scores(
    groups: Mapping[str, Sequence[str]], scores: Mapping[str, float]
) -> dict[str, float]:
    """Mean score of each group all of whose tasks have one."""
    return {
        group: sum(scores[task] for task in tasks) / len(tasks)
        for group, tasks in groups.items()
        if all(task in scores for task in tasks)
    }


def overall_score(scores: Mapping[str, float]) -> float:
    """Mean score of all tasks."""
    return sum(scores.values()) / len(scores)
