"""Sufficient statistics of a run: two sums by language and cluster.

A language's score is 100 · Σa / Σb. Right answers over rows for classification and retrieval,
(exact match + F1) / 2 over questions, twice the right chunks or pairs over predicted + labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.statistics.clusters import Clusters, places
from harness.statistics.jackknife import Floats

MANY = 1e12  # more than any sum
TOLERANCE = 1e-6  # points by which sums may miss the stored score


@dataclass(frozen=True, eq=False)
class Tally:
    """What each example adds to a language's score.

    Attributes:
        a: Numerators (examples,).
        b: Denominators (examples,).
        names: What the examples are called, where they do not go in the test set's order; a name
            may come more than once.
    """

    a: Floats
    b: Floats
    names: Sequence[str] = ()


@dataclass(frozen=True, eq=False, slots=True)  # a large board has a quarter of a million
class LanguageSums:
    """Sums of one language by cluster.

    Attributes:
        a: Numerators (entries,), float64 or a small unsigned type.
        b: Denominators (entries,), likewise.
        numbers: The entries' clusters, ascending int32 (entries,), other clusters have 0; None
            where the entries are all clusters in order.
        clusters: How many clusters the language has.
        halves: The half that each entry's cluster is in (entries,).
        data: Hash of the examples and the gold that were scored.
        predictions: Hash of the predictions; "" if it is not known.
    """

    a: NDArray[Any]
    b: NDArray[Any]
    numbers: NDArray[np.int32] | None
    clusters: int
    halves: NDArray[np.bool_]
    data: str = ""
    predictions: str = ""

    @property
    def by_half(self) -> Floats:
        """Return the score on each half of the clusters, percent (2,); nan on an empty one."""
        if self.a.dtype.kind == self.b.dtype.kind == "u":  # whole numbers: the order is all one
            whole = np.array([[self.a.sum(), self.b.sum()]], np.float64)
            second = np.array([[self.a[self.halves].sum(), self.b[self.halves].sum()]], np.float64)
            a, b = np.concatenate([whole - second, second]).T
        else:
            a, b = (np.bincount(self.halves, part, 2) for part in (self.a, self.b))
        return 100 * np.divide(a, b, out=np.full(2, np.nan), where=b > 0)

    @property
    def score(self) -> float:
        """Return the score in percent: 0 with neither gold nor predictions."""
        return (
            100 * float(self.a.sum(dtype=np.float64)) / (float(self.b.sum(dtype=np.float64)) or 1)
        )


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of one target in one run.

    Attributes:
        languages: Language to its sums.
        joint: Whether a cluster may hold several languages, so that all are one stratum.
    """

    languages: Mapping[str, LanguageSums]
    joint: bool

    @cached_property
    def codes(self) -> frozenset[str]:
        """Return its languages."""
        return frozenset(self.languages)


def summed(
    tallies: Mapping[str, Tally],
    clusters: Clusters,
    data: Mapping[str, str],
    *,
    predictions: Mapping[str, str] | None = None,
    limit: int = 0,
) -> Sums:
    """Return the sums by cluster of a target's scored languages.

    Args:
        tallies: Language to what its examples add.
        clusters: The clusters of the test sets.
        data: Language to the hash of its examples and gold.
        predictions: Language to the hash of its predictions.
        limit: Examples of each language that were scored; 0 for all.

    Raises:
        HarnessError: Another number of examples than the test set has.
    """
    known = predictions or {}
    return Sums(
        {
            language: replace(
                _by_cluster(tally, clusters, language, limit),
                data=data[language],
                predictions=known.get(language, ""),
            )
            for language, tally in tallies.items()
        },
        clusters.joint,
    )


def _by_cluster(tally: Tally, clusters: Clusters, language: str, limit: int) -> LanguageSums:
    every = clusters.rows[language]
    scored = every[:limit] if limit else every
    if tally.names or clusters.names:
        rows = every[places(clusters, language, tally.names)]
    else:
        rows = scored
    if len(rows) != len(tally.a):
        raise HarnessError(f"{language}: {len(tally.a)} scored examples of {len(rows)}")
    numbers, inverse = np.unique(rows, return_inverse=True)
    halves = np.zeros(int(every.max(initial=-1)) + 1, bool)
    halves[every] = clusters.halves[language]
    count = len(np.unique(scored))
    in_order = len(numbers) == count and bool((numbers == np.arange(count)).all())
    return LanguageSums(
        a=_small(np.bincount(inverse, tally.a, len(numbers))),
        b=_small(np.bincount(inverse, tally.b, len(numbers))),
        numbers=None if in_order else numbers.astype(np.int32),
        clusters=count,
        halves=halves[numbers],
    )


def _small(values: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers in the least unsigned type that holds them, others as they are."""
    whole = np.rint(values)
    if not np.array_equal(whole, values):
        return values
    largest = int(whole.max(initial=0))
    for kind in (np.uint8, np.uint16, np.uint32):
        if largest <= np.iinfo(kind).max:
            return whole.astype(kind)
    return values


def numbers_of(part: LanguageSums) -> NDArray[np.int32]:
    """Return the clusters of a language's entries, int32 (entries,)."""
    return np.arange(part.clusters, dtype=np.int32) if part.numbers is None else part.numbers


def refuse_other_scores(sums: Sums, scores: Mapping[str, float], name: str) -> None:
    """Refuse sums that do not add up to the scores stored beside them.

    Args:
        sums: The sums.
        scores: Language to its headline score, percent.
        name: The step or file, for the message.

    Raises:
        HarnessError: They do not, or there are other languages.
    """
    if set(scores) != set(sums.languages):
        raise HarnessError(f"{name}: statistics and scores are of different languages; score again")
    for language, part in sums.languages.items():
        if not abs(part.score - scores[language]) <= TOLERANCE:  # nor nan
            raise HarnessError(
                f"{name}: the statistics of {language} add up to {part.score:.6f}, the score is"
                f" {scores[language]:.6f}; score again"
            )
