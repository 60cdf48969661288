"""Token tagging: one tag per token (UD-POS, PAN-X). Long sentences are split, never cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import File
from harness.data.layouts import Layout, Tags
from harness.declarations import Scores
from harness.formats.common import checked_lines, other_count, write_lines
from harness.formats.faults import Fault, Kind, Report, refuse
from harness.formats.labelled import Labelled
from harness.formats.words import pieces_of_words
from harness.models.batching import IGNORED
from harness.models.heads import TOKENS, Head

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from numpy.typing import NDArray

    from harness.models.model import Model
    from harness.recipes import Settings
    from harness.statistics.clusters import Keys
    from harness.statistics.sums import Tally

TagLists = list[list[str]]
HINTS = ("one short: is a blank line missing?", "one more: is a blank line too many?")


class Sentences(list[list[str]]):
    """The tags of a file's sentences.

    Attributes:
        lines: Number of the line on which each sentence begins.
    """

    def __init__(self) -> None:
        """Begin without a sentence."""
        super().__init__()
        self.lines: list[int] = []


@dataclass(frozen=True)
class TokenTagging(Labelled):
    """Token tagging; predictions are a list of tags for each sentence.

    Attributes:
        labels: The tag set; its order is the order of the head's outputs. () stands for the tags
            of the training file, sorted (``Layout.label_set``); in training, other tags carry no
            loss.
        metric: ``f1`` of chunks, or ``accuracy`` of tokens (CCG supertags).
    """

    metric: str = "f1"
    name: ClassVar[str] = "token tagging"
    layout: ClassVar[Layout] = Tags()
    head: ClassVar[Head] = TOKENS

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Settings, *, training: bool
    ) -> list[dict[str, Any]]:
        """Tokenise word by word and split sentences longer than ``settings.max_length`` tokens.

        As in XTREME's preparation (utils_preprocess.py), a piece ends before the word that no
        longer fits, and the first sub-word carries the label (see ``harness.formats.words``).

        Returns:
            One feature per piece, in order. Outside training, ``first`` has the positions of the
            words' first sub-words, and ``row`` is the number of the sentence.
        """
        tags: list[list[str]] | None = rows["tags"][:] if training else None
        lead, tail = _frame(tokenizer)
        room = settings.max_length - len(lead) - len(tail)
        place = {tag: i for i, tag in enumerate(self.labels)}
        features = []
        for row, pieces in enumerate(pieces_of_words(rows["tokens"][:], tokenizer, room)):
            for start, end in _split([len(ids) for ids in pieces], room):
                words = pieces[start:end]
                ids = [*lead, *chain.from_iterable(words), *tail]
                feature: dict[str, Any] = {"input_ids": ids, "attention_mask": [1] * len(ids)}
                firsts = list(accumulate(map(len, words[:-1]), initial=len(lead)))
                if tags is None:
                    feature |= {"first": firsts, "row": row}
                else:
                    feature["labels"] = [IGNORED] * len(ids)
                    for at, tag in zip(firsts, tags[row][start:end], strict=True):
                        feature["labels"][at] = place.get(tag, IGNORED)
                features.append(feature)
        return features

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> TagLists:
        """Return the tags of each test sentence, with its pieces joined."""
        features = self.encode(rows["test"], model.tokenizer, settings, training=False)
        tags: Iterator[str] = chain.from_iterable(
            (self.labels[i] for i in scores[0][feature["first"]].argmax(-1))
            for feature, scores in zip(features, model.infer(features), strict=True)
        )
        return [[next(tags) for _ in words] for words in rows["test"]["tokens"][:]]

    def write(self, predictions: TagLists, path: Path) -> None:
        """Write one tag per line, without tokens, and a blank line after each sentence."""
        write_lines([line for tags in predictions for line in (*tags, "")], path)

    def read(self, path: File, report: Report | None = None) -> TagLists:
        """Read one tag per line, sentences separated by one or more blank lines."""
        known = {*self.labels, ""} if self.labels else None
        names, wanted = ", ".join(self.labels), "one tag a line and no tokens"
        fault, expected = f"none of the tags {names}; expected {wanted}", f"{wanted}: {names}"
        tags = checked_lines(
            path, lambda tag: known is None or tag in known, fault, expected, report
        )
        tags.append("")
        sentences = Sentences()
        start = 0
        while start < len(tags):
            end = tags.index("", start)
            if end > start:
                sentences.append(tags[start:end])
                sentences.lines.append(start + 1)
            start = end + 1
        return sentences

    def misfits(self, gold: TagLists, predictions: TagLists) -> Iterator[Fault]:
        """Yield another number of sentences, else each sentence with another number of tags.

        Where the number of sentences is another, the first that is not as long as its gold is
        named: there a blank line is missing or too many.
        """
        lengths = _other_lengths(gold, predictions)
        if len(predictions) == len(gold):
            yield from lengths
            return
        first = next(lengths, None)
        place = f"look at {first.text}" if first else "look at the end"
        for fault in other_count(len(predictions), len(gold), "sentences", HINTS):
            yield replace(
                fault,
                kind=Kind.BLANK if len(predictions) > len(gold) else Kind.COUNT,
                line=first.line if first else 0,
                found=f"{len(predictions):,} sentences",
                remedy=f"{fault.remedy} {place}" if fault.remedy else place,
            )

    def score(self, gold: TagLists, predictions: TagLists, language: str) -> Scores:
        """Return chunk F1, precision and recall, and (extra, not official) token accuracy."""
        return self.scored(gold, predictions, language)[0]

    def scored(
        self, gold: TagLists, predictions: TagLists, language: str
    ) -> tuple[Scores, Callable[[], Tally]]:
        """Return the scores and what returns the tally, chunks counted once for both."""
        from harness.scoring import chunk_counts

        refuse(self.misfits(gold, predictions))
        counts = chunk_counts(gold, predictions)
        scores = counts.scores | {"token_accuracy": counts.token_accuracy}
        return scores, partial(_tally, counts.right, counts.both)

    def keys(self, rows: Dataset) -> Keys:
        """Return the sentences; equal ones are one cluster."""
        from harness.statistics.clusters import Keys

        return Keys(passages=([" ".join(words) for words in rows["tokens"][:]],))

    def tally(self, gold: TagLists, predictions: TagLists, language: str) -> Tally:
        """Return of each sentence twice its right chunks, of its predicted and labelled ones."""
        return self.scored(gold, predictions, language)[1]()


def _tally(right: NDArray[np.intp], both: NDArray[np.intp]) -> Tally:
    from harness.statistics.sums import Tally

    return Tally(right.astype(float), both.astype(float))


def _other_lengths(gold: TagLists, predictions: TagLists) -> Iterator[Fault]:
    """Yield the sentences that have another number of tags than of tokens."""
    lengths = zip(map(len, gold), map(len, predictions), strict=False)
    for number, (expected, given) in enumerate(lengths, 1):
        if expected != given:
            yield Fault(
                Kind.LENGTH,
                f"sentence {number}: {given} predicted tags for {expected} tokens",
                predictions.lines[number - 1] if isinstance(predictions, Sentences) else 0,
                found=f"sentence {number}: {given:,} tags",
                expected=f"{expected:,} tokens",
            )


def _split(lengths: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Split a sentence greedily into runs of words whose sub-words fit into ``room``."""
    runs, start, used = [], 0, 0
    for i, length in enumerate(lengths):
        if used + length > room:
            runs.append((start, i))
            start, used = i, 0
        used += length
    return [*runs, (start, len(lengths))] if lengths else []


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the special tokens that the tokenizer puts before and after a single sentence."""
    probe = tokenizer("a", return_special_tokens_mask=True)
    ids, special = probe["input_ids"], probe["special_tokens_mask"]
    lead = special.index(0)
    tail = len(ids) - special[::-1].index(0)
    return ids[:lead], ids[tail:]
