"""Files: those from outside are read with care, those of the harness are written atomically.

Reading is bounded and strict UTF-8; errors name file and line.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from harness.errors import HarnessError

MAX_BYTES = 2 << 30  # no XTREME file is above 150 MB

MARK = b"\xef\xbb\xbf"  # UTF-8's byte order mark
HALF = "holds half a character (a lone surrogate)"
_CUT_WORD = re.compile(r"-|t(ru?)?|f(a(ls?)?)?|n(ul?)?|u[0-9a-fA-F]{0,4}")

Report = Callable[[int, str], None]
"""Receives a line number (0: the whole file) and what is wrong there; may raise or collect."""


@dataclass(frozen=True)
class Snapshot:
    """A file that was read once: what is parsed, hashed and scored are the same bytes.

    Attributes:
        name: What messages call the file.
        raw: Its bytes.
    """

    name: str
    raw: bytes

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def read_bytes(self) -> bytes:
        """Return the bytes, as a path does."""
        return self.raw

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return the text, as a path does."""
        return self.raw.decode(encoding)

    @property
    def sha256(self) -> str:
        """Return the hash of the bytes, in hex."""
        return hashlib.sha256(self.raw).hexdigest()


File = Path | Snapshot
"""A file to read: on disk, or read before."""


def strict(path: File) -> Report:
    """Return a report that raises at the first problem, naming file and line."""

    def fail(line: int, what: str) -> NoReturn:
        raise HarnessError(at(path, line, what))

    return fail


def at(path: File, line: int, what: str) -> str:
    """Return what is wrong at a line of a file, or with the whole file (0)."""
    return f"{path}:{line}: {what}" if line else f"{path}: {what}"


def read_bytes(path: File) -> bytes:
    """Return a file's bytes.

    Raises:
        HarnessError: It is missing, not a regular file, unreadable or above MAX_BYTES.
    """
    if isinstance(path, Snapshot):
        return path.raw
    try:
        if not path.is_file():
            what = "a folder, no file" if path.is_dir() else "no such file"
            raise HarnessError(f"{path}: {what}")
        if path.stat().st_size > MAX_BYTES:
            raise HarnessError(f"{path}: larger than {MAX_BYTES >> 30} GiB; not read")
        return path.read_bytes()
    except PermissionError as error:
        raise HarnessError(f"{path}: cannot be read ({error.strerror})") from error


def read_lines(path: File, report: Report | None = None) -> list[str]:
    """Return a text file's lines without their ends (only LF and CR LF end a line).

    Args:
        path: The file.
        report: Receives lines that are not UTF-8; by default the first one raises.

    Raises:
        HarnessError: As ``read_bytes``, or by ``report``.
    """
    raw = read_bytes(path).removeprefix(MARK)
    with suppress(UnicodeDecodeError):  # sooner than line by line
        return _ended([line.removesuffix("\r") for line in raw.decode().split("\n")])
    return _decoded([line.removesuffix(b"\r") for line in raw.split(b"\n")], report or strict(path))


def scored_lines(path: File) -> list[str]:
    """Return the lines of a label or prediction file as XTREME's scorer reads them.

    LF, CR LF and CR alone end a line: Python's universal newlines (evaluate.py, ``read_label``).

    Raises:
        HarnessError: As ``read_lines``, or the file begins with a byte order mark.
    """
    refuse_mark(path)
    raw = read_bytes(path)
    with suppress(UnicodeDecodeError):  # sooner than line by line
        return _ended(raw.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return _decoded(re.split(rb"\r\n|\r|\n", raw), strict(path))


def refuse_mark(path: File) -> None:
    """Refuse a label or prediction file that begins with a byte order mark.

    The official scorer reads the mark as a part of the first label, or as broken JSON: without it
    the score would be higher than the leaderboard's.
    """
    if read_bytes(path).startswith(MARK):
        raise HarnessError(
            f"{path}:1: begins with a byte order mark, which the official scorer takes for a part"
            " of the first line; save the file as UTF-8 without it"
        )


def _ended(lines: list[str]) -> list[str]:
    """Return lines without the empty one after the last line's end."""
    if lines and lines[-1] == "":
        lines.pop()
    return lines


def _decoded(raw: list[bytes], report: Report) -> list[str]:
    """Return lines as text, without the empty one after the last line's end."""
    if raw and raw[-1] == b"":
        raw = raw[:-1]
    lines = []
    for number, line in enumerate(raw, 1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError as error:
            message = f"not UTF-8 at byte {error.start + 1} of the line; save the file as UTF-8"
            report(number, message)
            lines.append(line.decode(errors="replace"))
    return lines


def read_json(path: File) -> Any:
    """Return a JSON file's value.

    Raises:
        HarnessError: As ``read_bytes``, or the file is not JSON (with line and column).
    """
    try:
        return parse_json(read_bytes(path).removeprefix(MARK).decode())
    except UnicodeDecodeError as error:
        raise HarnessError(f"{path}: not UTF-8 at byte {error.start + 1}; save it again") from error
    except json.JSONDecodeError as error:
        hint = "the file is cut off" if _cut_off(error) else error.msg
        raise HarnessError(
            f"{path}:{error.lineno}: no valid JSON at column {error.colno} ({hint}); write it again"
        ) from error
    except UnicodeEncodeError as error:
        raise HarnessError(f"{path}: {HALF}") from error
    except ValueError as error:
        raise HarnessError(f"{path}: no valid JSON ({error!s:.80}); write it again") from error
    except RecursionError as error:
        raise HarnessError(f"{path}: nested too deeply to be read") from error


def parse_json(text: str, members: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Return a JSON text's value.

    Args:
        text: The text.
        members: Makes an object of its members; None for a dictionary, where the last of a key's
            values counts.

    Raises:
        UnicodeEncodeError: An escape stands for half a character (HALF), which UTF-8 cannot hold.
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.
    """
    value = json.loads(text, object_pairs_hook=members)
    if "\\ud" in text.lower():
        json.dumps(value, ensure_ascii=False).encode()
    return value


def parse_row(line: str, number: int, report: Report) -> dict[str, Any] | None:
    """Return the object on a line of JSON lines, None if it is not one, which is reported."""
    what = "not a JSON object; expected one on each line"
    try:
        value = parse_json(line)
        if isinstance(value, dict):
            return value
    except UnicodeEncodeError:
        what = HALF
    except json.JSONDecodeError as error:
        hint = "the line is cut off" if _cut_off(error) else error.msg
        what = f"no valid JSON at column {error.colno} ({hint}); write the line again"
    except ValueError as error:
        what = f"no valid JSON ({error!s:.80}); write the line again"
    except RecursionError:
        what = "no valid JSON (nested too deeply); write the line again"
    report(number, what)
    return None


def _cut_off(error: json.JSONDecodeError) -> bool:
    """Return whether the text ends where JSON would continue, perhaps within a string or word."""
    rest = error.doc[error.pos :].rstrip()
    return not rest or error.msg.startswith("Unterminated") or bool(_CUT_WORD.fullmatch(rest))


@contextmanager
def in_place(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; what is written then replaces the file.

    So nobody reads half a file, and the old file stays if writing fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write a text file (``in_place``)."""
    with in_place(path) as aside:
        aside.write_text(text, encoding="utf-8")


def write_json(value: Any, path: Path) -> None:
    """Write a JSON file (``in_place``)."""
    write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", path)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file (``in_place``)."""
    with in_place(target) as aside:
        shutil.copyfile(source, aside)


def writable(folder: Path | str) -> None:
    """Refuse, before any work, a folder that cannot be created or written to; ignore URLs."""
    if "://" in str(folder):
        return
    if "\0" in str(folder):
        raise HarnessError(f"{str(folder)!r:.300} holds a NUL character; name another place")
    folder = Path(folder)
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() and existing == folder:
        raise HarnessError(f"{folder} is a file, not a folder; name another place")
    if not existing.is_dir():
        raise HarnessError(f"{folder}: {existing} is not a folder; name another place")
    if not os.access(existing, os.W_OK):
        raise HarnessError(f"{folder}: {existing} cannot be written to; permit it or name another")


def one_line(error: Exception) -> str:
    """Return the beginning of a library's message, in one line."""
    return " ".join(str(error).split())[:200]


def digest_of(value: Any) -> str:
    """Return the SHA-256 of JSON values, in hex."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex (remembered while the file does not change)."""
    try:
        state = path.stat()
    except OSError as error:
        raise HarnessError(f"{path}: no such file") from error
    return _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
