"""What is known of a retrieval task's pool: found by reading it once, a candidate at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.data.files import at, strict
from harness.data.folder import FolderSource, pooled
from harness.data.layouts.layout import Reports
from harness.data.layouts.pooled import POOL, Asked
from harness.declarations import Task
from harness.errors import HarnessError

MOST = 20  # candidates with the id of another that are told


@dataclass(frozen=True)
class PoolFacts:
    """Facts about a pool.

    Attributes:
        rows: Number of candidates.
        size: Their bytes in UTF-8.
        notes: What the user should know of them.
    """

    rows: int
    size: int
    notes: tuple[str, ...] = ()


def read_pool(source: FolderSource, task: Task, reports: Reports = strict) -> PoolFacts:
    """Return facts about a task's pool; of the candidates only the ids stay in memory.

    Args:
        source: Where it is.
        task: The task, whose layout is ``Pooled``.
        reports: Returns the report for a file's malformed places; by default the first raises.

    Raises:
        HarnessError: It is empty, two candidates have one id, or as ``Pooled.pool``.
    """
    paths = source.files(task, POOL, "")
    ids: dict[str, int] = {}
    twice: list[tuple[int, int, str]] = []
    asked = Asked(reports=reports)
    size = 0
    for number, (name, text) in enumerate(pooled(task).pool(paths, asked), 1):
        size += len(text.encode())
        first = ids.setdefault(name, number)
        if first != number and len(twice) < MOST:
            twice.append((first, number, name))
    lines = pooled(task).lines_of(paths, {n for one in twice for n in one[:2]}) if twice else {}
    for first, number, name in twice:
        where = f" in line {lines[first]:,}" if first in lines else ""
        what = f"has the id {name:.60} of candidate {first:,}{where}; keep one of them"
        reports(paths[0])(lines.get(number, 0), f"candidate {number:,} {what}")
    if not ids:
        raise HarnessError(f"{at(paths[0], 0, 'holds no candidates')}")
    notes = [f"{task.name}: {count:,} {what}" for what, count in asked.counts.items()]
    k = getattr(task.format, "k", 0)
    if len(ids) < k:
        notes.append(
            f"{task.name}: the pool has {len(ids)} candidates, fewer than the {k} of an answer"
        )
    return PoolFacts(len(ids), size, (*notes, *_outside(source, task, ids)))


def _outside(source: FolderSource, task: Task, ids: Mapping[str, int]) -> list[str]:
    """Return a note on right candidates that are not in the pool, which nothing can find."""
    lost: dict[str, None] = {}
    for language in task.languages:
        if source.label_file(task, language) or source.has(task, "test", language):
            try:
                gold = source.gold(task, language) or {}
            except HarnessError:  # told where the language is scored
                continue
            lost |= {name: None for right in gold.values() for name in right if name not in ids}
    if not lost:
        return []
    return [
        f"{task.name}: {len(lost):,} right candidates are not in the pool, as {next(iter(lost))};"
        " they count as not found"
    ]
