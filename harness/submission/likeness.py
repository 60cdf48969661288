"""Which other entry's predictions are most like an entry's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from harness.submission.entry import PREDICTIONS, Entry
from harness.submission.git_tree import Item, Repository

MOST_FILES = 8  # of an entry, compared line by line
MOST_BYTES = 128 << 10  # of these files together
_KEPT = 32 << 20  # bytes of files that are kept in memory; as lines they take about ten times that
_Units = list[bytes] | frozenset[bytes]


@dataclass(frozen=True)
class Near:
    """The entry whose predictions are most like another's.

    Attributes:
        slug: Its name.
        files: Prediction files of the first run of which it has the same, by SHA-256, in any run.
        of_files: Prediction files of the first run.
        equal: Predictions that are equal in a sample of files that both have in the repository.
        of: Predictions in that sample; 0 where there is none.
    """

    slug: str
    files: int
    of_files: int
    equal: int
    of: int

    @property
    def share(self) -> float:
        """Return the share of equal predictions, or of equal files where these are not known."""
        return self.equal / self.of if self.of else self.files / self.of_files

    def __str__(self) -> str:
        """Return it in words."""
        files = f"{self.files:,} of {self.of_files:,} files equal"
        if not self.of:
            return f"{self.slug}, {files}"
        share = math.floor(1000 * self.share) / 10  # 100.0 stands for all alone
        return f"{self.slug}, {share:.1f} % of {self.of:,} predictions equal; {files}"


class Likeness:
    """Compares entries of one commit; what it has read of one is kept for the next."""

    def __init__(self, repository: Repository, commit: str, folder: str) -> None:
        """Keep where the entries are.

        Args:
            repository: The repository.
            commit: Name of the commit.
            folder: The folder of entries.
        """
        self._repository, self._commit, self._folder = repository, commit, folder
        self._items: dict[str, Item | None] = {}
        self._units: dict[str, _Units] = {}
        self._kept = 0

    def nearest(self, entry: Entry, others: Mapping[str, Entry | None]) -> Near | None:
        """Return the entry that is most like one, None without any that is at all.

        The first run is compared with the others' first runs, line by line in up to
        ``MOST_FILES`` files of ``MOST_BYTES`` together that lie in the repository, chosen by the
        hashes of their names; and by the SHA-256 of all files with all runs.

        Args:
            entry: The entry.
            others: The others by slug.
        """
        if not entry.runs or not entry.runs[0].files:  # format 1 may lack all of them
            return None
        rivals = [one for one in others.values() if one and one.runs]
        rivals = [one for one in rivals if one.benchmark == entry.benchmark]
        files = entry.runs[0].files
        sample = self._sample(entry)
        equal = dict.fromkeys((one.slug for one in rivals), 0)
        if sample:
            self._look_for(
                [place for one in rivals for name in sample for place in self._places(one, name)]
            )
        wanted = [
            (one.slug, name, item)
            for one in rivals
            for name in sample
            if (item := self._found(one, name)) and item.size <= MOST_BYTES
        ]
        compared = dict.fromkeys(equal, 0)
        mine = dict(zip(sample, self._read(list(sample.items())), strict=True))
        pairs = [(name, item) for _, name, item in wanted]
        for (slug, name, _), theirs in zip(wanted, self._read(pairs), strict=True):
            equal[slug] += _equal(mine[name], theirs)
            compared[slug] += len(mine[name])
        found = []
        for one in rivals:
            states = {sha for run in one.runs for sha in run.files.values()}
            same = sum(sha in states for sha in files.values())
            near = Near(one.slug, same, len(files), equal[one.slug], compared[one.slug])
            found.append(near)
        best = max(found, key=lambda one: (one.share, one.files, one.slug), default=None)
        return best if best and best.share else None

    def _sample(self, entry: Entry) -> dict[str, Item]:
        """Return files of the first run to compare, for most entries the same ones."""
        names = sorted(entry.runs[0].files, key=lambda path: sha256(path.encode()).digest())
        names = names[: 8 * MOST_FILES]
        self._look_for([place for name in names for place in self._places(entry, name)])
        sample: dict[str, Item] = {}
        room = MOST_BYTES
        for name in names:
            item = self._found(entry, name)
            if item and item.size <= room and len(sample) < MOST_FILES:
                sample[name] = item
                room -= item.size
        return sample

    def _places(self, entry: Entry, name: str) -> list[str]:
        """Return where a file of the first run may lie; with one run its level may be left out."""
        start = f"{self._folder}/{entry.slug}/{PREDICTIONS}"
        every = [f"{start}/{entry.runs[0].id}/{name}", f"{start}/{name}"]
        return every if len(entry.runs) == 1 else every[:1]

    def _found(self, entry: Entry, name: str) -> Item | None:
        every = (self._items[place] for place in self._places(entry, name))
        return next((item for item in every if item), None)

    def _look_for(self, places: Sequence[str]) -> None:
        """Ask git, once and in one call, what is at some places."""
        new = [place for place in places if place not in self._items]
        if new:
            found = self._repository.sizes(self._commit, new)
            self._items.update((place, found.get(place)) for place in new)

    def _read(self, files: Sequence[tuple[str, Item]]) -> Iterator[_Units]:
        """Yield what files hold; those that were read lately are not read again."""
        new = [item for _, item in files if item.id not in self._units]
        raws = self._repository.blobs(new) if new else iter(())
        missing = {id(item) for item in new}
        for name, item in files:
            if id(item) not in missing:
                yield self._units[item.id]
                continue
            units = _split(name, next(raws))
            if self._kept < _KEPT:
                self._kept += item.size
                self._units[item.id] = units
            yield units


def _split(path: str, raw: bytes) -> _Units:
    """Return the predictions of a file: lines, or the members of a JSON object."""
    if path.endswith(".json"):
        return frozenset(part.strip(b' {}\r\n"') for part in raw.split(b'",'))
    return [line for line in raw.replace(b"\r\n", b"\n").split(b"\n") if line]


def _equal(mine: _Units, theirs: _Units) -> int:
    if isinstance(mine, frozenset) and isinstance(theirs, frozenset):
        return len(mine & theirs)
    return sum(map(bytes.__eq__, mine, theirs))  # of another length: as far as both go
