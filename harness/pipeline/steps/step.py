"""Step: one unit of work with a key made of everything that decides its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from harness.pipeline.steps.runtime import Runtime

VERSIONS = {"train": 5, "predict": 3, "score": 2}
"""Raised when a kind's code changes its results, so that old steps are not taken for new ones."""


class Job(Protocol):
    """What a step does."""

    def run(self, folder: Path, parents: tuple[Path, ...], bench: Runtime) -> dict[str, Any]:
        """Do the work, leave files in ``folder``, return what the manifest should say."""
        ...


@dataclass(frozen=True, eq=False)
class Step:
    """One unit of work.

    Attributes:
        kind: ``train``, ``predict`` or ``score``.
        name: What a reader calls it, e.g. ``predict xnli de``.
        identity: Settings, seeds and data hashes that decide the result, as JSON values.
        parents: Steps whose results it reads.
        job: The work itself; it may know more than the identity, never decide by it.
        examples: Examples it handles, 0 where nobody counts.
        tokens: Tokens it handles, a rough guess from the bytes, for the estimate.
        pace: What steps that handle as many tokens a second have in common.
    """

    kind: str
    name: str
    identity: Mapping[str, Any]
    parents: tuple[Step, ...]
    job: Job
    examples: int = 0
    tokens: int = 0
    pace: str = ""

    @cached_property
    def key(self) -> str:
        """Return the SHA-256 over kind, code version, identity and the parents' keys, in hex."""
        whole = {
            "kind": self.kind,
            "version": VERSIONS[self.kind],
            "identity": self.identity,
            "parents": [parent.key for parent in self.parents],
        }
        text = json.dumps(whole, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
