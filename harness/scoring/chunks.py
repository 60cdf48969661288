"""Micro-averaged F1 over chunks of tags: UD-POS and PAN-X.

XTREME's tagging scores come from seqeval 0.0.12 in its (only, lenient) mode, which has the
chunk rules of CoNLL's ``conlleval``. A tag has a *prefix*, its first character, and a *type*,
what follows its last ``-`` (the whole tag if it has none). So a bare part of speech is its
own type, and, because ``S`` is a prefix that stands alone, every SCONJ and SYM is a chunk of its
own while a run of NOUNs is one chunk. seqeval 1.x cuts the first letter off a bare tag instead,
which makes CCONJ and SCONJ one class: its numbers are not XTREME's.

The rules look at two neighbouring tags only, so the whole corpus is one array of tag codes, and
each rule is one comparison of that array with itself shifted by one.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from functools import cache
from itertools import chain, count, repeat
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from harness.scoring.bitext import f1_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Bools: TypeAlias = NDArray[np.bool_]
    Ints: TypeAlias = NDArray[np.intp]  # an index, so as wide as numpy wants it
    Codes: TypeAlias = NDArray[np.int32]
    Classes: TypeAlias = NDArray[np.uint8]

_OUTSIDE = "O"
_PREFIXES = "OBIES."  # a prefix's class is its place here; any other prefix is _OTHER
_OTHER = len(_PREFIXES)
_CLASSES = len(_PREFIXES) + 1

# conlleval's rules on the prefixes alone, as "previous, present" pairs; "*" is any prefix.
_ENDS = ("E*", "S*", "BB", "BS", "BO", "IB", "IS", "IO")
_STARTS = ("*B", "*S", "EE", "EI", "SE", "SI", "OE", "OI")


@cache
def _rules() -> tuple[Bools, Bools, Bools]:
    """Return the tables of conlleval's rules, built once; C is the number of prefix classes.

    Returns:
        (C * C,) whether a chunk ends between two prefixes, regardless of types; (C * C,) whether
        one starts there; (C,) whether a change of type matters at a prefix (all but O and ".").
    """
    import numpy as np

    def place(prefix: str) -> int | slice:
        return slice(None) if prefix == "*" else _PREFIXES.index(prefix)

    def table(pairs: Iterable[str]) -> Bools:
        cells = np.zeros((_CLASSES, _CLASSES), dtype=np.bool_)
        for pair in pairs:
            cells[place(pair[0]), place(pair[1])] = True
        return cells.ravel()

    inside = np.ones(_CLASSES, dtype=np.bool_)
    inside[[_PREFIXES.index(_OUTSIDE), _PREFIXES.index(".")]] = False
    return table(_ENDS), table(_STARTS), inside


def _encode(sentences: Sequence[Sequence[str]], length: int, codes: defaultdict[str, int]) -> Ints:
    """Return the codes of all tags with an O before the first sentence and after each one.

    Args:
        sentences: S sequences of tags.
        length: Number of tags in all of them, N.
        codes: Code of each tag seen so far; new tags are added.

    Returns:
        (N + S + 1,) codes.
    """
    import numpy as np

    boundary = (_OUTSIDE,)
    padded = chain.from_iterable(zip(sentences, repeat(boundary), strict=False))
    tags = chain(boundary, chain.from_iterable(padded))
    return np.fromiter(map(codes.__getitem__, tags), np.intp, length + len(sentences) + 1)


def _find(codes: Ints, prefixes: Classes, types: Codes) -> Ints:
    """Return which chunk of a corpus ends right before each position.

    A boundary between position i and i + 1 ends and starts chunks by the pair of prefixes, or
    where the type changes. A chunk begins at the last start before its end. Ill-formed tags may
    end a chunk that nothing started; seqeval 0.0.12 then reuses the previous chunk's beginning,
    even one of an earlier sentence, and so does this.

    Args:
        codes: (n + 1,) tag codes, as `_encode` gives them.
        prefixes: (K,) prefix class of each tag.
        types: (K,) type code of each tag.

    Returns:
        (n,) the beginning and the type of each chunk as one number, -1 where none ends.
    """
    import numpy as np

    ending, starting, typed = _rules()
    prefix, kind = prefixes.take(codes), types.take(codes)
    pair = prefix[:-1] * np.uint8(_CLASSES) + prefix[1:]
    changed = kind[:-1] != kind[1:]
    inside = typed.take(prefix)
    ends = ending.take(pair) | (inside[:-1] & changed)
    starts = starting.take(pair) | (inside[1:] & changed)
    latest = np.arange(len(pair), dtype=np.intp) * starts
    begins = np.zeros(len(pair), dtype=np.intp)
    np.maximum.accumulate(latest[:-1], out=begins[1:])  # a start counts from the next position on
    return np.where(ends, begins * len(types) + kind[:-1], -1)


def _attributes(tags: Iterable[str]) -> tuple[Classes, Codes]:
    """Return the prefix class and type code of each distinct tag.

    Args:
        tags: K distinct tags.

    Returns:
        (K,) prefix classes and (K,) type codes.
    """
    import numpy as np

    names: defaultdict[str, int] = defaultdict(count().__next__)
    prefixes: list[int] = []
    types: list[int] = []
    for tag in tags:
        if not tag:
            raise ValueError("an empty tag")
        place = _PREFIXES.find(tag[0])
        prefixes.append(_OTHER if place < 0 else place)
        types.append(names[tag.rpartition("-")[2]])
    return np.array(prefixes, dtype=np.uint8), np.array(types, dtype=np.int32)


def _count_tags(gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> int:
    """Return the number of tags, the same on both sides.

    Raises:
        ValueError: The number of sentences or the length of one differs, or there are no tags.
    """
    if len(gold) != len(predictions):
        raise ValueError(f"{len(predictions)} predicted sentences for {len(gold)} labelled ones")
    ours, theirs = list(map(len, gold)), list(map(len, predictions))
    if ours != theirs:
        place = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
        raise ValueError(
            f"sentence {place + 1}: {theirs[place]} predicted tags for {ours[place]} labels"
        )
    total = sum(ours)
    if not total:
        raise ValueError("no tags to score against")
    return total


def chunk_scores(
    gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]
) -> dict[str, float]:
    """Return micro-averaged precision, recall and F1 over chunks.

    A predicted chunk is right when a gold chunk has its type, beginning and end. A sentence's
    boundary acts as an O. A value is 0 where its denominator is. Formulas and rules: seqeval
    0.0.12 (``f1_score``, ``precision_score``, ``recall_score``), as XTREME's ``evaluate.py``
    calls them; times 100.

    Args:
        gold: S sentences of tags.
        predictions: S sentences of predicted tags, each as long as its gold sentence.

    Returns:
        ``{"f1", "precision", "recall"}``, percentages.

    Raises:
        ValueError: The shapes differ, a tag is empty, or there is nothing to score.
    """
    return chunk_counts(gold, predictions).scores


class ChunkCounts(NamedTuple):
    """What is right in a corpus of tags.

    Attributes:
        right: (S,) twice the right chunks of each sentence.
        both: (S,) its predicted plus its labelled chunks.
        predicted: Predicted chunks of all sentences.
        labelled: Labelled chunks of all sentences.
        tags: Tags that are right, regardless of chunks.
        total: Tags of all sentences.
    """

    right: Ints
    both: Ints
    predicted: int
    labelled: int
    tags: int
    total: int

    @property
    def scores(self) -> dict[str, float]:
        """Return F1, precision and recall over chunks, see ``chunk_scores``."""
        return f1_scores(int(self.right.sum()) // 2, self.predicted, self.labelled)

    @property
    def token_accuracy(self) -> float:
        """Return the share of tags that are right, see ``token_accuracy``."""
        return self.tags / self.total * 100


def chunk_counts(
    gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]
) -> ChunkCounts:
    """Return what scores and sums by sentence are made of.

    A chunk belongs to the sentence that it ends in. Two chunks of one corpus never end at the
    same place, so ends identify them.

    Args:
        gold: S sentences of tags.
        predictions: S sentences of predicted tags, each as long as its gold sentence.

    Raises:
        ValueError: The shapes differ, a tag is empty, or there is nothing to score.
    """
    import numpy as np

    total = _count_tags(gold, predictions)
    codes: defaultdict[str, int] = defaultdict(count().__next__)
    both = [_encode(sentences, total, codes) for sentences in (gold, predictions)]
    attributes = _attributes(codes)
    truth, guess = (_find(one, *attributes) for one in both)
    labelled, predicted = truth >= 0, guess >= 0
    right = (truth == guess) & labelled
    # one end is possible before each tag and before the O after the sentence
    starts = np.cumsum([1, *(len(tags) + 1 for tags in gold[:-1])]) - 1
    return ChunkCounts(
        right=2 * np.add.reduceat(right.astype(np.intp), starts),
        both=np.add.reduceat(labelled.astype(np.intp) + predicted, starts),
        predicted=int(predicted.sum()),
        labelled=int(labelled.sum()),
        tags=int((both[0] == both[1]).sum()) - len(gold) - 1,  # but for the boundaries
        total=total,
    )


def token_accuracy(gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> float:
    """Return the share of tags that are right, regardless of chunks.

    Formula: seqeval's ``accuracy_score``, times 100.

    Args:
        gold: S sentences of tags.
        predictions: S sentences of predicted tags, each as long as its gold sentence.

    Returns:
        A percentage.

    Raises:
        ValueError: The shapes differ, or there is nothing to score.
    """
    total = _count_tags(gold, predictions)
    pairs = map(operator.eq, chain.from_iterable(gold), chain.from_iterable(predictions))
    return int(sum(pairs)) / total * 100
