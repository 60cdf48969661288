"""One target in all runs: scores, mixtures and covariances of any weighted sum of its languages.

Each language is read once. What is kept of it does not grow with its clusters, but for targets
whose languages share clusters: of these also the rows' mean delete-one differences, until all
that is asked for was made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.statistics.difference import ROUNDING, NoInterval
from harness.statistics.jackknife import Floats, covariances, left_out, spread
from harness.statistics.runs import Row, Run
from harness.statistics.sums import LanguageSums, numbers_of
from harness.statistics.sums_file import LanguagesInFile

HELD = 64 << 20  # bytes of sums that are held, rather than read a language at a time
AT_ONCE = 2**17  # numbers of delete-one differences that are in memory at once
Units = tuple[tuple[int, ...], ...]
"""Of a row the numbers of the runs in each unit that was drawn independently of the others."""
Weights = tuple[tuple[str, float], ...]
"""Languages and their weights."""
Differences = Callable[[Sequence[int]], Floats]
"""Returns the delete-one differences of some runs (runs, width)."""


@dataclass(frozen=True)
class Share:
    """A stratum of a weighted sum of languages, in all variants of rows.

    Attributes:
        mixtures: Spread of a run's own mixture with the items (variants,); nan with one unit.
        items: Jackknife covariances of the variants' mean scores (variants, variants).
        clusters: Clusters of the stratum.
    """

    mixtures: Floats
    items: Floats
    clusters: float


class Target:
    """One target in all runs that have it.

    A variant is a row with those of its runs that have all that a column needs; most rows have
    one. Variants are asked for first, then ``reduce`` reads the sums, then shares are given.
    """

    def __init__(self, name: str, rows: Sequence[Row]) -> None:
        """Take the runs that have the target."""
        self.name = name
        self.runs = [(row.name, run) for row in rows for run in row.runs if name in run.sums]
        self.number = {id(run): i for i, (_, run) in enumerate(self.runs)}
        self.variants: dict[Units, int] = {}
        self._seen: dict[int, tuple[Sequence[Sequence[Run]], int]] = {}
        self.scores: dict[str, Floats] = {}
        self.halves: dict[str, Floats] = {}
        self._asked: dict[Weights, None] = {}
        self._shares: dict[Weights, Share] = {}
        self._faults: dict[str, NoInterval] = {}

    def ask(self, units: Sequence[Sequence[Run]]) -> int:
        """Return the number of the variant that a row is with some of its runs; −1 with none."""
        if not units:
            return -1
        if id(units) not in self._seen:
            numbers = tuple(tuple(self.number[id(run)] for run in unit) for unit in units)
            place = self.variants.setdefault(numbers, len(self.variants))
            self._seen[id(units)] = units, place  # held, so that its id is no other's
        return self._seen[id(units)][1]

    def units(self, variants: Iterable[int]) -> list[tuple[int, ...]]:
        """Return the units of some variants, one after the other; −1 has none."""
        known = list(self.variants)
        return [unit for number in variants if number >= 0 for unit in known[number]]

    def need(self, weights: Mapping[str, float]) -> None:
        """Say that a share will be asked for."""
        self._asked[_relative(weights)[0]] = None

    @cached_property
    def joint(self) -> bool:
        """Return whether languages share clusters, so that all are one stratum."""
        return any(run.sums[self.name].joint for _, run in self.runs)

    def reduce(self, *, halves: bool) -> None:
        """Make all that was asked for.

        Args:
            halves: Whether the scores on the two halves of the clusters will be asked for.

        Raises:
            HarnessError: Rows were scored against different gold.
        """
        languages = self._languages()
        codes = list(dict.fromkeys(code for weights in self._asked for code, _ in weights))
        if not self.joint:
            for code in codes:
                part = self._read(code, languages, halves=halves)
                self._shares[((code, 1.0),)] = self._alone(part)
                self._settle(code, part)
            return
        parts = {code: self._read(code, languages, halves=halves) for code in codes}
        joint = _Joint(list(parts.values()), list(self.variants))
        for code, part in parts.items():
            self._settle(code, part)
        for weights in self._asked:
            places = [codes.index(code) for code, _ in weights]
            self._shares[weights] = joint.share(places, [weight for _, weight in weights])

    def _settle(self, code: str, part: _Part) -> None:
        """Keep a language's scores, once its sums were gone through, and whether it has a fault."""
        self.scores[code] = part.scores
        if part.single or part.clusters < 2:
            self._faults[code] = NoInterval(
                f"{self.name} {code}: one cluster holds all test items, so there is no interval;"
                " evaluate more of them"
            )

    def shares(self, weights: Mapping[str, float]) -> list[tuple[float, Share]]:
        """Return the shares of some languages, weighted, in a column, each with its weight.

        Raises:
            NoInterval: One cluster holds all items of a language.
        """
        for code in weights:
            if code in self._faults:
                raise self._faults[code]
        if self.joint:
            relative, scale = _relative(weights)
            return [(scale, self._shares[relative])]
        return [(weight, self._shares[((code, 1.0),)]) for code, weight in weights.items()]

    def _languages(self) -> list[Mapping[str, LanguageSums]]:
        """Return each run's languages, held in memory where they take little of it."""
        found = [run.sums[self.name].languages for _, run in self.runs]
        files = [one for one in found if isinstance(one, LanguagesInFile)]
        if sum(one.size for one in files) > HELD:
            return found
        return [one.held() if isinstance(one, LanguagesInFile) else one for one in found]

    def _read(
        self, code: str, languages: Sequence[Mapping[str, LanguageSums]], *, halves: bool
    ) -> _Part:
        """Return a language of all runs, and keep its scores."""
        present: dict[int, LanguageSums] = {}
        for i, (row, run) in enumerate(self.runs):
            if code not in run.sums[self.name].codes:
                continue
            present[i] = languages[i][code]
            first, one = present[next(iter(present))], present[i]
            if first.data != one.data or first.clusters != one.clusters:
                raise HarnessError(
                    f"{self.name} {code}: {self.runs[next(iter(present))][0]} and {row} were scored"
                    " on different test data, labels or languages; evaluate both on the same"
                )
        part = _Part(present, _union(list(present.values())), len(self.runs))
        if halves:
            self.halves[code] = part.by_half()
        return part

    def _alone(self, part: _Part) -> Share:
        """Return the share of one language by itself."""
        means = np.zeros((len(self.variants), len(part.numbers)))
        mixtures = np.full(len(self.variants), np.nan)
        for places, z in _units(list(self.variants), len(part.numbers), part.left_out):
            means[places] = z.mean(1)
            if z.shape[1] > 1:
                apart = z - means[places][:, None]
                mixtures[places] = spread(apart, part.clusters).sum(-1) / (z.shape[1] - 1)
        items = covariances(means, part.clusters)
        return Share(mixtures, items, float(part.clusters))


class _Part:
    """A language in all runs that have it, clusters aligned.

    Attributes:
        numbers: The clusters that have an entry in any run (entries,).
        clusters: How many clusters the language has.
        scores: Of each run whose differences were asked for (runs,), points.
        single: Whether a cluster holds all items of one of them.
    """

    def __init__(
        self, present: Mapping[int, LanguageSums], numbers: NDArray[np.int32], runs: int
    ) -> None:
        self.present, self.numbers = present, numbers
        self.scores, self.single = np.zeros(runs), False
        self.clusters = next(iter(present.values())).clusters

    def sums(self, runs: Sequence[int]) -> tuple[Floats, Floats]:
        """Return numerators and denominators of some runs; those without the language have 0."""
        a, b = np.zeros((2, len(runs), len(self.numbers)))
        for place, i in enumerate(runs):
            one = self.present.get(i)
            if one is None:
                continue
            whole = len(one.a) == len(self.numbers)  # then they are the same, in the same order
            at = slice(None) if whole else np.searchsorted(self.numbers, numbers_of(one))
            a[place, at], b[place, at] = one.a, one.b
        return a, b

    def by_half(self) -> Floats:
        """Return each run's scores on the two halves of the clusters (runs, 2), points.

        They are nan on an empty half, and of runs without the language.
        """
        scores = np.full((len(self.scores), 2), np.nan)
        parts = list(self.present.values())
        side = parts[0].halves
        if not all(_countable(one, side) for one in parts):
            for i, one in self.present.items():
                scores[i] = one.by_half
            return scores
        whole = np.arange(len(side))
        places = [whole[~side], whole[side]]
        a, b = (np.stack([getattr(one, name) for one in parts]) for name in ("a", "b"))
        for half, some in enumerate(places):  # whole numbers: the order of summation is all one
            top, bottom = (each[:, some].sum(1, dtype=np.int64) for each in (a, b))
            scores[list(self.present), half] = 100 * np.divide(
                top, bottom, out=np.full(len(parts), np.nan), where=bottom > 0
            )
        return scores

    def left_out(self, runs: Sequence[int]) -> Floats:
        """Return the delete-one differences of some runs (runs, entries), points."""
        a, b = self.sums(runs)
        total = b.sum(-1)
        self.single = self.single or bool(((b == total[:, None]) & (b > 0)).any())
        self.scores[runs] = 100 * np.divide(
            a.sum(-1), total, out=np.zeros_like(total), where=total > 0
        )
        z = left_out(a, b)
        z *= 100
        return z


class _Joint:
    """A target whose languages share clusters, in all variants of rows."""

    def __init__(self, parts: Sequence[_Part], variants: Sequence[Units]) -> None:
        self.parts, self.counts = parts, np.array([len(units) for units in variants])
        self.numbers = np.unique(np.concatenate([part.numbers for part in parts]))
        at = [np.searchsorted(self.numbers, part.numbers) for part in parts]
        self.places: list[slice | NDArray[np.intp]] = [
            slice(None) if len(one) == len(self.numbers) else one for one in at
        ]
        count = len(parts)
        self.means = np.zeros((count, len(variants), len(self.numbers)))
        self.products, self.sums = np.zeros((2, len(variants), count, count))
        width = count * len(self.numbers)
        for some, z in _units(variants, width, self._left_out):
            z = z.reshape(*z.shape[:2], count, -1)  # rows, units, languages, clusters
            mean = z.mean(1)
            self.means[:, some] = mean.swapaxes(0, 1)
            if z.shape[1] > 1:
                apart = z - mean[:, None]
                total = apart.sum(-1)
                flat = apart.swapaxes(1, 2).reshape(len(some), count, -1)
                self.products[some] = flat @ flat.swapaxes(1, 2)
                self.sums[some] = total.swapaxes(1, 2) @ total

    def _left_out(self, runs: Sequence[int]) -> Floats:
        """Return all languages' delete-one differences of some runs, one after the other."""
        z = np.zeros((len(runs), len(self.parts), len(self.numbers)))
        for number, (part, places) in enumerate(zip(self.parts, self.places, strict=True)):
            z[:, number, places] = part.left_out(runs)
        return z.reshape(len(runs), -1)

    def share(self, languages: Sequence[int], weights: Sequence[float]) -> Share:
        """Return the share of some languages, weighted."""
        weight = np.array(weights)
        if len(languages) == 1:
            one = self.parts[languages[0]]
            clusters, z = one.clusters, weight[0] * self.means[languages[0]]
            z = z[:, self.places[languages[0]]]
        else:
            numbers = [self.parts[i].numbers for i in languages]
            clusters = len(np.unique(np.concatenate(numbers)))
            z = np.zeros(self.means.shape[1:])
            for i, w in zip(languages, weight, strict=True):
                z += w * self.means[i]
            if clusters < z.shape[1]:
                z = z[:, np.isin(self.numbers, np.concatenate(numbers))]
        square = np.outer(weight, weight)
        inside = np.ix_(range(len(self.counts)), languages, languages)
        products, sums = self.products[inside] * square, self.sums[inside] * square
        mixtures = products.sum((1, 2)) - sums.sum((1, 2)) / clusters
        least = ROUNDING * np.abs(products).sum((1, 2))  # below it they are rounding errors
        mixtures = np.where(mixtures > least, mixtures, 0.0) * (clusters - 1) / clusters
        few = self.counts < 2
        mixtures = np.where(few, np.nan, mixtures / np.where(few, 1, self.counts - 1))
        return Share(mixtures, covariances(z, clusters), float(clusters))


def _countable(one: LanguageSums, halves: NDArray[np.bool_]) -> bool:
    """Return whether sums are whole numbers of clusters that lie in these halves."""
    return one.a.dtype.kind == one.b.dtype.kind == "u" and (
        one.halves is halves or np.array_equal(one.halves, halves)
    )


def _relative(weights: Mapping[str, float]) -> tuple[Weights, float]:
    """Return weights over the first one, and the first: many columns differ in it alone."""
    first = next(iter(weights.values()))
    return tuple((code, weight / first) for code, weight in weights.items()), first


def _union(parts: Sequence[LanguageSums]) -> NDArray[np.int32]:
    """Return the clusters that have an entry in any of the parts, ascending."""
    if all(part.numbers is None for part in parts):
        return numbers_of(parts[0])
    return np.unique(np.concatenate([numbers_of(part) for part in parts]))


def _units(
    variants: Sequence[Units], width: int, left_out_of: Differences
) -> Iterator[tuple[list[int], Floats]]:
    """Yield some variants at a time, and their units' delete-one differences.

    Yields:
        The variants' places, and (variants, units, width) differences, means over a unit's runs.
    """
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, units in enumerate(variants):
        by_shape.setdefault(tuple(map(len, units)), []).append(place)
    for shape, places in by_shape.items():
        count = max(1, AT_ONCE // max(1, width * sum(shape)))
        for start in range(0, len(places), count):
            some = places[start : start + count]
            runs = [run for place in some for unit in variants[place] for run in unit]
            z = left_out_of(runs).reshape(len(some), sum(shape), -1)
            if max(shape) > 1:
                ends = np.cumsum(shape)
                each = zip(ends - shape, ends, strict=True)
                z = np.stack([z[:, low:high].mean(1) for low, high in each], axis=1)
            yield some, z
