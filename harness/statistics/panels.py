"""The panels of columns: what the sums of rows of runs say in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.statistics.column import Column
from harness.statistics.difference import NoInterval, Panel
from harness.statistics.jackknife import Floats, covariances, left_out, spread
from harness.statistics.runs import Row, Run, refuse_copies
from harness.statistics.sums import LanguageSums, numbers_of

Units = tuple[tuple[int, ...], ...]
"""Of a row the numbers of the runs in each unit that was drawn independently of the others."""


def panels_of(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[Panel | NoInterval]:
    """Yield of each column what its intervals are made of, or why it has none.

    Raises:
        HarnessError: Rows were scored against different gold, or the runs of one are copies.
    """
    targets: dict[str, _Target] = {}
    for row in rows:
        refuse_copies(row)
    for column in columns:
        units = [row.units(column) for row in rows]
        for target in column.targets:
            if target not in targets:
                targets[target] = _Target(target, rows)
        try:
            yield _panel(column, rows, units, targets)
        except NoInterval as error:
            yield error


def _panel(
    column: Column,
    rows: Sequence[Row],
    units: Sequence[Sequence[Sequence[Run]]],
    targets: Mapping[str, _Target],
) -> Panel:
    parts = []
    for name in column.targets:
        target = targets[name]
        numbers = tuple(
            tuple(tuple(target.number[id(run)] for run in unit) for unit in row) for row in units
        )
        parts.append(target.part(column.languages(name), numbers))
    scores = tuple(np.sum([part.scores[i] for part in parts], axis=0) for i in range(len(rows)))
    fixed = tuple(
        bool(row)
        and not any(run.trained & set(column.targets) for unit in row for run in unit)
        and bool((score == score[0]).all())
        for row, score in zip(units, scores, strict=True)
    )
    mixtures = np.sum([part.mixtures for part in parts], axis=0)
    return Panel(
        scores=scores,
        mixtures=np.where(fixed, 0.0, mixtures),
        fixed=fixed,
        items=np.concatenate([part.items for part in parts]),
        clusters=np.concatenate([part.clusters for part in parts]),
    )


@dataclass(frozen=True)
class _Part:
    """A target's share of a panel; the same letters as there."""

    scores: tuple[Floats, ...]
    mixtures: Floats
    items: Floats
    clusters: Floats


@dataclass(frozen=True)
class _Language:
    """A language of a target in all runs, clusters aligned.

    Attributes:
        scores: Of each run (runs,), points.
        z: Delete-one differences (runs, entries), points.
        numbers: The entries' clusters (entries,).
        clusters: How many clusters the language has.
    """

    scores: Floats
    z: Floats
    numbers: NDArray[np.int32]
    clusters: int


class _Target:
    """One target in all runs that have it."""

    def __init__(self, name: str, rows: Sequence[Row]) -> None:
        runs = [(row.name, run) for row in rows for run in row.runs if name in run.sums]
        self.name = name
        self.number = {id(run): i for i, (_, run) in enumerate(runs)}
        self.sums = [run.sums[name] for _, run in runs]
        self._languages: dict[str, _Language] = {}
        self._parts: dict[tuple[str, tuple[Units, ...]], _Part] = {}
        _refuse_other_data(name, runs)

    @cached_property
    def joint(self) -> bool:
        return any(sums.joint for sums in self.sums)

    def part(self, weights: Mapping[str, float], rows: tuple[Units, ...]) -> _Part:
        """Return the share of some languages, weighted, in a panel."""
        languages = {code: self._language(code) for code in weights}
        each: Floats = np.sum([w * languages[code].scores for code, w in weights.items()], axis=0)
        scores = tuple(np.array([_mean(each, unit) for unit in row]) for row in rows)
        if not self.joint or len(weights) == 1:
            parts = [(w, self._alone(code, rows)) for code, w in weights.items()]
            return _Part(
                scores,
                np.sum([w * w * part.mixtures for w, part in parts], axis=0),
                np.concatenate([w * w * part.items for w, part in parts]),
                np.concatenate([part.clusters for _, part in parts]),
            )
        numbers = np.unique(np.concatenate([one.numbers for one in languages.values()]))
        z = np.zeros((len(self.sums), len(numbers)))
        for code, one in languages.items():
            z[:, np.searchsorted(numbers, one.numbers)] += weights[code] * one.z
        return _reduced(scores, z, len(numbers), rows)

    def _alone(self, code: str, rows: tuple[Units, ...]) -> _Part:
        """Return the share of one language by itself."""
        key = (code, rows)
        if key not in self._parts:
            one = self._language(code)
            self._parts[key] = _reduced((), one.z, one.clusters, rows)
        return self._parts[key]

    def _language(self, code: str) -> _Language:
        if code not in self._languages:
            self._languages[code] = self._aligned(code)
        return self._languages[code]

    def _aligned(self, code: str) -> _Language:
        """Return a language's scores and differences; runs without it have zeros."""
        present = {i: s.languages[code] for i, s in enumerate(self.sums) if code in s.languages}
        numbers = _union(list(present.values()))
        a, b = np.zeros((2, len(self.sums), len(numbers)))
        for i, one in present.items():
            whole = len(one.a) == len(numbers)  # then they are the same, in the same order
            at = slice(None) if whole else np.searchsorted(numbers, numbers_of(one))
            a[i, at], b[i, at] = one.a, one.b
        total = b.sum(-1)
        clusters = next(iter(present.values())).clusters
        if clusters < 2 or ((b == total[:, None]) & (b > 0)).any():
            raise NoInterval(
                f"{self.name} {code}: one cluster holds all test items, so there is no interval;"
                " evaluate more of them"
            )
        scores = 100 * np.divide(a.sum(-1), total, out=np.zeros_like(total), where=total > 0)
        return _Language(scores, 100 * left_out(a, b), numbers, clusters)


def _mean(values: Floats, unit: Sequence[int]) -> float:
    """Return the mean over a unit's runs; most have one, and np.mean takes its time."""
    return float(values[unit[0]] if len(unit) == 1 else np.mean(values[list(unit)]))


def _union(parts: Sequence[LanguageSums]) -> NDArray[np.int32]:
    """Return the clusters that have an entry in any of the parts, ascending."""
    if all(part.numbers is None for part in parts):
        return numbers_of(parts[0])
    return np.unique(np.concatenate([numbers_of(part) for part in parts]))


def _reduced(
    scores: tuple[Floats, ...], z: Floats, clusters: int, rows: tuple[Units, ...]
) -> _Part:
    """Return a stratum's mixtures and covariances of the rows."""
    means = np.zeros((len(rows), z.shape[1]))
    mixtures = np.full(len(rows), np.nan)
    for i, row in enumerate(rows):
        if not row:
            continue
        units = np.stack([z[list(unit)].mean(0) if len(unit) > 1 else z[unit[0]] for unit in row])
        means[i] = units.mean(0)
        if len(row) > 1:
            mixtures[i] = spread(units - means[i], clusters).sum() / (len(row) - 1)
    items = covariances(means, clusters)[None]
    return _Part(scores, mixtures, items, np.array([float(clusters)]))


def _refuse_other_data(name: str, runs: Sequence[tuple[str, Run]]) -> None:
    """Refuse runs that were scored against different gold or in other clusters.

    Raises:
        HarnessError: They were; names two rows.
    """
    seen: dict[str, tuple[str, LanguageSums]] = {}
    for row, run in runs:
        for code, one in run.sums[name].languages.items():
            first, known = seen.setdefault(code, (row, one))
            if known.data != one.data or known.clusters != one.clusters:
                raise HarnessError(
                    f"{name} {code}: {first} and {row} were scored on different test data,"
                    " labels or languages; evaluate both on the same"
                )
