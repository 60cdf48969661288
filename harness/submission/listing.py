"""What lies in a folder from outside: by lstat, without following or reading anything."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.files import Snapshot
from harness.errors import HarnessError
from harness.submission.entry import SUBMISSION
from harness.submission.findings import Finding, finding

MAX_FILES = 5_000
MAX_DEPTH = 5
MAX_ENTRY = 512 << 20
MAX_FILE = 32 << 20
MAX_SUBMISSION = 1 << 20

NAME = re.compile(r"[a-z0-9._-]{1,64}")
ARCHIVES = tuple(
    ".zip .tar .gz .tgz .xz .txz .bz2 .tbz .tbz2 .7z .rar .zst .lz4 .lzma .z .jar .whl".split()
)
_MAGIC = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"7z\xbc\xaf\x27\x1c"),
    *(b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"),
)
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Listing:
    """Files of a folder.

    Attributes:
        files: Path below the folder to size in bytes, sorted; plain files alone.
        findings: Whatever else lies there, and limits that are passed; files are named from the
            folder's parent.
    """

    files: Mapping[str, int]
    findings: tuple[Finding, ...] = ()

    def below(self, folder: str) -> Listing:
        """Return the files of a sub-folder, paths below it."""
        start = f"{folder}/"
        inner = {p.removeprefix(start): s for p, s in self.files.items() if p.startswith(start)}
        return Listing(inner)


def list_folder(folder: Path) -> Listing:
    """Return what lies in a folder, at most as deep and as many as the limits allow."""
    walk = _Walk(folder.name)
    try:
        with _opened(folder) as descriptor:
            walk.look_in(descriptor, "")
    except _TooManyError:
        shown = f"more than {MAX_FILES:,} files or folders"
        remedy = "split the entry, or keep the predictions at links.predictions"
        many = finding("X103", folder.name, shown, f"at most {MAX_FILES:,}", remedy=remedy)
        return Listing({}, (many,))
    except OSError as error:
        walk.findings.append(_unreadable(folder.name, error))
    total = sum(walk.files.values())
    if total > MAX_ENTRY:
        found = f"{total >> 20:,} MiB in all"
        walk.tell("X103", "", found, f"at most {MAX_ENTRY >> 20} MiB", "keep less of it here")
    return Listing(dict(sorted(walk.files.items())), tuple(walk.findings))


def limit_of(path: str) -> int:
    """Return the size in bytes that a file of an entry may have.

    Args:
        path: Below the entry's folder.
    """
    return MAX_SUBMISSION if path == SUBMISSION else MAX_FILE


def is_archive(path: str, raw: bytes = b"") -> bool:
    """Return whether a file's ending or first bytes are an archive's."""
    return path.lower().endswith(ARCHIVES) or raw.startswith(_MAGIC) or raw[257:262] == b"ustar"


def read_file(folder: Path, path: str, name: str) -> Snapshot:
    """Read a file once, through one descriptor, no link followed.

    Args:
        folder: The folder.
        path: The file's path below it.
        name: What messages call it.

    Raises:
        HarnessError: It is missing, not a plain file, above its limit, or cannot be read.
    """
    try:
        with _opened(folder, *path.split("/")) as descriptor:
            return Snapshot(name, _read(descriptor, limit_of(path), name))
    except FileNotFoundError as error:
        raise HarnessError(f"{name}: no such file") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise HarnessError(f"{name}: not a plain file, or below a link; put a copy") from error
        raise HarnessError(f"{name}: cannot be read ({error.strerror}); permit it") from error


def _read(descriptor: int, limit: int, name: str) -> bytes:
    """Return the bytes of an open file.

    Raises:
        HarnessError: It is not plain, too large, or changed meanwhile.
    """
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode) or before.st_nlink > 1:
        raise HarnessError(f"{name}: not a plain file (or a hard link); put a copy")
    chunks, size = [], 0
    while size <= limit and (chunk := os.read(descriptor, min(1 << 20, limit + 1 - size))):
        chunks.append(chunk)
        size += len(chunk)
    if size > limit:
        raise HarnessError(f"{name}: larger than {limit >> 20} MiB; not read")
    after = os.fstat(descriptor)
    if size != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise HarnessError(f"{name}: changed while it was read; run the command again")
    return b"".join(chunks)


@contextmanager
def _opened(folder: Path, *parts: str) -> Iterator[int]:
    """Yield a descriptor of a folder, or of a file below it; each part opened from the one above.

    Raises:
        OSError: A part is missing, a link, or cannot be opened.
    """
    held = [os.open(folder, _FOLDER)]
    try:
        for index, part in enumerate(parts, 1):
            if part in ("", ".", "..") or "\0" in part:
                raise FileNotFoundError(errno.ENOENT, "no such file", part)
            flags = _FILE if index == len(parts) else _FOLDER
            held.append(os.open(part, flags, dir_fd=held[-1]))
        yield held[-1]
    finally:
        for descriptor in reversed(held):
            os.close(descriptor)


class _TooManyError(Exception):
    """More files than an entry may have."""


@dataclass
class _Walk:
    """A walk through a folder.

    Attributes:
        name: What findings call the folder.
        files: Path to size of the plain files so far.
        findings: What is wrong so far.
        folders: How many folders were found.
        seen: How many names were read.
    """

    name: str
    files: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    folders: int = 0
    seen: int = 0

    def tell(self, code: str, path: str, found: str, expected: str, remedy: str = "") -> None:
        """Keep a finding on a path below the folder."""
        shown = f"{self.name}/{path}" if path else self.name
        self.findings.append(finding(code, shown, found, expected, remedy=remedy))

    def look_in(self, descriptor: int, above: str) -> None:
        """List an open folder and those in it."""
        states: dict[str, os.stat_result] = {}
        with os.scandir(descriptor) as entries:
            for one in entries:
                self.seen += 1
                if self.seen > 2 * MAX_FILES:  # of files and folders together
                    raise _TooManyError
                try:
                    states[one.name] = one.stat(follow_symlinks=False)
                except OSError as error:
                    self.findings.append(_unreadable(f"{self.name}/{above}{one.name}", error))
        self._tell_twins(states, above)
        for name, state in sorted(states.items()):
            self._look_at(descriptor, above, name, state)

    def _look_at(self, descriptor: int, above: str, name: str, state: os.stat_result) -> None:
        path = f"{above}{name}"
        if not NAME.fullmatch(name):
            remedy = "small letters, digits, dot, low line and hyphen; at most 64"
            self.tell("X102", path, f"the name {name[:80]!r}", "[a-z0-9._-]{1,64}", remedy)
        if path.count("/") >= MAX_DEPTH:
            self.tell("X102", path, "deeper", f"at most {MAX_DEPTH} levels", "move it up")
        elif stat.S_ISDIR(state.st_mode):
            self.folders += 1
            if self.folders > MAX_FILES:
                raise _TooManyError
            try:
                inner = os.open(name, _FOLDER, dir_fd=descriptor)
            except OSError as error:
                self.findings.append(_unreadable(f"{self.name}/{path}", error))
                return
            try:
                self.look_in(inner, f"{path}/")
            finally:
                os.close(inner)
        else:
            self._look_at_file(path, state)

    def _look_at_file(self, path: str, state: os.stat_result) -> None:
        kind = next((what for test, what in _KINDS if test(state.st_mode)), "")
        if not kind and state.st_nlink > 1:
            kind = "a hard link"
        if kind:
            self.tell("X101", path, kind, "a plain file", "put a copy of the file in its place")
            return
        self.files[path] = state.st_size
        if len(self.files) > MAX_FILES:
            raise _TooManyError
        limit = limit_of(path)
        if state.st_size > limit:
            self.tell("X103", path, f"{state.st_size:,} bytes", f"at most {limit >> 20} MiB")
        if is_archive(path):
            self.tell("X108", path, "an archive", "plain files", "put in what is needed of it")

    def _tell_twins(self, names: Mapping[str, object], above: str) -> None:
        """Tell of names that differ in case alone: one and the same on some systems."""
        first: dict[str, str] = {}
        for name in sorted(names, reverse=True):  # small letters first
            other = first.setdefault(name.lower(), name)
            if other != name:
                found = f"{name[:80]!r} beside {other[:80]!r}"
                remedy = "one and the same file on some systems: rename or remove one"
                self.tell("F304", f"{above}{name}", found, "names that differ", remedy)


def _unreadable(shown: str, error: OSError) -> Finding:
    """Return the finding for what cannot be looked at."""
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return finding("X101", shown, "a link, or no folder", "a folder", remedy="put a copy")
    found = f"cannot be read ({error.strerror})"
    return finding("X101", shown, found, "a readable file or folder", remedy="permit it")
