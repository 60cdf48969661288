"""XQuAD-R: questions whose answers are sentences, in a pool of the sentences of all languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from harness.bounds import shown
from harness.data.files import Report, read_json, strict
from harness.data.json_values import text_of
from harness.data.layouts.layout import Columns, Reports
from harness.data.layouts.passages import passage_of
from harness.data.layouts.pooled import Asked, Candidate, Pooled
from harness.data.mentions import Span

NOWHERE = "questions whose answer is in no sentence, which are left out"
ALONE = "questions that lack a translation, and with it a right candidate"


@dataclass(frozen=True)
class Question:
    """A question with its answer.

    Attributes:
        id: Its id, the same in all languages.
        text: The question.
        sentence: The number of the sentence in which its answer begins; None if in none.
        known: Whether the answer is there: preparations for a test may take it away.
    """

    id: str
    text: str
    sentence: int | None
    known: bool


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a language.

    Attributes:
        name: The language and the paragraph's number in its file, from 1: ``de_7``.
        text: Its text.
        sentences: Where its sentences are.
        questions: The questions about it.
    """

    name: str
    text: str
    sentences: tuple[Span, ...]
    questions: tuple[Question, ...]

    def candidates(self) -> Iterator[Candidate]:
        """Yield its sentences, none if no question has its answer in one of them."""
        if any(one.sentence is not None for one in self.questions):
            for number, sentence in enumerate(self.sentences):
                yield f"{self.name}_{number}", passage_of(self.text, sentence)

    def right_of(self, question: Question) -> list[str]:
        """Return the ids of the sentences that answer a question: all that have the same text."""
        if question.sentence is None or not question.known:
            return []
        start, end = self.sentences[question.sentence]
        answer = self.text[start:end]
        return [
            f"{self.name}_{i}"
            for i, (a, b) in enumerate(self.sentences)
            if self.text[a:b] == answer
        ]


class XquadR(Pooled):
    """XQuAD-R, a file a language in SQuAD's layout with ``sentence_breaks`` (LAReQA).

    Source: google-research/xtreme, third_party/utils_lareqa.py. A candidate is a sentence before
    its paragraph, joined without a space and without line ends, ``{lang}_{n}_{i}``: paragraph n of
    the file, from 1, and sentence i, from 0. All sentences of a paragraph are in the pool if a
    question has its answer in one. The right ones of a question are, in every language, the
    sentence in which its answer begins, and those with the same text. Offsets are code points.
    """

    def read(self, paths: Sequence[Path], labels: Sequence[str], reports: Reports) -> Columns:
        """Read questions of the first file; its right candidates are in all files."""
        right: dict[str, list[str]] = {}
        for path in dict.fromkeys([*paths[1:], *paths[:1]]):
            for paragraph in paragraphs_of(path, reports(path)):
                for question in paragraph.questions:
                    right.setdefault(question.id, []).extend(paragraph.right_of(question))
        columns: Columns = {name: [] for name in self.columns}
        language, seen = paths[0].stem, set()
        for paragraph in paragraphs_of(paths[0], reports(paths[0])):
            for question in paragraph.questions:
                if question.sentence is None:
                    continue
                if question.id in seen:
                    reports(paths[0])(0, f"two questions have the id {question.id}; keep one")
                seen.add(question.id)
                columns["id"].append(f"{question.id}_{language}")
                columns["text"].append(question.text)
                columns["matches"].append(right[question.id] if question.known else [])
                columns["item"].append(question.id)
                columns["context"].append(paragraph.name)
        return columns

    def pool(self, paths: Sequence[Path], asked: Asked) -> Iterator[Candidate]:
        """Yield the sentences of all languages."""
        yield from islice(_candidates(paths, asked.reports), asked.start, asked.stop)

    def remarks(self, paths: Sequence[Path], reports: Reports = strict) -> Mapping[str, int]:
        """Return how many questions have their answers in no sentence, or lack a translation."""
        faults: list[str] = []

        def questions(path: Path) -> list[Question]:
            tell = reports(path)

            def report(line: int, what: str) -> None:
                faults.append(what)
                tell(line, what)

            return [one for some in paragraphs_of(path, report) for one in some.questions]

        first, *others = map(questions, dict.fromkeys(paths))
        known = [{question.id for question in some} for some in others]
        alone = sum(not all(one.id in ids for ids in known) for one in first)
        return {
            NOWHERE: sum(question.sentence is None for question in first),
            ALONE: 0 if faults else alone,  # what is malformed was left out
        }


def _candidates(paths: Sequence[Path], reports: Reports) -> Iterator[Candidate]:
    for path in paths:
        for paragraph in paragraphs_of(path, reports(path)):
            yield from paragraph.candidates()


def paragraphs_of(path: Path, report: Report) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a file; the last files that were read stay in memory.

    Args:
        path: The file, named by its language.
        report: Receives what is malformed, which is left out.
    """
    state = path.stat() if path.is_file() else None
    paragraphs, faults = _read(path, *((state.st_size, state.st_mtime_ns) if state else (0, 0)))
    for fault in faults:
        report(0, fault)
    return paragraphs


@lru_cache(maxsize=16)  # each language's questions are asked for with all languages' answers
def _read(path: Path, size: int, changed: int) -> tuple[tuple[Paragraph, ...], tuple[str, ...]]:
    """Return the paragraphs of a file, and what is malformed in it."""
    value = read_json(path)
    paragraphs: list[Paragraph] = []
    faults: list[str] = []
    try:
        every = [one for article in value["data"] for one in article["paragraphs"]]
    except (KeyError, TypeError) as error:
        return (), (f"not in SQuAD's layout (data > paragraphs > context and qas): {error!r}",)
    for number, one in enumerate(every, 1):
        try:
            paragraphs.append(_paragraph(f"{path.stem}_{number}", one))
        except ValueError as error:
            faults.append(f"paragraph {number}: {error}")
        except (KeyError, TypeError, IndexError) as error:
            faults.append(f"paragraph {number}: no {error}; see SQuAD v1.1")
    return tuple(paragraphs), tuple(faults)


def _paragraph(name: str, value: Mapping[str, Any]) -> Paragraph:
    """Return a paragraph from JSON values.

    Raises:
        KeyError: Something is missing.
        ValueError: Something is not what it should be.
    """
    text = text_of(value["context"], "context")
    if "sentence_breaks" not in value:
        raise ValueError(
            "no sentence_breaks, so there is no pool; take LAReQA's own files, since the hub's"
            " xquad_r has none"
        )
    sentences = _breaks(value["sentence_breaks"], text)
    return Paragraph(
        name, text, sentences, tuple(_question(one, sentences) for one in value["qas"])
    )


def _breaks(value: Any, text: str) -> tuple[Span, ...]:
    """Return where the sentences of a text are; they follow each other."""
    spans: list[Span] = []
    last = 0
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, list) or [type(n) for n in one] != [int, int]:
            raise ValueError(f"sentence_breaks has {shown(one)}, expected [start, end]")
        start, end = one
        if not last <= start < end <= len(text):
            raise ValueError(
                f"sentence_breaks: {one} overlaps the sentence before, is empty, or leaves the text"
                f" of {len(text)} characters; offsets are code points from 0"
            )
        spans.append((start, end))
        last = end
    return tuple(spans)


def _question(value: Mapping[str, Any], sentences: Sequence[Span]) -> Question:
    """Return a question; its first answer counts."""
    name, text = text_of(value["id"], "id"), text_of(value["question"], "question")
    answers = value["answers"]
    if not answers:
        raise ValueError(f"question {name:.60} has no answers; see SQuAD v1.1")
    answer, start = text_of(answers[0]["text"], "answer"), answers[0]["answer_start"]
    if type(start) is not int:
        raise ValueError(f"question {name:.60}: answer_start is not a whole number: {shown(start)}")
    sentence = next((i for i, (a, b) in enumerate(sentences) if a <= start < b), None)
    return Question(name, text, sentence, bool(answer.strip()))
