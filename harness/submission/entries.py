"""Entries in folders: which there are, and what is around one."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError
from harness.submission import strict_json
from harness.submission.entry import SUBMISSION, Entry
from harness.submission.incoming import Incoming
from harness.submission.json_schema import FORMATS, fits, format_of
from harness.submission.labels import Labels

MAX_ENTRIES = 10_000
NO_ENTRIES = ("schema",)  # sub-folders of a folder of entries that are none

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_REMEMBERED = 16 << 20  # bytes of submission.json; as values they take about ten times as much


def entries_in(paths: Sequence[Path]) -> list[Path]:
    """Return the folders of entries, each once, in the order of the paths.

    Args:
        paths: Entries, and folders of entries; of these every sub-folder is an entry but hidden
            ones and ``schema``.

    Raises:
        HarnessError: A path is missing, not a folder, or holds no entry; a folder cannot be read,
            or has more than ``MAX_ENTRIES``.
    """
    found: dict[Path, None] = {}
    for path in paths:
        folder = Path(os.path.abspath(path))  # noqa: PTH100  # resolve would follow links
        if not os.path.lexists(folder):
            raise HarnessError(f"{path}: no such folder; name an entry or a folder of entries")
        if not folder.is_dir():
            raise HarnessError(f"{path}: a file, no folder; name the entry's folder")
        if _is_there(folder):
            found[folder] = None
            continue
        inner = _sub_folders(folder)
        if not any(map(_is_there, inner)):
            raise HarnessError(
                f"{path}: no entry: neither here nor in a folder below is a {SUBMISSION}"
            )
        found |= dict.fromkeys(inner)
    return list(found)


def neighbours(folder: Path) -> Mapping[str, Entry | None]:
    """Return the other entries beside an entry by slug, each read when it is asked for.

    The value is None for one that cannot be read or does not fit its schema.

    Args:
        folder: The entry's folder.
    """
    return _Neighbours(folder.parent, folder.name)


def incoming_of(
    folder: Path, labels: Labels | None = None, elsewhere: Path | None = None
) -> Incoming:
    """Return an entry's folder with the entries beside it.

    Args:
        folder: The entry's folder, of ``entries_in``.
        labels: Test labels and examples; None where only form is checked.
        elsewhere: Folder of predictions that do not lie in the entry; a link is followed, since
            the caller named it.

    Raises:
        HarnessError: There is no such folder of predictions.
    """
    if elsewhere is not None:
        elsewhere = elsewhere.resolve()
        if not elsewhere.is_dir():
            raise HarnessError(f"{elsewhere}: no such folder of predictions")
    return Incoming(folder, neighbours(folder), labels, elsewhere)


class _Neighbours(Mapping[str, Entry | None]):
    def __init__(self, folder: Path, without: str) -> None:
        """Keep the folder of entries and the name of the entry that is looked at."""
        self._folder, self._without = folder, without

    def __getitem__(self, slug: str) -> Entry | None:
        if slug not in self:
            raise KeyError(slug)
        return _read(self._folder / slug)

    def __contains__(self, slug: object) -> bool:
        if not isinstance(slug, str) or slug in (self._without, *NO_ENTRIES):
            return False
        return bool(_SLUG.fullmatch(slug)) and _is_there(self._folder / slug)

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in _sub_folders(self._folder) if path.name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def sharing(self, marks: frozenset[int]) -> Iterator[str]:
        """Yield the entries with a prediction file of one of some marks."""
        return (slug for slug in self if not marks.isdisjoint(_marks_in(self._folder / slug)))


def sharing(others: Mapping[str, Entry | None], entry: Entry) -> Iterator[tuple[str, Entry]]:
    """Yield those of other entries that may have a prediction file of an entry's.

    Args:
        others: The others by slug; of ``neighbours``, the rest are not even read again.
        entry: The entry.
    """
    slugs = others.sharing(_marks_of(entry)) if isinstance(others, _Neighbours) else iter(others)
    for slug in slugs:
        other = others[slug]
        if other is not None:
            yield slug, other


def _is_there(folder: Path) -> bool:
    """Return whether a folder has a submission.json, of whatever kind."""
    return os.path.lexists(folder / SUBMISSION)


def _sub_folders(folder: Path) -> list[Path]:
    """Return the sub-folders that may be entries, links too, sorted.

    Raises:
        HarnessError: The folder cannot be read, or has more than ``MAX_ENTRIES``.
    """
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for one in entries:
                if one.name.startswith(".") or one.name in NO_ENTRIES:
                    continue
                if one.is_symlink() or one.is_dir(follow_symlinks=False):
                    names.append(one.name)
                if len(names) > MAX_ENTRIES:
                    raise HarnessError(
                        f"{folder}: more than {MAX_ENTRIES:,} entries; name fewer at once"
                    )
    except OSError as error:
        raise HarnessError(f"{folder}: cannot be read ({error.strerror}); permit it") from error
    return [folder / name for name in sorted(names)]


_Key = tuple[Path, int, int, int]


@dataclass
class _Memory:
    """Entries that were read, by place and state of their file; the oldest are forgotten first."""

    entries: dict[_Key, Entry | None] = field(default_factory=dict)
    size: int = 0

    def keep(self, key: _Key, entry: Entry | None) -> None:
        while self.entries and self.size + key[2] > _REMEMBERED:
            oldest = next(iter(self.entries))
            del self.entries[oldest]
            self.size -= oldest[2]
        self.entries[key] = entry
        self.size += key[2]


_memory = _Memory()
_marks: dict[Path, tuple[_Key, frozenset[int]]] = {}


def _state(folder: Path) -> _Key | None:
    """Return place and state of an entry's submission.json, None where that is no plain file."""
    try:
        state = (folder / SUBMISSION).lstat()
    except OSError:
        return None
    key = (folder, state.st_ino, state.st_size, state.st_mtime_ns)
    return key if stat.S_ISREG(state.st_mode) else None


def _read(folder: Path) -> Entry | None:
    """Return an entry (remembered while its file does not change), None if it cannot be read."""
    key = _state(folder)
    if key is None:
        return None
    if key not in _memory.entries:
        _memory.keep(key, parsed(Incoming(folder)))
    return _memory.entries[key]


def _marks_of(entry: Entry) -> frozenset[int]:
    """Return the beginnings of the hashes of an entry's prediction files."""
    return frozenset(int(sha[:15], 16) for run in entry.runs for sha in run.files.values())


def _marks_in(folder: Path) -> frozenset[int]:
    """Return the marks of an entry, remembered longer than the entry itself: they are small."""
    key = _state(folder)
    if key is None:
        return frozenset()
    if folder not in _marks or _marks[folder][0] != key:
        entry = _read(folder)
        _marks[folder] = (key, _marks_of(entry) if entry else frozenset())
    return _marks[folder][1]


def parsed(incoming: Incoming) -> Entry | None:
    """Return an entry, None if its submission.json cannot be read or does not fit its schema."""
    try:
        value = incoming.value
        version = format_of(value)
        if version not in FORMATS or not fits(value, version):
            return None
        if version == 1 and incoming.listing.findings:  # all its predictions would be read
            return None
        return incoming.entry
    except (HarnessError, strict_json.Refused):
        return None
