"""What the statistics cost: sums of full XTREME size, one thread, CPU time.

    OMP_NUM_THREADS=1 python benchmarks/intervals.py [jackknife table ranks]

- jackknife: 40 languages of 10,000 sentences, two sides of three runs: the delete-one differences,
  their sum over languages, and the interval.
- table: 20 settings and their baseline on nine targets with three seeds each: every column of a
  study's table (targets, mean, languages, transfer gaps), from sums in memory.
- ranks: rank intervals of 500 entries of three runs on a target of 40 languages of 10,000
  sentences, and again from the column that was saved.

Exits with 1 when a bound is missed.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from harness.comparison import RowRuns, rows_of
from harness.statistics import (
    Column,
    LanguageSums,
    Panel,
    Row,
    Run,
    Sums,
    difference,
    moderate,
    panels_of,
    rank_intervals,
)
from harness.statistics.difference import p_values
from harness.statistics.jackknife import left_out

# languages and test examples of each (about XTREME's), and whether languages share clusters
TARGETS = {
    "xnli": (15, 1670, True),
    "pawsx": (7, 1630, True),
    "udpos": (33, 1000, False),
    "panx": (40, 10_000, False),
    "xquad": (11, 240, True),
    "mlqa": (7, 5000, True),
    "tydiqa": (9, 560, False),
    "bucc2018": (4, 9000, False),
    "tatoeba": (36, 1000, True),
}
SPEED = {"z": 0.05, "interval": 0.001, "table": 5.0, "ranks": 60.0, "again": 1.0}
missed: list[str] = []


def spent(name: str, work: Callable[[], object], repeat: int = 1) -> float:
    """Print the CPU seconds of some work, and whether that is within its bound."""
    start = time.process_time()
    for _ in range(repeat):
        work()
    seconds = (time.process_time() - start) / repeat
    late = seconds > SPEED[name]
    if late:
        missed.append(name)
    print(f"  {name}: {seconds:.4f} CPU s (bound {SPEED[name]}){' MISSED' if late else ''}")
    return seconds


def drawn(generator: np.random.Generator, languages: int, count: int, *, joint: bool) -> Sums:
    """Return the sums of a target: chunks of sentences."""
    parts = {}
    for i in range(languages):
        b = generator.integers(2, 12, count, dtype=np.uint8)
        a = (b * generator.random(count, dtype=np.float32)).astype(np.uint8)
        parts["en" if not i else f"l{i}"] = LanguageSums(
            a, b, None, count, generator.random(count) < 0.5
        )
    return Sums(parts, joint)


def run(seed: int, targets: dict[str, tuple[int, int, bool]]) -> Run:
    """Return a run of targets."""
    generator = np.random.default_rng(seed)
    sums = {n: drawn(generator, many, count, joint=j) for n, (many, count, j) in targets.items()}
    return Run(seed, sums, frozenset(sums))


def jackknife() -> None:
    """Time the delete-one differences and the interval of one column."""
    print("40 languages × 10,000 sentences, 2 sides × 3 runs")
    generator = np.random.default_rng(1)
    b = generator.integers(2, 12, (6, 40, 10_000)).astype(float)
    a = np.floor(b * generator.random(b.shape))
    spent("z", lambda: [left_out(a[:, i], b[:, i]) for i in range(40)], 5)
    sides = {"panx": (40, 10_000, True)}
    rows = [
        Row(name, tuple(run(i + 10 * k, sides) for k in range(3))) for i, name in enumerate("ab")
    ]
    column = Column.of_target("panx", rows[0].runs[0].sums["panx"].languages)
    (panel,) = panels_of(rows, [column])
    assert isinstance(panel, Panel)
    runs = moderate(panel.variances, 2).of(panel.variances, 2)
    spent("interval", lambda: difference(panel, 0, 1, runs), 200)


def table() -> None:
    """Time the table of a large study."""
    print("20 settings × 9 targets × 3 seeds, all columns of a study's table")
    entries = [
        RowRuns(f"s{i}" if i else "baseline", tuple(run(3 * i + k, TARGETS) for k in range(3)))
        for i in range(21)
    ]
    spent("table", lambda: rows_of(entries, list(TARGETS), "baseline"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  peak {peak:.2f} GiB, sums of all runs included")


def ranks() -> None:
    """Time the rank intervals of many entries."""
    print("rank intervals of 500 entries × 3 runs, 40 languages × 10,000 sentences")
    target = {"panx": (40, 10_000, False)}
    base = run(0, target).sums["panx"]
    rows = []
    for i in range(500):  # entries differ from one another in every answer, but share their memory
        runs = []
        for k in range(3):
            parts = {
                code: LanguageSums(
                    np.roll(one.a, 3 * i + k) % (one.b + 1), one.b, None, one.clusters, one.halves
                )
                for code, one in base.languages.items()
            }
            runs.append(Run(k, {"panx": Sums(parts, joint=False)}, frozenset(["panx"])))
        rows.append(Row(f"e{i}", tuple(runs)))
    column = Column.of_target("panx", base.languages)
    kept: list[Panel] = []

    def first() -> None:
        (panel,) = panels_of(rows, [column])
        assert isinstance(panel, Panel)
        kept.append(panel)
        ranked(panel)

    spent("ranks", first)
    with tempfile.TemporaryDirectory() as folder:
        kept[0].save(Path(folder) / "panel")
        spent("again", lambda: ranked(Panel.load(Path(folder) / "panel")))


def ranked(panel: Panel) -> np.ndarray:
    """Return the rank intervals of a column."""
    spreads = moderate(panel.variances, panel.runs - 1).of(panel.variances, panel.runs - 1)
    return rank_intervals(p_values(panel, spreads), panel.means)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["jackknife", "table", "ranks"]:
        {"jackknife": jackknife, "table": table, "ranks": ranks}[name]()
    sys.exit(bool(missed))
