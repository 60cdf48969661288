"""``harness score --official``, and what is said of files that official scripts never make."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.places import MINI

from harness import api, registry
from harness.results import Results
from harness.task_score import TaskScore

Call = Callable[..., tuple[int, str, str]]
XTREME_R = registry.benchmark("xtreme-r")


def made_up(score: float, name: str) -> TaskScore:
    return TaskScore(name, "accuracy", {"de": {"accuracy": score}}, ("de",))


@pytest.fixture
def ten() -> Results:
    """All ten tasks, each with a score of its own."""
    names = XTREME_R.task_names()
    tasks = {name: made_up(10.0 + number, name) for number, name in enumerate(names)}
    return Results(XTREME_R, tasks)


def by_official(results: Results) -> Results:
    return Results(results.benchmark, results.tasks, results.partial, official=True)


def test_there_is_an_overall_score_of_all_ten(ten: Results) -> None:
    """With LAReQA the official script stops at a KeyError, without it prints none."""
    assert ten.summary.overall == pytest.approx(14.5)
    assert ten.summary.groups["retrieval"] == pytest.approx(18.0)
    del ten.tasks["lareqa"]  # type: ignore[attr-defined]
    assert ten.summary.overall is None and ten.summary.groups["retrieval"] is None
    assert "Not there: lareqa." in str(ten)


def test_official_groups_have_no_overall_score(ten: Results) -> None:
    found = by_official(ten)
    scores = {name: task.score for name, task in ten.tasks.items()}
    groups = found.summary.groups
    assert groups["multi_choice"] == scores["xcopa"]
    assert groups["classification"] == ten.summary.groups["classification"]
    pair = [scores[name] for name in ("tatoeba", "mewslix")]
    assert groups["retrieval"] == pytest.approx(sum(s for s in pair if s) / 2)
    assert found.summary.overall is None and found.as_dict()["overall"] is None
    text = str(found)
    assert "multi_choice, mean" in text and "it prints no overall score" in text
    (row,) = [line for line in text.splitlines() if " lareqa " in line]
    assert row.startswith("in no group")
    assert "in no group" not in str(ten)


def test_official_groups_of_a_partial_run_have_no_scores(ten: Results) -> None:
    found = Results(XTREME_R, ten.tasks, "first 3 test examples a language", official=True)
    assert set(found.summary.groups) == set(XTREME_R.official)
    assert set(found.summary.groups.values()) == {None}


def test_a_benchmark_whose_script_has_its_groups_is_the_same(run: Call, tmp_path: Path) -> None:
    shutil.copytree(MINI / "labels" / "xnli", tmp_path / "xnli")
    plain = ("score", tmp_path, "--labels", MINI / "labels", "--benchmark", "mini")
    assert run(*plain, "--official") == run(*plain)
    found = api.score(tmp_path, MINI / "labels", benchmark="mini", official=True)
    assert found["xnli"].score == 100.0 and found.groups == found.benchmark.groups


@pytest.mark.parametrize(
    ("name", "code", "ending"), [("udpos", "wo", "tsv"), ("xquad", "ro", "json")]
)
def test_a_file_that_no_official_script_makes_is_named(
    name: str, code: str, ending: str, run: Call, tmp_path: Path
) -> None:
    """evaluate.py stops where UD-POS in Wolof or XQuAD in Romanian is not predicted."""
    task = registry.task(name)
    question = {"id": "1", "question": "?", "answers": [{"text": "a mill", "answer_start": 0}]}
    paragraph = {"context": "a mill", "qas": [question]}
    labels = json.dumps({"data": [{"title": "T", "paragraphs": [paragraph]}]})
    predicted = json.dumps({"1": "a mill"})
    if ending == "tsv":
        labels = predicted = "NOUN\nVERB\n\n"
    shutil.copytree(MINI / "labels/xnli", tmp_path / "labels/xnli")
    shutil.copytree(MINI / "labels/xnli", tmp_path / "p/xnli")
    for one in XTREME_R.languages_of(task):
        for folder, text in (("labels", labels), ("p", predicted)):
            path = tmp_path / folder / name / task.file(one)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    words = ("score", tmp_path / "p", "--labels", tmp_path / "labels", "--benchmark", "xtreme-r")
    assert f"Whole: {name}." in run(*words)[1]
    (tmp_path / "p" / name / f"test-{code}.{ending}").unlink()
    exit_code, out, err = run(*words)
    assert (exit_code, err) == (0, "")
    assert f"{name}: no predictions ({code}): without {name}/test-{code}.{ending}" in out
    count = len(XTREME_R.languages_of(task))
    assert f"{count - 1}/{count}" in out and "100.0" in out
    exit_code, out, _ = run(*words, "--json")
    scores = json.loads(out)["tasks"][name]
    assert scores["missing"] == {code: "no predictions"} and scores["score"] == 100


@pytest.fixture
def xtreme_r(real_data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Right predictions of XQuAD, XNLI and MLQA; XQuAD without the Romanian file."""
    labels = real_data / "labels"
    for name in ("xquad", "xnli", "mlqa"):
        shutil.copytree(labels / name, tmp_path / "p" / name)
        for path in (tmp_path / "p" / name).glob("*.json"):
            data = json.loads(path.read_text("utf-8"))["data"]
            answers = {
                question["id"]: question["answers"][0]["text"]
                for article in data
                for paragraph in article["paragraphs"]
                for question in paragraph["qas"]
            }
            path.write_text(json.dumps(answers), "utf-8")
    (tmp_path / "p" / "xquad" / "test-ro.json").unlink()
    return tmp_path / "p", labels


def test_a_file_that_is_missing_is_named_and_the_rest_scores(
    xtreme_r: tuple[Path, Path], run: Call
) -> None:
    """evaluate.py asks for XQuAD in Romanian, which no official script predicts, and stops."""
    predictions, labels = xtreme_r
    words = ("score", predictions, "--labels", labels, "--benchmark", "xtreme-r")
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert "xquad: no predictions (ro): without xquad/test-ro.json" in out
    assert "Whole: xnli, mlqa." in out and "Lacking languages: xquad." in out
    assert "Not there: " in out and "11/12" in out
    value = json.loads(run(*words, "--json", "--official")[1])
    assert value["tasks"]["xquad"]["score"] > 95 and value["overall"] is None
    assert value["tasks"]["xquad"]["missing"] == {"ro": "no predictions"}
    assert "multi_choice" in value["groups"]
