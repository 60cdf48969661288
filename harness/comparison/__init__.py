"""Comparison of rows of runs with a baseline: a table of differences with their intervals."""

from harness.comparison.build import compared, rows_of, spreads_of
from harness.comparison.row_runs import RowRuns
from harness.comparison.table import Cell, Comparison, Row

__all__ = ["Cell", "Comparison", "Row", "RowRuns", "compared", "rows_of", "spreads_of"]
