"""A study's rows as entries."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import in_process, use_cache
from support.places import ROOT

from harness import places
from harness.data.files import digest, read_json
from harness.data.memory import Memory
from harness.pipeline.store.store import Store
from harness.studies.expand import StudyPlan, plan_study
from harness.studies.study_file import read_study
from harness.submission.checks import findings_of
from harness.submission.entries import incoming_of
from harness.submission.findings import ERROR

Run = Callable[..., tuple[int, str, str]]
SCHEMA = read_json(ROOT / "harness/submission/schema/submission-2.json")
STUDY = """benchmark = "mini"
recipes = ["quick"]
languages = ["en", "de"]
device = "cpu"
threads = 1
limit = 18
max_steps = 4
targets = ["xnli", "tatoeba"]
seeds = [1, 2]
[checkpoints]
tiny = "{tiny}"
elsewhere = {{path = "{tiny}", intermediate = "somebody's", baseline = "tiny"}}
[intermediate]
mnli = ["mnli"]
seq = {{train = ["qqp", "ccg"], mlm = 0.2, from = "mnli"}}
[settings.default]
learning_rate = 3e-3
max_length = 64
stride = 16
max_question = 16
train_examples = 32
dev_examples = 12
"""
ROWS = ["tiny-baseline", "tiny-mnli", "tiny-seq", "elsewhere-somebody-s"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("submit-cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_cache(cache / "xtreme-harness", monkeypatch)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny: Path, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("submitted")
    (folder / "Small study.toml").write_text(STUDY.format(tiny=tiny))
    words = ("--store", folder / "store", "--output", folder / "out")
    with pytest.MonkeyPatch.context() as patch:
        use_cache(cache / "xtreme-harness", patch)
        code, _, err = in_process("study", "run", folder / "Small study.toml", *words)
    assert code == 0, err[-2000:]
    return folder


def planned(made: Path) -> StudyPlan:
    return plan_study(read_study(made / "Small study.toml"), Memory(places.memory()))


def entry(folder: Path) -> dict[str, Any]:
    import jsonschema

    value: dict[str, Any] = read_json(folder / "submission.json")
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    return value


def test_a_row_is_an_entry_and_baselines_are_linked(made: Path, run: Run, tmp_path: Path) -> None:
    words = ["study", "submit", made / "Small study.toml", "--store", made / "store"]
    words += ["--output", tmp_path, "--submitter", "Example Lab", "--licence", "MIT"]
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    slugs = [f"small-study-{row}" for row in ROWS]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(slugs)
    assert all(f"written: {tmp_path}/{slug}/submission.json" in out for slug in slugs)
    base, mnli, seq, other = (entry(tmp_path / slug) for slug in slugs)
    assert base["baseline"] is None and base["intermediate"] == []
    assert {one["baseline"] for one in (mnli, seq, other)} == {slugs[0]}
    assert {one["model"]["base"] for one in (base, mnli, seq, other)} == {"tiny"}
    names = [one["model"]["name"] for one in (base, mnli, seq)]
    assert names == ["tiny", "tiny, mnli", "tiny, seq"]
    assert base["model"]["fingerprint"]
    assert [mnli["model"]["fingerprint"], seq["model"]["fingerprint"]] == [None, None]
    task = {"name": "mnli", "languages": ["en"], "translated": False, "examples": 32}
    assert mnli["intermediate"] == [{"tasks": [task], "mlm": 0.0}]
    assert seq["intermediate"][0] == mnli["intermediate"][0]
    assert [one["name"] for one in seq["intermediate"][1]["tasks"]] == ["ccg", "qqp"]
    assert seq["intermediate"][1]["mlm"] == 0.2 and seq["intermediate"][1]["sampling"]
    assert other["intermediate"][0]["tasks"][0]["name"] == "somebody's"
    assert len({one["intermediate_run"] for one in mnli["runs"]}) == 2
    assert len({one["intermediate_run"] for one in other["runs"]}) == 1
    assert base["partial"].startswith("first 18 test examples a language, at most 4 updates")
    assert "xnli in 2 of 7 languages" in base["partial"] and "without pawsx" in base["partial"]
    keys = {one.key[:12] for cell in planned(made).cells for one in cell.plan.steps}
    assert {one["intermediate_run"] for one in (*mnli["runs"], *seq["runs"])} <= keys
    for value in (base, mnli, seq, other):
        for one in value["runs"]:
            place = tmp_path / value["slug"] / "predictions" / one["id"]
            assert one["files"] == {
                path.relative_to(place).as_posix(): digest(path) for path in place.glob("*/*")
            }
            assert len(one["files"]) == 3
        found = findings_of(incoming_of(tmp_path / value["slug"]))
        # which of the first examples count is known by nobody but the harness
        assert [one for one in found if one.severity is ERROR] == []
        assert str(made) not in json.dumps(value)
    code, _, err = run(*words)
    assert code == 2 and "is there already" in err


def test_what_only_the_user_knows_is_said_of_every_row(
    made: Path, run: Run, write: Callable[..., Path], tmp_path: Path
) -> None:
    words = ["study", "submit", made / "Small study.toml", "--store", made / "store"]
    words += ["--output", tmp_path / "entries", "--about"]
    code, _, err = run(*words, write("bad.toml", "weights = 3"))
    assert code == 2 and "bad.toml:1:1: weights" in err
    code, _, err = run(*words, write("a.toml", 'weights = "open"\nextra = []\n'))
    assert code == 0, err
    values = [entry(folder) for folder in (tmp_path / "entries").iterdir()]
    assert len(values) == len(ROWS)
    assert {one["model"]["weights"] for one in values} == {"open"}
    assert [one["training"]["extra"] for one in values] == [[]] * len(ROWS)


def test_claims_are_the_means_that_the_table_shows(made: Path, run: Run, tmp_path: Path) -> None:
    words = ["study", "submit", made / "Small study.toml", "--store", made / "store"]
    code, _, err = run(*words, "--output", tmp_path, "--tasks", "xnli", "--slug", "mine")
    assert code == 0, err
    value = entry(tmp_path / "mine-tiny-mnli")
    assert set(value["claims"]) == {"xnli"} and set(value["runs"][0]["files"]) == {
        "xnli/test-de.tsv", "xnli/test-en.tsv",
    }  # fmt: skip
    assert "tatoeba" in value["partial"]
    store, each = Store(made / "store"), []
    for cell in planned(made).cells:
        if cell.row == "mnli":
            scores = read_json(store.fetched(cell.plan.scores["xnli"]) / "scores.json")
            each.append(scores["languages"]["de"]["accuracy"])
    assert value["claims"]["xnli"]["de"]["accuracy"] == pytest.approx(sum(each) / 2, abs=1e-4)


def test_a_study_half_done_gives_what_is_done(made: Path, run: Run, tmp_path: Path) -> None:
    shutil.copytree(made / "store", tmp_path / "store")
    store = Store(tmp_path / "store")
    cells = {(cell.row, cell.seed): cell for cell in planned(made).cells}
    gone = [cells["mnli", 2].plan.predictions["xnli"]["de"]]
    gone += [cells["baseline", seed].plan.predictions["tatoeba"]["de"] for seed in (1, 2)]
    for key in {step.key: step for step in gone}.values():
        shutil.rmtree(store.place(key))
    words = ["study", "submit", made / "Small study.toml", "--store", store.root]
    code, _, err = run(*words, "--output", tmp_path / "entries")
    assert code == 0
    assert "left out: tiny, mnli, seed 2: 1 of 3 predictions are not there" in err
    assert "left out: tiny, baseline, seed 1: 1 of 3 predictions are not there" in err
    assert "small-study-tiny-seq is compared with small-study-tiny-baseline" in err
    assert [one["seed"] for one in entry(tmp_path / "entries/small-study-tiny-mnli")["runs"]] == [1]
    assert not (tmp_path / "entries/small-study-tiny-baseline").exists()


@pytest.mark.parametrize("beside", [True, False])
def test_a_checkpoint_with_a_training_behind_it_is_no_baseline(
    tiny: Path, run: Run, tmp_path: Path, beside: bool
) -> None:
    """``harness train`` made it; the study may have the checkpoint that it began as."""
    tuned = tmp_path / "tuned"
    shutil.copytree(tiny, tuned)
    task = {"name": "mnli", "languages": ["en"], "translated": False, "examples": 8}
    stages = [{"tasks": [task]}]
    origin = {"base": "tiny", "revision": None, "stages": stages}
    (tuned / "harness.json").write_text(json.dumps({"intermediate": "mnli", "origin": origin}))
    text = STUDY.split("[intermediate]", maxsplit=1)[0].format(tiny=tiny)
    for old, new in (('"xnli", ', ""), ('"en", ', ""), ("[1, 2]", "[1]")):
        text = text.replace(old, new)
    lines = [line for line in text.splitlines() if not line.startswith("elsewhere")]
    lines = [line for line in lines if beside or not line.startswith("tiny")]
    (tmp_path / "s.toml").write_text("\n".join([*lines, f'tuned = "{tuned}"', ""]))
    code, _, err = run("study", "run", tmp_path / "s.toml", "--output", tmp_path / "out")
    assert code == 0, err[-2000:]
    code, _, err = run("study", "submit", tmp_path / "s.toml", "--output", tmp_path / "entries")
    assert code == 0
    value = entry(tmp_path / "entries" / "s-tuned-baseline")
    assert [one["tasks"][0]["name"] for one in value["intermediate"]] == ["mnli"]
    if beside:
        assert (err, value["baseline"]) == ("", "s-tiny-baseline")
    else:
        assert "goes on from an intermediate training of tiny" in err
        assert f"taken to be {value['baseline']}:" in err


def test_nothing_done_and_unknown_tasks(made: Path, run: Run, tmp_path: Path) -> None:
    words = ["study", "submit", made / "Small study.toml", "--output", tmp_path / "entries"]
    code, out, err = run(*words, "--store", tmp_path / "none")
    assert code == 2 and "no row has a finished run" in err and out == ""
    code, _, err = run(*words, "--store", made / "store", "--tasks", "xnlli")
    assert code == 2 and "unknown task of the study 'xnlli'; did you mean xnli" in err
    assert not (tmp_path / "entries").exists()
