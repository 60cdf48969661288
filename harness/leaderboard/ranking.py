"""Ranks: between which places each row is, 95 % for each row; no bare rank anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness import registry
from harness.declarations import Benchmark
from harness.leaderboard.board_rows import BoardRow, ranked_groups, sums_of
from harness.leaderboard.kept import kept
from harness.scoring import VERSION as SCORER
from harness.version import STATISTICS

if TYPE_CHECKING:
    from harness.statistics import Column, Panel, Row


def ranks_of(rows: Sequence[BoardRow]) -> Mapping[str, tuple[int, int]]:
    """Return the lowest and highest rank of each ranked row, by slug.

    Rows are ranked among those of their benchmark and regime, by the overall score. They are kept
    in the user's cache, by the sums that they are made of.

    Args:
        rows: All rows; those that ``BoardRow.unranked`` gives a reason for have no rank.

    Raises:
        HarnessError: Rows were scored on different data, or a file of sums is not the one that
            was verified.
    """
    ranks: dict[str, tuple[int, int]] = {}
    for some in ranked_groups(rows):
        made_of = ["ranks", SCORER, STATISTICS, some[0].entry.benchmark, sums_of(some)]
        pairs = kept(made_of, partial(_ranked, some))
        ranks |= {row.slug: (low, high) for row, (low, high) in zip(some, pairs, strict=True)}
    return ranks


def _ranked(rows: Sequence[BoardRow]) -> list[list[int]]:
    """Return the lowest and highest rank of rows of one benchmark.

    Of two rows that are not told apart in one another's company neither is above the other. One
    with a single run whose spread nobody shares says nothing of another seed (docs/statistics.md),
    so it may be anywhere.
    """
    import numpy as np

    from harness.statistics import Row, moderate, rank_intervals
    from harness.statistics.difference import p_values

    if len(rows) == 1:
        return [[1, 1]]
    panel = _panel([Row(row.slug, row.runs) for row in rows], rows[0].benchmark)
    df = np.maximum(0, panel.runs - 1)
    spreads = moderate(panel.variances, df).of(panel.variances, df)
    p = p_values(panel, spreads)
    alone = np.isnan(spreads.variance)
    p[alone, :] = p[:, alone] = np.nan
    return [[int(low), int(high)] for low, high in rank_intervals(p, panel.means)]


def _panel(rows: Sequence[Row], benchmark: Benchmark) -> Panel:
    """Return the panel of the overall score: the mean over tasks of their languages' means.

    It is put together of parts, one after the other: hundreds of rows' differences in all tasks
    at once would take a lot of memory.

    Raises:
        NoInterval: One cluster holds all items of a language.
    """
    import numpy as np

    from harness.statistics import Panel, panels_of

    columns = list(_parts(rows, benchmark))
    items = np.empty((sum(strata for _, strata in columns), len(rows), len(rows)))
    parts, done = [], 0
    for column, strata in columns:
        (part,) = panels_of(rows, [column])
        if not isinstance(part, Panel):
            raise part
        items[done : done + strata] = part.items
        done += strata
        parts.append(replace(part, items=items[:0]))
    return Panel(
        scores=tuple(np.sum(each, axis=0) for each in zip(*(p.scores for p in parts), strict=True)),
        mixtures=np.sum([part.mixtures for part in parts], axis=0),
        fixed=tuple(all(each) for each in zip(*(part.fixed for part in parts), strict=True)),
        items=items,
        clusters=np.concatenate([part.clusters for part in parts]),
    )


def _parts(rows: Sequence[Row], benchmark: Benchmark) -> Iterator[tuple[Column, int]]:
    """Yield the overall score in parts that share no cluster, the tasks, each with its strata."""
    from harness.statistics import Column

    names = benchmark.task_names()
    for name in names:
        codes = benchmark.languages_of(registry.task(name))
        weight = 1 / (len(names) * len(codes))
        joint = any(run.sums[name].joint for row in rows for run in row.runs)
        yield Column(name, {(name, code): weight for code in codes}), 1 if joint else len(codes)
