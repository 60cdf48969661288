"""An exact test of two single runs: are their answers exchangeable?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from harness.statistics.column import Column
from harness.statistics.jackknife import Floats
from harness.statistics.sums import LanguageSums, Sums, numbers_of

FLIPS = 9_999
AT_ONCE = 500  # flips in one matrix product
ROUNDING = 1e-9  # points; as extreme as observed, but for rounding


def flip_p(row: Mapping[str, Sums], base: Mapping[str, Sums], column: Column) -> float:
    """Return the p-value of the difference of two runs, of these runs alone.

    Whole clusters change sides at random, 9,999 times: p = (1 + as extreme as observed) / 10,000.
    It says nothing of another seed. The flips come from Philox with the hash of both runs' sums as
    its key, so they are the same everywhere. Source: Phipson and Smyth 2010 (the + 1).

    Args:
        row: Target to the sums of one run.
        base: Target to the sums of the other.
        column: The targets and languages, and their weights.
    """
    key = hashlib.sha256(_content(row, column) + _content(base, column)).digest()[:16]
    generator = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "big")))
    flipped, observed = np.zeros(FLIPS), 0.0
    for target in column.targets:
        for weights in _strata(column.languages(target), row[target]):
            one = _Stratum(row[target], base[target], weights)
            observed += float(one.differences(np.ones((1, one.clusters), np.int8))[0])
            for start in range(0, FLIPS, AT_ONCE):
                part = slice(start, min(FLIPS, start + AT_ONCE))
                flipped[part] += one.differences(
                    _signs(generator, part.stop - part.start, one.clusters)
                )
    extreme = int((np.abs(flipped) >= abs(observed) - ROUNDING).sum())
    return (1 + extreme) / (1 + FLIPS)


def _strata(weights: Mapping[str, float], sums: Sums) -> Iterator[dict[str, float]]:
    """Yield the languages whose clusters change sides together."""
    if sums.joint:
        yield dict(weights)
    else:
        yield from ({code: weight} for code, weight in weights.items())


def _signs(generator: np.random.Generator, flips: int, clusters: int) -> NDArray[np.int8]:
    """Return +1 or −1 for each flip and cluster, int8 (flips, clusters)."""
    width = -(-clusters // 8)
    bits = np.frombuffer(generator.bytes(flips * width), np.uint8).reshape(flips, width)
    return 1 - 2 * np.unpackbits(bits, axis=1, count=clusters).astype(np.int8)


class _Stratum:
    """Two runs in languages that share clusters; only clusters in which they differ count."""

    def __init__(self, row: Sums, base: Sums, weights: Mapping[str, float]) -> None:
        pairs = [(row.languages[code], base.languages[code]) for code in weights]
        known = np.unique(np.concatenate([numbers_of(one) for pair in pairs for one in pair]))
        a, b = (
            np.stack([[_dense(one, part, known) for one in pair] for pair in pairs])
            for part in ("a", "b")
        )
        self.weights = 100 * np.array(list(weights.values()))
        self.sums = a.sum((1, 2)) / 2, b.sum((1, 2)) / 2
        halves = (a[:, 0] - a[:, 1]) / 2, (b[:, 0] - b[:, 1]) / 2
        active = np.any(halves[0] != 0, axis=0) | np.any(halves[1] != 0, axis=0)
        self.halves = halves[0][:, active], halves[1][:, active]
        self.clusters = int(active.sum())

    def differences(self, signs: NDArray[np.int8]) -> Floats:
        """Return the weighted difference under each row of signs (flips,)."""
        as_floats = signs.astype(np.float64)
        a, b = (as_floats @ half.T for half in self.halves)
        top, bottom = self.sums
        sides = [_ratio(top + way * a, bottom + way * b) for way in (1, -1)]
        difference: Floats = (sides[0] - sides[1]) @ self.weights
        return difference


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def _dense(one: LanguageSums, part: str, clusters: NDArray[np.int32]) -> Floats:
    """Return a language's sums of the given clusters, 0 where it has none."""
    values = np.zeros(len(clusters))
    values[np.searchsorted(clusters, numbers_of(one))] = getattr(one, part)
    return values


def _content(sums: Mapping[str, Sums], column: Column) -> bytes:
    """Return a hash of a run's sums in a column's cells."""
    content = hashlib.sha256()
    for target, language in sorted(column.weights):
        one = sums[target].languages[language]
        for values in (numbers_of(one), one.a, one.b):
            content.update(np.ascontiguousarray(values, np.float64).tobytes())
    return content.digest()
