"""``harness compare`` and ``harness study power``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.command_line import in_process
from support.places import ROOT
from support.statistics_made import drawn

from harness import registry
from harness.results import Results, read_results
from harness.statistics import Run
from harness.task_score import TaskScore


def results(run: Run) -> Results:
    """The results that have a run's sums."""
    sums = run.sums["xnli"].languages
    metrics = {code: {"accuracy": part.score} for code, part in sums.items()}
    task = TaskScore("xnli", "accuracy", metrics, tuple(sums))
    return Results(registry.benchmark("mini"), {"xnli": task}, run=run)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A baseline and a better row of three runs each, and a single run."""
    base, better, alone = (tmp_path / name for name in ("base", "better", "alone"))
    for seed in (1, 2, 3):
        results(drawn(seed, 0.5, items=400)).save(base / f"seed-{seed}")
        results(drawn(10 + seed, 0.6, items=400)).save(better / f"seed-{seed}")
    results(drawn(21, 0.5, items=400)).save(alone)
    return base, better, alone


def test_folders_of_runs_are_rows(folders: tuple[Path, Path, Path]) -> None:
    base, better, _ = folders
    code, out, err = in_process("compare", base, better)
    assert (code, err) == (0, "")
    (line,) = [line for line in out.splitlines() if line.startswith(str(better))]
    assert "▲" in line and "±" in line
    code, out, _ = in_process("compare", base, better, "--json", "--target", "xnli")
    table = json.loads(out)
    less = table["rows"][1]["differences"]["xnli"]
    assert (code, less["k"], less["k_base"], less["verdict"]) == (0, 3, 3, "more")
    assert less["low"] < less["estimate"] < less["high"]
    assert less["clusters"] == 400
    german = table["rows"][1]["differences"]["xnli/de"]  # each alone: no verdict
    assert (german["q"], german["verdict"], german["smallest"]) == (None, "", None)
    assert german["low"] > 0
    code, out, _ = in_process("compare", base, better, "--per-language")
    assert code == 0 and "xnli/de" in out and "xnli/gap" in out


def test_two_single_runs_speak_of_themselves_alone(folders: tuple[Path, Path, Path]) -> None:
    base, _, alone = folders
    code, out, _ = in_process("compare", base / "seed-1", alone)
    assert code == 0 and "items only: says nothing of another seed" in out
    assert "▲" not in out.partition("The first row")[0]
    code, out, _ = in_process("compare", base / "seed-1", alone, "--json")
    less = json.loads(out)["rows"][1]["differences"]["xnli"]
    assert less["p"] is None and less["q"] is None and less["verdict"] == "one seed"
    assert 0 < less["p_of_these_runs"] <= 1


def test_what_is_written_is_read_again(folders: tuple[Path, Path, Path]) -> None:
    again = read_results(folders[2])
    assert again.run is not None and again.run.seed == 21
    assert again.run.sums["xnli"].languages["de"].score == again["xnli"]["de"]["accuracy"]


def one_line(folders: tuple[Path, ...], said: str, *more: str) -> None:
    code, out, err = in_process("compare", *folders, *more)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert err.startswith("error: ") and said in err, err


def test_bad_input_is_one_line(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, better, alone = folders
    one_line((base, tmp_path / "none"), "none")
    one_line((base, better), "unknown target 'xnlli'; did you mean xnli", "--target", "xnlli")
    shorter = results(drawn(21, 0.5, items=300))
    shorter.save(tmp_path / "other")
    one_line((base, tmp_path / "other"), "scored on different test data")
    replace(shorter, partial="first 9").save(tmp_path / "part")
    one_line((base, tmp_path / "part"), "is partial (first 9), ")
    twice = tmp_path / "twice"
    for name in "ab":
        results(drawn(5, 0.5, items=400)).save(twice / name)
    one_line((base, twice), "seed 5 is there twice")
    results(replace(drawn(5, 0.5, items=400), seed=6)).save(twice / "b")
    one_line((base, twice), "copies of one run?")
    english = results(drawn(7, 0.5, items=400).only("xnli", ["en"]))
    english.save(tmp_path / "english")
    one_line((base, tmp_path / "english"), "other languages")
    code, out, _ = in_process("compare", base, tmp_path / "english", "--common")
    assert code == 0 and "only en, which all rows have" in out
    (alone / "statistics.safetensors").write_bytes(b"no")
    one_line((base, alone), "not statistics that the harness wrote")
    (alone / "statistics.safetensors").unlink()
    one_line((base, alone), "no statistics.safetensors, so no interval")


def test_a_run_with_other_languages_in_a_row_is_told(
    folders: tuple[Path, Path, Path],
) -> None:
    base, better, _ = folders
    results(drawn(14, 0.6, items=400).only("xnli", ["en"])).save(better / "seed-0")
    one_line((base, better), "have other languages (de); evaluate the same")
    one_line((base, base), "named twice")


def test_statistics_of_a_target_without_scores_are_refused(
    folders: tuple[Path, Path, Path],
) -> None:
    path = folders[2] / "scores.json"
    value = json.loads(path.read_text())
    value["tasks"] = {}
    path.write_text(json.dumps(value))
    one_line(folders, "statistics and scores are of different languages")


def test_statistics_of_another_score_are_refused(folders: tuple[Path, Path, Path]) -> None:
    path = folders[2] / "scores.json"
    value = json.loads(path.read_text())
    value["tasks"]["xnli"]["languages"]["de"]["accuracy"] += 1
    path.write_text(json.dumps(value))
    one_line(folders, "statistics of de add up to")


def test_a_single_cluster_gives_no_interval(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        results(drawn(seed, 0.5, items=1)).save(tmp_path / name)
    one_line((tmp_path / "a", tmp_path / "b"), "xnli en: one cluster holds all test items")


def test_power_needs_no_data() -> None:
    code, out, err = in_process("study", "power", ROOT / "studies" / "x-stilts.toml")
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    (xnli,) = [row for row in rows if row and row[0] == "xnli"]
    assert xnli == ["xnli", "1,670", "0.62", "–", "1.8", "1.5", "1.1", "0.8", "assumed"]
    assert any(row and row[0] == "mean" for row in rows)
    code, wider, _ = in_process(
        "study", "power", ROOT / "studies" / "x-stilts.toml", "--seed-sd", "1.2"
    )
    (other,) = [line.split() for line in wider.splitlines() if line.startswith("xnli")]
    assert code == 0 and float(other[4]) > float(xnli[4])
    code, _, err = in_process(
        "study", "power", ROOT / "studies" / "x-stilts.toml", "--seed-sd", "0"
    )
    assert code == 2 and "expected a number above 0" in err
