"""All findings of a fixed set of good and bad entries, compared exactly.

``GOLDEN=write pytest tests/submission/test_golden_findings.py`` records them anew, for a change
that is meant to change what is found.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.entries import BASELINE, load, write_baseline, write_transfer
from support.spoilings import SPOILINGS, published, with_crlf, with_doubled_blank_lines

from harness.submission.checks import findings_of
from harness.submission.entry import Entry
from harness.submission.findings import CODES, ERROR, Finding
from harness.submission.incoming import Incoming
from harness.submission.labels import open_labels

KEPT = Path(__file__).parent / "golden" / "findings.json"
ELSEWHERE = {"F306", "P415"}  # P415 is of XTREME-R (test_ranked_entries.py)
ELSEWHERE |= {code for code in CODES if code.startswith("R")}  # of a review alone
GOOD = {"crlf": with_crlf, "doubled-blank-lines": with_doubled_blank_lines, "published": published}
Told = list[dict[str, Any]]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the good baseline, of one run."""
    return write_baseline(tmp_path_factory.mktemp("others"), runs=1)


def told(folder: Path, others: Path, *, labels: bool) -> list[Finding]:
    """Return the findings of an entry among others."""
    known = {BASELINE: Entry.of(load(others))}
    opened = open_labels("mini", None, None) if labels else None
    return findings_of(Incoming(folder, known, opened))


def as_json(findings: list[Finding]) -> Told:
    """Return findings as they are kept: what is not empty."""
    return [{k: v for k, v in one.as_dict().items() if v not in ("", 0)} for one in findings]


def compare(entry: str, found: Told) -> None:
    """Compare with what was recorded, or record it."""
    kept: Mapping[str, Told] = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    if os.environ.get("GOLDEN") == "write":
        text = json.dumps({**kept, entry: found}, indent=1, sort_keys=True, ensure_ascii=False)
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(f"{text}\n", "utf-8")
        pytest.skip(f"{entry}: recorded anew in {KEPT.name}, nothing compared")
    assert found == kept[entry]


@pytest.mark.parametrize("name", SPOILINGS)
def test_findings_of_a_spoilt_entry(name: str, others: Path, tmp_path: Path) -> None:
    spoiling = SPOILINGS[name]
    write_baseline(tmp_path, runs=1)
    folder = write_transfer(tmp_path, runs=spoiling.runs)
    spoiling.spoil(folder)
    findings = told(folder, others, labels=spoiling.labels)
    assert spoiling.code in {one.code for one in findings}
    compare(name, as_json(findings))


@pytest.mark.parametrize("labels", [False, True], ids=["form", "labels"])
def test_good_entries_have_no_findings(labels: bool, others: Path, tmp_path: Path) -> None:
    assert told(write_baseline(tmp_path), others, labels=labels) == []
    assert told(write_transfer(tmp_path), others, labels=labels) == []


@pytest.mark.parametrize("name", GOOD)
def test_odd_entries_are_good(name: str, others: Path, tmp_path: Path) -> None:
    folder = write_transfer(tmp_path, runs=1)
    GOOD[name](folder)
    labels = name != "published"
    findings = told(folder, others, labels=labels)
    assert [one for one in findings if one.severity is ERROR] == []
    compare(name, as_json(findings))


def test_every_code_is_in_the_golden_file() -> None:
    kept = json.loads(KEPT.read_text("utf-8"))
    codes = {one["code"] for findings in kept.values() for one in findings}
    assert set(CODES) - codes - ELSEWHERE == set()
    assert sorted(kept) == sorted([*SPOILINGS, *GOOD])


def test_findings_have_their_codes_usual_form() -> None:
    """Each says what is there and what to do or to expect, in one line that a person can read."""
    for findings in json.loads(KEPT.read_text("utf-8")).values():
        for one in findings:
            assert one["found"] and "\n" not in one["found"]
            assert one["found"].startswith("and ") or one.get("expected") or one.get("remedy")
