"""Where in a TOML text a key or value stands; tomllib does not say."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*\[{1,2}\s*(?P<name>[^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_ONE = r"""(?:[\w+-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"^\s*(?P<name>{_ONE}(?:\s*\.\s*{_ONE})*)\s*=")
_PART = re.compile(_ONE)


def place_of(text: str, keys: tuple[str, ...], value: object = None) -> tuple[int, int]:
    """Return line and column, from 1, of a key, or of a string value of it.

    Args:
        text: A valid TOML text.
        keys: Names of tables and at last of the key; the longest beginning that is found counts
            (the rest may stand in an inline table).
        value: A string that the key's value is or holds; None for the key itself.
    """
    best, depth = (1, 1), 0
    table: tuple[str, ...] = ()
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _parts(header["name"])
            path, column = table, header.start("name") + 1
        elif key:
            path, column = (*table, *_parts(key["name"])), key.start("name") + 1
        else:
            continue
        if len(path) > depth and keys[: len(path)] == path:
            best, depth = (number, column), len(path)
    if depth < len(keys) and value is None:
        value = keys[-1]
    return _value(lines, best, value) if isinstance(value, str) else best


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a dotted key without their quotes."""
    return tuple(part.strip("\"'") for part in _PART.findall(name))


def _value(lines: list[str], start: tuple[int, int], value: str) -> tuple[int, int]:
    """Return where a word stands, from a place on until the next table."""
    word = re.compile(rf"(?<![\w\[]){re.escape(value)}(?![\w+])")
    for number in range(start[0], len(lines) + 1):
        line = lines[number - 1]
        if number > start[0] and _HEADER.match(line):
            break
        found = word.search(line, start[1] - 1 if number == start[0] else 0)
        if found:
            return number, found.start() + 1
    return start
