"""A text file of sentences, one a line, read as a stream in chunks that are known by their hash."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from harness.errors import HarnessError

LONGEST = 1 << 20  # bytes of a line
ZIPPED = (b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")  # gzip, xz, zstd, zip
COMPRESSED = (*ZIPPED, *(b"BZh%d1AY&SY" % level for level in range(1, 10)))  # first bytes
MARK = "\ufeff"  # a byte order mark, which is no part of a sentence wherever files were joined


@dataclass(frozen=True)
class Chunk:
    """Neighbouring lines of a file.

    Attributes:
        path: The file.
        start: Number of the first line, from 0.
        count: How many lines there are.
        offset: Where they begin, in bytes.
        sha256: The hash of their bytes.
    """

    path: Path
    start: int
    count: int
    offset: int
    sha256: str

    def lines(self) -> Iterator[str]:
        """Yield the lines without white space at their ends.

        Raises:
            HarnessError: After the last one: they are not what they were when the file was opened.
        """
        sha256 = hashlib.sha256()
        with _opened(self.path) as file:
            file.seek(self.offset)
            for raw, text in islice(_lines(file, self.path, self.start), self.count):
                sha256.update(raw)
                yield text
        if sha256.hexdigest() != self.sha256:
            raise HarnessError(f"{self.path}: it has changed while it was read; run again")


@dataclass(frozen=True)
class SentenceFile:
    """A file whose lines have been looked at once.

    Attributes:
        path: The file.
        chunks: All its lines.
        size: Their bytes.
    """

    path: Path
    chunks: tuple[Chunk, ...]
    size: int

    @classmethod
    def open(cls, path: Path, size: int) -> SentenceFile:
        """Read a file once, a line at a time.

        Args:
            path: The file.
            size: Lines of a chunk.

        Raises:
            HarnessError: It is missing or not a regular file, has no sentence, a line is not UTF-8
                or too long; names the line.
        """
        check_file(path)
        chunks: list[Chunk] = []
        offset, some = 0, False
        with _opened(path) as file:
            if file.read(16).startswith(COMPRESSED):
                raise HarnessError(f"{path}: compressed; unpack it")
            file.seek(0)
            lines = _lines(file, path, 0)
            while part := list(islice(lines, size)):
                start, data = size * len(chunks), b"".join(raw for raw, _ in part)
                sha256 = hashlib.sha256(data).hexdigest()
                chunks.append(Chunk(path, start, len(part), offset, sha256))
                offset += len(data)
                some = some or any(text for _, text in part)
        if not some:
            raise HarnessError(f"{path}: no sentence; expected one a line")
        return cls(path, tuple(chunks), offset)

    def lines(self) -> Iterator[str]:
        """Yield all lines without white space at their ends.

        Raises:
            HarnessError: The file has changed.
        """
        return chain.from_iterable(chunk.lines() for chunk in self.chunks)


def check_file(path: Path) -> None:
    """Refuse what cannot be read several times.

    Args:
        path: The file.

    Raises:
        HarnessError: It is missing or not a regular file.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise HarnessError(
            f"{path}: no such file; name a text file with a sentence a line"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise HarnessError(f"{str(path)!r:.200}: {reason}; name another file") from error
    if stat.S_ISDIR(mode):
        raise HarnessError(f"{path}: a folder; name a text file with a sentence a line")
    if not stat.S_ISREG(mode):
        raise HarnessError(
            f"{path}: not a regular file, and it is read several times; save its lines to one"
        )


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise HarnessError(f"{path}: {error.strerror}; name another file") from error


def _lines(file: BinaryIO, path: Path, number: int) -> Iterator[tuple[bytes, str]]:
    """Yield each line as it is, and its text; the first one has a number, from 0."""
    try:
        while raw := file.readline(LONGEST + 1):
            number += 1
            if len(raw) > LONGEST:
                raise HarnessError(f"{path}:{number}: over {LONGEST:,} bytes; a sentence a line")
            yield raw, raw.decode().removeprefix(MARK).strip()
    except UnicodeDecodeError as error:
        raise HarnessError(f"{path}:{number}: not UTF-8; save it again") from error
    except OSError as error:
        raise HarnessError(f"{path}: {error.strerror}; name another file") from error
