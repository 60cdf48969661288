"""JSON lines that are too many to hold: read one at a time, a broken one named by its number."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from harness.data.files import MARK, Report, parse_row
from harness.errors import HarnessError

LONGEST = 1 << 24  # bytes of a line


def rows_of(
    path: Path, report: Report, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file with the numbers of their lines, one line in memory at a time.

    A line with text is a row, whatever it holds; blank ones are not counted, and a byte order mark
    is not part of the first. Rows before the first one wanted are passed over without being parsed.
    A row that is not an object is reported and left out.

    Args:
        path: The file.
        report: Receives the number of a line, of all lines from 1, and what is wrong with it.
        start: The first row wanted, from 0.
        stop: The row after the last one wanted; None for all.

    Raises:
        HarnessError: It is missing, not a regular file or unreadable, or a line is too long; or by
            ``report``.
    """
    filled = ((number, raw) for number, raw in _raw_lines(path) if raw.strip())
    for number, raw in islice(filled, start, stop):
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            report(number, f"not UTF-8 at byte {error.start + 1} of the line; save it as UTF-8")
            continue
        row = parse_row(line, number, report)
        if row is not None:
            yield number, row


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the numbers of lines from 1, and their bytes."""
    if not path.is_file():
        raise HarnessError(f"{path}: {'a folder, no file' if path.is_dir() else 'no such file'}")
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST + 1):
                number += 1
                if len(raw) > LONGEST:
                    what = f"over {LONGEST >> 20} MiB; expected a JSON object a line"
                    raise HarnessError(f"{path}:{number}: {what}")
                yield number, raw.removeprefix(MARK) if number == 1 else raw
    except OSError as error:
        raise HarnessError(f"{path}: cannot be read ({error.strerror})") from error
