"""A table of differences, each with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

if TYPE_CHECKING:
    import pandas as pd

    from harness.statistics import Interval

AVERAGE = "mean"  # name of the column that averages all targets
LEVEL = 0.05  # of q, for a mark
MARGIN = 1.0  # points; an interval inside ± this much is called no difference
DIGITS = 6  # of the numbers in table.json; more would differ from machine to machine
ONE_SEED, ITEMS_ONLY = "¹", "²"
LATEX = {
    "±": r"$\pm$",
    "▲": r"$\blacktriangle$",
    "▼": r"$\blacktriangledown$",
    ONE_SEED: "$^1$",
    ITEMS_ONLY: "$^2$",
}
NOTES = {
    ONE_SEED: "one seed, spread of the others",
    ITEMS_ONLY: "items only: says nothing of another seed",
}


@dataclass(frozen=True)
class Cell:
    """A score or a difference, with its interval.

    Attributes:
        interval: The estimate and its interval, points.
        q: Of a difference the p-value adjusted for all that are looked at together: by Benjamini
            and Hochberg over settings and targets, by Holm over the settings' means; None where
            each interval stands alone.
        flips: The p-value of two single runs by sign flips, of these runs alone; None elsewhere.
    """

    interval: Interval
    q: float | None = None
    flips: float | None = None

    @property
    def verdict(self) -> str:
        """Return what may be said of a difference, in words; "" of one that stands alone."""
        one = self.interval
        if one.kind == "items only":
            return "one seed"
        if not one.error and not one.estimate:
            return "fixed"
        if self.q is not None and self.q <= LEVEL:
            return "more" if one.estimate > 0 else "less"
        if one.low > -MARGIN and one.high < MARGIN:
            return "no difference"
        return "" if self.q is None else "not told apart"

    def text(self, plus: str) -> str:
        """Return the cell of a table: ``+1.8 ±0.9 ▲``."""
        marks = {"more": " ▲", "less": " ▼"}
        foot = {"one seed": ONE_SEED, "items only": ITEMS_ONLY}.get(self.interval.kind, "")
        mark = marks.get(self.verdict, "") if plus else ""
        return f"{self.interval.estimate:{plus}.1f} ±{self.interval.half:.1f}{foot}{mark}"

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values: points, and what the interval rests on."""
        one = self.interval
        values: dict[str, Any] = {
            "estimate": one.estimate,
            "low": one.low,
            "high": one.high,
            "df": one.df,
            "p": one.p,
            "q": self.q,
            "share_runs": one.share_runs,
            "k": one.runs,
            "k_base": one.base_runs,
            "clusters": one.clusters,
            "kind": one.kind,
            "sharing": one.sharing,
        }
        if one.base_runs:
            smallest = one.smallest if self.verdict == "not told apart" else None
            values |= {"verdict": self.verdict, "smallest": smallest}
        if self.flips is not None:
            values["p_of_these_runs"] = self.flips
        return {name: rounded(value) for name, value in values.items()}


def rounded(value: Any) -> Any:
    """Return a number as JSON has it: rounded, None for nan."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, DIGITS)
    return value


@dataclass(frozen=True)
class Row:
    """One row: an intermediate setting, or an entry.

    Attributes:
        group: Rows with the same group share a baseline; "" if there is only one group.
        name: What the table calls it.
        scores: Column to score, in percent: targets, their mean, ``target/language``,
            ``target/gap``.
        differences: The same names to differences from the baseline; {} for the baseline.
        partial: Targets with languages or labels missing.
        up: On how many targets at least it is better than the baseline.
        down: On how many at least it is worse.
    """

    group: str
    name: str
    scores: Mapping[str, Cell]
    differences: Mapping[str, Cell]
    partial: tuple[str, ...] = ()
    up: int = 0
    down: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        return {
            "group": self.group,
            "name": self.name,
            "scores": {name: cell.as_dict() for name, cell in self.scores.items()},
            "differences": {name: cell.as_dict() for name, cell in self.differences.items()},
            "partial": list(self.partial),
            "up": self.up,
            "down": self.down,
        }


@dataclass(frozen=True)
class Comparison:
    """A baseline's scores and the differences of the other rows from it; prints as a table.

    Attributes:
        rows: The rows.
        columns: Targets and, if there are several, their mean.
        title: What the rows are, for the header of the table.
        baseline: Name of the baselines' rows.
        notes: What a reader must know, one paragraph for each note.
        best: Of each group and target, what is said of its best setting.
        failed: Name of each step that failed, and why.
        folder: Where the table was written; None if it was not.
    """

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    title: str
    baseline: str
    notes: tuple[str, ...] = ()
    best: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def __str__(self) -> str:
        """Return a table for each group of rows that share a baseline, and the notes."""
        return "\n\n".join([*self._tables(self.columns, "simple"), *self._all_notes()])

    def _repr_html_(self) -> str:
        """Return the same as HTML for a notebook."""
        from html import escape

        notes = [f"<p>{escape(note)}</p>" for note in self._all_notes()]
        return "\n".join([*self._tables(self.columns, "html"), *notes])

    def to_latex(self) -> str:
        """Return the tables for a paper (booktabs; the marks need amssymb)."""
        text = "\n\n".join(self._tables(self.columns, "latex_booktabs"))
        for sign, command in LATEX.items():
            text = text.replace(sign, command)
        return text

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame with a row for each row and column, targets and languages."""
        import pandas as pd

        names = ["group", "row", "column", "score", "difference", "low", "high", "p", "q"]
        rows = []
        for row in self.rows:
            for column, cell in row.scores.items():
                difference = row.differences.get(column)
                values = difference.as_dict() if difference else {}
                numbers = [values.get(name) for name in ("estimate", "low", "high", "p", "q")]
                rows.append((row.group, row.name, column, cell.interval.estimate, *numbers))
        return pd.DataFrame(rows, columns=names)

    def as_dict(self) -> dict[str, Any]:
        """Return the table as JSON values."""
        return {
            "columns": list(self.columns),
            "baseline": self.baseline,
            "rows": [row.as_dict() for row in self.rows],
            "best": self.best,
            "notes": list(self._all_notes()),
        }

    def by_language(self) -> str:
        """Return a table for each target, with a column for each language and the transfer gap."""
        tables = []
        for target in self.columns:
            names = [n for row in self.rows for n in row.scores if n.startswith(f"{target}/")]
            tables += self._tables(list(dict.fromkeys(names)), "simple") if names else []
        names = [name for row in self.rows for name in row.scores if "/" in name]
        return "\n\n".join([*tables, "Each alone at 95 %.", *self._feet(names)])

    def _tables(self, columns: Sequence[str], style: str) -> list[str]:
        """Return a table for each group of rows that share a baseline."""
        tables = []
        align = ("left", *("right" for _ in columns))
        for group in dict.fromkeys(row.group for row in self.rows):
            body = [self._line(row, columns) for row in self.rows if row.group == group]
            head = (f"{group}: {self.title}" if group else self.title, *columns)
            tables.append(tabulate(body, head, style, disable_numparse=True, colalign=align))
        return tables

    def _line(self, row: Row, columns: Sequence[str]) -> list[str]:
        cells = row.differences or row.scores
        plus = "+" if row.differences else ""
        alone = row.scores and not row.differences and row.name != self.baseline
        name = f"{row.name} (score, no baseline)" if alone else row.name
        return [name, *(cells[c].text(plus) if c in cells else "–" for c in columns)]

    def _all_notes(self) -> list[str]:
        """Return the notes, and what the marks in the cells mean."""
        counts = [
            f"{row.name} {' and '.join(_counts(row))}" for row in self.rows if row.up or row.down
        ]
        sure = [f"Sure at 95 % a row: {'; '.join(counts)}."] if counts else []
        best = [
            f"May be the best on {target}{f' ({group})' if group else ''}: {_best_text(facts)}"
            for group, targets in self.best.items()
            for target, facts in targets.items()
        ]
        return [
            *self.notes,
            *self._feet(self.columns),
            *_flip_notes(self.rows),
            *_share_note(self.rows, self.columns),
            *sure,
            *(["\n".join(best)] if best else []),
        ]

    def _feet(self, columns: Sequence[str]) -> list[str]:
        """Return what the foot marks in some columns mean."""
        cells = "".join(cell for row in self.rows for cell in self._line(row, columns)[1:])
        return [f"{mark} {text}." for mark, text in NOTES.items() if mark in cells]


def _flip_notes(rows: Sequence[Row]) -> list[str]:
    """Return the p-values of single runs, of these runs alone."""
    notes = []
    for row in rows:
        p = [f"{n} {c.flips:.4f}" for n, c in row.differences.items() if c.flips is not None]
        if p:
            notes.append(f"p of these two runs alone, {row.name}, by sign flips: {', '.join(p)}.")
    return notes


def _share_note(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Return how much of the differences' variance the runs bring, on average over the rows."""
    shares = []
    for column in columns:
        cells = [row.differences[column] for row in rows if column in row.differences]
        known = [c.interval.share_runs for c in cells if not math.isnan(c.interval.share_runs)]
        if known:
            shares.append(f"{column} {100 * sum(known) / len(known):.0f} %")
    return [f"Of the variance the runs bring: {', '.join(shares)}."] if shares else []


def _counts(row: Row) -> list[str]:
    """Return on how many targets at least a row helps, and hurts."""
    of = sum(column != AVERAGE and "/" not in column for column in row.differences)
    pairs = (("helps", row.up), ("hurts", row.down))
    return [f"{verb} on at least {count} of {of} targets" for verb, count in pairs if count]


def _best_text(facts: Mapping[str, Any]) -> str:
    """Return the set of settings that may be the best, and what the best one gains."""
    text = f"{', '.join(facts['set'])}."
    if facts["honest"] is not None:
        text += f" Chosen on other runs and items: {facts['honest']:+.1f};"
        text += f" the highest difference, optimistic: {facts['naive']:+.1f}."
    return text
