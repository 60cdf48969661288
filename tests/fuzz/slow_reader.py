"""A slow reader of prediction and label folders, sharing no code with the harness.

From the official rules (google-research/xtreme, evaluate.py and third_party/evaluate_*.py): files
are read in Python's text mode, where CR and CR LF end a line as LF does and a byte order mark is
a character; labels one a line, white space around them dropped; tags one a line, a blank line
after each sentence; answers are a JSON object of question id to text. What does not pair up is
broken, and must never be scored.
"""

import json
from pathlib import Path
from typing import Any

from support import reference_scorer as reference

KINDS = {
    "xnli": "labels", "pawsx": "labels", "tatoeba": "labels", "udpos": "tags", "panx": "tags",
    "xquad": "squad", "mlqa": "mlqa", "tydiqa": "squad", "bucc2018": "pairs",
}  # fmt: skip
Scores = dict[str, float]


class Broken(Exception):
    """The official scorer would stop here, or a prediction has no label to go with."""


def ending(task: str) -> str:
    """The ending of a task's files."""
    return "json" if KINDS[task] in ("squad", "mlqa") else "tsv"


def text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")  # which makes LF of CR and CR LF
    except UnicodeDecodeError as error:
        raise Broken("not UTF-8") from error


def lines_of(path: Path) -> list[str]:
    lines = text_of(path).split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.strip() for line in lines]


def sentences_of(path: Path) -> list[list[str]]:
    sentences: list[list[str]] = [[]]
    for line in lines_of(path):
        if line:
            sentences[-1].append(line)
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def json_of(path: Path) -> Any:
    try:
        return json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        raise Broken("no JSON") from error


def answers_of(path: Path) -> list[tuple[str, list[str]]]:
    """Every question of a SQuAD file in turn, with its answers."""
    value = json_of(path)
    try:
        data = value if isinstance(value, list) else value["data"]
        found = [
            (qa["id"], [answer["text"] for answer in qa["answers"]])
            for article in data
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
        ]
    except (KeyError, TypeError, IndexError) as error:
        raise Broken("not SQuAD's layout") from error
    for name, answers in found:
        if not all(isinstance(answer, str) for answer in answers):
            raise Broken(f"an answer to {name} is no text")
        if isinstance(name, (list, dict)):
            raise Broken("an id that cannot be looked up")
    return found


def qa_scores(kind: str, language: str, gold: Path, given: Path) -> Scores:
    predictions, questions = json_of(given), answers_of(gold)
    if not isinstance(predictions, dict):
        raise Broken("no object")
    if not questions:
        raise Broken("no questions")
    exact = f1 = 0.0

    def normalise(text: str) -> str:
        if kind == "mlqa":
            return reference.mlqa_normalise(text, language)
        return reference.squad_normalise(text)

    for name, answers in questions:
        if name not in predictions:
            continue
        prediction = predictions[name]
        if not isinstance(prediction, str) or not answers:
            raise Broken(f"no answer in text for {name}")
        exact += max(reference.answer_exact(prediction, one, normalise) for one in answers)
        f1 += max(reference.answer_f1(prediction, one, normalise) for one in answers)
    return {"exact_match": 100 * exact / len(questions), "f1": 100 * f1 / len(questions)}


def score(kind: str, language: str, gold: Path, given: Path) -> Scores:
    """The scores of one file of predictions."""
    if kind in ("squad", "mlqa"):
        return qa_scores(kind, language, gold, given)
    if kind == "tags":
        tags, guesses = sentences_of(gold), sentences_of(given)
        if [len(one) for one in tags] != [len(one) for one in guesses]:
            raise Broken("other sentences than the labels")
        return reference.chunk_scores(tags, guesses)
    labels, predictions = lines_of(gold), lines_of(given)
    if kind == "pairs":
        pairs = [[tuple(line.split("\t")) for line in lines] for lines in (labels, predictions)]
        return reference.pair_scores(*pairs)  # type: ignore[arg-type]
    if len(labels) != len(predictions) or not labels:
        raise Broken("other lines than the labels")
    return reference.accuracy(labels, predictions)


def scores_of(predictions: Path, labels: Path) -> tuple[dict[tuple[str, str], Scores], list[str]]:
    """The scores of all files that are on both sides, and which of them are broken."""
    found: dict[tuple[str, str], Scores] = {}
    broken = []
    for task, kind in KINDS.items():
        for path in sorted((predictions / task).glob(f"test-*.{ending(task)}")):
            gold = labels / task / path.name
            if not path.is_file() or not gold.is_file():
                continue
            language = path.stem.removeprefix("test-")
            try:
                found[task, language] = score(kind, language, gold, path)
            except Broken as error:
                broken.append(f"{task}/{path.name}: {error}")
    return found, broken
