"""The user's TOML files: errors name line and column, which tomllib does not provide."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.bounds import Expected, shown
from harness.data.files import read_lines
from harness.errors import HarnessError, nearest, unknown

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE = re.compile(r"[\w+-]+")
_PLAIN = re.compile(r"[^,\]}#\n]+")


@dataclass(frozen=True)
class TomlFile:
    """A file's text and tables; each check names the place of the error.

    A place is given by keys: the names of the tables and, last, of the key.

    Attributes:
        path: The file.
        text: Its text.
        tables: The parsed text.
    """

    path: Path
    text: str
    tables: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> TomlFile:
        """Read a file.

        Raises:
            HarnessError: It cannot be read, is not TOML, or is nested too deeply.
        """
        text = "\n".join(read_lines(path))
        try:
            return cls(path, text, tomllib.loads(text))
        except (ValueError, RecursionError) as error:  # an integer of 5,000 digits is a ValueError
            message, _, place = str(error).partition(" (at line ")
            at = "".join(f":{n}" for n in re.findall(r"\d+", place))
            raise HarnessError(f"{path}{at}: no valid TOML: {message:.200}") from error

    def at(self, keys: tuple[str, ...], value: str | None = None) -> str:
        """Return path, line and column of a key, or of a string in its value."""
        line, column = place_of(self.text, keys, value)
        return f"{self.path}:{line}:{column}"

    def wrong(self, keys: tuple[str, ...], what: str, value: str | None = None) -> HarnessError:
        """Return an error at a key, or at a string in its value."""
        return HarnessError(f"{self.at(keys, value)}: {what}")

    def table(self, keys: tuple[str, ...], value: object, what: str) -> Mapping[str, Any]:
        """Return a value that must be a table; ``what`` names its contents."""
        if not isinstance(value, dict):
            raise self.wrong(keys, f"{shown(value)} stands where a table of {what} should")
        return value

    def bounded(
        self, keys: tuple[str, ...], what: str, value: object, expected: Expected, help_: str = ""
    ) -> None:
        """Refuse a value that is not expected; ``help_`` describes its key."""
        if value not in expected:
            hint = nearest(value, expected.words) if isinstance(value, str) else ""
            message = f"{what} = {shown(value)}{hint}; expected {expected}"
            raise self.wrong(keys, f"{message}. {help_}" if help_ else message)

    def known(
        self, keys: tuple[str, ...], word: str, known: Iterable[str], kind: str = "key"
    ) -> None:
        """Refuse an unknown key, or an unknown value of another kind."""
        names = list(known)
        if word not in names:
            message = str(unknown(kind, word, names))
            raise self.wrong(keys, message, None if kind == "key" else word)


@dataclass(frozen=True)
class _Place:
    """A key, or a string that a key's value is or contains.

    Attributes:
        path: Names of the tables and, last, of the key.
        at: Offset in the text, after the opening quotes of a string.
        value: The string; None for the key itself.
    """

    path: tuple[str, ...]
    at: int
    value: str | None = None


def place_of(text: str, keys: tuple[str, ...], value: str | None = None) -> tuple[int, int]:
    """Return line and column, from 1, of a key, or of a string in its value.

    Args:
        text: A valid TOML text.
        keys: Names of the tables and, last, of the key; the longest known beginning counts.
        value: A string that the key's value is or contains; None for the key itself.
    """
    places = [place for place in _places(text) if place.value in (None, value)]
    places.sort(key=lambda place: place.value is None)  # strings before keys
    lengths = range(len(keys), 0, -1)
    at = next((p.at for n in lengths for p in places if p.path[:n] == keys[:n]), 0)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _places(text: str) -> Iterator[_Place]:
    """Yield all keys and strings of a text, in order."""
    table: tuple[str, ...] = ()
    at = _space(text, 0)
    while at < len(text):
        if text[at] == "[":
            start = _past(_BLANK, text, at + (2 if text[at + 1] == "[" else 1))
            table, at = _key(text, start)
            yield _Place(table, start)
            at = text.index("]", at)
            at += 2 if text.startswith("]]", at) else 1
        else:
            at = yield from _pair(text, at, table)
        at = _space(text, at)


def _pair(text: str, at: int, table: tuple[str, ...]) -> Generator[_Place, None, int]:
    """Yield a key and the contents of its value; return where the value ends."""
    names, end = _key(text, at)
    path = (*table, *names)
    yield _Place(path, at)
    return (yield from _value(text, _past(_BLANK, text, text.index("=", end) + 1), path))


def _value(text: str, at: int, path: tuple[str, ...]) -> Generator[_Place, None, int]:
    """Yield the keys and strings of a value; return where it ends."""
    if text[at] not in "[{":
        string = _STRING.match(text, at)
        if string:
            inner = string[0].lstrip("\"'")
            yield _Place(path, string.end() - len(inner), inner.rstrip("\"'"))
            return string.end()
        return _past(_PLAIN, text, at)
    close = "]" if text[at] == "[" else "}"
    at = _space(text, at + 1)
    while text[at] != close:
        if close == "]":
            at = yield from _value(text, at, path)
        else:
            at = yield from _pair(text, at, path)
        at = _space(text, at)
        if text[at] == ",":
            at = _space(text, at + 1)
    return at + 1


def _key(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Return the parts of a dotted key, and where it ends."""
    names: list[str] = []
    while True:
        part = _STRING.match(text, at) or _BARE.match(text, at)
        if part is None:
            return tuple(names), at
        names.append(part[0].strip("\"'"))
        at = _past(_BLANK, text, part.end())
        if text[at : at + 1] != ".":
            return tuple(names), at
        at = _past(_BLANK, text, at + 1)


def _space(text: str, at: int) -> int:
    return _past(_SPACE, text, at)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where a pattern's match ends that begins at a place, the place itself if none does."""
    match = pattern.match(text, at)
    return match.end() if match else at
