"""Plain text: UTF-8 without a byte order mark, NUL or bare CR, in lines of bounded length."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_LINE, MAX_LINES = 100_000, 2_000_000

_MARK = b"\xef\xbb\xbf"
_BARE_CR = re.compile(rb"\r(?!\n)")
_LONG_FIRST = re.compile(rb"[^\n]{%d}" % (MAX_LINE + 1))
_LONG_LATER = re.compile(rb"\n[^\n]{%d}" % (MAX_LINE + 1))  # each line is looked at only once


@dataclass(frozen=True)
class Unplain:
    """What makes a text not plain.

    Attributes:
        line: Number of the line.
        found: What is there, with the position of the byte.
        expected: What should be there.
    """

    line: int
    found: str
    expected: str


def fault_of(raw: bytes) -> Unplain | None:
    """Return the first byte that plain UTF-8 does not have, None if there is none."""
    if raw.startswith(_MARK):
        return Unplain(1, "a byte order mark at byte 1", "UTF-8 without it")
    if (at := raw.find(b"\0")) >= 0:
        return Unplain(_line(raw, at), f"a NUL at byte {at + 1}", "text")
    if b"\r" in raw and (match := _BARE_CR.search(raw)):
        at = match.start()
        return Unplain(_line(raw, at), f"a CR without LF at byte {at + 1}", "LF or CR LF")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        at = error.start
        return Unplain(_line(raw, at), f"not UTF-8 at byte {at + 1}", "UTF-8")
    return None


def excess_of(raw: bytes) -> Unplain | None:
    """Return the first line that is too long, or that there are too many; None if neither is."""
    long = len(raw) > MAX_LINE and (_LONG_FIRST.match(raw) or _LONG_LATER.search(raw))
    if long:
        return Unplain(
            _line(raw, long.end()), "a longer line", f"at most {MAX_LINE:,} bytes a line"
        )
    count = raw.count(b"\n")
    if count > MAX_LINES:
        return Unplain(0, f"{count:,} lines", f"at most {MAX_LINES:,} lines")
    return None


def _line(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1
