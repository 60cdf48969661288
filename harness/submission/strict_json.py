"""JSON from outside, read strictly: one meaning, bounded depth and numbers, plain UTF-8."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

from harness.data.files import HALF, parse_json
from harness.submission.plain_text import Unplain, fault_of

MAX_DEPTH = 16
MAX_DIGITS = 40
MOST_VALUES = 2_000_000  # as many as a file may have lines
MOST_PLACES = 50_000  # a whole entry has a few thousand
MOST_SIGNS = 10_000_000  # of all their pointers together
LONGEST_KEY = 200  # in a pointer; what is below a very long key would repeat it each time

_STRING = r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)'
_UNUSUAL = re.compile(
    _STRING + r"|[\[\]{}]|NaN|-?Infinity"
    r"|-?[0-9][0-9.]*[eE][-+]?[0-9]+|-?[0-9][0-9.]{39,}",
    re.DOTALL,
)
_STRINGS = re.compile(_STRING, re.DOTALL)
_SUSPECT = re.compile(r"NaN|Infinity|[0-9.][eE]|[0-9.]{41}")
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")
_TOKEN = re.compile(_STRING + r'|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


class Refused(ValueError):
    """The bytes are not strict JSON; ``code`` says in which way, ``line`` where."""

    def __init__(self, code: str, line: int, found: str, expected: str) -> None:
        """Keep the code of the finding, the line, what is there and what should be."""
        super().__init__(found)
        self.code, self.line, self.found, self.expected = code, line, found, expected


def loads(raw: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        Refused: It is not strict JSON.
    """
    fault = fault_of(raw)
    if isinstance(fault, Unplain):
        raise Refused("X104", fault.line, fault.found, fault.expected)
    text = raw.decode()
    if not text.strip():
        raise Refused("X107", 0, "nothing: the file is empty", "a JSON object")
    _refuse_unusual(text)
    try:
        return parse_json(text, _without_twins)
    except UnicodeEncodeError:
        raise Refused("X104", 0, HALF, "whole characters") from None
    except json.JSONDecodeError as error:
        found = f"no valid JSON at column {error.colno} ({error.msg})"
        raise Refused("X107", error.lineno, found, "JSON (RFC 8259)") from None
    except _Twin as error:
        key = error.key
    at, line = _first_twin(text, key)  # what was read until then is not held any more
    raise Refused("X107", line, f"{at:.90} twice in one object", "each key once")


def lines_of(raw: bytes) -> dict[str, int]:
    """Return the line of each JSON pointer of a strict JSON text, up to the first 50,000."""
    lines, signs = {}, 0
    for at, line in islice(_places(raw.decode()), MOST_PLACES):
        signs += len(at)
        if signs > MOST_SIGNS:
            break
        lines[at] = line
    return lines


class _Twin(Exception):
    """An object has a key twice."""

    def __init__(self, key: str) -> None:
        """Keep the key."""
        super().__init__(key)
        self.key = key


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's members; raise at a key that is there twice."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Twin(_first_again(key for key, _ in pairs))
    return members


def _first_again(keys: Iterable[str]) -> str:
    """Return the first of some keys that was there before, "" for none."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return ""


def _first_twin(text: str, key: str) -> tuple[str, int]:
    """Return pointer and line of a key that is there twice; up to it the text is JSON."""
    seen: set[str] = set()
    end = f"/{escaped(key)}"
    for at, line in _places(text):
        if at in seen:
            return at, line
        if at.endswith(end):
            seen.add(at)
    return "", 0


def _refuse_unusual(text: str) -> None:
    """Refuse what Python's parser takes and others do not, or what would cost it too much."""
    bare = _STRINGS.sub("", text)
    count = sum(map(bare.count, ",[{"))
    if count > MOST_VALUES:
        raise Refused("X103", 0, f"{count:,} values", f"at most {MOST_VALUES:,} values")
    if not _SUSPECT.search(bare) and _depth(bare) <= MAX_DEPTH:
        return  # nearly always: without a step for each string
    depth = 0
    for match in _UNUSUAL.finditer(text):
        token = match[0]
        first = token[0]
        if first == '"':
            continue
        found = expected = ""
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                found, expected = f"nested more than {MAX_DEPTH} deep", f"at most {MAX_DEPTH}"
        elif first in "]}":
            depth -= 1
        elif token[-1] in "Ny":
            found, expected = token, "a number, or null for unknown"
        elif sum(map(str.isdigit, token)) > MAX_DIGITS:
            found = f"a number of more than {MAX_DIGITS} digits"
            expected = f"at most {MAX_DIGITS} digits"
        elif math.isinf(float(token) if token.count(".") < 2 else 0):
            found, expected = f"{token:.60}, too large for a number", "a number below 1e308"
        if found:
            line = text.count("\n", 0, match.start()) + 1
            raise Refused("X107", line, found, expected)


def _depth(bare: str) -> int:
    """Return how deep a text without strings is nested, as far as it matters."""
    depth = deepest = 0
    for bracket in _NO_BRACKETS.sub("", bare):
        depth += 1 if bracket in "[{" else -1
        if depth > deepest:
            deepest = depth
            if depth > MAX_DEPTH:
                break
    return deepest


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Yield the JSON pointer and line of each value, in the order of the text; twins twice."""
    line = 1
    last = 0
    at = ""  # pointer of the next value
    key_next = False
    stack: list[
        tuple[str, int]
    ] = []  # pointer of each open list or object; index, -1 for an object
    for match in _TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first == ":":
            continue
        if first in "]}":
            stack.pop()
            key_next = False
            continue
        if first == ",":
            above, index = stack[-1]
            key_next = index < 0
            if not key_next:
                stack[-1] = (above, index + 1)
                at = f"{above}/{index + 1}"
            continue
        line += text.count("\n", last, match.start())
        last = match.start()
        if key_next:
            at = f"{stack[-1][0]}/{escaped(json.loads(token))}"
            yield at, line
            key_next = False
            continue
        if not stack or stack[-1][1] >= 0:
            yield at, line
        if first in "[{":
            key_next = first == "{"
            stack.append((at, -1 if key_next else 0))
            if not key_next:
                at = f"{at}/0"


def escaped(key: str) -> str:
    """Return a key as a part of a JSON pointer (RFC 6901); a very long one cut, with its hash."""
    if len(key) > LONGEST_KEY:
        key = f"{key[:LONGEST_KEY]}…{sha256(key.encode()).hexdigest()[:8]}"
    return key.replace("~", "~0").replace("/", "~1")
