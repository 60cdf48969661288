"""The board: rows, what is compared with what, and ranks; pages and tables are made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.leaderboard.baselines import Family, FamilyTable, families_of, table_of, unlinked
from harness.leaderboard.board_pairs import Pair, ranked_pairs
from harness.leaderboard.board_rows import BoardRow, by_slug, read_board, sums_of
from harness.leaderboard.kept import kept
from harness.leaderboard.ranking import ranks_of
from harness.scoring import VERSION as SCORER
from harness.submission.entry import canonical
from harness.submission.verified import Verified
from harness.version import STATISTICS

PAGE = 2  # version of the page and its files


@dataclass(frozen=True, eq=False)
class Board:
    """All that the page and the tables show.

    Attributes:
        rows: The rows, by slug.
        families: Each baseline with the rows compared with it, and all their cells.
        ranks: Slug of each ranked row to its lowest and highest rank.
        notes: What a reader should know, e.g. entries that could not be read.
        ranked: How ranked rows differ from one another (``board_pairs``).
    """

    rows: tuple[BoardRow, ...]
    families: tuple[tuple[Family, FamilyTable], ...]
    ranks: Mapping[str, tuple[int, int]]
    notes: tuple[str, ...] = ()
    ranked: tuple[Pair, ...] = ()

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Return how rows differ that are not a row and its baseline.

        Two of one family are compared with the family's spreads, others as ranked rows.
        """
        pairs = [pair for _, table in self.families for pair in table.pairs]
        known = {frozenset((pair.first, pair.second)) for pair in pairs}
        for family, table in self.families:
            known |= {frozenset((family.baseline.slug, slug)) for slug in table.differences}
        others = [one for one in self.ranked if frozenset((one.first, one.second)) not in known]
        return (*pairs, *others)

    @property
    def by_slug(self) -> Mapping[str, BoardRow]:
        """Return the rows by slug."""
        return by_slug(self.rows)

    @property
    def versions(self) -> Mapping[str, int]:
        """Return the versions of what the numbers are made with."""
        return {"scorer": SCORER, "statistics": STATISTICS, "page": PAGE}

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 over all entries and all that their numbers follow from."""
        lines = [canonical([row.entry.value, _recomputed_from(row.verified)]) for row in self.rows]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _recomputed_from(one: Verified | None) -> list[Any]:
    """Return what all numbers of verified.json follow from, which is far less than they are."""
    if one is None:
        return []
    hashes = [dict(some) for some in (one.labels, one.examples, one.sums)]
    return [one.entry, one.scorer, one.statistics, *hashes]


def board_of(folder: Path) -> Board:
    """Return the board of a folder of entries.

    The cells of families are kept in the user's cache, by what they are made of.

    Raises:
        HarnessError: There is no entry, or a file of sums is not the one that was verified.
    """
    rows, notes = read_board(folder)
    families = families_of(rows)
    notes += unlinked(rows, families)
    ranks = ranks_of(rows)
    ranked = ranked_pairs(rows)
    tables = []
    for family in families:
        tables.append((family, _kept_table(family)))
        for row in (family.baseline, *family.rows):
            row.forget()  # the sums of hundreds of rows take a lot of memory
    return Board(tuple(rows), tuple(tables), ranks, tuple(notes), tuple(ranked))


def _kept_table(family: Family) -> FamilyTable:
    """Return a family's cells, from the cache if they were made before of the same sums."""
    members = [family.baseline, *family.rows]
    sums = sums_of(members)
    made_of = ["family", SCORER, STATISTICS, PAGE, family.baseline.entry.benchmark, sums]
    fresh: list[FamilyTable] = []

    def make() -> dict[str, Any]:
        fresh.append(table_of(family))
        return fresh[0].as_dict()

    value = kept(made_of, make)
    return fresh[0] if fresh else FamilyTable.read(value)
