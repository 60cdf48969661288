"""A review of submissions as Markdown, short enough for a forge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.display.findings_text import escape_markdown, message_of
from harness.submission.changes import Move
from harness.submission.findings import ERROR, NOTE, WARNING, Finding
from harness.submission.review import EntryReview, Review

LONGEST = 60_000  # characters; GitHub cuts a comment at 65,536
_ROOM = 300  # characters kept for the line that says what is left out
_AT_LEAST = 2_000  # characters of one entry's part


def review_markdown(review: Review) -> str:
    """Return a review as Markdown of at most ``LONGEST`` characters.

    Entries with errors come first. What does not fit is left out, line by line of an entry and
    entry by entry, and a line says so. What others wrote is escaped.
    """
    parts = _head(review)
    room = LONGEST - _ROOM - len("\n".join(parts))
    if review.findings:
        text = _cut(["", "### Outside of one entry", "", *_findings(review.findings)], room // 2)
        parts.append(text)
        room -= len(text) + 1
    ordered = sorted(review.entries, key=lambda one: one.ok)
    for number, entry in enumerate(ordered):
        share = max(room // (len(ordered) - number), _AT_LEAST)
        text = _cut(_entry(entry), min(share, room))
        if len(text) + 1 > room or not text:
            rest = ordered[number:]
            errors = sum(not one.ok for one in rest)
            parts.append(
                f"\n*{len(rest)} more entries are left out here, {errors} of them with errors;"
                " `--format json` has them all.*"
            )
            break
        parts.append(text)
        room -= len(text) + 1
    return "\n".join(parts) + "\n"


def _head(review: Review) -> list[str]:
    counts = [
        f"{count} {severity.value}{'' if count == 1 else 's'}"
        for severity in (ERROR, WARNING, NOTE)
        if (count := sum(one.severity is severity for one in review.every))
    ]
    verdict = "Nothing stands against it" if review.ok else "Not to be merged as it is"
    noun = "entry" if len(review.entries) == 1 else "entries"
    return [
        "## Review of submissions",
        "",
        f"`{review.head:.12}` against `{review.merge_base:.12}`, its merge base with"
        f" `{review.base:.12}`: {len(review.entries)} {noun}.",
        f"**{verdict}**: {', '.join(counts) or 'no findings'}.",
    ]


def _entry(entry: EntryReview) -> list[str]:
    """Return an entry's part, line by line."""
    renamed = f" from {escape_markdown(entry.was)}" if entry.was else ""
    lines = ["", f"### {escape_markdown(entry.slug)}: {entry.status}{renamed}", ""]
    if entry.title:
        lines.append(f"- title: {escape_markdown(entry.title)}")
    before, after = (one or "none" for one in entry.provenance)
    lines.append(f"- provenance: {before} → {after}")
    if entry.status != "removed":
        near = escape_markdown(str(entry.nearest)) if entry.nearest else "none is like it"
        lines.append(f"- nearest by predictions: {near}")
    if entry.findings:
        lines += ["", *_findings(entry.findings)]
    if entry.moves:
        lines += ["", "| task | before | after | move |", "|---|--:|--:|--:|"]
        lines += [_move(one) for one in entry.moves]
    return lines


def _move(one: Move) -> str:
    old, new = (f"{score:.2f}" if score is not None else "–" for score in (one.before, one.after))
    by = f"{one.by:+z.2f}" if one.by is not None else "–"
    return f"| {escape_markdown(one.task)} | {old} | {new} | {by} |"


def _findings(findings: Iterable[Finding]) -> list[str]:
    """Return a table of findings, errors first."""
    order = [ERROR, WARNING, NOTE]
    rows = sorted(findings, key=lambda one: order.index(one.severity))
    table = ["| | code | where | what |", "|---|---|---|---|"]
    for one in rows:
        place = f"{one.file}:{one.line}" if one.line else one.file
        place += f" {one.pointer}" if one.pointer else ""
        cells = (place, message_of(one))
        where, what = (escape_markdown(f"{cell:.600}") for cell in cells)
        table.append(f"| {one.severity.value} | {one.code} | {where} | {what} |")
    return table


def _cut(lines: Sequence[str], room: int) -> str:
    """Return as many lines as there is room for, and one that counts the others."""
    used, kept = 60, 0  # for the line that counts
    for line in lines:
        used += len(line) + 1
        if used > room:
            break
        kept += 1
    if kept == len(lines):
        return "\n".join(lines)
    if kept < 4:  # not even the title of a part
        return ""
    return "\n".join([*lines[:kept], "", f"*{len(lines) - kept} more lines are left out here.*"])
