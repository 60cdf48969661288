"""Pairs of a query and the passage that answers it: what dual encoders are trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from harness.bounds import shown
from harness.data.files import Report, parse_row, read_lines
from harness.data.layouts.layout import STRING, Columns, Layout, Row, Types
from harness.data.layouts.squad import Squad
from harness.data.mentions import Span, description_of, query_of, span_of, spans_of
from harness.data.sentences import sentences_of


class PassagePairs(Layout):
    """Queries and passages; the context that a query is about is in train or in dev, never both.

    A pair with an empty passage is not trained on, which is counted.
    """

    columns: ClassVar[Types] = {
        "id": STRING,
        "query": STRING,
        "passage": STRING,
        "context": STRING,
    }
    label = "passage"
    classes = False
    context = "context"


class AnswerSentences(PassagePairs):
    """SQuAD v1.1's questions and the sentence of their first answer, before its paragraph.

    The passage is as LAReQA has candidates: sentence and paragraph joined without a space, lines
    joined to one (google-research/xtreme, third_party/utils_lareqa.py). It is empty where the first
    answer is not at its offset or begins in no sentence (third_party/processors/lareqa.py drops
    these, too). Sentences are found by rule (``harness.data.sentences``).
    """

    unusable = "whose first answer is not at its offset, or in no sentence,"

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read a file in SQuAD's layout."""
        return self.arranged(Squad().read_file(path, labels, report))

    def arranged(self, columns: Columns) -> Columns:
        """Return pairs from questions with the columns of SQuAD."""
        spans: dict[str, list[Span]] = {}
        passages = []
        rows = zip(*(columns[name] for name in ("context", "answers", "starts")), strict=True)
        for context, answers, starts in rows:
            if context not in spans:
                spans[context] = sentences_of(context)
            passages.append(answer_passage(context, spans[context], answers, starts))
        return {
            "id": [str(name) for name in columns["id"]],
            "query": list(columns["question"]),
            "passage": passages,
            "context": list(columns["context"]),
        }


def answer_passage(
    context: str, spans: Sequence[Span], answers: Sequence[str], starts: Sequence[int]
) -> str:
    """Return the sentence of the first answer and its context, "" if there is none.

    Args:
        context: The paragraph.
        spans: Its sentences.
        answers: The answers to a question.
        starts: Where each begins.
    """
    if not answers or starts[0] < 0 or not context.startswith(answers[0], starts[0]):
        return ""
    sentence = next((one for one in spans if one[0] <= starts[0] < one[1]), None)
    return "" if sentence is None else passage_of(context, sentence)


def passage_of(context: str, sentence: Span) -> str:
    """Return a sentence and its paragraph, joined without a space and without line ends."""
    return f"{context[slice(*sentence)]}{context}".replace("\n", "")


class MentionPairs(PassagePairs):
    """Mewsli-X's pairs from Wikipedia: a mention in its sentence, its entity's description.

    Files are JSON lines of ``contextual_mention`` and ``entity`` (google-research/xtreme,
    third_party/utils_mewslix.py).
    """

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read a file of pairs."""
        rows: Columns = {name: [] for name in self.columns}
        for number, line in enumerate(read_lines(path, report), 1):
            row = parse_row(line, number, report) if line.strip() else None
            if row is None:
                continue
            try:
                values = _pair(row)
            except (KeyError, TypeError, ValueError) as error:
                what = f"no {error}" if isinstance(error, KeyError) else str(error)
                report(number, f"{what}; see Mewsli-X's wikipedia_pairs")
                continue
            for name, value in zip(self.columns, values, strict=True):
                rows[name].append(value)
        return rows


def _pair(row: Row) -> tuple[str, str, str, str]:
    """Return id, query, passage and context of a pair.

    Raises:
        KeyError: Something is missing.
        ValueError: Something is not what it should be.
    """
    mentioned, entity = _object(row, "contextual_mention"), _object(row, "entity")
    context, mention = _object(mentioned, "context"), _object(mentioned, "mention")
    text, description = _text(context, "text"), _text(entity, "description")
    if not description.strip():
        raise ValueError(f"entity {shown(entity.get('entity_id'))} has no description")
    start, end = span_of(mention["mention_span"], text)
    query = query_of(text, spans_of(context["sentence_spans"], text), start, end)
    spans = spans_of(entity["sentence_spans"], description)
    return _text(mention, "example_id"), query, description_of(description, spans), text


def _object(row: Row, name: str) -> Mapping[str, Any]:
    value = row[name]
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is not an object: {shown(value)}")
    return value


def _text(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text: {shown(value)}")
    return value
