"""JSON from outside has one meaning, or is refused quickly."""

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.submission.strict_json import MAX_DEPTH, Refused, lines_of, loads

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**39), 10**39)
    | st.floats(-1e300, 1e300)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.sampled_from('a/~"\\é\n'), max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def resolved(value: object, pointer: str) -> object:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def pointers(value: object, above: str = "") -> list[str]:
    found = [above]
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found += pointers(inner, f"{above}/{str(key).replace('~', '~0').replace('/', '~1')}")
    return found


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_what_json_holds_is_read_and_every_place_has_its_line(
    value: object, indent: int | None, escape: bool
) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=escape).encode()
    assert loads(raw) == value
    lines = lines_of(raw)
    assert list(lines) == pointers(value)
    text = raw.decode().split("\n")
    for pointer, line in lines.items():
        inner = resolved(value, pointer)
        if not isinstance(inner, (list, dict)):
            assert json.dumps(inner, ensure_ascii=escape) in text[line - 1]


@pytest.mark.parametrize(
    ("raw", "code", "line", "words"),
    [
        (b"", "X107", 0, "empty"),
        (b" \n", "X107", 0, "empty"),
        (b'{"a": 1,\n "b": {"c": 1, "x": [{}],\n "c": 2}}', "X107", 3, "/b/c twice"),
        (b'{"a": {"x": 1},\n "a": {"x": 1}}', "X107", 2, "/a twice"),
        (b"[1,\nNaN]", "X107", 2, "NaN"),
        (b"[-Infinity]", "X107", 1, "-Infinity"),
        (b"[1e999]", "X107", 1, "1e999"),
        (b"[-1.5e+400]", "X107", 1, "too large"),
        (b"[" + b"1" * 41 + b"]", "X107", 1, "40 digits"),
        (b"[0." + b"1" * 40 + b"]", "X107", 1, "40 digits"),
        (b"[1." + b"0" * 40 + b"e5]", "X107", 1, "40 digits"),
        (b"[" * 17 + b"]" * 17, "X107", 1, "16 deep"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "X107", 1, "16 deep"),
        (b"[1,]", "X107", 1, "column 4"),
        (b"{'a': 1}", "X107", 1, "column 2"),
        (b'["a\nb"]', "X107", 1, "control character"),
        (b"[1] 2", "X107", 1, "Extra data"),
        (b'["cut', "X107", 1, "Unterminated"),
        (b"\xef\xbb\xbf{}", "X104", 1, "byte order mark"),
        (b'{"a":\n "\xff"}', "X104", 2, "byte 9"),
        (b'["\xed\xa0\x80"]', "X104", 1, "byte 3"),
        (b'["\\ud800"]', "X104", 0, "surrogate"),
        (b'{"\\uDC00": 1}', "X104", 0, "surrogate"),
        (b"[1,\0]", "X104", 1, "NUL at byte 4"),
        (b"[1,\r2]", "X104", 1, "CR without LF at byte 4"),
    ],
)
def test_refused(raw: bytes, code: str, line: int, words: str) -> None:
    with pytest.raises(Refused) as refused:
        loads(raw)
    error = refused.value
    assert (error.code, error.line) == (code, line) and words in error.found and error.expected


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b"[" + b"1" * 40 + b"]",
        b"[1e300, -0.0]",
        b'["' + b"[{" * 100 + b'NaN 1e999"]',
        b'{"\\"[": "\\\\"}',
        b"{}\r\n",
        b'["\\ud83d\\ude00"]',
    ],
)
def test_taken(raw: bytes) -> None:
    assert loads(raw) == json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * (1 << 20),
        b'{"a":' * 200_000,
        b'"' + b'\\"' * (1 << 19),
        b'["' + b"\\" * ((1 << 20) - 2),
        b"1.1" * (1 << 18),
        b"1e" * (1 << 19),
        b"[" + b'{"a":0,"a":0},' * 70_000 + b"0]",
    ],
)
def test_a_mebibyte_of_nonsense_is_refused_at_once(raw: bytes) -> None:
    start = time.process_time()
    with pytest.raises(Refused):
        loads(raw)
    assert time.process_time() - start < 1


def test_a_very_long_key_is_not_repeated_for_what_is_below_it() -> None:
    key = "k" * 400_000
    raw = json.dumps({key: {f"a{number}": 1 for number in range(40_000)}}).encode()
    tracemalloc.start()
    lines = lines_of(raw)
    twin = raw[:-2] + b', "a7": 2}}'
    with pytest.raises(Refused) as refused:
        loads(twin)
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()
    assert len(lines) > 40_000 and max(map(len, lines)) < 250
    assert refused.value.code == "X107" and "twice" in refused.value.found


def test_the_places_below_many_long_keys_are_bounded() -> None:
    key = '{"' + "k" * 200 + '": '
    inner = ", ".join(f'"a{number}": 1' for number in range(50_000))
    lines = lines_of((key * 14 + "{" + inner + "}" * 15).encode())
    assert len(lines) > 14 and sum(map(len, lines)) <= 10_000_000


@pytest.mark.parametrize("part", [b"1,", b"[],", b'"a",', b'{"a":1},'])
def test_more_values_than_memory_holds_are_not_made(
    part: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.submission.strict_json.MOST_VALUES", 100)
    assert loads(b"[" + part * 45 + b"1]")
    with pytest.raises(Refused) as refused:
        loads(b"[" + part * 101 + b"1]")
    assert refused.value.code == "X103" and refused.value.expected == "at most 100 values"
