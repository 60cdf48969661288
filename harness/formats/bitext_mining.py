"""Bitext mining: find the translation pairs in two collections of sentences (BUCC 2018)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.data.files import File, scored_lines
from harness.data.layouts import Bitext, Layout
from harness.data.layouts.sides import id_pairs
from harness.declarations import Scores
from harness.formats.common import write_lines
from harness.formats.encoder_only import SIDES, EncoderOnly, of_side
from harness.formats.faults import Fault, Kind, Report, raising

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings
    from harness.search.mining import Candidate
    from harness.statistics.clusters import Keys
    from harness.statistics.sums import Tally

Pairs = list[tuple[str, str]]
PAIR = "two ids with a tab between them"


@dataclass(frozen=True)
class BitextMining(EncoderOnly):
    """Ratio-margin mining with a threshold fitted on dev; predictions are pairs of ids.

    Attributes:
        neighbours: Neighbours on each side that make up the margin's denominator.
    """

    neighbours: int = 4
    name: ClassVar[str] = "bitext mining"
    layout: ClassVar[Layout] = Bitext()
    metric: ClassVar[str] = "f1"
    splits: ClassVar[tuple[str, ...]] = ("dev", "test")
    queries: ClassVar[str] = "source"

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> Pairs:
        """Return the test pairs that score no less than the threshold fitted on dev."""
        from harness.search.mining import fit_threshold

        dev = self._candidates(model, rows["dev"], settings)
        threshold = fit_threshold(dev, set(self.gold(rows["dev"]) or ()))
        test = self._candidates(model, rows["test"], settings)
        return sorted((c.source, c.english) for c in test if c.score >= threshold)

    def _candidates(self, model: Model, rows: Dataset, settings: Settings) -> list[Candidate]:
        """Mine the distinct sentences of one split; drop pairs whose sentences occur twice."""
        from harness.search.mining import Candidate, mine

        texts: dict[str, list[str]] = {}
        ids: dict[str, dict[str, str]] = {}
        for side in SIDES:
            sentences = of_side(rows, side, "text")
            counts = Counter(sentences)
            texts[side] = list(counts)
            named = zip(sentences, of_side(rows, side, "id"), strict=True)
            ids[side] = {text: name for text, name in named if counts[text] == 1}
        source, english = (model.embed(texts[side], settings.max_length) for side in SIDES)
        pairs = (
            (ids["source"].get(texts["source"][i]), ids["english"].get(texts["english"][j]), score)
            for i, j, score in mine(source, english, self.neighbours)
        )
        return [
            Candidate(left, right, score)
            for left, right, score in pairs
            if left is not None and right is not None
        ]

    def gold(self, rows: Dataset) -> Pairs | None:
        """Return the rows' gold pairs, None without any."""
        names, matches = (of_side(rows, "source", column) for column in ("id", "matches"))
        gold = [(name, o) for name, others in zip(names, matches, strict=True) for o in others]
        return gold or None

    def write(self, predictions: Pairs, path: Path) -> None:
        """Write ``source id TAB English id`` lines."""
        write_lines([f"{left}\t{right}" for left, right in predictions], path)

    def read(self, path: File, report: Report | None = None) -> Pairs:
        """Read ``source id TAB English id`` lines."""
        tell = report or raising(path)
        return id_pairs(
            scored_lines(path), lambda line, what: tell(Fault(Kind.PAIR, what, line, expected=PAIR))
        )

    def read_gold(self, path: File) -> Pairs:
        """Read gold pairs."""
        return self.read(path)

    def limited(self, gold: Pairs, rows: Dataset) -> Pairs:
        """Return the gold pairs that have both sentences in the rows."""
        ids = set(rows["id"])
        return [pair for pair in gold if ids.issuperset(pair)]

    def score(self, gold: Pairs, predictions: Pairs, language: str) -> Scores:
        """Return F1, precision and recall over the set of pairs."""
        from harness.scoring import pair_scores

        return pair_scores(gold, predictions)

    def keys(self, rows: Dataset) -> Keys:
        """Return the ids of the sentences that are not English, each a cluster of its own."""
        from harness.statistics.clusters import Keys

        ids = [
            name for side, name in zip(rows["side"], rows["id"], strict=True) if side == "source"
        ]
        return Keys(passages=(ids,), names=ids)

    def tally(self, gold: Pairs, predictions: Pairs, language: str) -> Tally:
        """Return of each sentence twice its right pairs, of its predicted and its gold ones."""
        import numpy as np

        from harness.statistics.sums import Tally

        truth, mined = set(gold), set(predictions)
        pairs = sorted(truth | mined)
        right = [2.0 * (pair in truth and pair in mined) for pair in pairs]
        counts = [float((pair in truth) + (pair in mined)) for pair in pairs]
        return Tally(np.array(right), np.array(counts), [source for source, _ in pairs])
