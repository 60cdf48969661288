"""Rows of the board: the entries of a folder, what is known of each, and whether it is ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.declarations import Benchmark
from harness.errors import HarnessError
from harness.submission.checks import FIELDS, findings_of
from harness.submission.entries import entries_in, incoming_of
from harness.submission.entry import STATISTICS, Entry
from harness.submission.findings import ERROR
from harness.submission.listing import read_file
from harness.submission.verified import Provenance, Verified, provenance

if TYPE_CHECKING:
    from harness.statistics import Run

SELECTED = ("english-dev", "last")  # ways to choose a checkpoint that see no target language
REGIME = "zero-shot"
BASELINE = "S206"  # a baseline that is gone takes the differences away, not the row


@dataclass(frozen=True, eq=False)
class BoardRow:
    """One row of the board.

    Attributes:
        folder: The entry's folder.
        entry: What its submitter says.
        provenance: How its numbers are known.
        verified: What a maintainer has recomputed; None where it is not known or is stale.
        name: What the board calls it, no two rows alike.
    """

    folder: Path
    entry: Entry
    provenance: Provenance
    verified: Verified | None
    name: str

    @property
    def slug(self) -> str:
        """Return the entry's slug."""
        return self.entry.slug

    @property
    def regime(self) -> str:
        """Return what the targets were trained on: ``zero-shot``, or the schema's others."""
        regime: str = self.entry.training["regime"]
        return regime

    @property
    def benchmark(self) -> Benchmark:
        """Return the benchmark."""
        return registry.benchmark(self.entry.benchmark)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Return the runs, () without any; kept until ``forget``.

        Their sums by cluster are read when they are asked for, a language at a time.

        Raises:
            HarnessError: A file is not the one that verified.json names.
        """
        from harness.statistics import Run
        from harness.statistics.sums_file import state_of

        if self.verified is None:
            return ()
        runs = []
        for name, sha256 in self.verified.sums.items():
            path = f"{STATISTICS}/{name}.safetensors"
            shown = f"{self.slug}/{path}"
            state = state_of(self.folder / path)  # before: what comes later is then refused
            file = read_file(self.folder, path, shown)
            if file.sha256 != sha256:
                raise HarnessError(f"{shown}: not what verified.json says; verify the entry again")
            runs.append(Run.lazy(file.raw, self.folder / path, state))
        return tuple(runs)

    def forget(self) -> None:
        """Let go of the runs, which are read again if they are asked for."""
        self.__dict__.pop("runs", None)

    @property
    def tasks(self) -> dict[str, tuple[int, int]]:
        """Return of each task of the benchmark how many languages are scored, of how many."""
        scored = self.verified.summary.tasks if self.verified else {}
        known = registry.task_names()
        counts = {}
        for name in self.benchmark.task_names():
            expected = len(self.benchmark.languages_of(registry.task(name))) if name in known else 0
            counts[name] = (len(scored[name].languages) if name in scored else 0, expected)
        return counts

    @property
    def whole(self) -> bool:
        """Return whether all languages of all tasks are scored, and nothing was cut."""
        complete = all(there == of > 0 for there, of in self.tasks.values())
        return complete and not self.entry.partial

    @property
    def intervals(self) -> bool:
        """Return whether any of its scores has an interval: there are sums, and no copied runs."""
        tasks = self.verified.summary.tasks if self.verified else {}
        return any(one.score.half is not None for one in tasks.values())

    @property
    def unranked(self) -> str:
        """Return why the row has no rank, "" if it has one."""
        selection: str = self.entry.training["selection"]
        overall = self.verified.summary.overall if self.verified else None
        reasons = (
            (self.entry.kind == "published", "published numbers, without predictions"),
            (bool(self.entry.withdrawn), "withdrawn"),
            (
                self.provenance is Provenance.STALE,
                "verified by another version, or for other files",
            ),
            (self.provenance is Provenance.CLAIMED, "claimed, not recomputed yet"),
            (bool(self.entry.partial), f"partial: {self.entry.partial}"),
            (not self.whole, "not whole"),
            (selection not in SELECTED, f"chosen by {selection.replace('-', ' ')}"),
            (overall is None or overall.half is None, "its overall score has no interval"),
        )
        return next((why for applies, why in reasons if applies), "")


def read_board(folder: Path) -> tuple[list[BoardRow], list[str]]:
    """Return the rows of a folder of entries by slug, and what could not be read.

    Args:
        folder: The folder of entries.

    Raises:
        HarnessError: There is no such folder, or no entry in it.
    """
    rows, notes = [], []
    for place in sorted(entries_in([folder])):
        incoming = incoming_of(place)
        found = findings_of(incoming, FIELDS)
        errors = [one for one in found if one.severity is ERROR and one.code != BASELINE]
        if errors:
            first = errors[0]
            notes.append(f"{place.name} is left out: {first.code} {first.found}")
            continue
        known = provenance(incoming)
        current = known is Provenance.RECOMPUTED
        verified = Verified.read(place) if current else None
        rows.append(BoardRow(place, incoming.entry, known, verified, incoming.entry.title))
    return list(_named(rows)), notes


def _named(rows: Sequence[BoardRow]) -> Iterator[BoardRow]:
    """Yield rows under names of their own: the base, then the slug are added where they share one.

    A partial row says so in its name.
    """
    names = {row.slug: row.name for row in rows}
    for added in ("base", "slug"):
        shared = {name for name, count in Counter(names.values()).items() if count > 1}
        names |= {
            row.slug: f"{names[row.slug]} ({getattr(row.entry, added)})"
            for row in rows
            if names[row.slug] in shared
        }
    for row in rows:
        mark = " – PARTIAL" if row.entry.partial else ""
        yield replace(row, name=names[row.slug] + mark)


def ranked_groups(rows: Sequence[BoardRow]) -> list[list[BoardRow]]:
    """Return the ranked rows of each benchmark and regime, by slug; these are ranked together."""
    groups: dict[tuple[str, str], list[BoardRow]] = {}
    for row in sorted(rows, key=lambda row: row.slug):
        if not row.unranked:
            groups.setdefault((row.entry.benchmark, row.regime), []).append(row)
    return [groups[key] for key in sorted(groups)]


def sums_of(rows: Sequence[BoardRow]) -> list[list[Any]]:
    """Return, as JSON values, the hashes of the sums that all numbers of rows follow from."""
    return [[row.slug, dict(row.verified.sums) if row.verified else {}] for row in rows]


def by_slug(rows: Sequence[BoardRow]) -> Mapping[str, BoardRow]:
    """Return rows by slug."""
    return {row.slug: row for row in rows}
