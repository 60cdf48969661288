"""Small entries on disk: two tasks of the mini benchmark, predictions of two lines a language."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ZERO = "0" * 64
FILE, CONTENT = "xnli/test-en.tsv", "neutral\nentailment\n"
SHA = hashlib.sha256(CONTENT.encode()).hexdigest()

VALUE: dict[str, Any] = {
    "format": 2,
    "slug": "plain",
    "title": "Plain encoder",
    "submitter": {"name": "Example Lab", "url": "https://example.org/lab"},
    "kind": "runs",
    "benchmark": "mini",
    "partial": "two tasks alone",
    "date": "2026-11-26",
    "licence": "CC-BY-4.0",
    "links": {"paper": "https://example.org/paper?x=1#top"},
    "model": {
        "name": "plain",
        "base": "example/plain",
        "parameters": 1000,
        "weights": "open",
    },
    "intermediate": [],
    "baseline": None,
    "training": {
        "languages": ["en"],
        "regime": "zero-shot",
        "selection": "english-dev",
        "recipe": "xtreme",
        "tried": 1,
    },
    "runs": [{"id": "seed-1", "seed": 1, "intermediate_run": None, "files": {FILE: SHA}}],
    "claims": {"xnli": {"en": {"accuracy": 50.0}}},
    "notes": "One line.\nAnother.",
    "withdrawn": "",
}
STAGE = {
    "tasks": [{"name": "mnli", "languages": ["en"], "translated": False, "examples": None}],
    "mlm": 0,
}
PUBLISHED = {
    "kind": "published",
    "source": {
        "citation": "Example 2026",
        "where": "Table 1",
        "url": "https://example.org/paper",
    },
}

FORMAT_1: dict[str, Any] = {
    "format": 1,
    "harness": "0.1",
    "benchmark": "mini",
    "checkpoint": {
        "name": "plain",
        "fingerprint": "a" * 64,
        "model_type": "bert",
        "layers": 1,
        "parameters": 1,
    },
    "recipe": "xtreme",
    "seed": 1,
    "partial": "",
    "scores": {"overall": None, "groups": {}, "tasks": {}},
}


def value_of(**changes: Any) -> dict[str, Any]:
    """Return a good entry's values with some changed; ``...`` takes a key away."""
    value = copy.deepcopy(VALUE | changes)
    return {key: one for key, one in value.items() if one is not ...}


def make_entry(root: Path, files: Mapping[str, bytes | str] | None = None, **changes: Any) -> Path:
    """Write an entry whose hashes are right.

    Args:
        root: The folder of entries.
        files: Path of each prediction file below its run to its content; every run has them.
        changes: As ``value_of``; ``slug`` names the folder.
    """
    files = {FILE: CONTENT} if files is None else files
    value = value_of(**changes)
    folder = root / value.get("slug", "plain")
    contents = {path: c if isinstance(c, bytes) else c.encode() for path, c in files.items()}
    for run in value.get("runs", ()):
        for path, raw in contents.items():
            where = folder / "predictions" / run["id"] / path
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_bytes(raw)
        run["files"] = {path: hashlib.sha256(raw).hexdigest() for path, raw in contents.items()}
    folder.mkdir(parents=True, exist_ok=True)
    write_value(folder, value)
    return folder


def write_value(folder: Path, value: Any) -> None:
    """Write submission.json."""
    (folder / "submission.json").write_text(json.dumps(value, indent=1, ensure_ascii=False))
