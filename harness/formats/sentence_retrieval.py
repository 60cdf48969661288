"""Sentence retrieval: find each English sentence's translation in a language (Tatoeba)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.data.files import File
from harness.data.layouts import Layout, Sentences
from harness.declarations import Scores
from harness.formats.common import checked_lines, other_count, right_of
from harness.formats.encoder_only import SIDES, EncoderOnly, of_side
from harness.formats.faults import Fault, Kind, Report, refuse

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.embeddings import Encoder
    from harness.recipes import Settings
    from harness.statistics.clusters import Keys
    from harness.statistics.sums import Tally


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
    queries: ClassVar[str] = "english"

    def predict(self, model: Encoder, rows: Mapping[str, Dataset], settings: Settings) -> Lines:
        """Return the line of the language's file nearest to each English sentence."""
        from harness.search import nearest

        source, english = (
            model.embed(of_side(rows["test"], side, "text"), settings.max_length) for side in SIDES
        )
        return [str(line) for line in nearest(english, source, 1).rows[:, 0].tolist()]

    def gold(self, rows: Dataset) -> Lines | None:
        """Return each English sentence's line in the language's file, None unless all are known."""
        matches = of_side(rows, "english", "matches")
        return [m[0] for m in matches] if matches and all(matches) else None

    def read(self, path: File, report: Report | None = None) -> Lines:
        """Read one 0-based line number per line."""
        fault = "no 0-based line number"
        return checked_lines(
            path,
            lambda line: line.isascii() and line.isdigit(),
            fault,
            "a 0-based line number",
            report,
            Kind.INDEX,
        )

    def read_gold(self, path: File) -> Lines:
        """Read the label file."""
        return self.read(path)

    def misfits(self, gold: Lines, predictions: Lines) -> Iterator[Fault]:
        """Yield another number of predictions than of sentences, and lines that are beyond them."""
        yield from other_count(len(predictions), len(gold), "sentences")
        for number, line in enumerate(predictions, 1):
            if len(line) > 9 or int(line) >= len(gold):
                text = f"{line:.60} is beyond the {len(gold):,} sentences"
                yield Fault(Kind.INDEX, text, number, f"{line:.60}", f"0 to {len(gold) - 1}")

    def limited(self, gold: Lines, rows: Dataset) -> Lines:
        """Return the gold of the English sentences among the rows."""
        return gold[: len(of_side(rows, "english", "id"))]

    def score(self, gold: Lines, predictions: Lines, language: str) -> Scores:
        """Return the accuracy, and (extra, not official) that of the other direction.

        ``inverse_accuracy`` takes line i of the predictions as the English line of the
        language's i-th sentence, as a search in the other direction would write it.
        """
        from harness.scoring import accuracy

        refuse(other_count(len(predictions), len(gold), "sentences"))
        place = {line: str(number) for number, line in enumerate(gold)}
        inverse = [place.get(str(number), "") for number in range(len(gold))]
        return accuracy(gold, predictions) | {
            "inverse_accuracy": accuracy(inverse, predictions)["accuracy"]
        }

    def keys(self, rows: Dataset) -> Keys:
        """Return the English sentences: the same one may be asked of several languages."""
        from harness.statistics.clusters import Keys

        return Keys(items=of_side(rows, "english", "text"))

    def tally(self, gold: Lines, predictions: Lines, language: str) -> Tally:
        """Return of each English sentence 1 if its translation is found, of 1."""
        return right_of(gold, predictions)
