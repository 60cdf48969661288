"""Pairs of a query and the passage that answers it: what dual encoders are trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from harness.data.files import Report, strict
from harness.data.layouts.layout import STRING, Columns, Layout, Reports, Types
from harness.data.layouts.squad import Squad
from harness.data.mentions import Span
from harness.data.mewsli_rows import ACROSS, WHOLE, pair_of, parsed_rows
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
        for _, (mention, context, entity) in parsed_rows(path, report, pair_of):
            rows["id"].append(mention.id)
            rows["query"].append(mention.query)
            rows["passage"].append(entity.text)
            rows["context"].append(context)
        return rows

    def remarks(self, paths: Sequence[Path], reports: Reports = strict) -> Mapping[str, int]:
        """Return how many entities have no sentences, and mentions are in no one sentence."""
        whole: set[str] = set()
        across = 0
        for path in paths:
            for _, pair in parsed_rows(path, reports(path), pair_of):
                across += pair.mention.across
                if pair.entity.whole:
                    whole.add(pair.entity.id)
        return {WHOLE: len(whole), ACROSS: across}
