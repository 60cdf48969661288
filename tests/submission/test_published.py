"""The published systems that the project brings: well formed, and no number without its source."""

import pytest
from support.entries import load
from support.places import ROOT

from harness.submission.checks import findings_of
from harness.submission.entries import incoming_of
from harness.submission.entry import MEAN

FOLDERS = sorted((ROOT / "submissions").glob("published-*"))
SINGLE = {"xnli": "accuracy", "pawsx": "accuracy", "udpos": "f1", "panx": "f1"}


def test_all_four_are_there() -> None:
    names = [folder.name.removeprefix("published-") for folder in FOLDERS]
    assert names == ["filter", "mbert", "x-stilts-v2", "xlm-r-large"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_numbers_of_papers_have_a_source_and_no_finding(folder) -> None:
    assert findings_of(incoming_of(folder)) == []
    value = load(folder)
    assert value["kind"] == "published" and value["partial"] and "runs" not in value
    assert {"bucc2018", "tatoeba", "overall", "groups"}.isdisjoint(value["claims"])  # other sources
    for task, languages in value["claims"].items():
        assert languages.keys() == {MEAN}
        qa = {"f1"} if folder.name == "published-mbert" else {"f1", "exact_match"}
        assert languages[MEAN].keys() == ({SINGLE[task]} if task in SINGLE else qa)
