"""Facts about files, kept between runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness.data.files import digest, write_text

Found = TypeVar("Found")
SETTLED = 2.0  # seconds after a change until a file's time shows further changes


@dataclass
class Memory:
    """Facts by name, for this run and, on disk, for later runs.

    Attributes:
        path: The JSON file; None to keep nothing on disk.
    """

    path: Path | None = None
    _facts: dict[str, Any] = field(default_factory=dict)
    _seen: dict[Hashable, Any] = field(default_factory=dict)
    _changed: bool = False

    def __post_init__(self) -> None:
        """Read the file; ignore it if it is missing or broken."""
        try:
            facts = json.loads(self.path.read_text()) if self.path else {}
        except (OSError, ValueError):
            facts = {}
        self._facts = facts if isinstance(facts, dict) else {}

    def once(self, name: Hashable, work: Callable[[], Found]) -> Found:
        """Return the result of ``work``, which is called once per run."""
        if name not in self._seen:
            self._seen[name] = work()
        return self._seen[name]

    def recall(self, name: str) -> Any:
        """Return a fact, None if it is unknown."""
        return self._facts.get(name)

    def keep(self, name: str, fact: Any) -> None:
        """Keep a fact made of JSON values."""
        self._facts[name] = fact
        self._changed = True

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a file; read it only if its size or time has changed."""
        try:
            state = path.stat()
        except OSError:
            return digest(path)  # raises the error
        name = f"digest {path.absolute()} {state.st_size} {state.st_mtime_ns}"
        known = self.recall(name)
        if isinstance(known, str):
            return known
        sha256 = digest(path)
        if time.time() - state.st_mtime > SETTLED:
            self.keep(name, sha256)
        return sha256

    def save(self) -> None:
        """Write new facts to disk, if any, next to those that other runs wrote."""
        if self.path is None or not self._changed:
            return
        others = Memory(self.path)._facts  # noqa: SLF001 - of the same class
        write_text(json.dumps(others | self._facts), self.path)
        self._changed = False
