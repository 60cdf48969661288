"""Entries with ranked lists: LAReQA's and Mewsli-X's predictions pass the same door."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.entry_folders import make_entry
from support.passages import write_json, write_lareqa, write_mewslix

from harness import registry
from harness.data.folder import FolderSource
from harness.submission.findings import ERROR
from harness.submission.outcome import State
from harness.submission.validate import validate
from harness.submission.verify import verify

Call = Callable[..., tuple[int, str, str]]
TASKS = ("lareqa", "mewslix")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Test examples and labels; Mewsli-X's test files are without entities."""
    write_lareqa(tmp_path / "data/xtreme")
    write_mewslix(tmp_path / "full")
    write_mewslix(tmp_path / "data/xtreme", known=False)
    task = registry.task("mewslix")
    for code in task.languages:
        gold = FolderSource(tmp_path / "full").gold(task, code)
        write_json(tmp_path / f"data/labels/mewslix/test-{code}.json", gold)
    return tmp_path / "data"


def answers(data: Path) -> dict[str, Any]:
    """Predictions that are right at the second place."""
    source = FolderSource(data / "xtreme", data / "labels")
    files = {}
    for name in TASKS:
        task = registry.task(name)
        filler = next(iter(source.pool(task)))[0] if name == "lareqa" else "Q29"
        for code in task.languages:
            gold = source.gold(task, code)
            assert gold
            files[f"{name}/{task.file(code)}"] = {
                query: [filler, *[one for one in right if one != filler]]
                for query, right in gold.items()
            }
    return files


def entry(root: Path, files: dict[str, Any], **changes: Any) -> Path:
    texts = {path: json.dumps(value) for path, value in files.items()}
    values: dict[str, Any] = {"benchmark": "xtreme-r", "claims": {}, "partial": "two tasks"}
    return make_entry(root, texts, **values | changes)


def test_an_entry_is_validated_and_verified(tmp_path: Path, data: Path) -> None:
    claims = {"mewslix": {"de": {"map_20": 50.0}, "mean": {"map_20": 50.0}}}
    folder = entry(tmp_path / "entries", answers(data), claims=claims)
    report = validate([folder])
    assert not [f for one in report.entries for f in one.findings if f.severity is ERROR]
    (outcome,) = verify(folder, labels=data)
    assert outcome.state is State.VERIFIED and outcome.ok, outcome.findings
    verified = json.loads((folder / "verified.json").read_text())
    assert '"map_20": 50.0' in json.dumps(verified)
    assert (folder / "statistics/seed-1.safetensors").is_file()  # both tasks have intervals
    assert not [one for one in outcome.findings if one.code == "P415"]


def test_what_is_odd_is_told_and_what_is_wrong_refused(tmp_path: Path, data: Path) -> None:
    files = answers(data)
    odd = files["mewslix/test-de.json"]
    first, second, *_ = odd
    odd[first] = [*odd[first], "Q0", "Q777", *[f"Q{n}" for n in range(29)]]
    folder = entry(tmp_path / "entries", files)
    (outcome,) = verify(folder, labels=data)
    assert outcome.state is State.VERIFIED
    told = [one.found for one in outcome.findings if one.code == "P415"]
    assert told == [
        f"1 queries name more than 20 candidates: {first}",
        f"1 queries name a candidate twice: {first}",
        "1 of 26 ids name no candidate: Q777",
    ]
    odd[second] = "Q1"
    files["lareqa/test-th.json"].pop("q0-0_th")
    (outcome,) = verify(entry(tmp_path / "wrong", files), labels=data)
    codes = {
        (one.code, one.file.rpartition("/")[2]) for one in outcome.findings if one.severity is ERROR
    }
    assert codes == {("P406", "test-de.json"), ("P405", "test-th.json")}


def test_harness_score_takes_both(tmp_path: Path, data: Path, run: Call) -> None:
    """LAReQA's gold is in its test files, beside the labels; nothing raises KeyError."""
    for path, value in answers(data).items():
        write_json(tmp_path / "predictions" / path, value)
    code, out, err = run(
        "score", tmp_path / "predictions", "--labels", data / "labels", "--benchmark", "xtreme-r"
    )
    assert code == 0, err
    assert "lareqa" in out and "mewslix" in out and "50.0" in out
