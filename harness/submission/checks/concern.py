"""The interface of a concern: one kind of thing that can be wrong with an entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

from harness.submission.findings import Finding
from harness.submission.incoming import Incoming


class Concern(Protocol):
    """One concern; it looks at an entry and says all that it finds.

    Attributes:
        name: Its name.
        rests_on: The concerns that must have found no error before it can look.
    """

    name: ClassVar[str]
    rests_on: ClassVar[tuple[str, ...]]

    def look(self, incoming: Incoming) -> Iterator[Finding]:
        """Yield the findings."""
