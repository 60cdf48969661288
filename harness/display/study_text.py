"""What a study prints: its progress, what failed, its table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from harness.studies.study_file import BASELINE

if TYPE_CHECKING:
    from harness.pipeline.engines.schedule import Outcome, Report
    from harness.studies.expand import StudyPlan
    from harness.studies.study_results import Figure, Row


class Lines:
    """Says a line for each step that ends."""

    def ended(self, outcome: Outcome, done: int, total: int) -> None:
        """Tell of one step."""
        step = outcome.step
        if outcome.error:
            said = f"FAILED: {outcome.error}"
        elif step.kind == "score":
            return
        else:
            rate = f", {step.examples / outcome.seconds:.0f} examples/s" if outcome.seconds else ""
            said = f"{outcome.seconds:.1f} s{rate if step.examples else ''}"
        print(f"[{done}/{total}] {step.name}: {said}", file=sys.stderr, flush=True)


def failures(report: Report) -> str:
    """Return how a run went: what failed and why, and what could not be begun."""
    lines = [
        f"{report.ran} steps ran in {report.seconds:.1f} s; {report.busy:.1f} s in steps"
        " over all slots"
    ]
    for outcome in report.failed:
        lines.append(f"failed: {outcome.step.name}: {outcome.error}")
    if report.skipped:
        lines.append(f"not begun since a step before them failed: {len(report.skipped)} steps")
    if report.failed:
        lines.append("what is finished is kept; run the same command again for the rest")
    return "\n".join(lines)


def table_text(whole: StudyPlan, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return the table: the baseline's scores, below them the others' differences to it."""
    parts = _tables(rows, columns)
    seeds = len(whole.study.seeds)
    over = f" ± standard deviation over {seeds} seeds" if seeds > 1 else ", one seed"
    parts.append(
        f"The first row: mean over languages, in percent{over}. The others: points more or less"
        " than it, paired by seed."
    )
    holes = sorted({name for row in rows for name in row.partial})
    if holes:
        parts.append(f"Languages without data or labels are left out of: {', '.join(holes)}.")
    if whole.request.partial:
        parts.append(f"PARTIAL: {whole.request.partial}; never beside a whole run.")
    return "\n\n".join(parts)


def languages_text(targets: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a table of the same kind for each target, languages across."""
    parts = []
    for target in targets:
        columns = dict.fromkeys(n for row in rows for n in row.scores if n.startswith(f"{target}/"))
        parts += _tables(rows, list(columns)) if columns else []
    return "\n\n".join(parts)


def _tables(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Return a table for each group of rows that share a baseline."""
    parts = []
    for group in dict.fromkeys(row.group for row in rows):
        body = [_line(row, columns) for row in rows if row.group == group]
        head = (f"{group}: intermediate", *columns)
        align = ("left", *("right" for _ in columns))
        parts.append(tabulate(body, head, "simple", disable_numparse=True, colalign=align))
    return parts


def _line(row: Row, columns: Sequence[str]) -> list[str]:
    figures = row.deltas or row.scores
    plus = "+" if row.deltas else ""
    alone = row.scores and not row.deltas and row.name != BASELINE
    name = f"{row.name} (score, no baseline)" if alone else row.name
    return [name, *(_figure(figures.get(column), plus) for column in columns)]


def _figure(figure: Figure | None, plus: str) -> str:
    if figure is None:
        return "–"
    spread = "" if figure.spread is None else f" ± {figure.spread:.1f}"
    return f"{figure.mean:{plus}.1f}{spread}"
