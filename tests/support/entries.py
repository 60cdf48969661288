"""Entries in format 2 for the benchmark mini, made by rule: good ones, to be spoilt by tests.

The predictions are mini's labels with a share of them made wrong. What is wrong depends on the
run's name, the task and the language alone, so an entry is the same bytes every time.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harness.submission.checks.concern import Concern
from harness.submission.entry import Entry
from harness.submission.findings import Finding
from harness.submission.incoming import Incoming
from harness.submission.labels import Labels
from support.names import NINE
from support.places import MINI

LABELS = MINI / "labels"
BASELINE, TRANSFER = "plain-encoder", "mnli-first"
UNTRAINED = ("bucc2018", "tatoeba")
QA = ("xquad", "mlqa", "tydiqa")
MNLI = [{"tasks": [{"name": "mnli", "languages": ["en"], "translated": False, "examples": 392702}]}]
WRONG = 0.2  # share of the predictions that are wrong
Value = dict[str, Any]


def write_baseline(root: Path, slug: str = BASELINE, runs: int = 3) -> Path:
    """Write a good entry without intermediate training, and return its folder."""
    return write_entry(root / slug, [f"seed-{number}" for number in range(1, runs + 1)])


def write_transfer(root: Path, slug: str = TRANSFER, runs: int = 3) -> Path:
    """Write a good entry with MNLI as its intermediate task, compared with ``BASELINE``."""
    names = [f"seed-{number}" for number in range(1, runs + 1)]
    return write_entry(root / slug, names, MNLI, BASELINE)


def write_entry(
    folder: Path,
    runs: Sequence[str],
    stages: Sequence[Mapping[str, Any]] = (),
    baseline: str | None = None,
) -> Path:
    """Write an entry of some runs, each with predictions of its own, and return its folder.

    Without a stage, the untrained tasks' predictions are the same in all runs.
    """
    value: Value = {
        "format": 2,
        "slug": folder.name,
        "title": folder.name.replace("-", " ").capitalize(),
        "submitter": {"name": "Example Lab"},
        "kind": "runs",
        "benchmark": "mini",
        "partial": "",
        "date": "2026-11-26",
        "licence": "CC-BY-4.0",
        "model": {
            "name": folder.name,
            "base": "example/encoder",
            "parameters": 23_000_000,
            "weights": "open",
        },
        "intermediate": list(stages),
        "baseline": baseline,
        "training": {
            "languages": ["en"],
            "regime": "zero-shot",
            "selection": "english-dev",
            "recipe": "quick",
            "tried": 1,
        },
        "runs": [
            {
                "id": name,
                "seed": number,
                "intermediate_run": f"mnli-{number}" if stages else None,
                "files": {},
            }
            for number, name in enumerate(runs, 1)
        ],
    }
    for name in runs:
        trained = f"{folder.name} {name}"
        for path, raw in predictions(trained, trained if stages else folder.name).items():
            target = folder / "predictions" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
    save(folder, value)
    restate(folder)
    return folder


def load(folder: Path) -> Value:
    """Return an entry's values."""
    value: Value = json.loads((folder / "submission.json").read_text("utf-8"))
    return value


def save(folder: Path, value: Any) -> None:
    """Write an entry's values."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=1, ensure_ascii=False)
    (folder / "submission.json").write_text(f"{text}\n", "utf-8")


def change(folder: Path, changed: Callable[[Value], None]) -> None:
    """Change an entry's values in place."""
    value = load(folder)
    changed(value)
    save(folder, value)


def restate(folder: Path) -> None:
    """State the hashes of the prediction files anew, as they are on disk."""
    value = load(folder)
    for run in value["runs"]:
        place = folder / "predictions" / run["id"]
        run["files"] = {
            path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(place.glob("*/*"))
        }
    save(folder, value)


def rewrite(
    folder: Path, path: str, changed: Callable[[str], str], runs: Sequence[str] = ("seed-1",)
) -> None:
    """Change the text of a prediction file (``xnli/test-de.tsv``) of some runs, hashes too."""
    for run in runs:
        file = folder / "predictions" / run / path
        file.write_bytes(changed(file.read_bytes().decode()).encode())
    restate(folder)


# Predictions


@cache
def predictions(trained: str, untrained: str) -> Mapping[str, bytes]:
    """Return prediction files for all of mini: path to bytes.

    Args:
        trained: Decides what is wrong in the tasks that a model is trained for.
        untrained: The same for BUCC and Tatoeba.
    """
    files = {}
    for path in sorted(LABELS.glob("*/test-*")):
        name = path.relative_to(LABELS).as_posix()
        task = path.parent.name
        if task not in NINE:
            continue  # mini XTREME-R's alone
        rng = random.Random(f"{untrained if task in UNTRAINED else trained} {name}")
        make = _answers if task in QA else _pairs if task == "bucc2018" else _lines
        files[name] = make(path.read_text("utf-8"), rng).encode()
    return files


def _places(count: int, rng: random.Random) -> set[int]:
    """Return which of some predictions are wrong: a few more in one run than in another."""
    return set(rng.sample(range(count), round(WRONG * count) + rng.randrange(2)))


def _lines(text: str, rng: random.Random) -> str:
    """Return label lines, some of them with another label; blank lines stay."""
    lines = text.removesuffix("\n").split("\n")
    known = sorted({*lines} - {""})
    filled = [number for number, line in enumerate(lines) if line]
    for place in sorted(_places(len(filled), rng)):
        number = filled[place]
        lines[number] = rng.choice([label for label in known if label != lines[number]])
    return "".join(f"{line}\n" for line in lines)


def _pairs(text: str, rng: random.Random) -> str:
    """Return gold pairs without some of them."""
    lines = text.splitlines(keepends=True)
    left_out = _places(len(lines), rng)
    return "".join(line for number, line in enumerate(lines) if number not in left_out)


def _answers(text: str, rng: random.Random) -> str:
    """Return a SQuAD file's first answers, some of them without the last character."""
    gold = answers_of(text)
    wrong = _places(len(gold), rng)
    answers = {
        name: texts[0][:-1] if number in wrong else texts[0]
        for number, (name, texts) in enumerate(gold.items())
    }
    return json.dumps(answers, ensure_ascii=False)


def answers_of(text: str) -> dict[str, list[str]]:
    """Return the answers of a SQuAD file by question id."""
    return {
        question["id"]: [answer["text"] for answer in question["answers"]]
        for article in json.loads(text)["data"]
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    }


def look(
    concern: Concern, folder: Path, others: Sequence[Path] = (), labels: Labels | None = None
) -> list[Finding]:
    """Return what one concern finds in an entry, among others."""
    known = {other.name: Entry.of(load(other)) for other in others}
    return list(concern.look(Incoming(folder, known, labels)))
