"""What is odd about a task's ranked predictions that are scored all the same, by language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.data.folder import FolderSource
from harness.data.layouts.pooled import POOL
from harness.declarations import Task
from harness.errors import HarnessError
from harness.formats.faults import Fault, Report, raising


@dataclass
class Remarks:
    """Counts what the official scorer takes without a word, for a line of each kind.

    Attributes:
        task: The task, whose format has a pool.
        source: The test examples; ids are held against the pool where it is there.
    """

    task: Task
    source: FolderSource
    _counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    _broken: str = ""

    def report(self, path: Path, language: str) -> Report:
        """Return a report that counts what can be scored, and raises at everything else."""
        fail = raising(path)
        return lambda fault: self._add(language, fault) if fault.count else fail(fault)

    def compare(self, language: str, gold: Any, answers: Any) -> None:
        """Count query ids that do not fit the gold, and ids that are not in the pool."""
        form = self.task.format
        for fault in form.misfits(gold, answers):
            self._add(language, fault)
        if self._pool is not None:
            for fault in form.unknown(self._pool, answers):
                self._add(language, fault)

    @cached_property
    def _pool(self) -> frozenset[str] | None:
        """The ids of the pool, if it is there; a million of Mewsli-X take ten seconds."""
        if not self.source.has(self.task, POOL, ""):
            return None
        try:
            return frozenset(name for name, _ in self.source.pool(self.task))
        except HarnessError as error:  # no reason not to score
            self._broken = f"{self.task.name}: unknown ids are not counted: {error}"
            return None

    def _add(self, language: str, fault: Fault) -> None:
        kind = (fault.what, fault.remedy)
        self._counts.setdefault(kind, Counter())[language] += fault.count

    def lines(self) -> Iterator[str]:
        """Yield a line for each kind, with its count and those of the languages."""
        for (what, remedy), languages in self._counts.items():
            each = ", ".join(f"{code} {count:,}" for code, count in languages.items())
            yield f"{self.task.name}: {languages.total():,} {what} ({each}); {remedy}"
        if self._broken:
            yield self._broken
