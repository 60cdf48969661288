"""Results as they were recorded: predictions, scores and tables, number by number.

A change of the code's layout must leave all of them as they are. ``GOLDEN=write pytest
tests/golden`` records them anew, for a change that is meant to change results.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

KEPT = Path(__file__).parent / "golden.json"
TASKS = "xnli pawsx udpos panx xquad mlqa tydiqa bucc2018 tatoeba".split()
Call = Callable[..., tuple[int, str, str]]
STUDY = """benchmark = "mini"
targets = ["xnli", "xquad"]
languages = ["en", "de"]
recipes = ["quick"]
seeds = [42]
threads = 1
device = "cpu"
limit = 12
max_steps = 6
[checkpoints]
tiny = "{tiny}"
[intermediate]
hellaswag = ["hellaswag"]
[settings.default]
learning_rate = 1e-3
batch_size = 8
max_length = 64
stride = 16
max_question = 16
train_examples = 24
dev_examples = 12
[settings.format."span extraction"]
max_length = 64
"""


def compare(part: str, found: Any) -> None:
    """Compare with what was recorded, and name all that differs; or record it."""
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    if os.environ.get("GOLDEN") == "write":
        kept[part] = found
        text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)
        KEPT.write_text(text + "\n", "utf-8")
        pytest.skip(f"{part}: recorded anew in {KEPT.name}, nothing compared")
    before, now = leaves(kept[part]), leaves(found)
    differing = [
        f"{name}: was {before.get(name, 'not there')}, is {now.get(name, 'not there')}"
        for name in sorted(before | now)
        if name not in before or name not in now or not same(name, before[name], now[name])
    ]
    assert not differing, f"{part}: {len(differing)} differ\n" + "\n".join(differing)


def same(name: str, before: Any, now: Any) -> bool:
    """Say whether a value is as before; a loss differs a little from one processor to another."""
    if "losses/" in name:
        return math.isclose(before, now, rel_tol=1e-4)
    return bool(before == now)


def trainings(store: Path) -> dict[str, Any]:
    """Return what each training step of a store found: updates, examples, dev scores, losses."""
    manifests = [json.loads(path.read_text("utf-8")) for path in store.glob("steps/*/*/step.json")]
    return {step["name"]: step["result"] for step in manifests if step["kind"] == "train"}


def leaves(value: Any, place: str = "") -> dict[str, Any]:
    """Return a nested value's single values, by the way that leads to them."""
    if isinstance(value, dict) and value:
        inner = [leaves(part, f"{place}/{name}") for name, part in value.items()]
    elif isinstance(value, list) and value:
        inner = [leaves(part, f"{place}/{number}") for number, part in enumerate(value)]
    else:
        return {place: value}
    return {name: leaf for part in inner for name, leaf in part.items()}


def test_an_evaluation_of_all_nine_tasks(
    run: Call, tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    """The SHA-256 of every prediction file, every score, and what the trainings found."""
    code, _, err = run(
        "eval", tiny, "--benchmark", "mini", "--recipe", quickest, "--limit", 12,
        "--max-steps", 6, "--seed", 42, "--threads", 1, "--device", "cpu",
        "--store", tmp_path / "store", "--output", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    folder = tmp_path / "out" / "predictions"
    predictions = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.*"))
    }
    assert len(predictions) == 7 * 7 + 2 * 6
    scores = json.loads((tmp_path / "out" / "scores.json").read_text("utf-8"))
    learnt = trainings(tmp_path / "store")
    assert len(learnt) == 6
    compare("evaluation", {"predictions": predictions, "scores": scores, "trainings": learnt})


def test_a_study_of_one_intermediate_task(run: Call, tiny: Path, tmp_path: Path) -> None:
    """The table's numbers, and what the trainings found."""
    file = tmp_path / "golden.toml"
    file.write_text(STUDY.format(tiny=tiny))
    code, _, err = run(
        "study", "run", file, "--store", tmp_path / "store", "--output", tmp_path / "out"
    )
    assert code == 0, err
    table = json.loads((tmp_path / "out" / "table.json").read_text("utf-8"))
    compare("study", {"table": table, "trainings": trainings(tmp_path / "store")})


def by_line(text: str) -> str:
    """Give every third line the label before it; blank lines, between sentences, stay."""
    lines = text.splitlines()
    for number in range(2, len(lines), 3):
        if lines[number] and lines[number - 1]:
            lines[number] = lines[number - 1]
    return "".join(f"{line}\n" for line in lines)


def by_answer(text: str) -> str:
    """Answer each question as the labels do, every third without its last word."""
    questions = (
        question
        for article in json.loads(text)["data"]
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    )
    answers = {}
    for number, question in enumerate(questions):
        answer = question["answers"][0]["text"]
        answers[question["id"]] = " ".join(answer.split()[:-1]) if number % 3 == 2 else answer
    return json.dumps(answers, ensure_ascii=False)


def by_pair(text: str) -> str:
    """Leave out every third pair."""
    lines = text.splitlines()
    return "".join(f"{line}\n" for number, line in enumerate(lines) if number % 3 < 2)


@pytest.mark.parametrize("benchmark", ["xtreme", "xtreme-r"])
def test_scores_of_made_up_predictions_on_real_labels(
    benchmark: str, run: Call, real_data: Path, tmp_path: Path
) -> None:
    """Predictions made from the label files by a fixed rule, and all their scores."""
    labels = real_data / "labels"
    for path in sorted(labels.rglob("test-*")):
        task = path.parent.name
        if task not in TASKS:
            continue
        rule = by_pair if task == "bucc2018" else by_answer if path.suffix == ".json" else by_line
        target = tmp_path / "predictions" / path.relative_to(labels)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rule(path.read_text("utf-8")), "utf-8")
    code, out, err = run(
        "score", tmp_path / "predictions", "--labels", labels, "--benchmark", benchmark, "--json"
    )
    assert code == 0, err
    compare(f"real labels, {benchmark}", json.loads(out))
