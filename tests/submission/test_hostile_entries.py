"""Entries that were spoilt in any way are told of in findings: no traceback, no pass."""

import copy
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.entry_folders import STAGE, make_entry, value_of

from harness.submission import json_schema, strict_json
from harness.submission.checks.presence import FilesConcern
from harness.submission.checks.safety import SafetyConcern
from harness.submission.checks.schema import SchemaConcern
from harness.submission.entries import incoming_of
from harness.submission.findings import ERROR, Finding

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 1e18, 10**30, "", "x", "x" * 5000, "\n", "\u202e", [], {}, [[]]),
    *({"a": 1}, ["en", "en"], "https://1.2.3.4/", "javascript:x", "2026-02-30", "plain", "100"),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each container of some values with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in list(items):
        found.append((value, key))
        if isinstance(inner, (dict, list)):
            found += places(inner)
    return found


def odd(random: random.Random) -> Any:
    return copy.deepcopy(random.choice(ODD))


def spoilt(random: random.Random) -> Any:
    """A good entry's values with one to three of them changed, removed or added."""
    value = (
        value_of(intermediate=[STAGE], baseline="other") if random.random() < 0.3 else value_of()
    )
    for _ in range(random.randint(1, 3)):
        container, key = random.choice(places(value))
        act = random.randrange(4)
        if act == 0:
            container[key] = odd(random)
        elif act == 1:
            del container[key]
        elif isinstance(container, dict):
            container[random.choice(["x", "runs", "source", "manifest", str(key) + "s"])] = odd(
                random
            )
        else:
            container.append(odd(random))
    return value


def look(folder: Path) -> list[Finding]:
    """The findings of the three concerns, each resting on the one before."""
    incoming, found = incoming_of(folder), []
    for concern in (SafetyConcern(), SchemaConcern(), FilesConcern()):
        found += list(concern.look(incoming))
        if any(one.severity is ERROR for one in found):
            break
    return found


@settings(max_examples=80)
@given(st.randoms(use_true_random=False))
def test_spoilt_values(tmp_path_factory: Any, random: random.Random) -> None:
    folder = make_entry(tmp_path_factory.mktemp("spoilt", numbered=True) / "entries")
    value = spoilt(random)
    (folder / "submission.json").write_text(json.dumps(value))
    found = look(folder)
    codes = {one.code for one in found if one.severity is ERROR}
    fits = not list(json_schema._thorough(2).iter_errors(value))
    if json_schema.format_of(value) == 2 and codes.isdisjoint({"X105", "X106", "X107", "F305"}):
        assert fits or codes & {"S201", "S202", "S203", "C503"}
    quick = json_schema._quick(2)
    assert quick is None or quick.is_valid(value) == fits  # both libraries agree
    shutil.rmtree(folder.parent.parent)


def cut(raw: bytes, random: random.Random) -> bytes:
    return raw[: random.randrange(len(raw))]


def flipped(raw: bytes, random: random.Random) -> bytes:
    at = random.randrange(len(raw))
    return raw[:at] + bytes([random.randrange(256)]) + raw[at + 1 :]


def doubled(raw: bytes, random: random.Random) -> bytes:
    at, end = sorted((random.randrange(len(raw)), random.randrange(len(raw))))
    return raw[:end] + raw[at:]


@settings(max_examples=300)
@given(st.randoms(use_true_random=False), st.sampled_from([cut, flipped, doubled]))
def test_spoilt_bytes_have_one_meaning_or_are_refused(
    random: random.Random, spoil: Callable[[bytes, random.Random], bytes]
) -> None:
    raw = spoil(json.dumps(value_of(), indent=1).encode(), random)
    try:
        value = strict_json.loads(raw)
    except strict_json.Refused:
        return
    assert value == json.loads(raw)
    assert "" in strict_json.lines_of(raw)
