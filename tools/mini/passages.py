"""Writes the questions of XQuAD, MLQA, TyDi QA and SQuAD.

The passages, questions and answers of the test files and of SQuAD's dev file are authored; the
English training questions are made of templates. The places of the answers are computed, and the
files under ``xtreme/`` lose their answers as XTREME's do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mini.texts import read_blocks, read_passages, read_words, write_json

LANGUAGE_NAMES = {
    "en": "english",
    "de": "german",
    "es": "spanish",
    "zh": "chinese",
    "ar": "arabic",
    "hi": "hindi",
    "sw": "swahili",
}
XQUAD_QUESTIONS = (0, 1)
MLQA_QUESTIONS = (2, 3)
TYDIQA_QUESTIONS = (0, 2)
TYDIQA_SHIFT = 3  # so that its templates are filled otherwise than SQuAD's

Article = dict[str, Any]  # an article, paragraph or question as SQuAD's files have it


@dataclass(frozen=True)
class Template:
    """A passage with slots, and its questions with their answers."""

    opening: str
    sentences: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]


def read_templates(name: str) -> list[Template]:
    """Return the templates of a file; a line with ``|`` is a question with its answer."""
    templates = []
    for opening, *lines in read_blocks(name):
        sentences = tuple(line for line in lines if "|" not in line)
        rows = (line.split("|") for line in lines if "|" in line)
        questions = tuple((question, answer) for question, answer in rows)
        templates.append(Template(opening, sentences, questions))
    return templates


def slot_values(index: int, filling: int, shift: int) -> dict[str, str]:
    """Return what fills the slots of a template, given its number and that of its filling."""
    word = read_words("words-passages.txt").word
    at = 5 * index + 13 * filling + shift
    year = 1790 + (29 * at) % 110
    return {
        "a": word("name", at),
        "b": word("name", at + 7),
        "p": word("place", at + filling),
        "q": word("place", at + filling + 6),
        "y": str(year),
        "z": str(year + 23 + (11 * at) % 60),
        "n": word("count", at),
        "g": word("good", at),
        "h": word("good", at + 5),
        "e": word("event", index + 3 * filling),
        "w": word("beast", at),
        "d": word("day", at + 2),
        "k": str(120 + (67 * at) % 780),
    }


def locate(context: str, answer: str) -> dict[str, Any]:
    """Return an answer with its place in the context, in which it must occur exactly once."""
    if context.count(answer) != 1:
        raise ValueError(f"{answer!r} occurs {context.count(answer)} times in {context!r}")
    return {"answer_start": context.index(answer), "text": answer}


def composed(name: str, fillings: int, shift: int, prefix: str) -> Iterator[Article]:
    """Yield one article a filled template, its later sentences in changing order."""
    templates = read_templates(name)
    number = 0
    for filling in range(fillings):
        for index, template in enumerate(templates):
            values = slot_values(index, filling, shift)
            turn = filling % len(template.sentences)
            others = (*template.sentences[turn:], *template.sentences[:turn])
            context = " ".join((template.opening, *others)).format_map(values)
            qas = []
            for question, answer in template.questions:
                answers = [locate(context, answer.format_map(values))]
                text = question.format_map(values)
                qas.append({"answers": answers, "question": text, "id": f"{prefix}-{number}"})
                number += 1
            title = f"{values['p']}_{index}_{filling}"
            yield {"title": title, "paragraphs": [{"context": context, "qas": qas}]}


def authored(name: str, chosen: tuple[int, ...], prefix: str) -> list[Article]:
    """Return one article an authored passage, with the chosen ones of its questions."""
    articles = []
    for index, passage in enumerate(read_passages(name)):
        context = passage["context"]
        qas = []
        for number, item in enumerate(passage["questions"]):
            if number in chosen:
                texts = item["answers"] if "answers" in item else [item["answer"]]
                answers = [locate(context, text) for text in texts]
                key = f"{prefix}-{index}-{number}"
                qas.append({"answers": answers, "question": item["question"], "id": key})
        paragraph = {"context": context, "qas": qas}
        articles.append({"title": passage["title"], "paragraphs": [paragraph]})
    return articles


def squad(split: str) -> list[Article]:
    """Return the articles of one split of SQuAD."""
    if split == "train":
        return list(composed("squad-templates.txt", 4, 0, "mini-squad-train"))
    return authored("qa-squad-dev-en.json", (0, 1, 2, 3), "mini-squad-dev")


def strip_answers(articles: list[Article]) -> list[Article]:
    """Return an article a question, without title and with one empty answer, as XTREME's are."""
    questions = []
    for article in articles:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                bare = {**question, "answers": [{"answer_start": 0, "text": ""}]}
                single = {"context": paragraph["context"], "qas": [bare]}
                questions.append({"paragraphs": [single]})
    return questions


def write_articles(path: Path, articles: list[Article], version: str | float = "1.1") -> None:
    """Write one question file."""
    write_json(path, [{"data": articles, "version": version}])


def write_tests(data: Path) -> None:
    """Write the test files of the three tasks, with and without answers."""
    xtreme, labels = data / "xtreme", data / "labels"
    for lang, name in LANGUAGE_NAMES.items():
        source = f"qa-{lang}.json"
        mlqa = f"mlqa/MLQA_V1/test/test-context-{lang}-question-{lang}.json"
        tydiqa = f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{lang}.dev.json"
        version: str | float
        for task, path, chosen, prefix, version in (
            ("xquad", f"xquad/xquad.{lang}.json", XQUAD_QUESTIONS, "mini-xquad", "1.1"),
            ("mlqa", mlqa, MLQA_QUESTIONS, "mini-mlqa", 1.0),
            ("tydiqa", tydiqa, TYDIQA_QUESTIONS, f"{name}-mini", "1.1"),
        ):
            articles = authored(source, chosen, prefix)
            write_articles(labels / task / f"test-{lang}.json", articles, version)
            write_articles(xtreme / path, strip_answers(articles), version)


def write(data: Path) -> None:
    """Write all question files of XTREME's tasks."""
    write_tests(data)
    xtreme = data / "xtreme"
    for split in ("train", "dev"):
        write_articles(xtreme / "squad" / f"{split}-v1.1.json", squad(split))
    tydiqa = list(composed("tydiqa-templates.txt", 5, TYDIQA_SHIFT, "english-mini-train"))
    folder = xtreme / "tydiqa" / "tydiqa-goldp-v1.1-train"
    write_articles(folder / "tydiqa.goldp.en.train.json", tydiqa)
