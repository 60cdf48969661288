"""Validating entries: their form, without labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.submission.checks import findings_of
from harness.submission.entries import entries_in, incoming_of
from harness.submission.findings import ERROR, WARNING, Finding, Severity


@dataclass(frozen=True)
class Validated:
    """An entry that was looked at.

    Attributes:
        folder: Its folder.
        findings: What was found.
    """

    folder: Path
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Report:
    """What was found in entries.

    Attributes:
        entries: Each with its findings, in the order in which they were looked at.
    """

    entries: tuple[Validated, ...]

    @property
    def ok(self) -> bool:
        """Return whether there is no error; warnings and notes may be there."""
        return not self.count(ERROR)

    def __iter__(self) -> Iterator[tuple[Path, Finding]]:
        """Yield the findings, each with its entry's folder."""
        for entry in self.entries:
            for one in entry.findings:
                yield entry.folder, one

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(one.severity is severity for _, one in self)


def validate(paths: Sequence[Path], *, strict: bool = False) -> Report:
    """Check the form of entries; no labels are needed.

    Args:
        paths: Entries, and folders of entries.
        strict: Make warnings errors.

    Raises:
        HarnessError: A path is missing or not a folder, or holds no entry.
    """
    entries = []
    for folder in entries_in(paths):
        found = findings_of(incoming_of(folder))
        if strict:
            found = [replace(f, severity=ERROR) if f.severity is WARNING else f for f in found]
        entries.append(Validated(folder, tuple(found)))
    return Report(tuple(entries))
