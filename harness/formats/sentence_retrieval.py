"""Sentence retrieval: find each English sentence's translation in a language (Tatoeba)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.data.files import scored_lines
from harness.data.layouts import Layout, Sentences
from harness.declarations import Scores
from harness.errors import HarnessError
from harness.formats.common import first_of_side, same_count, write_lines
from harness.formats.encoder_only import EncoderOnly

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings


Lines = list[str]
"""0-based line numbers as texts, which the official scorer compares: "00" is not "0"."""


@dataclass(frozen=True)
class SentenceRetrieval(EncoderOnly):
    """Top-1 retrieval by cosine; predictions are 0-based lines of the language's file.

    The English sentences are the queries and the language's sentences the index, so that line j
    of a prediction or label file belongs to line j of the English file, which is sorted
    (google-research/xtreme: similarity_search puts the language's vectors into the index).
    """

    name: ClassVar[str] = "sentence retrieval"
    layout: ClassVar[Layout] = Sentences()
    metric: ClassVar[str] = "accuracy"
    splits: ClassVar[tuple[str, ...]] = ("test",)

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> Lines:
        """Return the line of the language's file nearest to each English sentence."""
        from harness.search import nearest

        test = rows["test"]
        source, english = (
            model.embed(
                [text for s, text in zip(test["side"], test["text"], strict=True) if s == side],
                settings.max_length,
            )
            for side in ("source", "english")
        )
        _, numbers = nearest(english, source, 1)
        return [str(line) for line in numbers[:, 0]]

    def first(self, rows: Dataset, limit: int) -> Dataset:
        """Return the first English sentences, and all of the language's."""
        return first_of_side(rows, "english", limit)

    def gold(self, rows: Dataset) -> Lines | None:
        """Return each English sentence's line in the language's file, None unless all are known."""
        matches = [
            m for side, m in zip(rows["side"], rows["matches"], strict=True) if side == "english"
        ]
        return [m[0] for m in matches] if matches and all(matches) else None

    def write(self, predictions: Lines, path: Path) -> None:
        """Write one 0-based line number per line."""
        write_lines(predictions, path)

    def read(self, path: Path) -> Lines:
        """Read one 0-based line number per line."""
        lines = [line.strip() for line in scored_lines(path)]
        for number, line in enumerate(lines, 1):
            if not (line.isascii() and line.isdigit()):
                raise HarnessError(f"{path}:{number}: {line[:40]!r} is no 0-based line number")
        return lines

    def read_gold(self, path: Path) -> Lines:
        """Read one 0-based line number per line."""
        return self.read(path)

    def limited(self, gold: Lines, rows: Dataset) -> Lines:
        """Return the gold of the English sentences among the rows."""
        return gold[: sum(side == "english" for side in rows["side"])]

    def score(self, gold: Lines, predictions: Lines, language: str) -> Scores:
        """Return the accuracy, and (extra, not official) that of the other direction.

        ``inverse_accuracy`` takes line i of the predictions as the English line of the
        language's i-th sentence, as a search in the other direction would write it.
        """
        from harness.scoring import accuracy

        same_count(len(predictions), len(gold), "sentences")
        place = {line: str(number) for number, line in enumerate(gold)}
        inverse = [place.get(str(number), "") for number in range(len(gold))]
        return accuracy(gold, predictions) | {
            "inverse_accuracy": accuracy(inverse, predictions)["accuracy"]
        }
