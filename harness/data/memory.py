"""What was once worked out about files, kept between runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness.data.files import digest, write_text

Found = TypeVar("Found")
SETTLED = 2.0  # seconds since its last change after which a file's time tells a change


@dataclass
class Memory:
    """Facts by name: for this run, and on disk for the next.

    Attributes:
        path: The JSON file; None to keep nothing on disk.
    """

    path: Path | None = None
    _facts: dict[str, Any] = field(default_factory=dict)
    _seen: dict[Hashable, Any] = field(default_factory=dict)
    _changed: bool = False

    def __post_init__(self) -> None:
        """Read what is there; a broken file is as good as none."""
        try:
            found = json.loads(self.path.read_text()) if self.path else {}
        except (OSError, ValueError):
            found = {}
        self._facts = found if isinstance(found, dict) else {}

    def once(self, name: Hashable, work: Callable[[], Found]) -> Found:
        """Return what ``work`` gives, doing it once a run."""
        if name not in self._seen:
            self._seen[name] = work()
        found: Found = self._seen[name]
        return found

    def recall(self, name: str) -> Any:
        """Return a kept fact, None if there is none."""
        return self._facts.get(name)

    def keep(self, name: str, fact: Any) -> None:
        """Keep a fact, of JSON values."""
        self._facts[name] = fact
        self._changed = True

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a file, read anew only if its size or time has changed."""
        try:
            state = path.stat()
        except OSError:
            return digest(path)  # which says what is wrong
        name = f"digest {path.absolute()} {state.st_size} {state.st_mtime_ns}"
        known = self.recall(name)
        if isinstance(known, str):
            return known
        found = digest(path)
        if time.time() - state.st_mtime > SETTLED:
            self.keep(name, found)
        return found

    def save(self) -> None:
        """Write the facts to disk, if there are new ones; what another run wrote is kept too."""
        if self.path is None or not self._changed:
            return
        others = Memory(self.path)._facts  # noqa: SLF001 - of the same class
        write_text(json.dumps(others | self._facts), self.path)
        self._changed = False
