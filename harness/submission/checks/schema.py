"""The concern of the schema: keys, types, values, and what a JSON schema cannot say."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar

from harness import registry
from harness.errors import closest
from harness.submission import strict_json
from harness.submission.entry import SUBMISSION, Entry
from harness.submission.findings import Finding, finding
from harness.submission.incoming import Incoming
from harness.submission.json_schema import errors_of, format_of
from harness.submission.schema_words import shown, told

MOST_TOLD = 2_000  # hostile values may have very many


class SchemaConcern:
    """What submission.json says, held against the schema of its format and against itself."""

    name: ClassVar[str] = "schema"
    rests_on: ClassVar[tuple[str, ...]] = ("safety",)

    def look(self, incoming: Incoming) -> Iterator[Finding]:
        """Yield the findings, in the order of the file's lines; at most ``MOST_TOLD``."""
        found = list(islice(_findings(incoming, incoming.shown(SUBMISSION)), MOST_TOLD))
        if not found:
            return
        lines = strict_json.lines_of(incoming.submission.raw)
        placed = [replace(one, line=_line(one.pointer, lines)) for one in found]
        yield from sorted(placed, key=lambda one: one.line)


def _line(pointer: str, lines: Mapping[str, int]) -> int:
    """Return the line of a pointer; of a missing key the line of the object that lacks it."""
    return lines.get(pointer) or lines.get(pointer.rpartition("/")[0], 0)


def _findings(incoming: Incoming, file: str) -> Iterator[Finding]:
    value = incoming.value
    if not isinstance(value, dict):
        yield finding("S203", file, shown(value), "an object", remedy="write { … }")
        return
    version = format_of(value)
    if not version:
        remedy = 'write "format": 2'
        stated = shown(value["format"])
        yield finding("S204", file, stated, "1 or 2", pointer="/format", remedy=remedy)
        return
    broken = list(islice(told(errors_of(value, version), version, value, file), MOST_TOLD))
    yield from broken
    yield from _of_benchmark(value, file)
    if version == 1:
        return
    yield from _of_slug(value, incoming.slug, file)
    yield from _of_date(value, file)
    runs = value.get("runs")
    yield from _of_runs(runs if isinstance(runs, list) else [], file)
    if not broken:
        yield from _of_baseline(incoming, file)


def _of_benchmark(value: Mapping[str, Any], file: str) -> Iterator[Finding]:
    """Yield a finding if the benchmark is not installed here."""
    name, known = value.get("benchmark"), registry.benchmark_names()
    if not isinstance(name, str) or name in known:
        return
    near = next(iter(closest(name, known)), "")
    expected = f"one of {', '.join(known)}"
    remedy = f"write {near!r}" if near else "install its plug-in, or name one of these"
    yield finding(
        "S203", file, shown(name), expected, pointer="/benchmark", near=near, remedy=remedy
    )


def _of_slug(value: Mapping[str, Any], folder: str, file: str) -> Iterator[Finding]:
    slug = value.get("slug")
    if isinstance(slug, str) and slug != folder:
        remedy = "rename the folder or the slug"
        yield finding("S205", file, shown(slug), shown(folder), pointer="/slug", remedy=remedy)


def _of_date(value: Mapping[str, Any], file: str) -> Iterator[Finding]:
    """Yield a finding for a day that no calendar has; its pattern is the schema's to tell."""
    date = value.get("date")
    if isinstance(date, str) and re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])-([0-2]\d|3[01])", date):
        try:
            datetime.date.fromisoformat(date)
        except ValueError:
            remedy = "write the day of the last run, YYYY-MM-DD"
            expected = "a day that there is"
            yield finding("S203", file, shown(date), expected, pointer="/date", remedy=remedy)


def _of_runs(runs: list[Any], file: str) -> Iterator[Finding]:
    """Yield the runs whose name, or whose seed and intermediate training, another run has."""
    names: dict[str, int] = {}
    seeds: dict[tuple[Any, Any], int] = {}
    for index, run in enumerate(run for run in runs if isinstance(run, dict)):
        name, seed, above = (run.get(key) for key in ("id", "seed", "intermediate_run"))
        if isinstance(name, str) and (first := names.setdefault(name, index)) != index:
            found = f"{shown(name)}, as run {first + 1}"
            remedy = "give each run a name of its own"
            place = f"/runs/{index}/id"
            yield finding("S203", file, found, "each id once", pointer=place, remedy=remedy)
        if type(seed) not in (int, float) or not isinstance(above, (str, type(None))):
            continue
        first = seeds.setdefault((seed, above), index)
        if first != index:
            found = f"{seed}, as run {first + 1}"
            remedy = "runs differ in their seed; leave out what was run twice"
            place = f"/runs/{index}/seed"
            yield finding("S203", file, found, "each seed once", pointer=place, remedy=remedy)


def _of_baseline(incoming: Incoming, file: str) -> Iterator[Finding]:
    """Yield why the entry that this one is compared with cannot be its baseline."""
    entry = Entry.of(incoming.value)
    name = entry.baseline
    if name is None:
        return

    def told_of(found: str, expected: str, near: str = "") -> Finding:
        remedy = f"write {near!r}" if near else "name a baseline of the same base and benchmark"
        return finding("S206", file, found, expected, pointer="/baseline", near=near, remedy=remedy)

    if name == entry.slug:
        yield told_of(f"{name!r}, the entry itself", "another entry")
        return
    if name not in incoming.others:
        near = next(iter(closest(name, incoming.others)), "")
        yield told_of(f"{name!r}, which is no entry here", "the slug of an entry", near)
        return
    other = incoming.others[name]
    if other is None:
        yield told_of(f"{name!r}, which cannot be read", "an entry that can be read")
        return
    if other.intermediate:
        expected = "an entry whose `intermediate` is []"
        yield told_of(f"{name!r}, which has intermediate training", expected)
    for noun in ("base", "benchmark"):
        theirs, ours = getattr(other, noun), getattr(entry, noun)
        if theirs != ours:
            yield told_of(f"{name!r} with the {noun} {theirs!r}", f"the {noun} {ours!r}")
