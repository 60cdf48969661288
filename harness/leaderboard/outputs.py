"""The files of the board beside its page: JSON, CSV, Markdown and LaTeX."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.leaderboard.baselines import Family, FamilyTable
from harness.leaderboard.board import Board
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.long_table import CSV, long_table
from harness.leaderboard.rounding import exact
from harness.leaderboard.text_tables import board_tables, main_table, marked
from harness.submission.summary import EntrySummary, Points

FORMAT = 1
JSON, MARKDOWN, TABLES = "leaderboard.json", "leaderboard.md", "tables"
DEEP = 4  # levels of leaderboard.json that are a line a member, so that a change is a line


def json_file(board: Board) -> Mapping[str, str]:
    """Return leaderboard.json: everything that is shown, and what the page leaves out.

    ``schema/leaderboard-1.json`` describes every field.

    Args:
        board: The board.
    """
    return {JSON: f"{_text(as_dict(board), DEEP)}\n"}


def as_dict(board: Board) -> dict[str, Any]:
    """Return a board as JSON values, floats with six decimals.

    Args:
        board: The board.
    """
    return {
        "format": FORMAT,
        "versions": dict(board.versions),
        "entries": len(board.rows),
        "digest": board.digest,
        "notes": list(board.notes),
        "rows": {row.slug: _row(row, board.ranks.get(row.slug)) for row in board.rows},
        "families": {
            family.baseline.slug: _family(family, table) for family, table in board.families
        },
        "pairs": [pair.as_dict() for pair in board.pairs],
    }


def _row(row: BoardRow, rank: tuple[int, int] | None) -> dict[str, Any]:
    """Return all that is known of an entry."""
    known = row.verified
    scores = known.runs if known else {}
    entry = {key: one for key, one in row.entry.value.items() if key != "runs"}
    runs = [
        {
            "id": run.id,
            "seed": run.seed,
            "intermediate_run": run.intermediate_run,
            "files": len(run.files),
            "scores": scores.get(run.id),
        }
        for run in row.entry.runs
    ]
    return {
        "name": row.name,
        "provenance": row.provenance.value,
        "rank": None if rank is None else list(rank),
        "unranked": row.unranked,
        "complete": {task: list(counts) for task, counts in row.tasks.items()},
        "entry": _rounded(entry),
        "runs": _rounded(runs),
        "summary": _summary(known.summary) if known else None,
        "claims": {place: _rounded(vars(one)) for place, one in known.claims.items()}
        if known
        else {},
        "findings": dict(known.findings) if known else {},
        "hashes": {
            "entry": known.entry,
            "labels": dict(known.labels),
            "examples": dict(known.examples),
            "sums": dict(known.sums),
        }
        if known
        else None,
    }


def _summary(summary: EntrySummary) -> dict[str, Any]:
    return {
        "overall": _points(summary.overall),
        "groups": {name: _points(one) for name, one in summary.groups.items()},
        "tasks": {
            name: {
                "score": _points(task.score),
                "gap": _points(task.gap),
                "languages": {code: _points(one) for code, one in task.languages.items()},
            }
            for name, task in summary.tasks.items()
        },
    }


def _points(one: Points | None) -> dict[str, Any] | None:
    if one is None:
        return None
    numbers = {"score": exact(one.score), "half": exact(one.half), "error": exact(one.error)}
    return {**numbers, "kind": one.kind}


def _family(family: Family, table: FamilyTable) -> dict[str, Any]:
    cells = {name: one for name, one in table.as_dict().items() if name != "pairs"}
    return {
        "title": family.title,
        "benchmark": family.baseline.entry.benchmark,
        "rows": [row.slug for row in family.rows],
        "left_out": dict(family.left_out),
        **cells,
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return exact(value)
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, (list, tuple)) else value


def _text(value: Any, deep: int, indent: str = "") -> str:
    """Return JSON values as text, a line a member down to some depth."""
    if not deep or not isinstance(value, (dict, list)) or not _nested(value):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + " "
    if isinstance(value, list):
        lines = [f"{inner}{_text(one, deep - 1, inner)}" for one in value]
        return "\n".join(["[", ",\n".join(lines), f"{indent}]"])
    lines = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_text(one, deep - 1, inner)}"
        for key, one in value.items()
    ]
    return "\n".join(["{", ",\n".join(lines), f"{indent}}}"])


def _nested(value: dict[str, Any] | list[Any]) -> bool:
    """Return whether a dictionary or list has others in it."""
    members = value.values() if isinstance(value, dict) else value
    return any(isinstance(one, (dict, list)) for one in members)


def csv_file(board: Board) -> Mapping[str, str]:
    """Return leaderboard.csv: a row for each entry and column.

    Args:
        board: The board.
    """
    return {CSV: long_table(board).text()}


def markdown_file(board: Board) -> Mapping[str, str]:
    """Return leaderboard.md: the main table of each family, then the board.

    Args:
        board: The board.
    """
    families = [main_table(board, *one).markdown() for one in board.families if one[0].rows]
    boards = [table.markdown() for table in board_tables(board)]
    notes = [f"- {marked(note)}" for note in board.notes]
    versions = ", ".join(f"{name} {version}" for name, version in board.versions.items())
    foot = f"Versions: {versions}. Entries: {len(board.rows)}. SHA-256: `{board.digest}`."
    parts = ["# Leaderboard", *families, *boards, *(["\n".join(notes)] if notes else []), foot]
    return {MARKDOWN: "\n\n".join(parts) + "\n"}


def latex_files(board: Board) -> Mapping[str, str]:
    """Return tables/: the main table of each family and the board of each benchmark, as LaTeX.

    Args:
        board: The board.
    """
    tables = [main_table(board, *one) for one in board.families if one[0].rows]
    tables += board_tables(board)
    return {f"{TABLES}/{table.name}.tex": table.latex() for table in tables}
