"""Differences of any two rows: of one family, and of the ranked rows of a benchmark and regime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.comparison.table import AVERAGE
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import BoardRow, ranked_groups, sums_of
from harness.leaderboard.kept import kept
from harness.scoring import VERSION as SCORER
from harness.version import STATISTICS

if TYPE_CHECKING:
    from harness.comparison.group import Group
    from harness.declarations import Benchmark
    from harness.statistics import Panel, Row, RunVariances

ALL = 60  # rows up to which all pairs are made
NEAR = 10  # beyond it, how far apart two rows may be by score
MOST = 500  # rows of a benchmark and regime that have pairs: as many as a page shows
TOGETHER = 8  # languages whose deviations are in memory at once
OF_GROUP = "group/"
COLUMNS = 1  # version of which columns a pair has

Places = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Pair:
    """How two rows differ.

    Attributes:
        first: Slug of the row that is subtracted.
        second: Slug of the other.
        cells: The second less the first: by target, ``group/NAME`` of several targets, ``mean``.
    """

    first: str
    second: str
    cells: Mapping[str, BoardCell]

    def as_dict(self) -> dict[str, Any]:
        """Return the pair as JSON values."""
        cells = {column: cell.as_dict() for column, cell in self.cells.items()}
        return {"first": self.first, "second": self.second, "cells": cells}

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Pair:
        """Return the pair that JSON values hold."""
        cells = {column: BoardCell.read(cell) for column, cell in value["cells"].items()}
        return cls(value["first"], value["second"], cells)


def family_pairs(group: Group) -> list[Pair]:
    """Return the differences between the settings of a family, with its own spreads.

    Those from the baseline are in the family's table.

    Args:
        group: The baseline and its settings.
    """
    import numpy as np

    names = [row.name for row in group.runs]
    columns = [c.name for c in group.columns if "/" not in c.name or c.name.startswith(OF_GROUP)]
    panels = {name: panel for name in columns if (panel := group.panel(name))}
    settings = [i for i in range(len(names)) if i != group.base]
    if not panels or len(settings) < 2:
        return []
    order = panels.get(AVERAGE, next(iter(panels.values()))).means
    settings.sort(key=lambda i: (np.nan_to_num(-order[i]), names[i]))
    settings = settings[:MOST]
    spreads = {
        name: group.moderation.of(panel.variances, np.maximum(0, panel.runs - 1))
        for name, panel in panels.items()
    }
    places = [(settings[i], settings[j]) for i, j in near(len(settings))]
    return list(_pairs(names, panels, spreads, places))


def near(count: int) -> list[tuple[int, int]]:
    """Return which places of an order are compared: all if they are few, else near ones.

    Args:
        count: How many places there are.
    """
    most = count if count <= ALL else NEAR
    return [(i, j) for i in range(count) for j in range(i + 1, min(count, i + most + 1))]


def ranked_pairs(rows: Sequence[BoardRow]) -> list[Pair]:
    """Return the differences between ranked rows of one benchmark and regime.

    Where they are many, those near one another by score: what is beyond the family's settings and
    ten places either way is left to ``harness compare``, and so are all but the first ``MOST``
    rows, which a page shows. Spreads are moderated among the rows of
    one window, of which no more are in memory. All are kept in the user's cache.

    Args:
        rows: All rows; those without a rank have no pair here.

    Raises:
        HarnessError: Rows were scored on different data, or a file of sums is not the one that
            was verified.
    """
    found = []
    for some in ranked_groups(rows):
        for window, places in _windows(sorted(some[:MOST], key=_by_score)):
            benchmark, sums = window[0].entry.benchmark, sums_of(window)
            made_of = ["pairs", COLUMNS, SCORER, STATISTICS, benchmark, sums, places]
            found += [Pair.read(one) for one in kept(made_of, partial(_of_window, window, places))]
    return found


def _by_score(row: BoardRow) -> tuple[float, str]:
    overall = row.verified.summary.overall if row.verified else None
    return 0.0 if overall is None else -overall.score, row.slug


def _windows(rows: Sequence[BoardRow]) -> Iterator[tuple[Sequence[BoardRow], Places]]:
    """Yield rows that are worked on together, and which of them are compared."""
    if len(rows) <= ALL:
        if len(rows) > 1:
            yield rows, near(len(rows))
        return
    step = ALL - NEAR
    for start in range(0, len(rows) - 1, step):
        window = rows[start : start + ALL]
        near_ones = combinations(range(len(window)), 2)
        yield window, [(i, j) for i, j in near_ones if i < step and j - i <= NEAR]


def _of_window(rows: Sequence[BoardRow], places: Places) -> list[dict[str, Any]]:
    """Return the pairs of a window as JSON values."""
    import numpy as np

    from harness.statistics import Row, moderate

    panels = _panels([Row(row.slug, row.runs) for row in rows], rows[0].benchmark)
    df = {name: np.maximum(0, panel.runs - 1) for name, panel in panels.items()}
    targets = [name for name in panels if name in rows[0].benchmark.task_names()]
    prior = moderate([panels[name].variances for name in targets], [df[name] for name in targets])
    spreads = {name: prior.of(panel.variances, df[name]) for name, panel in panels.items()}
    if AVERAGE in panels:  # as ranks have it
        overall = panels[AVERAGE].variances
        spreads[AVERAGE] = moderate(overall, df[AVERAGE]).of(overall, df[AVERAGE])
    made = _pairs([row.slug for row in rows], panels, spreads, places)
    return [pair.as_dict() for pair in made]


def _pairs(
    names: Sequence[str],
    panels: Mapping[str, Panel],
    spreads: Mapping[str, RunVariances],
    places: Places,
) -> Iterator[Pair]:
    """Yield pairs of rows by their numbers: the second less the first, in all columns."""
    import numpy as np

    from harness.comparison.table import Cell
    from harness.statistics import contrasts

    cells: list[dict[str, BoardCell]] = [{} for _ in places]
    for name, panel in panels.items():
        there = [n for n, (i, j) in enumerate(places) if panel.runs[i] and panel.runs[j]]
        if not there:
            continue
        first, second = (np.array([places[n][side] for n in there]) for side in (0, 1))
        made = contrasts(panel, (second, first), (1.0, -1.0), spreads[name])
        for n, interval in zip(there, made, strict=True):
            cells[n][name] = BoardCell.of(Cell(interval))
    for (i, j), some in zip(places, cells, strict=True):
        if some:
            yield Pair(names[i], names[j], some)


# The panels of whole rows


def _panels(rows: Sequence[Row], benchmark: Benchmark) -> dict[str, Panel]:
    """Return the panels of a benchmark's targets, of groups with several, and of their mean.

    Raises:
        NoInterval: One cluster holds all items of a language.
    """
    names = benchmark.task_names()
    panels = {name: _target_panel(rows, benchmark, name) for name in names}
    several = {f"{OF_GROUP}{group}": some for group, some in benchmark.groups.items()}
    several = {column: some for column, some in several.items() if len(some) > 1}
    if len(names) > 1:
        several[AVERAGE] = names
    means = {
        column: joined([panels[name] for name in some], 1 / len(some))
        for column, some in several.items()
    }
    return {**panels, **means}


def _target_panel(rows: Sequence[Row], benchmark: Benchmark, name: str) -> Panel:
    """Return the panel of a target; languages that share no cluster go one after the other."""
    from harness.statistics import Column, Panel, panels_of

    codes = benchmark.languages_of(registry.task(name))
    joint = any(run.sums[name].joint for row in rows for run in row.runs)
    size = len(codes) if joint else TOGETHER
    parts = []
    for start in range(0, len(codes), size):
        weights = {(name, code): 1 / len(codes) for code in codes[start : start + size]}
        (part,) = panels_of(rows, [Column(name, weights)])
        if not isinstance(part, Panel):
            raise part
        parts.append(part)
    return joined(parts)


def joined(parts: Sequence[Panel], weight: float = 1.0) -> Panel:
    """Return the panel of a weighted sum of columns that share no cluster.

    Args:
        parts: The columns' panels.
        weight: The weight of each.
    """
    import numpy as np

    from harness.statistics import Panel

    each_row = zip(*(part.scores for part in parts), strict=True)
    return Panel(
        scores=tuple(weight * np.sum(scores, axis=0) for scores in each_row),
        mixtures=weight**2 * np.sum([part.mixtures for part in parts], axis=0),
        fixed=tuple(all(each) for each in zip(*(part.fixed for part in parts), strict=True)),
        items=weight**2 * np.concatenate([part.items for part in parts]),
        clusters=np.concatenate([part.clusters for part in parts]),
    )
