"""The command line: what starts fast, what an evaluation leaves, what bad input gets."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.command_line import in_process
from support.names import LISTED, NINE
from support.places import MINI, ROOT
from support.waiting import LONG

from harness import registry
from harness.pipeline.store.store import Store

HEAVY = ("torch", "transformers", "datasets", "evaluate", "numpy")
SEVEN = "en de es zh ar hi sw".split()
Call = Callable[..., tuple[int, str, str]]


def one_line(code: int, err: str) -> str:
    """The one line of an error the user can mend."""
    lines = err.splitlines()
    assert code == 2, err
    assert len(lines) == 1, err
    assert lines[0].startswith("error: "), err
    return lines[0]


def harness(*words: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start the command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background job ignores Ctrl-C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def finished(store: Path) -> int:
    """How many steps a store has."""
    return len(list((store / "steps").rglob("step.json")))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture
def evaluate(run: Call, tiny: Path, quickest: Path, tmp_path: Path) -> Call:
    """``harness eval`` of the tiny checkpoint, everything it writes below tmp_path."""

    def call(*words: object, checkpoint: object = tiny) -> tuple[int, str, str]:
        return run("eval", checkpoint, *usual(quickest, tmp_path), *words)

    return call


def usual(recipe: Path, folder: Path) -> list[object]:
    """The options of a small evaluation."""
    where = ("--store", folder / "store", "--output", folder / "out")
    return ["--recipe", recipe, "--device", "cpu", "--threads", 1, *where]


FEW = ("--benchmark", "mini", "--tasks", "xnli,tatoeba", "--languages", "de,en")


@pytest.fixture(scope="module")
def few(
    tiny: Path, quickest: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, str]:
    """A whole run on two tasks in two languages: its folder, what it printed."""
    folder = tmp_path_factory.mktemp("few")
    code, out, err = in_process("eval", tiny, *usual(quickest, folder), *FEW)
    assert code == 0, err
    return folder, out, err


@pytest.fixture(scope="module")
def whole(tiny: Path, quickest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A whole run on mini: all nine tasks, all languages."""
    folder = tmp_path_factory.mktemp("whole")
    code, out, err = in_process("eval", tiny, *usual(quickest, folder), "--benchmark", "mini")
    assert code == 0, err
    return folder, out


# Starting


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["tasks"],
        ["tasks", "xnli"],
        ["tasks", "--json"],
        ["eval", "--help"],
        ["store", "--help"],
        ["store", "prune", "--help"],
        ["store", "check", "--store", "nowhere"],
    ],
    ids=" ".join,
)
def test_looking_around_imports_nothing_heavy(words: list[str]) -> None:
    assert heavy(words) == []


def test_a_plan_that_was_made_before_imports_nothing_heavy(
    tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    """Facts of checkpoint and data are remembered, and the speed that the estimate is made of."""
    words = ["eval", tiny, "--recipe", quickest, "--benchmark", "mini", "--store", tmp_path]
    words = [*map(str, words), "--dry-run"]
    assert "torch" in heavy(words, tmp_path / "cache")
    assert heavy(words, tmp_path / "cache") == []


def heavy(words: list[str], cache: Path | None = None) -> list[str]:
    """Return which heavy libraries a command has imported when it ends."""
    code = (
        "import sys\nfrom harness.cli import main\n"
        f"sys.argv = ['harness', *{words!r}]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m.partition('.')[0] for m in sys.modules], file=sys.stderr)"
    )
    env = os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert "harness" in done.stderr
    return [name for name in HEAVY if f"'{name}'" in done.stderr]


def cpu_seconds(words: list[str], cache: Path) -> float:
    """The CPU time of a start; as for a user, Python keeps what it compiled."""
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(cache)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=ROOT, env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.slow
@pytest.mark.parametrize("word", ["--help", "tasks"])
def test_looking_around_takes_little_cpu_time(word: str, tmp_path: Path) -> None:
    """Of what argparse alone takes to start, since machines differ by more than the harness may.

    The two stand side by side: a core's speed changes from one second to the next.
    """
    ratios = [
        cpu_seconds(["-m", "harness", word], tmp_path)
        / cpu_seconds(["-c", "import argparse"], tmp_path)
        for _ in range(6)
    ]
    assert min(ratios) < 10


def test_without_a_command_the_help_is_shown(run: Call) -> None:
    code, out, err = run()
    assert code == 2 and err == ""
    assert "Usage:" in out
    assert all(f"\n  {name} " in out for name in ("eval", "demo", "score", "tasks", "data"))


def test_help_shows_what_a_command_takes(run: Call) -> None:
    code, out, err = run("tasks", "--help")
    assert (code, err) == (0, "") and "[NAME]" in out and "--json" in out
    code, out, err = run("store", "--help")
    assert (code, err) == (0, "") and "  store prune         Remove" in out and "  eval" not in out
    code, out, _ = run("train", "--help")
    assert code == 0 and "TASK [TASK ...]" in out
    assert "[default: x-stilts]" in " ".join(out.split())


def test_options_may_stand_between_arguments(run: Call) -> None:
    code, _, err = run("train", "mnli", "--from", "x", "qpq", "--output", "y")
    assert code == 2 and "unknown training set 'qpq'; did you mean qqp?" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evel"], "unknown command 'evel'; did you mean eval? (known: eval"),
        (["study", "rnu", "x"], "unknown command 'study rnu'; did you mean study run"),
        (["--halp"], "unknown command '--halp'"),
        (["eval"], "required: CHECKPOINT"),
        (["train", "mnli", "--from", "x"], "required: --output"),
        (["tasks", "--jsn"], "--jsn"),
        (["tasks", "xnli", "udpos"], "unrecognized arguments: udpos"),
        (["eval", "x", "--seed", "-1"], "--seed"),
        (["eval", "x", "--seed", "many"], "--seed"),
        (["eval", "x", "--limit", "1.5"], "--limit"),
    ],
)
def test_wrong_usage_is_one_line(run: Call, words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert said in one_line(code, err)
    assert "--help" in err
    assert out == ""


# Tasks


def test_tasks_lists_all(run: Call) -> None:
    code, out, err = run("tasks")
    assert (code, err) == (0, "")
    lines = out.partition("\n\n")[0].splitlines()
    assert lines[0].split() == "task group format languages learnt from metric licence".split()
    rows = {line.split()[0]: line for line in lines[2:]}
    assert sorted(rows) == LISTED
    assert "socialiqa, then copa" in rows["xcopa"]
    for part in ("classification", "sentence-pair classification", "15 xtreme", "15 xtreme-r"):
        assert part in rows["xnli"]
    for part in ("xnli-en", "accuracy", "CC BY-NC 4.0"):
        assert part in rows["xnli"]
    assert "40 xtreme, 48 xtreme-r" in rows["panx"]
    assert "xtreme-r" not in rows["bucc2018"] and " – " in rows["bucc2018"]


def test_tasks_shows_one_with_citation_and_sources(run: Call) -> None:
    code, out, err = run("tasks", "xnli")
    assert (code, err) == (0, "")
    task = registry.task("xnli")
    assert task.citation in out and task.homepage in out and task.licence in out
    assert "xnli/test-{lang}.tsv" in out and "xnli/train-en.tsv" in out
    assert task.hub is not None and f"{task.hub.repo} @ {task.hub.revision}" in out
    assert "contradiction entailment neutral" in out
    assert "15 languages: ar bg de el en es fr hi ru sw th tr ur vi zh" in out


def test_tasks_shows_an_intermediate_task_too(run: Call) -> None:
    code, out, err = run("tasks", "hellaswag")
    assert (code, err) == (0, "")
    training = registry.training("hellaswag")
    assert training.citation in out and training.licence in out and "multiple choice" in out
    assert "hellaswag/hellaswag_train.jsonl" in out
    assert training.hub is not None and f"{training.hub.repo} @ {training.hub.revision}" in out
    joined = run("tasks", "anli+")[1]
    assert "anli_v1.0/R3/train.jsonl" in joined and "snli/snli_1.0_dev.jsonl" in joined
    assert json.loads(run("tasks", "anli+", "--json")[1])["parts"][3]["name"] == "mnli"
    code, _, err = run("tasks", "helaswag")
    assert code == 2 and "did you mean hellaswag?" in err


def test_tasks_as_json(run: Call) -> None:
    listed = json.loads(run("tasks", "--json")[1])
    assert [task["name"] for task in listed] == LISTED
    for task in listed:
        assert task["licence"] and task["citation"] and task["metric"] and task["group"]
        assert task["sources"]["folder"]["test"]
        assert (task["training_set"] is None) == (task["name"] in ("bucc2018", "tatoeba"))
        assert task["languages"].keys() >= (
            {"xtreme", "mini"} if task["name"] in NINE else {"xtreme-r"}
        )
    one = json.loads(run("tasks", "xnli", "--json")[1])
    assert one == listed[LISTED.index("xnli")]
    assert json.loads(run("tasks", "--json", "xnli")[1]) == one
    assert one["sources"]["hub"]["revision"] == registry.task("xnli").hub.revision  # type: ignore[union-attr]
    assert len(one["languages"]["xtreme"]) == 15


def test_an_unknown_task_gets_the_nearest_names(run: Call) -> None:
    code, out, err = run("tasks", "xnlli")
    line = one_line(code, err)
    assert "unknown task 'xnlli'; did you mean xnli" in line
    assert all(name in line for name in LISTED)
    assert out == ""


# An evaluation and what it leaves


def test_the_plan_the_table_and_where_it_went(few: tuple[Path, str, str]) -> None:
    folder, out, err = few
    for row in ("predict tatoeba 1 0 1 120", "train xnli-en 1 0 1 24", "predict xnli 2 0 2 72"):
        assert row.split() in [line.split() for line in out.splitlines()]
    assert "9 steps with the scores, 0 cached" in out
    assert "estimate: " in out
    assert f"written: {folder / 'out'}/submission.json" in out.replace("\n", "")
    assert "[1/9] train xnli-en: " in err and "examples/s" in err
    scores = load(folder / "out" / "scores.json")
    row = next(line for line in out.splitlines() if line.startswith("classification ")).split()
    assert row[2] == f"{scores['tasks']['xnli']['score']:.1f}"
    assert row[3] == f"{scores['tasks']['xnli']['transfer_gap']:.1f}"
    assert row[-1] == "2/7"
    assert "xnli: not asked for (es zh ar hi sw)" in out
    assert "PARTIAL" not in out


def test_predictions_are_in_the_layout_of_xtreme(few: tuple[Path, str, str]) -> None:
    predictions = tree(few[0] / "out" / "predictions")
    assert sorted(predictions) == ["tatoeba/test-de.tsv", "xnli/test-de.tsv", "xnli/test-en.tsv"]
    labels = {"entailment", "neutral", "contradiction"}
    for code in ("de", "en"):
        lines = predictions[f"xnli/test-{code}.tsv"].decode().splitlines()
        assert len(lines) == 36 and set(lines) <= labels
    lines = predictions["tatoeba/test-de.tsv"].decode().splitlines()
    assert len(lines) == 60 and all(0 <= int(line) < 60 for line in lines)


def test_scores_are_those_of_the_predictions(few: tuple[Path, str, str]) -> None:
    scores = load(few[0] / "out" / "scores.json")
    assert scores["overall"] is None and set(scores["groups"].values()) == {None}
    assert list(scores["tasks"]) == ["xnli", "tatoeba"]
    for name, codes in {"xnli": ["en", "de"], "tatoeba": ["de"]}.items():
        task = scores["tasks"][name]
        assert list(task["languages"]) == codes
        assert not task["complete"]
        assert set(task["missing"].values()) == {"not asked for"}
        for code in codes:
            given = (few[0] / f"out/predictions/{name}/test-{code}.tsv").read_text().split()
            gold = (MINI / f"labels/{name}/test-{code}.tsv").read_text().split()
            right = sum(a == b for a, b in zip(given, gold, strict=True))
            assert task["languages"][code]["accuracy"] == pytest.approx(100 * right / len(gold))


@pytest.mark.parametrize("size", ["few", pytest.param("whole", marks=pytest.mark.slow)])
def test_the_submission_fits_its_schema(size: str, request: pytest.FixtureRequest) -> None:
    schema = load(ROOT / "harness" / "submission" / "schema" / "submission-2.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    folder = request.getfixturevalue(size)[0]
    submission = load(folder / "out" / "submission.json")
    jsonschema.validate(submission, schema)
    tasks = load(folder / "out" / "scores.json")["tasks"]
    claims = {name: one for name, one in submission["claims"].items() if name in tasks}
    assert set(claims) == {name for name, one in tasks.items() if one["languages"]}
    for name, languages in claims.items():
        for code, metrics in languages.items():
            assert metrics == pytest.approx(tasks[name]["languages"][code], abs=1e-4)
    assert submission["training"]["recipe"] == "quickest"
    assert submission["runs"][0]["seed"] == 42
    assert submission["benchmark"] == "mini" and submission["partial"] == ""
    del submission["model"]["base"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(submission, schema)


def test_the_manifest_says_how_the_numbers_came_about(
    few: tuple[Path, str, str], quickest: Path
) -> None:
    import torch

    manifest = load(few[0] / "out" / "manifest.json")
    versions = manifest["environment"]
    assert versions["packages"]["torch"] == torch.__version__
    assert {"transformers", "accelerate", "datasets", "numpy"} <= versions["packages"].keys()
    if (ROOT / ".git").exists():
        head = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
        revision = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
        assert versions["git"]["revision"] == revision
        assert isinstance(versions["git"]["dirty"], bool)
    assert manifest["recipe"]["name"] == "quickest"
    assert manifest["recipe"]["default"]["learning_rate"] == 1e-3
    from hashlib import sha256

    assert manifest["recipe"]["digest"] == sha256(quickest.read_bytes()).hexdigest()
    assert manifest["seed"] == 42
    assert manifest["device"]["name"] == "cpu" and manifest["device"]["threads"] == 1
    assert manifest["seconds"] > 0 and manifest["seconds_of_all_steps"] > 0
    assert manifest["finished"].endswith("Z")
    assert manifest["steps_run"] == 9
    steps = {step["name"]: step for step in manifest["steps"]}
    assert list(steps) == [
        "embed tatoeba",
        "predict tatoeba de",
        "cluster tatoeba",
        "train xnli-en",
        "predict xnli en",
        "predict xnli de",
        "cluster xnli",
        "score tatoeba",
        "score xnli",
    ]
    assert steps["train xnli-en"]["identity"]["seed"] == 42
    (learnt,) = steps["train xnli-en"]["identity"]["sets"]
    for split in ("train", "dev"):
        inner = sha256((MINI / f"xtreme/xnli/{split}-en.tsv").read_bytes()).hexdigest()
        expected = sha256(inner.encode()).hexdigest()
        assert learnt["data"][split] == expected
    gold = sha256((MINI / "labels/xnli/test-de.tsv").read_bytes()).hexdigest()
    assert steps["score xnli"]["identity"]["gold"]["de"] == gold
    prediction = (few[0] / "out/predictions/xnli/test-de.tsv").read_bytes()
    said = steps["predict xnli de"]["files"]["test-de.tsv"]
    assert said == {"bytes": len(prediction), "sha256": sha256(prediction).hexdigest()}


@pytest.mark.slow
def test_all_nine_tasks_give_an_overall_score(whole: tuple[Path, str]) -> None:
    folder, out = whole
    scores = load(folder / "out" / "scores.json")
    assert sorted(scores["tasks"]) == NINE
    for name, task in scores["tasks"].items():
        codes = SEVEN[1:] if name in ("bucc2018", "tatoeba") else SEVEN
        assert list(task["languages"]) == codes and task["complete"] and not task["missing"]
    mean = sum(task["score"] for task in scores["tasks"].values()) / 9
    assert scores["overall"] == pytest.approx(mean, abs=1e-9)
    assert f"overall, mean of tasks {mean:.1f}" in " ".join(out.split())
    files = tree(folder / "out" / "predictions")
    assert len(files) == 7 * 7 + 2 * 6
    ending = {"xquad": "json", "mlqa": "json", "tydiqa": "json"}
    assert all(name.endswith(ending.get(name.split("/")[0], "tsv")) for name in files)
    squad = [name for name in out.splitlines() if name.split()[:2] == ["train", "squad"]]
    assert len(squad) == 1  # one model for XQuAD and MLQA


def test_running_again_runs_nothing(few: tuple[Path, str, str], tiny: Path, quickest: Path) -> None:
    folder = few[0]
    before = tree(folder / "out" / "predictions"), load(folder / "out" / "scores.json")
    words = [*usual(quickest, folder), *FEW]
    code, out, err = in_process("eval", tiny, *words[:-6], "--output", folder / "again", *FEW)
    assert (code, err) == (0, "")
    assert "9 steps with the scores, 9 cached" in out
    assert "estimate: nothing to do" in out
    again = folder / "again"
    assert (tree(again / "predictions"), load(again / "scores.json")) == before
    assert load(again / "manifest.json")["steps_run"] == 0
    assert finished(folder / "store") == 9
    # another seed: the training and what depends on it, not the retrieval
    code, out, _ = in_process("eval", tiny, *words, "--seed", 43, "--dry-run")
    assert code == 0 and "9 steps with the scores, 5 cached" in out


def test_per_language_prints_every_language(few: Any, tiny: Path, quickest: Path) -> None:
    words = [*usual(quickest, few[0]), *FEW]
    code, out, _ = in_process("eval", tiny, *words, "--per-language")
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert ["language", "xnli", "tatoeba"] in rows
    row = next(row for row in rows if row[:1] == ["en"])
    assert len(row) == 3 and row[2] == "–"  # no English in Tatoeba


def test_a_dry_run_stops_after_the_plan(evaluate: Call, tmp_path: Path) -> None:
    code, out, err = evaluate(*FEW, "--dry-run")
    assert (code, err) == (0, "")
    assert "9 steps with the scores, 0 cached" in out and "estimate" in out
    assert "written" not in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_limited_run_is_marked_partial_everywhere(
    tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    out_dir = tmp_path / "out"
    words = ["--benchmark", "mini", "--limit", 2, "--max-steps", 1]
    code, out, err = in_process("eval", tiny, *usual(quickest, tmp_path), *words)
    assert code == 0, err
    said = "first 2 test examples a language, at most 1 updates a training"
    assert out.count(f"PARTIAL: {said}") == 2  # over the plan and over the table
    overall = [line for line in out.splitlines() if line.startswith("overall")]
    assert overall and overall[0].split()[-1] == "–"
    assert all(line.split()[-1] == "–" for line in out.splitlines() if ", mean   " in line)
    scores = load(out_dir / "scores.json")
    submission, manifest = load(out_dir / "submission.json"), load(out_dir / "manifest.json")
    assert scores["partial"] == submission["partial"] == manifest["partial"] == said
    assert set(submission["claims"]) == set(NINE)  # no overall, no groups
    assert (manifest["limit"], manifest["max_steps"]) == (2, 1)
    assert scores["overall"] is None and set(scores["groups"].values()) == {None}
    assert sorted(scores["tasks"]) == NINE  # all there, and still not complete
    assert not any(task["complete"] for task in scores["tasks"].values())
    for path, content in tree(out_dir / "predictions").items():
        if path.startswith(("xnli", "pawsx", "tatoeba")):
            assert len(content.decode().splitlines()) == 2
        if path.startswith(("udpos", "panx")):
            assert content.decode().count("\n\n") == 2
        if path.endswith(".json"):
            assert len(json.loads(content)) == 2
    trained = [step for step in manifest["steps"] if step["name"].startswith("train")]
    assert {step["result"]["updates"] for step in trained} == {1}


# What the user got wrong


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--benchmark", "minni"), "unknown benchmark 'minni'; did you mean mini?"),
        (("--recipe", "quik"), "unknown recipe 'quik'; did you mean quick?"),
        (("--recipe", "none.toml"), "none.toml: no such file"),
        (("--tasks", "xnlli"), "unknown task 'xnlli'; did you mean xnli?"),
        (("--languages", "dee"), "unknown language 'dee'; did you mean de"),
        (("--tasks", "xnli", "--languages", "de,fr"), "unknown language 'fr'"),
        (
            ("--precision", "fp8"),
            "unknown precision 'fp8'; did you mean fp32 or fp16? (known: fp32",
        ),
        (("--precision", "fp16"), "--precision bf16 or fp32"),
        (("--device", "warp"), "device 'warp' is not usable here"),
        (("--device", "meta"), "device 'meta' is not usable here"),
        (("--device", "cuda:²"), "device 'cuda:²' is not usable here"),
        (
            ("--layer", "middle"),
            "--layer 'middle': expected a whole number from 0 to 1000 or usual",
        ),
        (("--data", "nowhere"), "nowhere: no such folder"),
        (("--data", str(MINI), "--labels", "nolabels"), "nolabels: no such folder of labels"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_name_is_one_line(
    evaluate: Call, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    code, _, err = evaluate("--benchmark", "mini", *words)
    assert said in one_line(code, err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[default]\nepochs = 1\nlearningrate = 1e-5\n", ":3:1: unknown key 'learningrate'; did"),
        ("[defaults]\nepochs = 1\n", ":1:2: unknown key 'defaults'; did you mean default?"),
        (
            "[training.xnli-en]\n\nbatchsize = 3\n",
            ":3:1: unknown key 'batchsize'; did you mean batch",
        ),
        ('[default]\nepochs = "two"\n', ":2:1: epochs = 'two'; expected a whole number from 1"),
        ("[default]\nepochs = 1\n[training.xnli-en]\nepochs = -1 # no\n", ":4:1: epochs = -1"),
        ("[default]\nepochs = 1.5\n", ":2:1: epochs = 1.5; expected a whole number from 1"),
        ("[default]\nepochs = true\n", ":2:1: epochs = True; expected a whole number from 1"),
        ("[default]\nlearning_rate = -1.0\n", ":2:1: learning_rate = -1.0"),
        ('[default]\nlayer = "middle"\n', ":2:1: layer = 'middle'"),
        ("[default]\nepochs = 0\n", ":2:1: epochs = 0"),
        ("[default]\nbatch_size = 0\n", ":2:1: batch_size = 0"),
        ("[default]\nmax_length = 0\n", ":2:1: max_length = 0"),
        ("[default]\nlearning_rate = nan\n", ":2:1: learning_rate = nan"),
        ("default = 3\n", ":1:1: 3 stands where a table of settings should"),
        ("format = 3\n", ":1:1: 3 stands where a table of tables should"),
        ("[training]\nxnli-en = 3\n", ":2:1: 3 stands where a table of settings should"),
        ("\n[[default]]\nepochs = 1\n", ":2:3: [{'epochs': 1}] stands where a table"),
        ("[default]\n[default.epochs]\nx = 1\n", ":2:2: epochs = {'x': 1}; expected a whole"),
        ('[fromat."token tagging"]\n', ":1:2: unknown key 'fromat'; did you mean format?"),
        ('[format."token taging"]\n', ":1:2: unknown key 'token taging'; did you mean token"),
        ("[training.xnli-em]\n", ":1:2: unknown key 'xnli-em'; did you mean xnli-en"),
        ('\n[intermediate."mnly[de]"]\n', ":2:2: unknown key 'mnly'; did you mean "),
        ("[default]\nown = 1\n", ":2:1: unknown key 'own'"),
        ("[default]\nepochs = \n", "no valid TOML"),
        (b"[default]\nepochs = 1 # \xff\n", ":2: not UTF-8"),
        ("[default]\nepochs = 1\nepochs = 2\n", "no valid TOML"),
    ],
    ids=repr,
)
def test_a_recipe_that_does_not_fit_is_one_line(
    evaluate: Call, write: Callable[..., Path], text: str | bytes, said: str
) -> None:
    recipe = write("recipe.toml", text)
    code, _, err = evaluate("--benchmark", "mini", "--recipe", recipe, "--dry-run")
    line = one_line(code, err)
    assert str(recipe) in line and said in line


def test_a_recipe_may_say_zero_where_zero_means_something(
    evaluate: Call, write: Callable[..., Path]
) -> None:
    names = "train_examples dev_examples check_every patience warmup weight_decay layer".split()
    recipe = write("recipe.toml", "[default]\n" + "".join(f"{name} = 0\n" for name in names))
    code, _, err = evaluate(*FEW, "--recipe", recipe, "--dry-run")
    assert (code, err) == (0, "")


def test_a_task_in_none_of_the_languages_asked_for(evaluate: Call) -> None:
    code, _, err = evaluate("--benchmark", "mini", "--tasks", "xnli,tatoeba", "--languages", "en")
    line = one_line(code, err)
    assert "none of its languages asked for (it has de, es, zh, ar, hi, sw)" in line


def test_a_task_asked_for_by_name_must_have_data(evaluate: Call, small_data: Path) -> None:
    shutil.rmtree(small_data / "xtreme" / "tatoeba")
    code, _, err = evaluate(
        "--benchmark", "mini", "--data", small_data, "--tasks", "xnli,tatoeba", "--dry-run"
    )
    line = one_line(code, err)
    assert "tatoeba: no test data" in line
    assert str(small_data / "xtreme" / "tatoeba" / "de-en.de") in line
    # not by name: it is skipped, and said so
    code, out, err = evaluate("--benchmark", "mini", "--data", small_data, "--dry-run")
    assert (code, err) == (0, "")
    assert "skipped: tatoeba: no test data" in out
    (small_data / "xtreme" / "xnli" / "train-en.tsv").unlink()
    code, _, err = evaluate(
        "--benchmark", "mini", "--data", small_data, "--tasks", "xnli", "--dry-run"
    )
    line = one_line(code, err)
    assert (
        "xnli-en: no train data to learn from" in line and "xnli/train-en.tsv is not there" in line
    )


def test_files_that_are_missing_make_one_line_a_task(
    evaluate: Call, small_data: Path, tmp_path: Path
) -> None:
    for code in SEVEN[2:]:
        (small_data / "xtreme" / "xnli" / f"test-{code}.tsv").unlink()
    shutil.rmtree(small_data / "labels" / "tatoeba")
    words = ("--tasks", "xnli,tatoeba", "--limit", 4, "--max-steps", 1)
    code, out, err = evaluate("--benchmark", "mini", "--data", small_data, *words)
    assert code == 0, err
    missing = [line for line in out.splitlines() if line.startswith(("xnli: ", "tatoeba: "))]
    assert missing == [
        "xnli: no test data (es zh ar hi sw), 5 of 7 languages; xnli/test-es.tsv is not there",
        "tatoeba: no labels (de es zh ar hi sw)",
    ]
    record = (tmp_path / "out" / "scores.json").read_text()
    assert "xnli/test-es.tsv is not there" in record and str(tmp_path) not in record
    assert str(tmp_path) not in (tmp_path / "out" / "submission.json").read_text()


@pytest.mark.parametrize(
    ("languages", "note"),
    [("en,de", "tatoeba has no en"), ("de,zh,en", "tatoeba has no en"), ("de,zh", "")],
)
def test_a_language_that_a_task_does_not_have_is_told(
    evaluate: Call, languages: str, note: str
) -> None:
    words = ("--benchmark", "mini", "--tasks", "tatoeba,xnli", "--dry-run")
    code, out, err = evaluate(*words, "--languages", languages)
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if " has no " in line] == (
        [f"note: {note}"] if note else []
    )


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        (
            "labels/bucc2018/test-de.tsv",
            lambda x: "\t".join(x.split("\t")[::-1]),
            "other way round",
        ),
        ("xtreme/bucc2018/de-en.dev.gold", lambda x: x.replace("de-", "xx-"), "of other files"),
        ("labels/tatoeba/test-de.tsv", lambda x: f"1{x:0>3}", "is no line of the language's file"),
        ("xtreme/panx/test-de.tsv", lambda x: x and f"de:{x}", "tokens begin with 'de:'"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_run(
    evaluate: Call, small_data: Path, tmp_path: Path, file: str, change: Any, said: str
) -> None:
    path = small_data / file
    lines = path.read_text("utf-8").split("\n")[:-1]
    path.write_text("".join(f"{change(line)}\n" for line in lines), "utf-8")
    words = ("--tasks", path.parent.name, "--languages", "de")
    code, _, err = evaluate("--benchmark", "mini", "--data", small_data, *words)
    assert said in one_line(code, err) and f"{path}:" in err
    assert not (tmp_path / "out").exists()


def test_an_empty_data_folder(evaluate: Call, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    code, _, err = evaluate("--benchmark", "mini", "--data", folder)
    assert f"{folder}: the folder is empty" in one_line(code, err)
    (folder / "something").mkdir()
    code, _, err = evaluate("--benchmark", "mini", "--data", folder)
    line = one_line(code, err)
    assert "nothing to evaluate" in line and "no test data" in line


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("xnli/train-en.tsv", b"one\ttwo\tneutral\none\ttwo\n", ":2: 2 columns, expected 3"),
        ("xnli/train-en.tsv", b"one\ttwo\tnatural\n", ":1: label 'natural' is none of"),
        ("xnli/test-de.tsv", b"one\ttwo\nei\xffns\tzwei\n", ":2: not UTF-8 at byte 3"),
        ("xnli/test-de.tsv", b"", "holds no examples"),
    ],
)
def test_malformed_data_is_named_with_file_and_line(
    evaluate: Call, small_data: Path, file: str, content: bytes, said: str
) -> None:
    path = small_data / "xtreme" / file
    path.write_bytes(content)
    code, _, err = evaluate("--benchmark", "mini", "--data", small_data, "--tasks", "xnli")
    line = one_line(code, err)
    assert str(path) in line and said in line


def test_data_without_labels_has_no_score(evaluate: Call, small_data: Path, tmp_path: Path) -> None:
    shutil.rmtree(small_data / "labels")
    code, out, err = evaluate(*FEW, "--data", small_data / "xtreme")
    assert code == 0, err
    row = next(line for line in out.splitlines() if line.startswith("classification ")).split()
    assert row[2:4] == ["–", "–"]
    assert "xnli: no labels (en de)" in out
    scores = load(tmp_path / "out" / "scores.json")
    assert scores["tasks"]["xnli"]["score"] is None
    assert scores["tasks"]["xnli"]["languages"] == {}
    assert scores["tasks"]["xnli"]["missing"]["de"] == "no labels"
    assert (tmp_path / "out" / "predictions" / "xnli" / "test-de.tsv").is_file()


def test_placeholder_labels_are_no_labels(evaluate: Call, small_data: Path, tmp_path: Path) -> None:
    test = small_data / "xtreme" / "xnli" / "test-de.tsv"
    test.write_bytes(test.read_bytes() * 2)  # 72 rows, all labelled alike
    (small_data / "labels" / "xnli" / "test-de.tsv").write_text("neutral\n" * 72)
    code, out, err = evaluate(
        "--benchmark", "mini", "--data", small_data, "--tasks", "xnli", "--languages", "en,de"
    )
    assert code == 0, err
    assert "no labels (all 72 rows say 'neutral') (de)" in out
    task = load(tmp_path / "out" / "scores.json")["tasks"]["xnli"]
    assert list(task["languages"]) == ["en"]


def test_labels_that_do_not_fit_stop_the_run_and_lose_nothing(
    evaluate: Call, small_data: Path, tmp_path: Path
) -> None:
    labels = small_data / "labels" / "xnli" / "test-de.tsv"
    labels.write_text("neutral\nentailment\n")
    code, _, err = evaluate(*FEW, "--data", small_data)
    assert code == 1 and "Traceback" not in err
    assert "failed: score xnli: xnli de: 36 predictions for 2 labelled pairs" in err
    kept = finished(tmp_path / "store")
    assert kept == 8  # all but the score of XNLI
    shutil.copy(MINI / "labels" / "xnli" / "test-de.tsv", labels)
    code, out, err = evaluate(*FEW, "--data", small_data)
    assert code == 0, err
    assert f"9 steps with the scores, {kept} cached" in out


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def other_tokenizer(folder: Path) -> None:
    path = folder / "tokenizer.json"
    value = load(path)
    value["model"]["vocab"] += [[f"▁zusatz{i}", -20.0] for i in range(3000)]
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (pickled, "pickle can run code, so it is not loaded; convert it"),
        (other_tokenizer, "the tokenizer does not belong to this model"),
        (lambda f: (f / "config.json").unlink(), "no config.json"),
        (lambda f: (f / "config.json").write_text('{"model_type":'), "no valid JSON"),
        (lambda f: (f / "model.safetensors").unlink(), "no weights"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\x08" * 4096), "no safetensors file"),
        (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer"),
        (
            lambda f: (f / "tokenizer.json").write_text('{"version":'),
            "no tokenizer that transformers can load",
        ),
    ],
)
def test_a_checkpoint_that_is_not_whole(
    evaluate: Call, tiny: Path, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "copy"))
    spoil(folder)
    code, out, err = evaluate(*FEW, checkpoint=folder)
    line = one_line(code, err)
    assert said in line and str(folder) in line
    assert out == "" and not (tmp_path / "store").exists()


@pytest.mark.parametrize("where", ["no/such/folder", "./here", "nobody/nothing"])
def test_a_checkpoint_that_is_not_there(evaluate: Call, where: str) -> None:
    code, _, err = evaluate(*FEW, "--offline", checkpoint=where)
    assert f"{where}: no such folder" in one_line(code, err)


@pytest.mark.parametrize("option", ["--store", "--output"])
def test_a_file_where_a_folder_should_be(
    evaluate: Call, write: Callable[..., Path], tmp_path: Path, option: str
) -> None:
    path = write("file", "not a folder")
    code, _, err = evaluate(*FEW, option, path)
    line = one_line(code, err)
    assert str(path) in line and "not a folder" in line
    assert finished(tmp_path / "store") == 0  # known before any work
    assert path.read_text() == "not a folder"


# A full disk, Ctrl-C


class SerialiseError(Exception):
    """As safetensors' and tokenizers' errors: no OSError."""


FULL = [
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/store/weights"),
    SerialiseError("Error while serializing: I/O error: No space left on device (os error 28)"),
    shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
    RuntimeError("[enforce fail at x.cc:1] . PytorchStreamWriter failed writing file data/1"),
    OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "/store/weights"),
]


@pytest.mark.parametrize(
    "error",
    [FULL[0], *(pytest.param(error, marks=pytest.mark.slow) for error in FULL[1:])],
    ids=lambda error: type(error).__name__,
)
def test_a_full_disk_loses_no_finished_step(
    evaluate: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    keep = Store.keep

    def full(self: Store, step: Any, *rest: Any) -> Path:
        if step.kind == "predict":
            raise error
        return keep(self, step, *rest)

    monkeypatch.setattr(Store, "keep", full)
    code, _, err = evaluate(*FEW)
    assert code == 2 and "Traceback" not in err
    lines = [line for line in err.splitlines() if not line.startswith("[")]
    assert len(lines) == 1 and lines[0].startswith("error: ")
    assert "no finished step is lost" in lines[0] and "run the same command again" in lines[0]
    assert ("quota" in lines[0]) == (getattr(error, "errno", 0) == errno.EDQUOT)
    assert finished(tmp_path / "store") == 1
    assert not list((tmp_path / "store" / "aside").iterdir())
    assert not (tmp_path / "out" / "scores.json").exists()
    monkeypatch.undo()
    code, out, err = evaluate(*FEW)
    assert code == 0, err
    assert "9 steps with the scores, 1 cached" in out


def test_other_errors_are_not_taken_for_a_full_disk(
    evaluate: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Path:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Store, "keep", broken)
    code, _, err = evaluate(*FEW)
    assert code == 1 and "Traceback" not in err
    assert "failed: train xnli-en: RuntimeError: a bug" in err and "free or permit" not in err


@pytest.mark.slow
def test_a_disk_that_is_really_full(
    few: tuple[Path, str, str], tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    """A disk of 300 kB, which the training fills after other steps; enlarged, the run goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", str(disk)]
    if not shutil.which("unshare") or subprocess.call(probe, stderr=subprocess.DEVNULL):
        pytest.skip("no private mounts here (unshare -rm)")
    words = ["--recipe", quickest, "--device", "cpu", "--threads", 1, *FEW, "--store", disk]
    words = ["harness", "eval", tiny, *words, "--output", tmp_path / "out"]
    script = """if True:
        import pathlib, subprocess, sys
        from harness.cli import main
        disk, *words = sys.argv[1:]
        def ends(*more):
            sys.argv = [*words, *more]
            try:
                main()
            except SystemExit as end:
                return end.code or 0
            return 0
        mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk]
        subprocess.run(mount, check=True)
        print("before:", ends("--tasks", "tatoeba", "--languages", "de"))
        print("first:", ends())
        print(len(list(pathlib.Path(disk, "steps").rglob("step.json"))))
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        print("second:", ends())
    """
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", script, str(disk), *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    error = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(error) == 1 and "No space left on device" in error[0]
    assert "before: 0\n" in done.stdout
    assert "first: 2\n4\n" in done.stdout and "second: 0" in done.stdout
    assert done.stdout.count("9 steps with the scores, 4 cached") == 2
    assert tree(tmp_path / "out" / "predictions") == tree(few[0] / "out" / "predictions")


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "Slurm"])
def test_interrupted_it_says_what_is_finished_and_goes_on(
    sent: signal.Signals, whole: tuple[Path, str], tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    more = ("--benchmark", "mini", "--tasks", "xnli,tatoeba")
    words = ["eval", tiny, *usual(quickest, tmp_path), *more]
    running = harness(*words)
    while not finished(tmp_path / "store"):
        assert running.poll() is None, running.communicate()[1]
        time.sleep(0.01)
    running.send_signal(sent)
    out, err = running.communicate(timeout=LONG)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    kept = finished(tmp_path / "store")
    assert 1 <= kept < 18
    last = err.splitlines()[-1]
    assert last.startswith(f"interrupted: {kept} of 19 steps are finished and kept in")
    assert "run the same command again to go on" in last
    assert "written" not in out and not (tmp_path / "out" / "submission.json").exists()
    code, out, err = in_process(*words)
    assert code == 0, err
    assert f"19 steps with the scores, {kept} cached" in out
    undisturbed = tree(whole[0] / "out" / "predictions")
    assert tree(tmp_path / "out" / "predictions") == {
        name: content
        for name, content in undisturbed.items()
        if name.startswith(("xnli/", "tatoeba/"))
    }
    undisturbed = load(whole[0] / "out" / "scores.json")["tasks"]
    assert load(tmp_path / "out" / "scores.json")["tasks"] == {
        name: undisturbed[name] for name in ("xnli", "tatoeba")
    }


# harness data check


def test_data_check_looks_at_intermediate_tasks(run: Call, small_data: Path) -> None:
    code, out, err = run("data", "check", small_data, "--benchmark", "mini")
    assert code == 0, err
    rows = {tuple(line.split()[:3]) for line in out.splitlines()}
    assert {("hellaswag", "(intermediate)", "train"), ("snli", "(intermediate)", "dev")} <= rows
    assert sum("snli (intermediate)" in line for line in out.splitlines()) == 2, "train and dev"
    path = small_data / "intermediate" / "mnli" / "multinli_1.0_train.jsonl"
    lines = path.read_text("utf-8").splitlines()
    lines[2] = lines[2].replace('"entailment"', '"entailmnt"').replace('"neutral"', '"neutrl"')
    lines[2] = lines[2].replace('"contradiction"', '"contra"')
    path.write_text("\n".join(lines) + "\n", "utf-8")
    for more in ([], ["--tasks", "anli+"]):
        code, out, err = run("data", "check", small_data, "--benchmark", "mini", *more)
        assert code == 2 and f"{path}:3: label '" in err and "is none of" in err
    shutil.rmtree(path.parent)
    assert run("data", "check", small_data, "--benchmark", "mini")[0] == 0
    asked = run("data", "check", small_data, "--benchmark", "mini", "--tasks", "mnli")[1]
    assert "mnli (intermediate)  train" in asked and "0/1" in asked
    code, _, err = run("data", "check", small_data, "--tasks", "helaswag")
    assert code == 2 and "did you mean hellaswag?" in err


def test_data_check_says_what_is_there(run: Call) -> None:
    code, out, err = run("data", "check", MINI, "--benchmark", "mini")
    assert (code, err) == (0, "")
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in out.splitlines()}
    assert rows["xnli", "test"] == ["7/7", "36–36", "7/7"]
    assert rows["xnli-en", "train"] == ["1/1", "300–300", "1/1"]
    assert rows["tatoeba", "test"] == ["6/6", "60–60", "6/6"]
    assert rows["bucc2018", "test"] == ["6/6", "65–65", "6/6"]
    assert rows["xquad", "test"] == ["7/7", "24–24", "7/7"]
    code, out, err = run(
        "data", "check", MINI, "--benchmark", "mini", "--per-language", "--tasks", "xnli"
    )
    lines = [line.split() for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert ["xnli", "test", "sw", "36", "yes"] in lines
    assert not any("tatoeba" in line for line in lines)


def test_data_check_without_labels(run: Call, small_data: Path) -> None:
    shutil.rmtree(small_data / "labels")
    (small_data / "xtreme" / "xnli" / "test-sw.tsv").unlink()
    words = ("data", "check", small_data / "xtreme", "--benchmark", "mini", "--tasks", "xnli")
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    row = next(line for line in out.splitlines() if line.split()[:2] == ["xnli", "test"])
    assert row.split()[2:5] == ["6/7", "36–36", "0/6"] and "no file: sw" in row
    code, out, _ = run(*words, "--per-language")
    row = next(line for line in out.splitlines() if line.split()[:3] == ["xnli", "test", "de"])
    assert row.split()[3:] == ["36", "no", "no", "labels"]


def test_data_check_names_every_malformed_place(run: Call, small_data: Path) -> None:
    xtreme, labels = small_data / "xtreme", small_data / "labels"
    (xtreme / "xnli" / "test-de.tsv").write_bytes(b"one\ttwo\none\nei\xffns\tzwei\n")
    (xtreme / "udpos" / "train-en.tsv").write_text("a\tDET\nb\tNOMEN\n\n")
    (xtreme / "xquad" / "xquad.zh.json").write_text('{"data": [')
    (labels / "udpos" / "test-sw.tsv").write_text("NOUN\n\n")
    (labels / "tatoeba" / "test-de.tsv").write_text("0\n1\n")
    code, out, err = run("data", "check", small_data, "--benchmark", "mini")
    assert code == 2 and "Traceback" not in err
    for said in (
        f"{xtreme}/xnli/test-de.tsv:2: 1 columns, expected 2",
        f"{xtreme}/xnli/test-de.tsv:3: not UTF-8 at byte 3",
        f"{xtreme}/udpos/train-en.tsv:2: tag 'NOMEN' is none of ADJ",
        f"{xtreme}/xquad/xquad.zh.json:1: no valid JSON",
        f"{labels}/udpos/test-sw.tsv: 1 sentences, the tokens have 30",
        f"{labels}/tatoeba/test-de.tsv: 2 labels for 60 examples",
    ):
        assert said in err
    last = err.splitlines()[-1]
    assert last.startswith("error: ") and f"malformed places in {small_data}" in last
    assert "1 malformed" in next(line for line in out.splitlines() if "ud-en" in line)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere: no such folder"),
        ([MINI, "--labels", "nowhere"], "nowhere: no such folder of labels"),
        ([MINI, "--tasks", "xnlli"], "unknown task 'xnlli'; did you mean xnli"),
        ([MINI, "--benchmark", "xtrem"], "unknown benchmark 'xtrem'; did you mean xtreme"),
    ],
)
def test_data_check_of_wrong_names(run: Call, words: list[object], said: str) -> None:
    code, _, err = run("data", "check", *words)
    assert said in one_line(code, err)


def test_data_check_of_the_real_rows(run: Call, real_data: Path) -> None:
    code, out, err = run("data", "check", real_data, "--tasks", "xnli,pawsx,xquad,tatoeba")
    assert (code, err) == (0, "")
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in out.splitlines()}
    assert rows["xnli", "test"] == ["15/15", "900–900", "15/15"]
    assert rows["xquad", "test"] == ["11/11", "366–366", "11/11"]
    assert rows["tatoeba", "test"] == ["36/36", "205–1000", "36/36"]


def test_a_limit_that_leaves_no_gold_pair_is_no_crash(
    evaluate: Call, small_data: Path, tmp_path: Path
) -> None:
    gold = small_data / "labels/bucc2018/test-de.tsv"
    last, english = (
        (small_data / f"xtreme/bucc2018/de-en.test.{side}").read_text("utf-8").splitlines()[-1]
        for side in ("de", "en")
    )
    gold.write_text(f"{last.split(chr(9))[0]}\t{english.split(chr(9))[0]}\n")
    words = ("--benchmark", "mini", "--data", small_data, "--tasks", "bucc2018", "--limit", 1)
    code, out, err = evaluate(*words, "--languages", "de")
    assert code == 0, err
    assert "nothing labelled among the first 1" in out


def test_a_bad_label_file_stops_no_training_and_no_prediction(
    evaluate: Call, small_data: Path, tmp_path: Path
) -> None:
    (small_data / "labels/pawsx/test-de.tsv").write_text("0\n")
    words = ("--benchmark", "mini", "--data", small_data, "--tasks", "pawsx,xnli")
    code, out, err = evaluate(*words, "--languages", "de,en")
    assert code == 1
    assert "predictions for 1 labelled pairs" in err
    assert (tmp_path / "out/predictions/xnli/test-de.tsv").is_file()
    scores = json.loads((tmp_path / "out/scores.json").read_text())
    assert scores["tasks"]["xnli"]["score"] is not None and "incomplete" in scores["partial"]
    assert "PARTIAL: incomplete, 1 steps failed" in out


def test_a_partial_run_stays_partial_when_scored_again(
    run: Call, evaluate: Call, tmp_path: Path
) -> None:
    words = ("--benchmark", "mini", "--tasks", "xnli", "--max-steps", 1)
    assert evaluate(*words)[0] == 0
    score = ("score", tmp_path / "out", "--labels", MINI / "labels", "--benchmark", "mini")
    assert "PARTIAL" in run(*score)[1]
    assert "at most 1 updates" in json.loads(run(*score, "--json")[1])["partial"]


def test_predictions_of_an_earlier_run_do_not_stay(evaluate: Call, tmp_path: Path) -> None:
    common = ("--benchmark", "mini", "--languages", "de")
    assert evaluate(*common, "--tasks", "xnli,tatoeba")[0] == 0
    assert evaluate(*common, "--tasks", "tatoeba")[0] == 0
    assert [p.name for p in (tmp_path / "out/predictions").iterdir()] == ["tatoeba"]


def test_an_unknown_tracker_is_said_before_any_work(evaluate: Call, tmp_path: Path) -> None:
    words = ("--benchmark", "mini", "--tasks", "xnli", "--tracker", "tensorbord")
    code, _, err = evaluate(*words)
    assert code == 2
    assert err.startswith("error: unknown tracker 'tensorbord'; did you mean tensorboard?")
    assert err.count("\n") == 1
    assert not (tmp_path / "store").exists()
