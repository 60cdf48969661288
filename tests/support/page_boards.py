"""Boards of mini for tests of the page: real entries, and rows spoilt in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.leaderboard.baselines import families_of, table_of
from harness.leaderboard.board import Board
from harness.leaderboard.board_pairs import ranked_pairs
from harness.leaderboard.board_rows import BoardRow, read_board
from harness.submission.entry import Entry
from harness.submission.verified import Provenance


def board_at(folder: Path) -> Board:
    """Return the board of a folder, its ranks as wide as can be."""
    rows, notes = read_board(folder)
    return board_with(rows, notes)


def board_with(rows: Sequence[BoardRow], notes: Sequence[str] = ()) -> Board:
    """Return a board of rows, its ranks as wide as can be."""
    families = [(family, table_of(family)) for family in families_of(rows)]
    ranked = [row.slug for row in rows if not row.unranked]
    ranks = {slug: (1, len(ranked)) for slug in ranked}
    pairs = tuple(ranked_pairs(rows))
    return Board(tuple(rows), tuple(families), ranks, tuple(notes), pairs)


def changed(row: BoardRow, name: str = "", **fields: Any) -> BoardRow:
    """Return a row whose entry has other values."""
    entry = Entry.of({**row.entry.value, **fields})
    return replace(row, entry=entry, name=name or row.name)


def claimed(row: BoardRow, known: Provenance = Provenance.CLAIMED) -> BoardRow:
    """Return a row that is not recomputed."""
    return replace(row, verified=None, provenance=known)


def hostile(text: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's values with a text in every field that a submitter words."""
    return {
        **value,
        "title": text,
        "submitter": {"name": text, "affiliation": text, "url": f"https://example.org/{text}"},
        "licence": text,
        "links": {"paper": f"javascript:{text}", "code": f'https://example.org/"{text}'},
        "model": {
            **value["model"],
            "name": text,
            "base": text,
            "revision": text,
            "pretraining": {"corpora": [text]},
        },
        "intermediate": [
            {"tasks": [{"name": text, "languages": [text], "translated": True, "examples": None}]}
        ],
        "training": {
            **value["training"],
            "recipe": text,
            "languages": [text],
            "extra": [{"name": text, "languages": [text], "translated": True, "examples": None}],
        },
        "retrieval": {text: {"pooling": text, "layer": 3}},
        "manifest": {"harness": text, "git": {"commit": text, "dirty": True}, "device": text},
        "notes": text,
    }
