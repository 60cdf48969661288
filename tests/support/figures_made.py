"""Families made by rule, for pictures."""

from __future__ import annotations

import random
from typing import Any

from harness import registry
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.figures.figure_rows import FigureFamily, FigureRow, with_rows

TARGETS = tuple("xnli pawsx udpos panx xquad mlqa tydiqa bucc2018 tatoeba".split())
LONG = "CommonsenseQA with a name as long as sixty letters can be it"
NAMES = ("MNLI", "HellaSwag", "QQP – PARTIAL", LONG, "متوسط النماذج العربية", "😀" * 40)


def cell(estimate: float, half: float | None = 1.0, **more: Any) -> BoardCell:
    """A difference or a score; its verdict is that of its own interval."""
    if half is None:
        return BoardCell(estimate, **more)
    sure = "more" if estimate > half else "less" if estimate < -half else "not told apart"
    given = {"kind": "runs", "verdict": sure, "share_runs": 0.5, "k": 3, "k_base": 3} | more
    return BoardCell(estimate, estimate - half, estimate + half, 5.0, **given)


def setting(name: str, estimate: float, half: float | None = 1.0, **more: Any) -> FigureRow:
    """A setting with one cell, of the mean and of XNLI, and three runs."""
    one = cell(estimate, half, **more)
    runs = (estimate - 0.2, estimate, estimate + 0.2)
    cells = {"mean": one, "xnli": one}
    return FigureRow(name, cells, {}, dict.fromkeys(cells, runs) if half is not None else {})


def family(*rows: FigureRow, targets: tuple[str, ...] = ("xnli",), **more: Any) -> FigureFamily:
    """A family of settings."""
    scores = {name: cell(60) for name in (*targets, "mean")}
    base = FigureRow("Base model", {}, scores)
    return with_rows(FigureFamily("base", "base, quick", base, (), targets, **more), list(rows))


def large(settings: int = 10, languages: int = 40, runs: int = 3) -> FigureFamily:
    """A family of all nine targets with cells for languages, English scores and gaps."""
    rng = random.Random(13)
    benchmark = registry.benchmark("xtreme")
    codes = dict.fromkeys(
        code for name in TARGETS for code in benchmark.languages_of(registry.task(name))
    )
    chosen = list(codes)[:languages]
    columns = [*TARGETS, "mean", *(f"language/{code}" for code in chosen)]
    rows = []
    for number in range(settings):
        name = NAMES[number % len(NAMES)] + (f" {number}" if number >= len(NAMES) else "")
        kind = ("runs", "one seed", "items only")[number % 3]
        cells = {c: cell(rng.gauss(0, 2), 0.3 + rng.random(), kind=kind) for c in columns}
        scores = {f"{t}/gap": cell(rng.gauss(10, 2)) for t in TARGETS[:7]}
        scores |= {f"{t}/en": cell(rng.gauss(70, 3)) for t in TARGETS[:7]}
        dots = {c: tuple(rng.gauss(0, 2) for _ in range(runs)) for c in (*TARGETS, "mean")}
        rows.append(FigureRow(name, cells, scores, dots if runs else {}))
    facts = tuple(benchmark.language(code) for code in chosen)
    return family(*rows, targets=TARGETS, languages=facts)
