"""Incoming: an entry's folder as the checks see it, nothing of it trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.data.files import Snapshot
from harness.submission import strict_json
from harness.submission.entry import PREDICTIONS, SUBMISSION, Entry, entry_hash
from harness.submission.format_1 import converted
from harness.submission.labels import Labels
from harness.submission.listing import Listing, list_folder, read_file


@dataclass(frozen=True, eq=False)
class Incoming:
    """An entry's folder, and what is around it.

    What it gives is only there once the concerns that it rests on have passed: the listing for
    safety, the values and the entry for the schema.

    Attributes:
        folder: The folder.
        others: The other entries by slug; None for one that cannot be read.
        labels: Test labels and examples; None where only form is checked.
        elsewhere: Folder of predictions that do not lie in the entry; None where they do.
    """

    folder: Path
    others: Mapping[str, Entry | None] = field(default_factory=dict)
    labels: Labels | None = None
    elsewhere: Path | None = None

    @property
    def slug(self) -> str:
        """Return the folder's name."""
        return self.folder.name

    def shown(self, path: str = "") -> str:
        """Return what findings call a file of the entry."""
        return f"{self.slug}/{path}" if path else self.slug

    @cached_property
    def listing(self) -> Listing:
        """Return what lies in the folder, by lstat, nothing of it read."""
        return list_folder(self.folder)

    @cached_property
    def submission(self) -> Snapshot:
        """Return submission.json, read once.

        Raises:
            HarnessError: It is missing or cannot be read.
        """
        return read_file(self.folder, SUBMISSION, self.shown(SUBMISSION))

    @cached_property
    def value(self) -> Any:
        """Return submission.json's JSON values as they are on disk.

        Raises:
            strict_json.Refused: It is not strict JSON.
        """
        return strict_json.loads(self.submission.raw)

    @cached_property
    def entry(self) -> Entry:
        """Return the entry; format 1 is converted."""
        if self.value["format"] == 2:
            return Entry.of(self.value)
        hashes = {path: self.read(path).sha256 for path in self.predictions.files}
        return Entry.of(converted(self.value, self.slug, hashes))

    @cached_property
    def runs(self) -> dict[str, dict[str, str]]:
        """Return of each run its prediction files: path below the run to path below ``place``."""
        paths = self.predictions.files
        levels = {run.id for run in self.entry.runs} if self.entry.runs else set()
        deep = len(levels) != 1 or any(path.partition("/")[0] in levels for path in paths)
        if not deep:
            return {next(iter(levels)): {path: path for path in paths}}
        found: dict[str, dict[str, str]] = {name: {} for name in sorted(levels)}
        for path in paths:
            run, _, rest = path.partition("/")
            found.setdefault(run, {})[rest] = path
        return found

    @property
    def place(self) -> Path:
        """Return the folder of the predictions."""
        return self.elsewhere or self.folder / PREDICTIONS

    @cached_property
    def predictions(self) -> Listing:
        """Return the prediction files, paths below ``place``."""
        return list_folder(self.elsewhere) if self.elsewhere else self.listing.below(PREDICTIONS)

    def read(self, path: str) -> Snapshot:
        """Read a prediction file, once.

        Args:
            path: Below ``place``.

        Raises:
            HarnessError: It is missing, no plain file, too large, or changed while it was read.
        """
        return read_file(self.place, path, self.shown(f"{PREDICTIONS}/{path}"))

    @property
    def hash(self) -> str:
        """Return the hash that ties verified.json to the entry, by the hashes that it states."""
        files = {
            f"{run.id}/{path}": sha for run in self.entry.runs for path, sha in run.files.items()
        }
        return entry_hash(self.value, files)
