"""Token tagging: one tag per token (UD-POS, PAN-X). Long sentences are split, never cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import scored_lines
from harness.data.layouts import Layout, Tags
from harness.declarations import Scores
from harness.errors import HarnessError
from harness.formats.common import first_rows, refuse_placeholders, same_count, write_lines
from harness.formats.words import pieces_of_words
from harness.models.batching import IGNORED
from harness.models.heads import TOKENS, Head

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings

TagLists = list[list[str]]


@dataclass(frozen=True)
class TokenTagging:
    """Token tagging; predictions are a list of tags for each sentence.

    Attributes:
        labels: The tag set; its order is the order of the head's outputs. () stands for the tags
            of the training file, sorted (``Layout.label_set``); in training, other tags carry no
            loss.
        metric: ``f1`` of chunks, or ``accuracy`` of tokens (CCG supertags).
    """

    labels: tuple[str, ...]
    metric: str = "f1"
    name: ClassVar[str] = "token tagging"
    version: ClassVar[int] = 1
    layout: ClassVar[Layout] = Tags()
    suffix: ClassVar[str] = "tsv"
    head: ClassVar[Head] = TOKENS
    splits: ClassVar[tuple[str, ...]] = ("test",)
    reads: ClassVar[tuple[str, ...]] = ("max_length",)
    special: ClassVar[tuple[str, ...]] = ()
    auxiliary: ClassVar[bool] = False

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
                feature = _feature(pieces[start:end], lead, tail) | {"row": row}
                if tags is not None:
                    del feature["row"]
                    labels = [IGNORED] * len(feature["input_ids"])
                    for at, tag in zip(feature.pop("first"), tags[row][start:end], strict=True):
                        labels[at] = place.get(tag, IGNORED)
                    feature["labels"] = labels
                features.append(feature)
        return features

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> TagLists:
        """Return the tags of each test sentence, with its pieces joined."""
        features = self.encode(rows["test"], model.tokenizer, settings, training=False)
        outputs = model.infer(features)
        tags: Iterator[str] = chain.from_iterable(
            (self.labels[i] for i in scores[0][feature["first"]].argmax(-1))
            for feature, scores in zip(features, outputs, strict=True)
        )
        return [[next(tags) for _ in words] for words in rows["test"]["tokens"]]

    def first(self, rows: Dataset, limit: int) -> Dataset:
        """Return the first rows."""
        return first_rows(rows, limit)

    def gold(self, rows: Dataset) -> TagLists | None:
        """Return the rows' tags, None unless all have them."""
        tags: TagLists = rows["tags"][:]
        if any(sentence is None for sentence in tags):
            return None
        refuse_placeholders(list(chain.from_iterable(tags)), "the test split")
        return tags

    def write(self, predictions: TagLists, path: Path) -> None:
        """Write one tag per line, without tokens, and a blank line after each sentence."""
        write_lines([line for tags in predictions for line in (*tags, "")], path)

    def read(self, path: Path) -> TagLists:
        """Read one tag per line, sentences separated by one or more blank lines."""
        sentences: TagLists = [[]]
        allowed = set(self.labels)
        for number, line in enumerate(scored_lines(path), 1):
            tag = line.strip()
            if tag and allowed and tag not in allowed:
                raise HarnessError(
                    f"{path}:{number}: {tag[:60]!r} is none of the tags {', '.join(self.labels)};"
                    " expected one tag a line and no tokens"
                )
            if tag:
                sentences[-1].append(tag)
            elif sentences[-1]:
                sentences.append([])
        return sentences if sentences[-1] else sentences[:-1]

    def read_gold(self, path: Path) -> TagLists:
        """Read one tag per line; placeholders raise Unlabelled."""
        tags = self.read(path)
        refuse_placeholders(list(chain.from_iterable(tags)), path)
        return tags

    def limited(self, gold: TagLists, rows: Dataset) -> TagLists:
        """Return the first sentences' tags, as many as there are rows."""
        return gold[: len(rows)]

    def score(self, gold: TagLists, predictions: TagLists, language: str) -> Scores:
        """Return chunk F1, precision and recall, and (extra, not official) token accuracy."""
        from harness.scoring import chunk_scores, token_accuracy

        same_count(len(predictions), len(gold), "sentences")
        for number, (expected, given) in enumerate(zip(gold, predictions, strict=True), 1):
            if len(expected) != len(given):
                raise HarnessError(
                    f"sentence {number}: {len(given)} predicted tags for {len(expected)} tokens"
                )
        return chunk_scores(gold, predictions) | {
            "token_accuracy": token_accuracy(gold, predictions)
        }


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


def _feature(pieces: list[list[int]], lead: list[int], tail: list[int]) -> dict[str, Any]:
    """Wrap sub-words in special tokens; ``first`` has the position of each word's first one."""
    ids = [*lead, *chain.from_iterable(pieces), *tail]
    starts = accumulate((len(piece) for piece in pieces[:-1]), initial=len(lead))
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "first": list(starts)}
