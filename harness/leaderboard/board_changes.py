"""What differs between two states of the board's files, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.comparison.table import DIGITS
from harness.data.files import Snapshot, parse_json
from harness.errors import HarnessError
from harness.leaderboard.long_table import CSV, DIFFERENCE, LongRow, LongTable
from harness.leaderboard.outputs import JSON
from harness.leaderboard.rounding import points

MOST = 40  # lines that are told; nobody reads more
FIELDS = ("low", "high", "df", "q", "k")
PLAIN = ("name", "provenance", "rank", "unranked")  # fields of an entry that are told whole
LONGEST = 60  # characters of a value


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[str]:
    """Return in words what differs between the files that lie there and those made anew.

    Args:
        old: Name of each file that lies there to its bytes.
        new: The same of those made anew.
    """
    differ = [name for name in new if old.get(name) != new[name]]
    gone = [name for name in old if name not in new]
    told = [*_of_entries(old, new), *_of_numbers(old, new)] if {CSV, JSON} & {*differ} else []
    if len(told) > MOST:
        told = [*told[:MOST], f"and {len(told) - MOST} more differences"]
    told += [f"{name} is missing" for name in differ if name not in old]
    told += [f"{name} differs" for name in differ if name in old]
    return told + [f"{name} is made no more" for name in gone]


def _of_numbers(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the numbers that differ of entries that were there before: first the estimates."""
    try:
        before, after = ({_place(row): row for row in _table(one)} for one in (old, new))
    except HarnessError as error:
        yield str(error)
        return
    both = {slug for slug, *_ in before} & {slug for slug, *_ in after}
    places = [place for place in dict.fromkeys([*after, *before]) if place[0] in both]
    pairs = [(before.get(place), after.get(place)) for place in places]
    yield from (_moved(*pair) for pair in pairs if _estimate(pair[0]) != _estimate(pair[1]))
    for then, now in pairs:
        if then and now and then.estimate == now.estimate and _facts(then) != _facts(now):
            yield _widened(then, now)


def _estimate(row: LongRow | None) -> float | None:
    return None if row is None else row.estimate


def _facts(row: LongRow) -> list[float | None]:
    return [getattr(row, name) for name in FIELDS]


def _table(files: Mapping[str, bytes]) -> LongTable:
    return LongTable.read(Snapshot(CSV, files[CSV])) if CSV in files else LongTable()


def _place(row: LongRow) -> tuple[str, str, str]:
    return row.slug, row.kind, row.column


def _moved(before: LongRow | None, after: LongRow | None) -> str:
    """Return what moved in one place: ``mnli on xnli: +1.8 was +1.7``."""
    one = after or before
    assert one is not None
    head = f"{one.slug} on {one.column}:"
    if before is None or after is None:
        state = "is new" if before is None else "is gone"
        return f"{head} {points(one.estimate, plus=one.kind == DIFFERENCE)} {state}"
    plus = one.kind == DIFFERENCE
    shown = [points(row.estimate, plus=plus) for row in (after, before)]
    if shown[0] == shown[1]:
        shown = [f"{row.estimate:{'+' * plus}.{DIGITS}f}" for row in (after, before)]
    return f"{head} {shown[0]} was {shown[1]}"


def _widened(before: LongRow, after: LongRow) -> str:
    """Return what differs of an estimate that is the same."""
    pairs = zip(FIELDS, _facts(after), _facts(before), strict=True)
    words = [f"{name} {_short(new)} was {_short(old)}" for name, new, old in pairs if new != old]
    return f"{after.slug} on {after.column}: {', '.join(words)}"


def _of_entries(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what differs of the board's own fields, and of the entries but for their numbers."""
    if JSON not in old or JSON not in new:
        return
    try:
        before, after = (parse_json(files[JSON].decode()) for files in (old, new))
        rows = {slug: dict(one) for slug, one in before["rows"].items()}
        fields = [(name, after[name], before.get(name)) for name in ("versions", "notes")]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        yield f"{JSON} cannot be read ({error!s:.60}); build it again"
        return
    yield from (f"{name}: {_short(a)} was {_short(b)}" for name, a, b in fields if a != b)
    yield from (f"entry {slug} is new" for slug in after["rows"] if slug not in rows)
    yield from (f"entry {slug} is gone" for slug in rows if slug not in after["rows"])
    for slug, now in after["rows"].items():
        if slug in rows:
            yield from _of_entry(slug, now, rows[slug])


def _of_entry(slug: str, now: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[str]:
    pairs = [(name, now[name], then.get(name)) for name in PLAIN]
    was = then.get("entry")
    if isinstance(was, dict):
        pairs += [(key, now["entry"].get(key), was.get(key)) for key in {**now["entry"], **was}]
    yield from (f"{slug}: {name} {_short(a)} was {_short(b)}" for name, a, b in pairs if a != b)
    for name in ("runs", "claims", "findings", "hashes"):
        if now[name] != then.get(name):
            yield f"{slug}: its {name} differ"


def _short(value: Any) -> str:
    """Return a value in a few characters of one line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
