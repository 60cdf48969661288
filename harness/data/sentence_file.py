"""A text file of sentences, one a line, read as a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError

LONGEST = 1 << 20  # bytes of a line


@dataclass(frozen=True)
class SentenceFile:
    """A file whose lines have been looked at once.

    Attributes:
        path: The file.
        sha256: The hash of its bytes.
        count: How many lines it has.
    """

    path: Path
    sha256: str
    count: int

    @classmethod
    def open(cls, path: Path) -> SentenceFile:
        """Read a file once, a line at a time.

        Raises:
            HarnessError: It is missing or not a regular file, has no sentence, a line is not UTF-8
                or too long; names the line.
        """
        if not path.is_file():
            raise HarnessError(f"{path}: no such file; name a text file with a sentence a line")
        sha256, count, some = hashlib.sha256(), 0, False
        for raw, text in _lines(path):
            sha256.update(raw)
            count += 1
            some = some or bool(text)
        if not some:
            raise HarnessError(f"{path}: no sentence; expected one a line")
        return cls(path, sha256.hexdigest(), count)

    def lines(self) -> Iterator[str]:
        """Yield the lines without white space at their ends.

        Raises:
            HarnessError: A line is not UTF-8 any more, or too long.
        """
        for _, text in _lines(self.path):
            yield text


def _lines(path: Path) -> Iterator[tuple[bytes, str]]:
    """Yield each line as it is, and its text."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST + 1):
            number += 1
            if len(raw) > LONGEST:
                raise HarnessError(f"{path}:{number}: over {LONGEST:,} bytes; a sentence a line")
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise HarnessError(f"{path}:{number}: not UTF-8; save it again") from error
            yield raw, text.strip()
