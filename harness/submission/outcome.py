"""What came of verifying an entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from harness.submission.findings import ERROR, Finding
from harness.submission.summary import EntrySummary


class State(Enum):
    """What came of an entry."""

    VERIFIED = "verified"
    UNCHANGED = "unchanged"
    PUBLISHED = "published"
    REFUSED = "refused"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Outcome:
    """What came of verifying one entry.

    Attributes:
        slug: The entry's name.
        state: What came of it.
        findings: What is wrong with it; only what was looked at.
        differences: Fields of verified.json, or files, that are not what they should be.
        notes: What a reader should know.
        summary: Its scores; None where none are known.
        off: Claims that verified.json says are not borne out, where nothing was looked at again.
    """

    slug: str
    state: State
    findings: tuple[Finding, ...] = ()
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    summary: EntrySummary | None = None
    off: int = 0

    @property
    def ok(self) -> bool:
        """Return whether nothing is wrong."""
        bad = self.state in (State.REFUSED, State.DIFFERS)
        return not (bad or self.off or errors_of(self.findings))


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Return the errors among findings."""
    return [one for one in findings if one.severity is ERROR]
