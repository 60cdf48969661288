"""What came of verifying entries, in words and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from harness.display.findings_text import escape_terminal, finding_line
from harness.submission.outcome import Outcome, State
from harness.submission.summary import Points

SHOWN = 20  # differences of one entry
ITEMS_ONLY = "²"
EXPLAINED = {
    "±": "± is half of the 95 % interval",
    ITEMS_ONLY: f"{ITEMS_ONLY} items only: says nothing of another seed",
}


def outcome_text(outcome: Outcome) -> str:
    """Return a line on an entry, and one for each thing that is wrong with it."""
    words = {
        State.VERIFIED: "verified",
        State.UNCHANGED: "unchanged",
        State.PUBLISHED: "published: numbers from a paper, nothing to verify",
        State.REFUSED: "refused, nothing is written",
        State.DIFFERS: "verified.json is not what it should be",
    }
    line = f"{outcome.slug}: {words[outcome.state]}"
    if outcome.off:
        line += f"; {outcome.off} claims are not borne out (C501)"
    lines = [line, *(f"  {finding_line(one)}" for one in outcome.findings)]
    lines += [f"  {difference}" for difference in outcome.differences[:SHOWN]]
    if len(outcome.differences) > SHOWN:
        lines.append(f"  and {len(outcome.differences) - SHOWN} more fields")
    lines += [f"  {note}" for note in outcome.notes]
    return "\n".join(escape_terminal(line) for line in lines)


def summary_table(outcomes: Sequence[Outcome]) -> str:
    """Return the scores of entries with their intervals, "" without any."""
    from tabulate import tabulate

    summaries = {one.slug: one.summary for one in outcomes if one.summary is not None}
    tasks = dict.fromkeys(name for one in summaries.values() for name in one.tasks)
    rows = [
        [slug, _text(one.overall)]
        + [_text(one.tasks[name].score if name in one.tasks else None) for name in tasks]
        for slug, one in summaries.items()
    ]
    if not rows:
        return ""
    table = tabulate(rows, ["entry", "overall", *tasks], disable_numparse=True)
    signs = "; ".join(words for sign, words in EXPLAINED.items() if sign in table)
    return f"{table}\n\n{signs}." if signs else table


def _text(points: Points | None) -> str:
    """Return a cell of the table: ``71.2 ±0.4``."""
    if points is None:
        return "–"
    if points.half is None:
        return f"{points.score:.1f}"
    return (
        f"{points.score:.1f} ±{points.half:.1f}{ITEMS_ONLY if points.kind == 'items only' else ''}"
    )
