"""Bitext mining: find the translation pairs in two collections of sentences (BUCC 2018)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import File, scored_lines
from harness.data.layouts import Bitext, Layout
from harness.data.layouts.sides import id_pairs, ids_of
from harness.declarations import Scores
from harness.formats.common import write_lines
from harness.formats.encoder_only import SIDES, EncoderOnly, of_side
from harness.formats.faults import Fault, Kind, Report, raising

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.embeddings import Encoder
    from harness.recipes import Settings
    from harness.search.mining import Mined
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
    names_examples: ClassVar[bool] = True

    def predict(self, model: Encoder, rows: Mapping[str, Dataset], settings: Settings) -> Pairs:
        """Return the test pairs that score no less than the threshold fitted on dev."""
        _, threshold = self._fitted(model, rows["dev"], settings)
        test = self._mined(model, rows["test"], settings)
        return sorted(_named(_from(test, threshold), rows["test"]))

    def dev_score(self, model: Encoder, rows: Dataset, settings: Settings) -> float:
        """Return the best F1 that a threshold gives on dev, in percent.

        Args:
            model: What embeds the sentences.
            rows: The dev split of one language.
            settings: Tokens read of each sentence.
        """
        dev, threshold = self._fitted(model, rows, settings)
        pairs = sorted(_named(_from(dev, threshold), rows))
        return self.score(self.gold(rows) or [], pairs, "")[self.metric]

    def _fitted(self, model: Encoder, rows: Dataset, settings: Settings) -> tuple[Mined, float]:
        """Return the pairs mined from dev, and the threshold of their best F1."""
        import numpy as np

        from harness.search.threshold import fit_threshold

        gold = set(self.gold(rows) or ())
        dev = self._mined(model, rows, settings)
        right = np.array([pair in gold for pair in _named(dev, rows)], dtype=bool)
        return dev, fit_threshold(dev.scores, right, len(gold))

    def _mined(self, model: Encoder, rows: Dataset, settings: Settings) -> Mined:
        """Mine the distinct sentences of one split; drop pairs whose sentences occur twice.

        Returns:
            The pairs by their sentences' places on each side.
        """
        import numpy as np

        from harness.search.mining import Mined, Mining, mine

        embedded, places = [], []
        for side in SIDES:
            sentences = of_side(rows, side, "text")
            counts = Counter(sentences)
            place = dict(zip(sentences, range(len(sentences)), strict=True))
            places.append(np.array([place[t] if n == 1 else -1 for t, n in counts.items()], int))
            embedded.append(model.embed(list(counts), settings.max_length))
        found = mine(embedded[0], embedded[1], Mining(neighbours=self.neighbours))
        named = Mined(places[0][found.left], places[1][found.right], found.scores)
        return named.at((named.left >= 0) & (named.right >= 0))

    def gold(self, rows: Dataset) -> Pairs | None:
        """Return the rows' gold pairs, None without any."""
        names, matches = (of_side(rows, "source", column) for column in ("id", "matches"))
        gold = [(name, o) for name, others in zip(names, matches, strict=True) for o in others]
        return gold or None

    def write(self, predictions: Pairs, path: Path) -> None:
        """Write ``source id TAB English id`` lines."""
        write_lines([f"{left}\t{right}" for left, right in predictions], path)

    def read(self, path: File, report: Report | None = None) -> Pairs:
        """Read ``source id TAB English id`` lines.

        A report is also told of pairs that no mining gives but the official scorer takes: the
        wrong way round, of another language, of an id that stands in a pair before.
        """
        tell = report or raising(path)
        rows = scored_lines(path)

        def fail(line: int, what: str) -> None:
            tell(Fault(Kind.PAIR, what, line, repr(rows[line - 1][:60]), PAIR))

        pairs = id_pairs(rows, fail)
        if report and len(pairs) == len(rows):
            language = Path(str(path)).stem.rpartition("-")[2]
            for fault in _impossible(pairs, language):
                report(fault)
        return pairs

    def read_gold(self, path: File) -> Pairs:
        """Read gold pairs."""
        return self.read(path)

    def names(self, rows: Any) -> Mapping[str, set[str]]:
        """Return the ids of the test sentences of each side."""
        return {side: set(ids) for side, ids in ids_of(rows).items()}

    def unknown(self, names: Mapping[str, set[str]], predictions: Pairs) -> Iterator[Fault]:
        """Yield the pairs with an id that no test sentence of its side has."""
        sides = [(names[side], side) for side in SIDES]
        for number, pair in enumerate(predictions, 1):
            for name, (known, side) in zip(pair, sides, strict=True):
                if name not in known:
                    text = f"{name:.60} is not a sentence of the test set"
                    expected = f"one of the {len(known):,} {side} ids"
                    yield Fault(Kind.PAIR, text, number, text, expected)

    def limited(self, gold: Pairs, rows: Dataset) -> Pairs:
        """Return the gold pairs that have both sentences in the rows."""
        ids = set(rows["id"][:])
        return [pair for pair in gold if ids.issuperset(pair)]

    def score(self, gold: Pairs, predictions: Pairs, language: str) -> Scores:
        """Return F1, precision and recall over the set of pairs."""
        from harness.scoring import pair_scores

        return pair_scores(gold, predictions)

    def keys(self, rows: Dataset) -> Keys:
        """Return the ids of the sentences that are not English, each a cluster of its own."""
        from harness.statistics.clusters import Keys

        ids = of_side(rows, "source", "id")
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


def _from(mined: Mined, threshold: float) -> Mined:
    """Return the pairs whose margin is no less than a threshold."""
    import numpy as np

    return mined.at(mined.scores.astype(np.float64) >= threshold)


def _named(mined: Mined, rows: Dataset) -> Pairs:
    """Return the pairs' ids."""
    source, english = (of_side(rows, side, "id") for side in SIDES)
    places = zip(mined.left.tolist(), mined.right.tolist(), strict=True)
    return [(source[i], english[j]) for i, j in places]


def _impossible(pairs: Pairs, language: str) -> Iterator[Fault]:
    """Yield the pairs of a file that no mining of one language against English gives.

    Args:
        pairs: A pair of each line.
        language: The code that ids of the first column begin with, if they begin with a code.
    """
    first_lines: dict[tuple[int, str], int] = {}
    expected = f"an id in {language}, a tab, an English id"
    for number, pair in enumerate(pairs, 1):
        shown, codes = f"{pair[0]:.60} TAB {pair[1]:.60}", (_code(pair[0]), _code(pair[1]))
        if codes == ("en", language):
            text = "the columns are the other way round"
            yield Fault(Kind.PAIR, text, number, shown, expected, f"{text}: swap them")
            continue
        if codes[0] not in ("", language) or codes[1] not in ("", "en"):
            text = "a pair of other languages"
            yield Fault(Kind.PAIR, text, number, shown, expected, f"{text}: look for mixed files")
        for side, name in enumerate(pair):
            before = first_lines.setdefault((side, name), number)
            if before != number:
                text = f"{name:.60} is in line {before} already"
                yield Fault(Kind.PAIR, text, number, text, "each sentence in one pair at most")


def _code(name: str) -> str:
    """Return the language code that an id begins with (``de-000000001``), "" for none."""
    code, dash, _ = name.partition("-")
    return code if dash and len(code) in (2, 3) and code.isascii() and code.islower() else ""
