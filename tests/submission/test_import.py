"""Entries made of bare predictions, and format 1 converted in memory."""

import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.entries import predictions
from support.places import ROOT

from harness.data.files import digest, read_json
from harness.submission.checks import findings_of
from harness.submission.entries import incoming_of
from harness.submission.entry import Entry
from harness.submission.findings import ERROR
from harness.submission.format_1 import converted
from harness.submission.record import Submission, slug_of

Run = Callable[..., tuple[int, str, str]]
SCHEMA = read_json(ROOT / "harness/submission/schema/submission-2.json")
FIT = jsonschema.Draft202012Validator(SCHEMA)
TOLD = [
    "--slug", "mine", "--name", "my-encoder", "--base", "example/encoder", "--submitter",
    "Example Lab", "--regime", "zero-shot", "--selection", "english-dev", "--benchmark", "mini",
]  # fmt: skip


def bare(folder: Path, name: str = "one") -> Path:
    for path, raw in predictions(name, name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)
    return folder


def value_of(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = read_json(folder / "submission.json")
    FIT.validate(value)
    found = findings_of(incoming_of(folder))
    assert [one for one in found if one.severity is ERROR] == []
    return value


def test_one_run_without_a_level_of_runs(run: Run, tmp_path: Path) -> None:
    place, output = bare(tmp_path / "bare"), tmp_path / "entries"
    (place / ".DS_Store").write_text("x")
    words = [*TOLD, "--seed", 7, "--licence", "MIT", "--parameters", 1000, "--output", output]
    code, out, err = run("submission", "import", place, *words)
    assert code == 0, err
    assert "next: harness submission validate" in out
    value = value_of(output / "mine")
    (made,) = value["runs"]
    assert (made["id"], made["seed"]) == ("seed-7", 7)
    assert made["files"] == {
        p.relative_to(place).as_posix(): digest(p) for p in place.glob("*/test-*")
    }
    assert run("submission", "validate", output / "mine")[0] == 0
    assert run("submission", "verify", output / "mine")[0] == 0
    assert "claims" not in value and "manifest" not in value
    assert value["partial"] == "" and value["licence"] == "MIT"
    assert value["model"]["parameters"] == 1000 and value["model"]["fingerprint"] is None


def test_several_runs_after_mnli(run: Run, tmp_path: Path) -> None:
    for name in ("seed-1", "seed-2"):
        bare(tmp_path / "bare" / name, name)
    shutil.rmtree(tmp_path / "bare" / "seed-2" / "xnli")
    words = [*TOLD, "--output", tmp_path / "entries", "--intermediate", "mnli,squad[translated:de]"]
    code, out, err = run("submission", "import", tmp_path / "bare", *words)
    assert code == 2 and "missing: --baseline" in err
    code, out, err = run("submission", "import", tmp_path / "bare", *words, "--baseline", "plain")
    assert code == 0 and "intermediate_run" in out, err
    again = [*TOLD, "--output", tmp_path / "others", "--seed", "3,3"]
    twice = run("submission", "import", tmp_path / "bare", *again)
    assert twice[0] == 2 and "--seed: 3, 3: runs differ in their seed" in twice[2]
    value = read_json(tmp_path / "entries" / "mine" / "submission.json")
    FIT.validate(value)
    assert [one["seed"] for one in value["runs"]] == [1, 2]
    assert len({one["intermediate_run"] for one in value["runs"]}) == 1  # unknown, so the safe way
    assert value["partial"] == "without xnli"
    ((one, two),) = [stage["tasks"] for stage in value["intermediate"]]
    assert (one["name"], one["languages"], one["translated"]) == ("mnli", ["en"], False)
    assert (two["name"], two["languages"], two["translated"]) == ("squad", ["de"], True)


def test_without_a_terminal_all_that_is_missing_is_named_at_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("never read\n"))
    place = bare(tmp_path / "bare")
    words = ["--slug", "mine", "--regime", "translate-train", "--intermediate", "mnli"]
    code, out, err = run("submission", "import", place, *words)
    assert (code, out) == (2, "")
    assert (
        "missing: --name, --base, --submitter, --selection, --seed, --baseline, --languages" in err
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_terminal_it_is_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, words = bare(tmp_path / "bare"), [*TOLD, "--output", tmp_path / "entries"]
    del words[2:4]  # --name
    monkeypatch.setattr(sys, "stdin", Terminal("my model\n12\n"))
    code, out, err = run("submission", "import", place, *words)
    assert code == 0 and "name: seed: " in out, err
    value = value_of(tmp_path / "entries" / "mine")
    assert value["model"]["name"] == "my model" and value["runs"][0]["seed"] == 12
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    code, _, err = run("submission", "import", place, *words)
    assert code == 2 and "missing: --name" in err


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("task", "unknown task of mini 'xnlli'; did you mean xnli"),
        ("language", "xnli has no such file; did you mean test-de.tsv"),
        ("stray", "xnli has no such file"),
        ("empty", "no predictions there"),
        ("missing", "no such folder"),
        ("link", "link"),
        ("run", "a run's name is 1 to 24"),
        ("seeds", "--seed: 2 seeds for 1 runs"),
        ("seed", "--seed: 'x': expected"),
        ("regime", "training.regime would not fit its schema"),
        ("licence", "licence would not fit its schema"),
    ],
)
def test_what_cannot_be_imported(case: str, said: str, run: Run, tmp_path: Path) -> None:
    place, words = bare(tmp_path / "bare"), [*TOLD, "--output", tmp_path / "entries"]
    words += ["--seed", "1,2" if case == "seeds" else "x" if case == "seed" else "1"]
    if case == "task":
        (place / "xnli").rename(place / "xnlli")
    elif case == "language":
        (place / "xnli/test-de.tsv").rename(place / "xnli/test-dee.tsv")
    elif case == "stray":
        (place / "xnli/notes.txt").write_text("x")
    elif case == "empty":
        shutil.rmtree(place)
        place.mkdir()
    elif case == "missing":
        shutil.rmtree(place)
    elif case == "link":
        (place / "xnli/test-de.tsv").unlink()
        (place / "xnli/test-de.tsv").symlink_to(place / "xnli/test-en.tsv")
    elif case == "run":
        place.rename(tmp_path / "run_1")
        (tmp_path / "bare").mkdir()
        (tmp_path / "run_1").rename(tmp_path / "bare" / "run_1")
    elif case == "regime":
        words[words.index("zero-shot")] = "one-shot"
        words += ["--languages", "en"]
    elif case == "licence":
        words += ["--licence", "as you like"]
    code, out, err = run("submission", "import", place, *words)
    assert (code, out) == (2, "") and said in err and len(err.splitlines()) == 1, err
    assert not (tmp_path / "entries" / "mine").exists()


# Format 1, slugs


def test_format_1_is_converted_and_what_it_does_not_tell_is_unknown() -> None:
    files = {"xnli/test-de.tsv": "a" * 64}
    value: dict[str, Any] = {
        "format": 1, "harness": "0.9.0", "benchmark": "mini", "recipe": "quick", "seed": -3,
        "checkpoint": {"name": "old", "fingerprint": "b" * 64, "model_type": "bert", "layers": 2,
                       "parameters": 9, "intermediate": "MNLI, by somebody else"},
        "partial": "first 2 test examples a language",
        "scores": {"overall": None, "groups": {"qa": None, "classification": 71.123456}, "tasks": {
            "xnli": {"score": 50.0, "metric": "accuracy", "complete": False,
                     "languages": {"de": {"accuracy": 50.1234567}}},
            "xquad": {"score": None, "metric": "f1", "complete": False, "languages": {}}}},
    }  # fmt: skip
    found = converted(value, "old-one", files)
    FIT.validate(found)
    assert found["slug"] == "old-one" and found["runs"][0]["files"] == files
    assert found["intermediate"][0]["tasks"][0] == {
        "name": "MNLI, by somebody else", "languages": [], "translated": False, "examples": None,
    }  # fmt: skip
    assert found["baseline"] == "old-quick"
    assert found["model"]["parameters_body"] is None and found["model"]["weights"] == "unknown"
    assert found["claims"] == {
        "xnli": {"de": {"accuracy": 50.1235}}, "groups": {"classification": 71.1235},
    }  # fmt: skip
    assert Entry.of(found).partial == value["partial"]
    assert Submission.of(found).as_dict() == found
    assert json.loads(json.dumps(found)) == found


@given(st.text(max_size=120))
def test_every_text_has_a_slug(text: str) -> None:
    slug = slug_of(text)
    assert re.fullmatch(SCHEMA["$defs"]["slug"]["pattern"], slug)
    assert slug_of(slug) == slug


def test_long_names_that_begin_alike_have_slugs_of_their_own() -> None:
    assert slug_of("a" * 80 + "b") != slug_of("a" * 80 + "c")
