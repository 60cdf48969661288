"""Families: a baseline and the rows that are compared with it, in all columns of the board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.declarations import OTHER, Benchmark
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_pairs import Pair, family_pairs
from harness.leaderboard.board_rows import BoardRow, by_slug

if TYPE_CHECKING:
    from harness.statistics import Column

OF_GROUP, OF_LANGUAGE = "group", "language"
GROUPINGS = ("family", "script", "resources")


@dataclass(frozen=True)
class Family:
    """A baseline, and the rows that name it.

    Attributes:
        baseline: The baseline.
        rows: The rows that can be compared with it, by slug.
        left_out: Slug of each that cannot, and why.
    """

    baseline: BoardRow
    rows: tuple[BoardRow, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return what the family is called: base checkpoint and recipe."""
        entry = self.baseline.entry
        return f"{entry.base}, {entry.training['recipe']}"


@dataclass(frozen=True)
class FamilyTable:
    """All cells of a family.

    Attributes:
        targets: Its targets, in the benchmark's order.
        scores: Slug to its scores by column.
        differences: Slug to its differences from the baseline by column; not the baseline's.
        up: Slug to on how many targets it is surely better.
        down: Slug to on how many it is surely worse.
        best: Target to what is said of its best setting (names are slugs).
        notes: What a reader should know.
        pairs: How its settings differ from one another.
    """

    targets: tuple[str, ...]
    scores: Mapping[str, Mapping[str, BoardCell]]
    differences: Mapping[str, Mapping[str, BoardCell]]
    up: Mapping[str, int]
    down: Mapping[str, int]
    best: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]
    pairs: tuple[Pair, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the table as JSON values."""
        return {
            "targets": list(self.targets),
            **{
                name: {
                    slug: {column: cell.as_dict() for column, cell in cells.items()}
                    for slug, cells in getattr(self, name).items()
                }
                for name in ("scores", "differences")
            },
            "up": dict(self.up),
            "down": dict(self.down),
            "best": {target: dict(facts) for target, facts in self.best.items()},
            "notes": list(self.notes),
            "pairs": [pair.as_dict() for pair in self.pairs],
        }

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> FamilyTable:
        """Return the table that JSON values hold."""
        cells = {
            name: {
                slug: {column: BoardCell.read(cell) for column, cell in columns.items()}
                for slug, columns in value[name].items()
            }
            for name in ("scores", "differences")
        }
        return cls(
            targets=tuple(value["targets"]),
            scores=cells["scores"],
            differences=cells["differences"],
            up=value["up"],
            down=value["down"],
            best=value["best"],
            notes=tuple(value["notes"]),
            pairs=tuple(map(Pair.read, value["pairs"])),
        )


def families_of(rows: Sequence[BoardRow]) -> list[Family]:
    """Return the families of rows, by their baselines' slugs.

    A baseline without rows of its own is a family too.
    """
    known = by_slug(rows)
    members: dict[str, list[BoardRow]] = {}
    for row in rows:
        if not row.entry.intermediate and row.verified:
            members.setdefault(row.slug, [])
    left_out: dict[str, dict[str, str]] = {}
    for row in rows:
        name = row.entry.baseline
        if name is None:
            continue
        why = _unlike(row, known.get(name))
        if why or name not in members:
            left_out.setdefault(name, {})[row.slug] = why
        else:
            members[name].append(row)
    return [
        Family(known[name], tuple(some), left_out.get(name, {}))
        for name, some in sorted(members.items())
    ]


def unlinked(rows: Sequence[BoardRow], families: Sequence[Family]) -> Iterator[str]:
    """Yield of each row whose baseline makes no family why it has no differences."""
    known, baselines = by_slug(rows), {family.baseline.slug for family in families}
    for row in rows:
        name = row.entry.baseline
        if name is not None and name not in baselines and row.verified:
            yield f"{row.slug} has no differences: {_unlike(row, known.get(name))}"


def _unlike(row: BoardRow, baseline: BoardRow | None) -> str:
    """Return why a row cannot be compared with its baseline, "" if it can."""
    if baseline is None:
        return f"its baseline {row.entry.baseline} is not here"
    base = f"its baseline {baseline.slug}"
    for one, called in ((row, "it"), (baseline, base)):
        if one.verified is None:
            return f"{called} is not recomputed"
        if one.entry.withdrawn:
            return f"{called} is withdrawn"
    ours, theirs = _scored(row), _scored(baseline)
    shared = ours.keys() & theirs.keys()
    others = [name for name in ours if name in shared and ours[name] != theirs[name]]
    entries = (row.entry, baseline.entry)
    reasons = (
        (
            len({(e.base, e.benchmark) for e in entries}) > 1,
            f"{base} has another base or benchmark",
        ),
        (bool(baseline.entry.intermediate), f"{base} has an intermediate task itself"),
        (not row.intervals, "it has no intervals"),
        (not baseline.intervals, f"{base} has no intervals"),
        (len({bool(e.partial) for e in entries}) > 1, f"of it and {base} one is partial"),
        (bool(others), f"{', '.join(others)}: other languages than {base}"),
        (not shared, f"no target in common with {base}"),
    )
    return next((why for applies, why in reasons if applies), "")


def _scored(row: BoardRow) -> dict[str, set[str]]:
    """Return the languages of each task that are scored."""
    tasks = row.verified.summary.tasks if row.verified else {}
    return {name: set(one.languages) for name, one in tasks.items()}


def table_of(family: Family) -> FamilyTable:
    """Return all cells of a family, by the statistics of a study's table.

    Raises:
        HarnessError: A file of sums is not the one that was verified, or rows were scored on
            different data.
    """
    from harness.comparison import RowRuns
    from harness.comparison.group import Group

    members = [family.baseline, *family.rows]
    entries = [RowRuns(row.slug, row.runs) for row in members]
    present = {name for row in members for run in row.runs for name in run.sums}
    benchmark = family.baseline.benchmark
    targets = [name for name in benchmark.task_names() if name in present]
    group = Group(entries, targets, family.baseline.slug, list(more_columns(members, targets)))
    rows = group.rows()
    return FamilyTable(
        targets=tuple(targets),
        scores={row.name: _cells(row.scores) for row in rows},
        differences={row.name: _cells(row.differences) for row in rows if row.differences},
        up={row.name: row.up for row in rows if row.differences},
        down={row.name: row.down for row in rows if row.differences},
        best=group.best(),
        notes=tuple(group.notes),
        pairs=tuple(family_pairs(group)),
    )


def _cells(cells: Mapping[str, Any]) -> dict[str, BoardCell]:
    return {name: BoardCell.of(cell) for name, cell in cells.items()}


def more_columns(rows: Sequence[BoardRow], targets: Sequence[str]) -> Iterator[Column]:
    """Yield the board's columns beyond a study's: groups of targets, languages, their groups.

    ``group/qa`` is the mean of the group's targets, if all are there; ``language/sw`` the mean
    over the targets that have the language; ``family/Uralic``, ``script/Cyrl`` and ``resources/1``
    the mean over targets of the mean over those of their languages; ``resources/low`` that of
    the classes up to 2.

    Args:
        rows: The rows.
        targets: The targets.
    """
    from harness.statistics import Column

    benchmark = rows[0].benchmark
    languages = {name: _languages(rows, name) for name in targets}
    for group, names in benchmark.groups.items():
        if len(names) > 1 and all(languages.get(name) for name in names):
            parts = [Column.of_target(name, languages[name]) for name in names]
            yield Column.mean(f"{OF_GROUP}/{group}", parts)
    chosen: dict[str, list[str]] = {}
    for code in dict.fromkeys(code for codes in languages.values() for code in codes):
        for name in groups_of(benchmark, code):
            chosen.setdefault(name, []).append(code)
    for name, codes in chosen.items():
        inside = {t: [code for code in languages[t] if code in codes] for t in targets}
        parts = [Column.of_target(t, some) for t, some in inside.items() if some]
        yield Column.mean(name, parts)


def groups_of(benchmark: Benchmark, code: str) -> list[str]:
    """Return the columns of languages that a language is in; English only its own."""
    known = benchmark.language(code)
    names = [f"{OF_LANGUAGE}/{code}"]
    if code == "en":
        return names
    resources = OTHER if known.resources is None else str(known.resources)
    names += [f"family/{known.family}", f"script/{known.script}", f"resources/{resources}"]
    return [*names, "resources/low"] if known.low_resource else names


def _languages(rows: Sequence[BoardRow], target: str) -> list[str]:
    """Return the languages of a target that all rows have it in, in the benchmark's order."""
    task = registry.task(target)
    order = rows[0].benchmark.languages_of(task)
    have = [some for row in rows if (some := _scored(row).get(target))]
    return [code for code in order if all(code in some for some in have)]
