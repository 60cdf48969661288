"""Seeded ways to spoil a file or a folder. Each says what it did, so that it can be read.

A mutator takes what it spoils and a ``random.Random``, and gives the spoilt thing; which one is
taken is drawn, too, so that a kind and a seed are a case for ever.
"""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

ODD = ("\0", "\u2028", "\u0085", "\u200e", "\u00a0", "e\u0301", "\U0001f600", "\x1c", "\t", '"')
ODD += ("'", "\\", "\u0661", "\u00b2", "#", "=", "[", "]", "{", "}", ",", "-", ".", " ", "\ufffd")
BYTES = (b"\xff", b"\xed\xa0\x80", b"\xc3", b"\xf4\x90\x80\x80", b"\xfe\xff", b"\x1a", b"\x80")
BOM, CR, LF = b"\xef\xbb\xbf", b"\r", b"\n"
NUMBERS = ("0", "-1", "1", "2", "1e400", "nan", "inf", "-inf", "NaN", "Infinity", "1.5", "1e-400")
NUMBERS += ("1" + "0" * 30, "-9223372036854775809", "4294967296", "2147483648", "true", "1_000")
NUMBERS += ("1" * 5000, f"0x{'f' * 6000}", "999999999", "0.1", "-0.0", "1979-05-27", "٣")
TEXTS = ('""', '"x"', '"\\u0000"', f'"{"n" * 300}"', '"../.."', '"\\\\"', '"²"', '"cuda:²"', '"de"')
TABLES = (
    "{}",
    "[]",
    "[[]]",
    "{a = 1}",
    "[1, 2]",
    '["x", "x"]',
    "true",
    *(f"{'[' * n}{']' * n}" for n in (90, 300, 400)),
)
LINES = ("[x]", "[[checkpoints]]", "a.b.c = 1", "[settings]", '"" = 1', "= 1", "[", "about = 1")
LINES += (
    '[intermediate."a\\u0000b"]',
    "[settings.training.xnli-en]",
    "x = '''",
    "[default]",
    "# é",
)
LINES += ("[a.'b'.\"c\"]", "default.epochs = 2", "[intermediate.a.settings.default]")
VALUES: tuple[Any, ...] = (None, True, 0, -1, 10**12, 10**30, 2**63, 1.5, float("nan"), [], {}, "")
VALUES += (float("inf"), -float("inf"), [[]], {"a": {}}, "x", "\ud800", "n" * 300, [None], 1e300)
VALUES += (["a", 1], {"": 0}, "../x", "None", 100_001, "²", -(10**9))
NAMES = (
    "test-de.tsv",
    "test-xx.tsv",
    "test-",
    "x",
    "n" * 200,
    "ä",
    "test-de.json",
    ".hidden",
    "a b",
)

Bytes = Callable[[bytes, Random], bytes]


def at(raw: bytes, draw: Random) -> int:
    return draw.randrange(len(raw) + 1)


def flip_bit(raw: bytes, draw: Random) -> bytes:
    place = draw.randrange(max(1, len(raw)))
    return (
        raw[:place]
        + bytes([b ^ 1 << draw.randrange(8) for b in raw[place : place + 1]])
        + raw[place + 1 :]
    )


def cut_end(raw: bytes, draw: Random) -> bytes:
    return raw[: at(raw, draw)]


def cut_start(raw: bytes, draw: Random) -> bytes:
    return raw[at(raw, draw) :]


def drop_bytes(raw: bytes, draw: Random) -> bytes:
    place = at(raw, draw)
    return raw[:place] + raw[place + draw.randrange(1, 20) :]


def double_bytes(raw: bytes, draw: Random) -> bytes:
    place = at(raw, draw)
    return raw[: place + draw.randrange(1, 40)] + raw[place:]


def lines(raw: bytes, draw: Random, change: Callable[[list[bytes], int], None]) -> bytes:
    parts = raw.split(LF)
    change(parts, draw.randrange(len(parts)))
    return LF.join(parts)


def double_line(raw: bytes, draw: Random) -> bytes:
    return lines(raw, draw, lambda parts, i: parts.insert(i, parts[i]))


def drop_line(raw: bytes, draw: Random) -> bytes:
    return lines(raw, draw, lambda parts, i: parts.pop(i) and None)


def blank_line(raw: bytes, draw: Random) -> bytes:
    return lines(raw, draw, lambda parts, i: parts.insert(i, draw.choice([b"", b" ", b"\t"])))


def swap_lines(raw: bytes, draw: Random) -> bytes:
    def change(parts: list[bytes], i: int) -> None:
        j = draw.randrange(len(parts))
        parts[i], parts[j] = parts[j], parts[i]

    return lines(raw, draw, change)


def swap_values(raw: bytes, draw: Random) -> bytes:
    parts = re.split(rb"([\s\",:=\[\]{}]+)", raw)
    i, j = (2 * draw.randrange((len(parts) + 1) // 2) for _ in "ab")
    parts[i], parts[j] = parts[j], parts[i]
    return b"".join(parts)


def odd_character(raw: bytes, draw: Random) -> bytes:
    place = at(raw, draw)
    return raw[:place] + draw.choice(ODD).encode() + raw[place:]


def odd_bytes(raw: bytes, draw: Random) -> bytes:
    place = at(raw, draw)
    return raw[:place] + draw.choice(BYTES) + raw[place:]


def spaces(raw: bytes, draw: Random) -> bytes:
    return lines(raw, draw, lambda parts, i: parts.__setitem__(i, b" " + parts[i] + b"\xc2\xa0 "))


def windows(raw: bytes, draw: Random) -> bytes:
    return re.sub(rb"\r?\n", CR + LF, raw)


def another_number(raw: bytes, draw: Random) -> bytes:
    found = list(re.finditer(rb"\d+(\.\d+)?(e-?\d+)?", raw))
    if not found:
        return raw + draw.choice(NUMBERS).encode()
    one = draw.choice(found)
    return raw[: one.start()] + draw.choice(NUMBERS).encode() + raw[one.end() :]


def nest(raw: bytes, draw: Random) -> bytes:
    place, depth = at(raw, draw), draw.choice([3, 100, 2000, 100_000])
    return raw[:place] + draw.choice([b"[", b'{"a":', b"("]) * depth + raw[place:]


def long_line(raw: bytes, draw: Random) -> bytes:
    place = at(raw, draw)
    return raw[:place] + draw.choice([b"a", b"\\", b"1", b"\t"]) * 20_000 + raw[place:]


def empty(raw: bytes, draw: Random) -> bytes:
    return draw.choice([b"", b"\n", b" ", b"\0" * 64, b"null", b"{}", b"[]"])


def lone_returns(raw: bytes, draw: Random) -> bytes:
    if draw.random() < 0.5:
        return raw.replace(LF, CR)
    return lines(
        raw, draw, lambda parts, i: parts.__setitem__(i, parts[i] + CR * draw.choice([1, 2]))
    )


def byte_order_mark(raw: bytes, draw: Random) -> bytes:
    return BOM * draw.choice([1, 2]) + raw


ANY: tuple[Bytes, ...] = (
    flip_bit, cut_end, cut_start, drop_bytes, double_bytes, double_line, drop_line, blank_line,
    swap_lines, swap_values, odd_character, odd_bytes, spaces, windows, another_number, nest,
    long_line, empty,
)  # fmt: skip
ENDS: tuple[Bytes, ...] = (lone_returns, byte_order_mark)


# -- TOML


def toml_value(raw: bytes, draw: Random) -> bytes:
    found = list(re.finditer(rb"= *([^\n#]+)", raw))
    if not found:
        return raw
    one = draw.choice(found)
    value = draw.choice(draw.choice([NUMBERS, TEXTS, TABLES])).encode()
    return raw[: one.start(1)] + value + raw[one.end(1) :]


def toml_key(raw: bytes, draw: Random) -> bytes:
    found = list(re.finditer(rb"[\w]+(?= *=)", raw))
    if not found:
        return raw
    one, two = draw.choice(found), draw.choice(found)
    other = draw.choice([two[0], one[0][1:] + one[0][:1], b'""', b"'" + one[0] + b"'", one[0] * 2])
    return raw[: one.start()] + other + raw[one.end() :]


def toml_line(raw: bytes, draw: Random) -> bytes:
    return lines(raw, draw, lambda parts, i: parts.insert(i, draw.choice(LINES).encode()))


TOML: tuple[Bytes, ...] = (toml_value, toml_value, toml_value, toml_key, toml_line, another_number)


# -- JSON


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a value with every key or place in it."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = (
            list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else []
        )
        found += [(one, key) for key in keys]
        waiting += [one[key] for key in keys]
    return found


def json_change(raw: bytes, draw: Random) -> bytes:
    """Change a value, a key, or the number of entries somewhere in a JSON text."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return another_number(raw, draw)
    there = places(value)
    if not there:
        return json.dumps(draw.choice(VALUES)).encode()
    holder, key = draw.choice(there)
    how = draw.randrange(6)
    if how < 3:
        holder[key] = draw.choice(VALUES)
    elif how == 3:
        del holder[key]
    elif isinstance(holder, dict):
        holder[draw.choice([str(key)[1:], "", str(draw.choice(there)[1])])] = holder.pop(key)
    else:
        holder.insert(key, json.loads(json.dumps(holder[key])))
    return json.dumps(value).encode()


def json_swap(raw: bytes, draw: Random) -> bytes:
    """Swap the values of two places of a JSON text that are not in one another."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return flip_bit(raw, draw)
    there = [(h, k) for h, k in places(value) if not isinstance(h[k], (dict, list))]
    if there:
        (left, i), (right, j) = draw.choice(there), draw.choice(there)
        left[i], right[j] = right[j], left[i]
    return json.dumps(value).encode()


def json_deep(raw: bytes, draw: Random) -> bytes:
    """Put a list in lists in place of something."""
    found = list(re.finditer(rb'(?<=: )("[^"]*"|\d+)', raw))
    depth = draw.choice([60, 500, 5000])
    if not found:
        return raw + b"[" * depth
    one = draw.choice(found)
    return raw[: one.start()] + b"[" * depth + b"]" * depth + raw[one.end() :]


def json_line(raw: bytes, draw: Random) -> bytes:
    """Change something in one line of a file of JSON lines."""
    return lines(raw, draw, lambda parts, i: parts.__setitem__(i, json_change(parts[i], draw)))


JSON: tuple[Bytes, ...] = (json_change, json_change, json_change, json_swap, json_deep)


def spoilt(raw: bytes, draw: Random, mutators: Sequence[Bytes]) -> tuple[bytes, str]:
    """Spoil bytes once to three times; with the names of what was done."""
    done = []
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        one = draw.choice(mutators)
        raw = one(raw, draw)
        done.append(one.__name__)
    return raw, ", ".join(done)


# -- safetensors


def safetensors(raw: bytes, draw: Random) -> tuple[bytes, str]:
    """Spoil the length or the header of a safetensors file."""
    length = int.from_bytes(raw[:8], "little")
    header, rest = raw[8 : 8 + length], raw[8 + length :]
    how = draw.randrange(4)
    if how == 0:
        number = draw.choice([0, 1, length - 1, length + 1, 2**31, 2**63, 2**64 - 1, len(raw)])
        return number.to_bytes(8, "little") + raw[8:], f"length {number}"
    if how == 1:
        return spoilt(raw, draw, (cut_end, drop_bytes, double_bytes, cut_start, empty))
    header, done = spoilt(header, draw, JSON if how == 2 else (*JSON, *ANY))
    return len(header).to_bytes(8, "little") + header + rest, f"header: {done}"


# -- folders


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def spoil_folder(folder: Path, draw: Random) -> str:
    """Rename, remove, add or replace a file of a folder, or two."""
    path, other = draw.choice(files(folder)), draw.choice(files(folder))
    how = draw.choice(
        ["rename", "drop", "add", "folder", "loop", "swap", "drop folder", "rename folder"]
    )
    name = draw.choice(NAMES)
    if path.parent == folder:
        how = how.removesuffix(" folder")
    if how == "rename":
        path.rename(path.parent / name)
    elif how == "add":
        shutil.copy(other, path.parent / f"{draw.choice(['test-', ''])}{name}")
    elif how == "drop folder":
        shutil.rmtree(path.parent)
    elif how == "rename folder":
        path.parent.rename(
            path.parent.parent / draw.choice([*NAMES, "xnlli", "tydiqa2", "__pycache__"])
        )
    elif how == "swap":
        first, second = path.read_bytes(), other.read_bytes()
        path.write_bytes(second)
        other.write_bytes(first)
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()
        elif how == "loop":
            path.symlink_to(path.name)
    return f"{how} {path.relative_to(folder)} ({name[:20]}, {other.relative_to(folder)})"


def spoil_file(path: Path, draw: Random) -> str:
    """Spoil the bytes of a file."""
    more = {".json": JSON * 3, ".jsonl": (json_line,) * 15}.get(path.suffix, ())
    raw, done = spoilt(path.read_bytes(), draw, (*ANY, *more, *ENDS))
    path.write_bytes(raw)
    return done
