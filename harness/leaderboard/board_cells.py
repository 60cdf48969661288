"""Cells of the board: a score or a difference with all that is known of it, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.comparison.table import Cell

MARKS = {"more": "▲", "less": "▼"}


@dataclass(frozen=True)
class BoardCell:
    """A score, or a difference to a baseline, in points; None is not known.

    Attributes:
        estimate: The score or difference.
        low: Lower end of its 95 % interval.
        high: Upper end.
        df: Degrees of freedom of the interval.
        p: Two-sided p-value of a difference.
        q: The same, adjusted for all that are looked at together.
        k: Runs of the row.
        k_base: Runs of the baseline; 0 for a score.
        share_runs: Share of the variance that the runs bring, 0 to 1.
        clusters: Clusters of test examples.
        kind: What the interval covers (``harness.statistics.Interval.kind``).
        verdict: What may be said of a difference (``harness.comparison.table.Cell.verdict``).
        smallest: The smallest true effect that this cell would have shown with 80 % power; only
            where the difference is not told apart.
    """

    estimate: float
    low: float | None = None
    high: float | None = None
    df: float | None = None
    p: float | None = None
    q: float | None = None
    k: int = 0
    k_base: int = 0
    share_runs: float | None = None
    clusters: int = 0
    kind: str = ""
    verdict: str = ""
    smallest: float | None = None

    @classmethod
    def of(cls, cell: Cell) -> BoardCell:
        """Return a cell of a comparison, rounded as its table in JSON is."""
        from harness.comparison.table import rounded

        one = cell.interval
        verdict = cell.verdict if one.base_runs else ""
        return cls(
            estimate=rounded(one.estimate),
            low=rounded(one.low),
            high=rounded(one.high),
            df=rounded(one.df),
            p=rounded(one.p),
            q=rounded(cell.q),
            k=one.runs,
            k_base=one.base_runs,
            share_runs=rounded(one.share_runs),
            clusters=one.clusters,
            kind=one.kind,
            verdict=verdict,
            smallest=rounded(one.smallest) if verdict == "not told apart" else None,
        )

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> BoardCell:
        """Return the cell that JSON values hold; what is not a cell's is left out."""
        return cls(**{name: one for name, one in value.items() if name in NAMES})

    def as_dict(self) -> dict[str, Any]:
        """Return the cell as JSON values, without what is not known."""
        return {name: one for name, one in vars(self).items() if one is not None and one != ""}

    @property
    def half(self) -> float | None:
        """Return half of the interval's width; None without one."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def alike(self) -> bool:
        """Return whether all runs give the same score: its interval cannot say how sure it is."""
        return self.half == 0

    @property
    def of_runs(self) -> bool:
        """Return whether it has an interval that says something of other runs."""
        return self.half is not None and self.kind != "items only" and not self.alike

    @property
    def mark(self) -> str:
        """Return ▲ or ▼ for a difference that is told apart, else ""."""
        return MARKS.get(self.verdict, "")


NAMES = tuple(field.name for field in fields(BoardCell))
