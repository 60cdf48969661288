"""The entries before and after a change, written to a temporary folder as the checks see them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from harness.submission.entries import NO_ENTRIES, neighbours
from harness.submission.entry import SUBMISSION, VERIFIED, Entry
from harness.submission.findings import Finding
from harness.submission.git_tree import Item, Repository
from harness.submission.listing import MAX_FILES, MAX_SUBMISSION
from harness.submission.plain_copy import write_copy

ENTRIES = "submissions"  # the folder of entries, at the top of the repository
NO_SLUG = "-"  # beside a folder of this name every entry is a neighbour
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


def is_slug(name: str) -> bool:
    """Return whether a name may be an entry's."""
    return bool(_SLUG.fullmatch(name)) and name not in NO_ENTRIES


@dataclass
class ReviewFolder:
    """The entries before and after a change, as folders below a temporary one.

    Attributes:
        repository: The repository.
        start: Commit before the change.
        end: Commit after it.
        folder: The temporary folder.
        trees: Commit and slug to the entry's files.
    """

    repository: Repository
    start: str
    end: str
    folder: Path
    trees: dict[tuple[str, str], dict[str, Item]] = field(default_factory=dict)

    @property
    def entries(self) -> Path:
        """Return the folder of the entries after the change."""
        return self.folder / ENTRIES

    def tree(self, commit: str, slug: str) -> dict[str, Item]:
        """Return an entry's files, {} where it is not there; one more than allowed at most."""
        key = (commit, slug)
        if key not in self.trees:
            place = f"{ENTRIES}/{slug}"
            self.trees[key] = self.repository.tree(commit, place, MAX_FILES + 1)
        return self.trees[key]

    def write_others(self) -> None:
        """Write every entry's submission.json as it is after the change, if it is not too large."""
        self.entries.mkdir()
        names = [n for n in self.repository.names(self.end, ENTRIES) if is_slug(n)]
        places = {f"{ENTRIES}/{name}/{SUBMISSION}": name for name in names}
        every = self.repository.sizes(self.end, places)
        small = {place: one for place, one in every.items() if one.size <= MAX_SUBMISSION}
        for place, raw in zip(small, self.repository.blobs(small.values()), strict=True):
            target = self.folder / place
            target.parent.mkdir()
            target.write_bytes(raw)

    def every(self) -> Mapping[str, Entry | None]:
        """Return all entries after the change, None for one that cannot be read."""
        return neighbours(self.entries / NO_SLUG)

    @contextmanager
    def laid_out(self, commit: str, slug: str) -> Iterator[tuple[Path, list[Finding]]]:
        """Yield an entry's folder, and findings for what cannot be written there.

        After the change it holds all files, before it those that describe the entry.
        """
        above = self.entries if commit == self.end else self.folder / "before"
        folder = above / slug
        rmtree(folder, ignore_errors=True)
        items = self.tree(commit, slug)
        if commit != self.end:  # what was there says all that is compared
            items = {path: items[path] for path in (SUBMISSION, VERIFIED) if path in items}
        yield folder, write_copy(self.repository, items, folder)
        rmtree(folder)
        one = items.get(SUBMISSION)
        if commit == self.end and one and one.size <= MAX_SUBMISSION:
            write_copy(self.repository, {SUBMISSION: one}, folder)
