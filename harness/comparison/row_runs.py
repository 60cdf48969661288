"""The runs of one row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.statistics import Run


@dataclass(frozen=True)
class RowRuns:
    """The runs of a row, and what a table says of it.

    Attributes:
        name: What the table calls the row.
        runs: The runs with their sums; () if none is finished.
        group: Rows with the same group share a baseline.
        partial: Targets with languages or labels missing.
        unsummed: Targets that are scored but have no sums by cluster.
    """

    name: str
    runs: tuple[Run, ...]
    group: str = ""
    partial: tuple[str, ...] = ()
    unsummed: tuple[str, ...] = ()
