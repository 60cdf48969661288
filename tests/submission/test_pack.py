"""What eval writes as an entry, and entries packed of several runs."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.command_line import in_process
from support.places import ROOT

from harness.data.files import digest, read_json, write_json
from harness.models.checkpoint import open_checkpoint
from harness.submission.checks import findings_of
from harness.submission.entries import incoming_of
from harness.submission.entry import Entry
from harness.submission.findings import ERROR
from harness.submission.stages import Origin, origin_of

Run = Callable[..., tuple[int, str, str]]
SCHEMA = read_json(ROOT / "harness/submission/schema/submission-2.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny: Path, quickest: Path) -> Path:
    """Three runs of the tiny encoder; after MNLI another, and one with other settings."""
    folder = tmp_path_factory.mktemp("made")
    common = ["--recipe", quickest, "--benchmark", "mini", "--device", "cpu", "--threads", 1]
    common += ["--store", folder / "store"]
    few = [*common, "--tasks", "xnli,tatoeba", "--languages", "en,de"]
    called = [
        ["eval", tiny, *few, "--seed", 1, "--output", folder / "Run 1"],
        ["eval", tiny, *few, "--seed", 2, "--output", folder / "two"],
        ["eval", tiny, *few, "--seed", 3, "--output", folder / "three"],
        ["eval", tiny, *few, "--seed", 4, "--max-steps", 1, "--output", folder / "short"],
        ["train", "mnli", "qqp", "--mlm", 0.2, "--from", tiny, *common, "--max-steps", 2,
         "--output", folder / "first"],
        ["train", "squad", "--from", folder / "first", *common, "--max-steps", 2,
         "--output", folder / "second"],
        ["eval", folder / "second", *few, "--seed", 1, "--max-steps", 1,
         "--output", folder / "after"],
    ]  # fmt: skip
    for words in called:
        code, _, err = in_process(*words)
        assert code == 0, err
    return folder


def value_of(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = read_json(folder / "submission.json")
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    return value


def errors_in(folder: Path) -> list[str]:
    found = findings_of(incoming_of(folder))
    return [f"{one.code} {one.found}" for one in found if one.severity is ERROR]


def test_eval_writes_an_entry_of_one_run(made: Path, tiny: Path) -> None:
    value = value_of(made / "Run 1")
    assert (value["slug"], value["title"], value["benchmark"]) == ("run-1", tiny.name, "mini")
    assert value["submitter"] == {"name": "anonymous"} and value["licence"] == ""
    assert value["intermediate"] == [] and value["baseline"] is None
    assert value["model"]["base"] == tiny.name and value["model"]["weights"] == "unknown"
    assert value["training"] == {
        "languages": ["en"], "regime": "zero-shot", "selection": "last",  # one epoch, one check
        "recipe": "quickest", "tried": 1,
    }  # fmt: skip
    (run,) = value["runs"]
    assert (run["id"], run["seed"], run["intermediate_run"]) == ("seed-1", 1, None)
    place = made / "Run 1" / "predictions"
    there = {p.relative_to(place).as_posix(): digest(p) for p in place.glob("*/*")}
    assert run["files"] == there and len(there) == 3
    scores = read_json(made / "Run 1" / "scores.json")["tasks"]
    assert value["claims"]["xnli"]["de"] == pytest.approx(scores["xnli"]["languages"]["de"])
    assert set(value["claims"]) == {"xnli", "tatoeba"}  # groups are not whole
    assert set(value["manifest"]["data"]) == {"xnli/en", "xnli/de", "tatoeba/de"}
    assert str(made) not in json.dumps(value)


def test_stages_come_from_the_checkpoint_s_own_record(made: Path, tiny: Path) -> None:
    value = value_of(made / "after")
    one, two = value["intermediate"]
    assert [task["name"] for task in one["tasks"]] == ["mnli", "qqp"]
    assert one["mlm"] == 0.2 and one["sampling"]
    assert two == {
        "tasks": [{"name": "squad", "languages": ["en"], "translated": False, "examples": 24}],
        "mlm": 0.0,
    }
    assert value["model"]["base"] == tiny.name and value["model"]["name"] == "second"
    assert value["baseline"] == f"{tiny.name}-quickest"
    (run,) = value["runs"]
    assert run["intermediate_run"] == value["model"]["fingerprint"][:12]


def test_three_runs_are_one_entry(made: Path, run: Run, tmp_path: Path) -> None:
    runs = [made / name for name in ("Run 1", "two", "three")]
    words = ["--slug", "tiny-plain", "--output", tmp_path, "--licence", "CC-BY-4.0"]
    words += ["--submitter", "Example Lab", "--title", "Tiny, plain", "--tried", 2]
    code, out, err = run("submission", "pack", *runs, *words)
    assert code == 0, err
    assert f"written: {tmp_path}/tiny-plain/submission.json" in out
    folder = tmp_path / "tiny-plain"
    value = value_of(folder)
    assert [one["id"] for one in value["runs"]] == ["seed-1", "seed-2", "seed-3"]
    each = [value_of(one)["claims"]["xnli"]["de"]["accuracy"] for one in runs]
    assert value["claims"]["xnli"]["de"]["accuracy"] == pytest.approx(sum(each) / 3, abs=1e-3)
    assert value["training"]["tried"] == 2 and value["title"] == "Tiny, plain"
    assert value["partial"].startswith("without udpos") or "xnli in 2 of 7" in value["partial"]
    for one, source in zip(value["runs"], runs, strict=True):
        for path, sha in one["files"].items():
            assert digest(folder / "predictions" / one["id"] / path) == sha
            assert digest(source / "predictions" / path) == sha
    assert errors_in(folder) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny-plain"]
    assert run("submission", "validate", folder)[0] == 0
    verified = []
    for _ in range(2):
        code, out, err = run("submission", "verify", folder)
        assert code == 0, out + err
        verified.append((folder / "verified.json").read_bytes())
    assert verified[0] == verified[1] and b"C501" not in verified[0]
    code, _, err = run("submission", "pack", *runs, *words)
    assert code == 2 and "is there already" in err


def test_what_differs_besides_the_seed_is_told(made: Path, run: Run, tmp_path: Path) -> None:
    words = ["--slug", "mixed", "--output", tmp_path]
    code, _, err = run("submission", "pack", made / "Run 1", made / "short", *words)
    assert code == 2 and len(err.splitlines()) == 1
    assert "max_steps is 1, not 0" in err and "partial is " in err
    other = Path(shutil.copytree(made / "two", tmp_path / "other"))
    manifest = read_json(other / "manifest.json")
    manifest["recipe"]["default"]["epochs"] = 7
    write_json(manifest, other / "manifest.json")
    code, _, err = run("submission", "pack", made / "Run 1", other, *words)
    assert code == 2 and "recipe.default.epochs is 7, not 1" in err
    code, _, err = run("submission", "pack", made / "Run 1", made / "after", *words)
    assert code == 2 and "intermediate is " in err
    assert "model.fingerprint is " in err and "model.fingerprint is None" not in err
    assert not (tmp_path / "mixed").exists()


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("twice", "have one seed, 1"),
        ("slug", "'Not A Slug' is not a slug"),
        ("nothing", "no submission.json"),
        ("edited", "is not what submission.json says"),
        ("gone", "is not what submission.json says"),
        ("baseline", "they are a baseline themselves"),
        ("list", "would not fit its schema"),
        ("twin", "submission.json:2:"),
        ("link", "not a plain file"),
        ("manifest", "manifest.json: not what harness eval writes"),
        ("several", "not as harness eval writes it"),
    ],
)
def test_what_cannot_be_packed(case: str, said: str, made: Path, run: Run, tmp_path: Path) -> None:
    one = Path(shutil.copytree(made / "Run 1", tmp_path / "one"))
    runs, words = [one], ["--slug", "good", "--output", tmp_path / "entries"]
    if case == "twice":
        runs.append(made / "Run 1")
    elif case == "slug":
        words[1] = "Not A Slug"
    elif case == "nothing":
        (one / "submission.json").unlink()
    elif case == "edited":
        (one / "predictions/xnli/test-de.tsv").write_text("neutral\n")
    elif case == "gone":
        (one / "predictions/xnli/test-de.tsv").unlink()
    elif case == "baseline":
        words += ["--baseline", "other"]
    elif case == "list":
        (one / "submission.json").write_text("[]")
    elif case == "twin":
        (one / "submission.json").write_text('{"format": 2,\n"format": 2}')
    elif case == "link":
        path = one / "predictions/xnli/test-de.tsv"
        path.unlink()
        path.symlink_to(made / "Run 1/predictions/xnli/test-de.tsv")
    elif case == "manifest":
        (one / "manifest.json").write_text("[]")
    elif case == "several":
        value = value_of(one)
        value["runs"] *= 2
        write_json(value, one / "submission.json")
    code, out, err = run("submission", "pack", *runs, *words)
    assert (code, out) == (2, "") and said in err and len(err.splitlines()) == 1
    assert not (tmp_path / "entries" / "good").exists()


def test_runs_after_intermediate_trainings_of_their_own(
    made: Path, run: Run, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(made / "after", tmp_path / "other"))
    value = value_of(other)
    value["model"] |= {"name": "third", "fingerprint": "f" * 64}
    value["runs"][0]["intermediate_run"] = "f" * 12
    write_json(value, other / "submission.json")
    words = ["--slug", "after", "--baseline", "tiny-plain", "--output", tmp_path / "entries"]
    code, _, err = run("submission", "pack", made / "after", other, *words)
    assert code == 0, err
    packed = value_of(tmp_path / "entries" / "after")
    assert [one["id"] for one in packed["runs"]] == ["seed-1", "seed-1-2"]
    assert packed["model"]["fingerprint"] is None and packed["baseline"] == "tiny-plain"
    assert packed["model"]["name"].endswith(", mnli+qqp, then squad")


@pytest.mark.parametrize(
    "origin",
    [None, [], {}, {"base": 3}, {"base": "", "revision": None, "stages": []},
     {"base": "b", "revision": None, "stages": [{"tasks": [{"name": "x"}]}]},
     {"base": "b", "revision": "r" * 65, "stages": []}],
)  # fmt: skip
def test_a_record_that_is_not_one_is_not_believed(
    origin: object, made: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(made / "first", tmp_path / "first"))
    checkpoint = open_checkpoint(str(folder), offline=True)
    assert origin_of(checkpoint).base == "tiny-xlmr"
    write_json(read_json(folder / "harness.json") | {"origin": origin}, folder / "harness.json")
    found = origin_of(checkpoint)
    ((task,),) = [stage.tasks for stage in found.stages]
    assert (found.base, task.name) == ("first", checkpoint.intermediate[:80])


def test_a_hub_checkpoint_is_its_own_base_at_its_commit(tiny: Path, tmp_path: Path) -> None:
    commit = "c" * 40
    folder = tmp_path / "models--owner--name" / "snapshots" / commit
    shutil.copytree(tiny, folder)
    checkpoint = replace(open_checkpoint(str(folder), offline=True), name="owner/name@main")
    assert origin_of(checkpoint) == Origin("owner/name", commit)


def test_a_task_outside_the_benchmark_stays_outside(made: Path, run: Run, tmp_path: Path) -> None:
    one = Path(shutil.copytree(made / "two", tmp_path / "one"))
    other = one / "predictions" / "xcopa" / "test-en.tsv"
    other.parent.mkdir()
    other.write_text("0\n")
    value = value_of(one)
    value["runs"][0]["files"]["xcopa/test-en.tsv"] = digest(other)
    write_json(value, one / "submission.json")
    code, _, err = run("submission", "pack", one, "--slug", "good", "--output", tmp_path / "out")
    assert code == 0, err
    (packed,) = value_of(tmp_path / "out" / "good")["runs"]
    assert {path.split("/")[0] for path in packed["files"]} == {"xnli", "tatoeba"}
    assert errors_in(tmp_path / "out" / "good") == []


def of_format_1(folder: Path, value: dict[str, Any], seed: int) -> None:
    """Write what an older harness wrote of the same run."""
    checkpoint = {
        "name": value["model"]["name"], "fingerprint": value["model"]["fingerprint"],
        "model_type": "xlm-roberta", "layers": 2, "parameters": value["model"]["parameters"],
        "body": value["model"]["parameters_body"], "intermediate": "",
    }  # fmt: skip
    old = {"format": 1, "harness": "0.11.0", "benchmark": "mini", "checkpoint": checkpoint,
           "recipe": "quickest", "seed": seed, "partial": "",
           "scores": read_json(folder / "scores.json")}  # fmt: skip
    write_json(old, folder / "submission.json")


def test_runs_of_format_1_are_packed_too(made: Path, run: Run, tmp_path: Path) -> None:
    runs = [Path(shutil.copytree(made / name, tmp_path / name)) for name in ("two", "three")]
    new = value_of(runs[0])
    for seed, folder in enumerate(runs, 2):
        of_format_1(folder, new, seed)
    words = ["--slug", "old", "--output", tmp_path / "entries"]
    code, _, err = run("submission", "pack", *runs, *words)
    assert code == 0, err
    value = value_of(tmp_path / "entries" / "old")
    assert value["runs"][0] == new["runs"][0]
    assert value["training"]["selection"] == "unknown" and value["model"]["base"] == "tiny-xlmr"
    for key in ("fingerprint", "parameters", "parameters_body"):
        assert value["model"][key] == new["model"][key]
    assert errors_in(tmp_path / "entries" / "old") == []
    entry = Entry.of(value)
    assert entry.claims["xnli"]["de"].keys() == {"accuracy"}
