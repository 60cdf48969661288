"""How much, where, and how surely: differences between rows of runs, with their intervals.

Arrays in, numbers out; docs/statistics.md has every formula and its source. A *run* is one pass of
the whole pipeline with one seed, a *row* a setting or entry with k runs, a *column* fixed weights
over (target, language) cells.
"""

from harness.statistics.column import Column
from harness.statistics.difference import (
    Interval,
    NoInterval,
    Panel,
    contrast,
    contrasts,
    difference,
)
from harness.statistics.moderation import Moderation, RunVariances, moderate
from harness.statistics.multiple import at_least, best_set, bh, holm, rank_intervals
from harness.statistics.panels import panels_of
from harness.statistics.power import smallest_effect
from harness.statistics.runs import Row, Run
from harness.statistics.sums import LanguageSums, Sums
from harness.version import STATISTICS as VERSION  # there, so that it costs no numpy

__all__ = [
    "VERSION",
    "Column",
    "Interval",
    "LanguageSums",
    "Moderation",
    "NoInterval",
    "Panel",
    "Row",
    "Run",
    "RunVariances",
    "Sums",
    "at_least",
    "best_set",
    "bh",
    "contrast",
    "contrasts",
    "difference",
    "holm",
    "moderate",
    "panels_of",
    "rank_intervals",
    "smallest_effect",
]
