"""The panels of columns: what the sums of rows of runs say in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.statistics.column import Column
from harness.statistics.difference import NoInterval, Panel
from harness.statistics.jackknife import Floats
from harness.statistics.runs import Row, Run, refuse_copies
from harness.statistics.strata import Target

Runs = tuple[tuple[tuple[Run, ...], ...], ...]
"""Of each row the runs of each unit that was drawn independently of the others."""


@dataclass(frozen=True)
class _Column:
    """A column, and the runs that count in it.

    Attributes:
        column: The column.
        runs: Of each row its units.
        variants: Target to the number of each row's variant there (rows,); -1 without runs.
    """

    column: Column
    runs: Runs
    variants: dict[str, NDArray[np.intp]]


class Panels:
    """The panels of columns, each made when it is asked for: of hundreds of rows one is large."""

    def __init__(
        self, rows: Sequence[Row], columns: Sequence[Column], *, halves: bool = False
    ) -> None:
        """Go through all sums, a target after the other, each language once.

        Args:
            rows: The rows.
            columns: The columns.
            halves: Whether ``by_half`` will be asked for.

        Raises:
            HarnessError: Rows were scored against different gold, or the runs of one are copies.
        """
        for row in rows:
            refuse_copies(row)
        names = dict.fromkeys(name for column in columns for name in column.targets)
        self._targets = {name: Target(name, rows) for name in names}
        self._units: dict[tuple[int, tuple[bool, ...]], tuple[tuple[Run, ...], ...]] = {}
        self._columns = [self._asked(column, rows) for column in columns]
        for target in self._targets.values():
            target.reduce(halves=halves)

    def _asked(self, column: Column, rows: Sequence[Row]) -> _Column:
        """Return a column with its runs, asked for of its targets."""
        having = [row.having(column) for row in rows]
        runs = []
        for key in enumerate(having):  # most columns have the same runs
            if key not in self._units:
                self._units[key] = tuple(map(tuple, rows[key[0]].units(column)))
            runs.append(self._units[key])
        variants = {}
        for name in column.targets:
            target = self._targets[name]
            target.need(column.languages(name))
            variants[name] = np.array([target.ask(units) for units in runs], np.intp)
        return _Column(column, tuple(runs), variants)

    def __len__(self) -> int:
        """Return how many columns there are."""
        return len(self._columns)

    def panel(self, place: int) -> Panel:
        """Return the panel of a column.

        Args:
            place: The column's place among all.

        Raises:
            NoInterval: A cluster holds all items of a language.
        """
        one = self._columns[place]
        mixtures = np.zeros(len(one.runs))
        strata = []
        for name, variants in one.variants.items():
            for weight, share in self._targets[name].shares(one.column.languages(name)):
                mixtures += (
                    weight * weight * np.where(variants < 0, np.nan, share.mixtures[variants])
                )
                strata.append((weight * weight, share, variants))
        items = np.zeros((len(strata), len(one.runs), len(one.runs)))
        for into, (square, share, variants) in zip(items, strata, strict=True):
            there = np.flatnonzero(variants >= 0)
            some = variants[there]
            into[np.ix_(there, there)] = share.items[np.ix_(some, some)]
            into *= square
        scores = self._scores(one)
        fixed = self._fixed(one, scores)
        return Panel(
            scores=scores,
            mixtures=np.where(fixed, 0.0, mixtures),
            fixed=fixed,
            items=items,
            clusters=np.array([share.clusters for _, share, _ in strata]),
        )

    def _scores(self, one: _Column) -> tuple[Floats, ...]:
        """Return of each row the scores of its units."""
        each = []
        for name in one.column.targets:
            target = self._targets[name]
            weights = one.column.languages(name).items()
            score = np.sum([w * target.scores[code] for code, w in weights], axis=0)
            each.append(_means(score, target.units(one.variants[name])))
        total = np.sum(each, axis=0)
        ends = np.cumsum([len(row) for row in one.runs])
        return tuple(total[end - len(row) : end] for end, row in zip(ends, one.runs, strict=True))

    def _fixed(self, one: _Column, scores: Sequence[Floats]) -> tuple[bool, ...]:
        """Return of each row whether nothing was trained for the column."""
        targets = set(one.column.targets)
        return tuple(
            bool(row)
            and bool((score == score[0]).all())
            and not any(run.trained & targets for unit in row for run in unit)
            for row, score in zip(one.runs, scores, strict=True)
        )

    def by_half(self, place: int) -> list[tuple[Floats, Floats]]:
        """Return of each row its runs' scores in a column, and those on each half of the clusters.

        Args:
            place: The column's place among all.

        Returns:
            Of each row (runs,) and (runs, 2), points; nan on a half that is empty somewhere.
        """
        one = self._columns[place]
        runs = [[run for unit in row for run in unit] for row in one.runs]
        whole = [np.zeros(len(row)) for row in runs]
        halves = [np.zeros((len(row), 2)) for row in runs]
        for (name, code), weight in one.column.weights.items():
            target = self._targets[name]
            for i, row in enumerate(runs):
                some = [target.number[id(run)] for run in row]
                whole[i] += weight * target.scores[code][some]
                halves[i] += weight * target.halves[code][some]
        return list(zip(whole, halves, strict=True))


def panels_of(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[Panel | NoInterval]:
    """Yield of each column what its intervals are made of, or why it has none.

    Raises:
        HarnessError: Rows were scored against different gold, or the runs of one are copies.
    """
    made = Panels(rows, columns)
    for place in range(len(made)):
        try:
            yield made.panel(place)
        except NoInterval as error:
            yield error


def _means(values: Floats, units: Sequence[tuple[int, ...]]) -> Floats:
    """Return the mean over each unit's runs; most have one, and np.mean takes its time."""
    if all(len(unit) == 1 for unit in units):
        return values[[unit[0] for unit in units]]
    return np.array([np.mean(values[list(unit)]) for unit in units])
