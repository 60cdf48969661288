"""The verbs and values that Python sees."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.places import MINI, ROOT
from support.statistics_made import language
from support.statistics_made import run as made

import harness
from harness import registry
from harness.errors import HarnessError
from harness.recipes import load as load_recipe
from harness.results import Results
from harness.submission.record import Submission, claims_of
from harness.task_score import TaskScore

HEAVY = ("torch", "transformers", "datasets", "evaluate", "faiss", "ray", "numpy", "pandas", "rich")


class Told:
    """Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def planned(self, plan: str) -> None:
        self.lines.append("planned")

    def opened(self, total: int) -> None:
        self.lines.append(f"opened {total}")

    def begun(self, step: Any) -> None:
        self.lines.append(f"begun {step.name}")

    def moved(self, step: Any, done: int, total: int) -> None:
        assert 0 < done <= total

    def ended(self, outcome: Any, done: int, total: int) -> None:
        self.lines.append(f"ended {outcome.step.name}")

    def closed(self, report: Any) -> None:
        self.lines.append("closed")

    def interrupted(self, kept: int, total: int, place: str) -> None:
        raise AssertionError


def test_it_gives_verbs_and_nouns_and_nothing_else() -> None:
    assert sorted(harness.__all__) == sorted(
        "Benchmark Folder Hub Task TrainingSet __version__ checklist compare embed evaluate load"
        " mine mine_files neighbours score study tasks train".split()
    )
    assert all(getattr(harness, name).__doc__ for name in harness.__all__ if name[0] != "_")
    assert (ROOT / "harness" / "py.typed").is_file()


def test_importing_it_imports_nothing_heavy() -> None:
    code = f"import sys, harness; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def results(
    tiny: Path, quickest: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Results, Told, Path]:
    """An evaluation of two tasks from Python, what it told, and its folder."""
    folder, told = tmp_path_factory.mktemp("api"), Told()
    found = harness.evaluate(
        tiny, data=MINI, tasks=["xnli", "tatoeba"], languages=["en", "de"], recipe=quickest,
        benchmark="mini", store=str(folder / "store"), output=folder / "out", threads=1,
        device="cpu", progress=told,
    )  # fmt: skip
    return found, told, folder


def test_an_evaluation_gives_its_scores(results: tuple[Results, Told, Path]) -> None:
    found, told, folder = results
    assert list(found) == ["xnli", "tatoeba"] and len(found) == 2
    assert set(found["xnli"]["de"]) == {"accuracy"}
    assert found["tatoeba"].scored == ("de",), "it has no English"
    assert json.loads((folder / "out/scores.json").read_text()) == found.as_dict()
    assert told.lines[0] == "planned" and told.lines[-1] == "closed"
    begun = [line for line in told.lines if line.startswith("begun")]
    assert [line.replace("begun", "ended") for line in begun] == [
        line for line in told.lines if line.startswith("ended")
    ]
    assert f"opened {len(begun)}" in told.lines


def test_what_is_passed_may_be_a_name_a_path_or_an_object(
    results: tuple[Results, Told, Path], tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    found, _, folder = results
    told = Told()
    again = harness.evaluate(
        str(tiny), data=str(MINI), tasks=("xnli", "tatoeba"), languages=("en", "de"),
        recipe=load_recipe(str(quickest)), benchmark=registry.benchmark("mini"),
        store=str(folder / "store"), output=str(tmp_path / "out"), threads=1, device="cpu",
        progress=told,
    )  # fmt: skip
    assert again.as_dict() == found.as_dict()
    assert told.lines == ["planned"], "all was in the store"


def test_a_dry_run_tells_the_plan_and_runs_nothing(tiny: Path, tmp_path: Path) -> None:
    told = Told()
    empty = harness.evaluate(
        tiny, benchmark="mini", recipe="quick", tasks=["xnli"], device="cpu", dry_run=True,
        store=str(tmp_path / "store"), output=tmp_path / "out", progress=told,
    )  # fmt: skip
    assert told.lines == ["planned"] and len(empty) == 0
    assert not (tmp_path / "store" / "steps").exists() and not (tmp_path / "out").exists()


def test_results_are_written_and_read_again(
    results: tuple[Results, Told, Path], tmp_path: Path
) -> None:
    found, _, folder = results
    found.save(tmp_path / "kept")
    for place in (tmp_path / "kept", folder / "out"):
        again = harness.load(place)
        assert again.as_dict() == found.as_dict() and str(again) == str(found)
    (tmp_path / "kept" / "scores.json").write_text('{"benchmark": "mini", "tasks": {"xnli": 3}}')
    with pytest.raises(HarnessError, match="not what the harness writes"):
        harness.load(tmp_path / "kept")
    with pytest.raises(HarnessError, match="no such file"):
        harness.load(tmp_path)


def test_a_submission_is_written_and_read_again(
    results: tuple[Results, Told, Path], tmp_path: Path
) -> None:
    found, _, folder = results
    written = json.loads((folder / "out" / "submission.json").read_text())
    submission = Submission.of(written)
    assert submission.claims == claims_of([found]) and submission.runs[0].seed == 42
    submission.save(tmp_path)
    assert json.loads((tmp_path / "submission.json").read_text()) == written
    with pytest.raises(HarnessError, match="submission's date would not fit its schema"):
        replace(submission, date="yesterday").save(tmp_path)
    assert json.loads((tmp_path / "submission.json").read_text()) == written


def test_they_are_scored_again_by_the_same_function(results: tuple[Results, Told, Path]) -> None:
    found, _, folder = results
    scored = harness.score(folder / "out", MINI / "labels", benchmark="mini")
    for name in found:
        assert scored[name].languages == found[name].languages


def test_they_give_a_frame_and_html(results: tuple[Results, Told, Path]) -> None:
    found, _, _ = results
    frame = found.to_frame()
    row = frame[(frame.task == "xnli") & (frame.language == "de")].iloc[0]
    assert (row.metric, row.value) == ("accuracy", found["xnli"]["de"]["accuracy"])
    strange = replace(found, partial="<b>", tasks=dict(found.tasks))
    assert "<table>" in strange._repr_html_() and "<b>" not in strange._repr_html_()


def scored(name: str, seed: int = 1, **right: int) -> Results:
    """Results of one task, made up: how many of 100 examples are right in each language."""
    parts = {code: language([1] * count + [0] * (100 - count)) for code, count in right.items()}
    metrics = {code: {"accuracy": float(count)} for code, count in right.items()}
    task = TaskScore("xnli", "accuracy", metrics, tuple(right))
    benchmark = registry.benchmark("xtreme")
    return Results(benchmark, {"xnli": task}, name=name, run=made(seed, {"xnli": parts}))


def test_runs_are_compared_with_one_of_them() -> None:
    base, better = scored("base", en=60, de=50), scored("better", en=61, de=53)
    table = harness.compare([better, base], baseline=base)
    assert [row.name for row in table.rows] == ["base", "better"]
    less = table.rows[1].differences["xnli"]
    assert (less.interval.estimate, less.interval.kind) == (pytest.approx(2.0), "items only")
    assert table.rows[1].differences["xnli/de"].interval.estimate == pytest.approx(3.0)
    assert less.flips is not None and 0 < less.flips <= 1
    assert "+2.0 ±" in str(table) and "55.0 ±" in str(table)
    assert "says nothing of another seed" in str(table)
    assert table.to_latex().startswith(r"\begin{tabular}")
    assert table.to_latex().isascii() and r"+2.0 $\pm$" in table.to_latex()
    frame = table.to_frame()
    assert frame[(frame.row == "better") & (frame.column == "xnli")].difference.item() == 2.0
    named = harness.compare({"one": better, "two": base}, baseline="two")
    assert [row.name for row in named.rows] == ["two", "one"]
    with pytest.raises(HarnessError, match="unknown baseline 'tow'; did you mean two"):
        harness.compare({"one": better, "two": base}, baseline="tow")
    twice = harness.compare([base, base, better], baseline=better)
    assert [row.name for row in twice.rows] == ["better", "base", "base (2)"]


def test_several_runs_make_a_row() -> None:
    base = [scored("base", seed, en=60 + seed, de=50 - seed) for seed in (1, 2, 3)]
    tuned = [scored("tuned", seed, en=80 + seed, de=75 - 2 * seed) for seed in (1, 2, 3)]
    table = harness.compare({"base": base, "tuned": tuned}, baseline="base")
    less = table.rows[1].differences["xnli"]
    assert (less.interval.runs, less.interval.base_runs, less.interval.kind) == (3, 3, "runs")
    assert (less.verdict, less.text("+")[-1]) == ("more", "▲")
    assert table.rows[1].up == 1 and "tuned helps on at least 1 of 1 targets" in str(table)


def test_results_without_sums_are_not_compared() -> None:
    alone = replace(scored("alone", en=60, de=50), run=None)
    with pytest.raises(HarnessError, match=r"alone: no statistics\.safetensors"):
        harness.compare([scored("a", en=1, de=2), alone], "a")


def test_other_languages_are_compared_only_on_request() -> None:
    pair = [scored("a", en=60, de=50), scored("b", en=61)]
    with pytest.raises(HarnessError, match="xnli: a and b have other languages"):
        harness.compare(pair, baseline="a")
    table = harness.compare(pair, baseline="a", common=True)
    assert table.rows[1].differences["xnli"].interval.estimate == pytest.approx(1.0)
    assert "xnli: only en, which all rows have" in str(table)


def test_a_partial_run_is_compared_with_partial_ones_alone() -> None:
    partial = replace(scored("b", en=61, de=51), partial="first 9 test examples a language")
    with pytest.raises(HarnessError, match=r"b is partial \(first 9 .*, a is not"):
        harness.compare([scored("a", en=1, de=2), partial], "a")
    other = replace(scored("a", en=1, de=2), partial=partial.partial)
    assert "PARTIAL: b: first 9" in str(harness.compare([other, partial], "a"))


def test_a_training_stands_for_its_folder(tiny: Path, quickest: Path, tmp_path: Path) -> None:
    trained = harness.train(
        "qqp", tiny, tmp_path / "out", benchmark="mini", recipe=quickest, device="cpu", threads=1,
        store=str(tmp_path / "store"), progress=Told(),
    )  # fmt: skip
    assert Path(trained) == tmp_path / "out" and (tmp_path / "out" / "config.json").is_file()
    assert str(trained).startswith(f"written: {tmp_path / 'out'} (update ")
    for wrong, words in (
        ({"mlm": 1.5}, "mlm 1.5: expected"),
        ({"sampling": "uniformly"}, "uniform"),
    ):
        with pytest.raises(HarnessError, match=words):
            harness.train("qqp", tiny, tmp_path / "no", store=str(tmp_path / "store"), **wrong)


@pytest.mark.slow
def test_a_study_gives_its_table(tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(
        'benchmark = "mini"\ntargets = ["tatoeba"]\nlanguages = ["de"]\nrecipes = ["quick"]\n'
        f'device = "cpu"\nthreads = 1\n[checkpoints]\ntiny = "{tiny}"\n'
    )
    words = {"store": str(tmp_path / "store"), "output": tmp_path / "out", "progress": Told()}
    table = harness.study(file, **words)
    assert [row.name for row in table.rows] == ["baseline"] and not table.failed
    assert (tmp_path / "out" / "table.txt").read_text() == f"{table}\n"
    shutil.rmtree(tmp_path / "store")
    assert str(harness.study(str(file), workers=2, **words)) == str(table)


def test_installed_tasks_are_values() -> None:
    assert harness.tasks()["xquad"] is registry.task("xquad")
    assert isinstance(harness.tasks()["xnli"], harness.Task)


def test_neighbours_and_pairs_of_plain_arrays() -> None:
    """Both verbs take what is an array and give arrays."""
    draw = np.random.default_rng(1)
    left = draw.normal(size=(30, 8)) + 1
    right = np.concatenate([left[::-1] + 0.05 * draw.normal(size=(30, 8)), left[:5] ** 2])
    left, right = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right))
    found = harness.neighbours(left, right, k=3)
    np.testing.assert_array_equal(found.forward.rows[:, 0], np.arange(29, -1, -1))
    assert found.backward.scores.shape == (35, 3) and found.facts.how.startswith("exact")
    pairs = harness.mine(left, right)
    assert set(zip(pairs.left[:30].tolist(), pairs.right[:30].tolist(), strict=True)) == {
        (i, 29 - i) for i in range(30)
    }
    with pytest.raises(HarnessError, match="left row 3: not finite"):
        harness.mine(np.where(np.arange(30)[:, None] == 2, np.nan, left), right)
    with pytest.raises(HarnessError, match="unknown mining"):
        harness.mine(left, right, "laser")
