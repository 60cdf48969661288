"""Rows that share a baseline, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from harness import registry
from harness.comparison.row_runs import RowRuns
from harness.comparison.table import AVERAGE, Cell, Row
from harness.statistics import (
    Column,
    Interval,
    Moderation,
    NoInterval,
    Panel,
    RunVariances,
    at_least,
    best_set,
    bh,
    holm,
    moderate,
)
from harness.statistics import Row as Runs
from harness.statistics.column import SOURCE
from harness.statistics.difference import FEW, contrasts_of, p_values
from harness.statistics.flips import flip_p
from harness.statistics.panels import Panels
from harness.statistics.power import Spreads
from harness.statistics.selection import best_by_half

AT_ONCE = 40_000  # pairs of rows, over all columns that are worked on together
SIBLINGS = 4  # fewer runs than these say too little of how far off another one is


class Group:
    """The rows that share a baseline and the spreads of their runs."""

    def __init__(
        self,
        entries: Sequence[RowRuns],
        targets: Sequence[str],
        baseline: str,
        more: Sequence[Column] = (),
    ) -> None:
        """Make every column's panel, and estimate what the runs' spreads say of one another.

        Args:
            entries: Rows with runs.
            targets: The targets of the table.
            baseline: Name of the row that the others are compared with.
            more: Further columns; their names have a ``/``.

        Raises:
            HarnessError: Rows were scored on different data, or the runs of one are copies.
        """
        self.entries = entries
        self.runs = [Runs(entry.name, entry.runs) for entry in entries]
        names = [runs.name for runs in self.runs]
        self.base = names.index(baseline) if baseline in names else None
        self.targets = [name for name in targets if _languages(self.runs, name)]
        whole = len(self.targets) > 1 and len(self.targets) == len(targets)
        self.columns = [*_columns(self.runs, self.targets, whole=whole), *more]
        self._made = Panels(self.runs, self.columns, halves=True)
        self._places = {column.name: place for place, column in enumerate(self.columns)}
        self._kept: dict[str, Panel | NoInterval] = {}
        self._few = len(self.runs) <= FEW
        self.moderation = self._moderation()
        self.notes = [
            f"No interval: {self._panel(name)}." for name in self.targets if not self.panel(name)
        ]
        for runs in self.runs:
            units = len({run.unit for run in runs.runs if run.unit})
            if 0 < units < len(runs.runs):
                self.notes.append(
                    f"{runs.name}: {len(runs.runs)} runs on {units} intermediate"
                    f" training{'s' if units > 1 else ''}, which count as {units}."
                )
        outliers = list(self._outliers())
        if outliers:
            self.notes.append(f"Far from the other runs of its row: {'; '.join(outliers)}.")

    def panel(self, name: str) -> Panel | None:
        """Return a column's panel, None if it has no interval."""
        panel = self._panel(name) if name in self._places else None
        return panel if isinstance(panel, Panel) else None

    def _panel(self, name: str) -> Panel | NoInterval:
        """Return a column's panel or why it has none; keep those of targets and of few rows."""
        if name in self._kept:
            return self._kept[name]
        panel: Panel | NoInterval
        try:
            panel = self._made.panel(self._places[name])
        except NoInterval as error:
            panel = error
        if self._few or name in self.targets:
            self._kept[name] = panel
        return panel

    def _moderation(self) -> Moderation:
        live = [panel for name in self.targets if (panel := self.panel(name))]
        if not live:
            return moderate([[0.0]], 0)
        df = [np.maximum(0, panel.runs - 1) for panel in live]
        return moderate([panel.variances for panel in live], df)

    def _runs(self, panel: Panel) -> RunVariances:
        return self.moderation.of(panel.variances, np.maximum(0, panel.runs - 1))

    def _cells(self) -> dict[str, dict[int, tuple[Cell, Cell | None]]]:
        """Return of each column each row's score and its difference from the baseline."""
        at_once = max(1, AT_ONCE // len(self.runs) ** 2)
        names = [column.name for column in self.columns]
        cells: dict[str, dict[int, tuple[Cell, Cell | None]]] = {name: {} for name in names}
        for start in range(0, len(names), at_once):
            panels = {n: p for n in names[start : start + at_once] if (p := self.panel(n))}
            if panels:
                made = self._intervals(list(panels.values()))
                cells |= dict(zip(panels, made, strict=True))
        return cells

    def _intervals(self, panels: Sequence[Panel]) -> Iterator[dict[int, tuple[Cell, Cell | None]]]:
        """Yield of each column each row's score and its difference from the baseline."""
        runs = np.stack([panel.runs for panel in panels])
        variances = np.stack([panel.variances for panel in panels])
        spreads = self.moderation.of(variances, np.maximum(0, runs - 1))
        every = np.arange(len(self.runs))
        scores = contrasts_of(panels, (every,), (1.0,), spreads)
        less: Sequence[Sequence[Interval | None]] = [[None] * len(every)] * len(panels)
        if self.base is not None:
            less = contrasts_of(panels, (every, self.base), (1.0, -1.0), spreads)
        for have, of_rows, differences in zip(runs > 0, scores, less, strict=True):
            based = self.base is not None and have[self.base]
            yield {
                i: (
                    Cell(of_rows[i]),
                    Cell(one) if based and i != self.base and (one := differences[i]) else None,
                )
                for i in np.flatnonzero(have).tolist()
            }

    def rows(self) -> list[Row]:
        """Return the rows, in the entries' order."""
        cells = self._cells()
        differences = {
            (i, name): cell
            for name, column in cells.items()
            for i, (_, cell) in column.items()
            if cell is not None
        }
        family = [key for key in differences if key[1] in self.targets]
        for keys, adjust in (
            (family, bh),
            ([key for key in differences if key[1] == AVERAGE], holm),
        ):
            adjusted = adjust(np.array([differences[key].interval.p for key in keys]))
            for key, q in zip(keys, adjusted, strict=True):
                value = None if np.isnan(q) else float(q)
                differences[key] = replace(differences[key], q=value, flips=self._flips(key))
        of_rows: dict[int, dict[str, Cell]] = {}
        for (i, name), cell in differences.items():
            of_rows.setdefault(i, {})[name] = cell
        rows = []
        for i, entry in enumerate(self.entries):
            mine = of_rows.get(i, {})
            own = [cell.interval for name, cell in mine.items() if name in self.targets]
            p, estimates = [one.p for one in own], [one.estimate for one in own]
            rows.append(
                Row(
                    group=entry.group,
                    name=entry.name,
                    scores={name: column[i][0] for name, column in cells.items() if i in column},
                    differences=mine,
                    partial=entry.partial,
                    up=at_least(p, estimates, up=True),
                    down=at_least(p, estimates, up=False),
                )
            )
        return rows

    def _flips(self, key: tuple[int, str]) -> float | None:
        """Return the p-value of two single runs, of these runs alone; None for other rows."""
        row, base = self.runs[key[0]].runs, self.runs[self.base or 0].runs
        column = self.columns[self._places[key[1]]]
        single = len(row) == len(base) == 1 and self.moderation.freedom is None
        trained = {*column.targets} & {*row[0].trained, *base[0].trained}
        return flip_p(row[0].sums, base[0].sums, column) if single and trained else None

    def best(self) -> dict[str, dict[str, Any]]:
        """Return of each target which settings may be the best, and what the best one gains."""
        best: dict[str, dict[str, Any]] = {}
        settings = [i for i in range(len(self.runs)) if i != self.base]
        for column in self.columns:
            panel = self.panel(column.name)
            some = [i for i in settings if panel and len(panel.scores[i])]
            if column.name not in self.targets or panel is None or len(some) < 2:
                continue
            runs = self._runs(panel)
            some = [i for i in some if not np.isnan(runs.variance[i])]  # else one seed, alone
            if len(some) < 2:
                continue
            p = p_values(panel, runs)[some][:, some]
            chosen = best_set(p, panel.means[some])
            gain = None
            if self.base is not None:
                several = [i for i in some if len(panel.scores[i]) > 1]
                of_rows = self._made.by_half(self._places[column.name])
                whole, halves = zip(*(of_rows[i] for i in (*several, self.base)), strict=True)
                gain = best_by_half(whole, halves)
            best[column.name] = {
                "set": [self.runs[i].name for i, one in zip(some, chosen, strict=True) if one],
                "honest": None if gain is None else round(gain.honest, 6),
                "naive": None if gain is None else round(gain.naive, 6),
            }
        return best

    def spreads(self, target: str) -> Spreads | None:
        """Return what a target's runs and items vary by; None unless runs differ."""
        panel, base = self.panel(target), self.base
        if panel is None or base is None or not len(panel.scores[base]):
            return None
        variances, df = np.nan_to_num(panel.variances), np.maximum(0, panel.runs - 1)
        live = variances > 0
        others = [i for i, scores in enumerate(panel.scores) if i != base and len(scores)]
        if not live.any() or not others:
            return None
        mixture = panel.mixtures_or_mean()
        alone, _ = panel.spreads((np.array(others), base), (1.0, -1.0))
        own = mixture[others] / panel.runs[others] + mixture[base] / panel.runs[base]
        return Spreads(
            run=float((df * variances)[live].sum() / df[live].sum()),
            item=float(np.maximum(0, alone - own).mean()),
            mixture=float(mixture[live].mean()),
            clusters=float(panel.clusters.sum()),
            sides=1.0 if panel.fixed[base] else 2.0,
        )

    def _outliers(self) -> Iterator[str]:
        """Yield the runs over 5 points and 5 standard deviations off their siblings' median.

        The deviation is that of the other rows where spreads are shared, else of the siblings.
        """
        for column in self.columns:
            panel = self.panel(column.name)
            if column.name not in self.targets or panel is None:
                continue
            for i, scores in enumerate(panel.scores):
                if len(scores) < 2 or scores.max() - scores.min() <= 5:
                    continue
                variances = panel.variances.copy()
                variances[i] = np.nan
                others = self.moderation.of(variances, np.maximum(0, panel.runs - 1)).variance[i]
                row = self.runs[i]
                seeds = [unit[0].seed for unit in row.units(column)]
                for j, score in enumerate(scores):
                    siblings = np.delete(scores, j)
                    if len(siblings) < (SIBLINGS if np.isnan(others) else 2):
                        continue
                    off = abs(score - float(np.median(siblings)))
                    spread = siblings.var(ddof=1) if np.isnan(others) else others
                    if off > 5 and off > 5 * float(np.sqrt(spread)):
                        yield f"{row.name}, {column.name}, seed {seeds[j]}: {off:.1f} points"


def _languages(rows: Sequence[Runs], target: str) -> list[str]:
    """Return the languages of a target that some run has, in their order."""
    codes = [
        code
        for row in rows
        for run in row.runs
        if target in run.sums
        for code in run.sums[target].languages
    ]
    return list(dict.fromkeys(codes))


def _columns(rows: Sequence[Runs], targets: Sequence[str], *, whole: bool) -> Iterator[Column]:
    """Yield the columns: targets, their mean, languages, transfer gaps, all but English."""
    of_targets = [Column.of_target(name, _languages(rows, name)) for name in targets]
    yield from of_targets
    if whole:
        yield Column.mean(AVERAGE, of_targets)
    for name in targets:
        languages = _languages(rows, name)
        yield from (Column.of_language(name, code) for code in languages)
        gap = Column.gap(name, languages)
        if gap is not None:
            yield from [gap] if registry.transfers(name) else []
            zero_shot = Column.of_target(name, [c for c in languages if c != SOURCE])
            yield replace(zero_shot, name=f"{name}/zero-shot")
