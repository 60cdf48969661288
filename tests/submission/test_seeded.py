"""The entries of this repository pass the door that everyone's pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.places import ROOT

from harness.submission.entries import entries_in, incoming_of
from harness.submission.outcome import State
from harness.submission.validate import validate
from harness.submission.verified import Provenance, provenance
from harness.submission.verify import verify

ENTRIES = ROOT / "submissions"


def test_nothing_is_wrong_with_their_form() -> None:
    report = validate([ENTRIES])
    assert report.ok, [one for _, one in report if one.severity.value == "error"]
    assert len(report.entries) >= 6


def test_every_one_is_recomputed_or_published() -> None:
    states = {folder.name: provenance(incoming_of(folder)) for folder in entries_in([ENTRIES])}
    assert states["published-filter"] is Provenance.PUBLISHED
    assert states["demo-e5-hellaswag"] is Provenance.RECOMPUTED
    assert set(states.values()) == {Provenance.PUBLISHED, Provenance.RECOMPUTED}


def test_those_of_packaged_sentences_verify_to_the_same_bytes() -> None:
    for name in ("demo-e5-baseline", "demo-e5-hellaswag"):
        (outcome,) = verify(ENTRIES / name, check=True)
        assert outcome.state is State.VERIFIED and outcome.ok, outcome


def test_all_verify_to_the_same_bytes(real_data: Path) -> None:
    outcomes = verify(ENTRIES, real_data, check=True, every=True, workers=1)
    wrong = [one for one in outcomes if not one.ok]
    assert not wrong
    states = {one.slug: one.state for one in outcomes}
    if not any(slug.startswith("sample") for slug in states):
        pytest.skip("no entries of sampled real rows yet")
    assert states["sample-e5-e5-baseline"] is State.VERIFIED
