"""Plug-ins: a third party's package is installed and evaluated; bad ones get a clear line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from support.names import LISTED
from support.places import FIXTURES, ROOT

from harness import recipes, registry
from harness.data.folder import open_folder
from harness.errors import HarnessError
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.pipeline.plan import make_plan
from harness.pipeline.request import Request
from harness.studies.study_file import read_study

PLUGIN = FIXTURES / "plugin"
GROUP = "harness.tasks"
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the fixture package is installed to by pip, as any package is."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(PLUGIN, folder / "source")  # setuptools leaves its build there
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-index", "--no-deps", "--no-build-isolation"),
            *("--target", str(folder / "site"), str(source)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "site" / "toynli" / "__init__.py").is_file()
    return folder / "site"


def harness(site: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command line with the plug-in installed."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_not_there_before_it_is_installed(run: Call) -> None:
    code, _, err = run("tasks", "toynli")
    assert code == 2 and "unknown task 'toynli'" in err


def test_it_is_listed_and_shown(installed: Path) -> None:
    done = harness(installed, "tasks")
    assert (done.returncode, done.stderr) == (0, "")
    tasks, _, intermediate = done.stdout.partition("\n\n")
    rows = {line.split()[0]: line for line in tasks.splitlines()[2:]}
    assert sorted(rows) == sorted([*LISTED, "toynli"])
    assert "hellaswag, mewslix-pairs, mlm, mnli" in intermediate
    for part in ("classification", "sentence-pair classification", " 3 ", "toynli-lessons", "CC0"):
        assert part in rows["toynli"]
    task = json.loads(harness(installed, "tasks", "toynli", "--json").stdout)
    assert task["labels"] == ["follows", "does not"]
    assert task["languages"] == {"toynli": ["en", "de", "fr"]}
    assert task["group"] == "", "a group is a benchmark's, and none has it"
    assert task["sources"]["folder"]["test"] == "toy/exams/{lang}/questions.tsv"
    assert task["citation"] == "Nobody 2026, ToyNLI"


def test_its_data_can_be_checked(installed: Path, tmp_path: Path) -> None:
    done = harness(installed, "data", "check", PLUGIN / "data", "--tasks", "toynli")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in done.stdout.splitlines()}
    assert rows["toynli-lessons", "train"] == ["1/1", "12–12", "1/1"]
    assert rows["toynli", "test"] == ["3/3", "8–8", "3/3"]
    copy = Path(shutil.copytree(PLUGIN / "data", tmp_path / "data"))
    (copy / "toy" / "lessons" / "en.tsv").write_text("one\ttwo\tfollow\n")
    done = harness(installed, "data", "check", copy, "--tasks", "toynli")
    assert done.returncode == 2
    assert "en.tsv:1: label 'follow' is none of follows, does not" in done.stderr


@pytest.mark.slow
def test_it_is_evaluated_and_scored(
    installed: Path, tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    words = ["eval", tiny, "--data", PLUGIN / "data", "--tasks", "toynli", "--recipe", quickest]
    words += ["--store", tmp_path / "store", "--output", tmp_path / "out"]
    done = harness(installed, *words, "--threads", 1, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "train toynli-lessons 1 0 1 12".split() in [
        line.split() for line in done.stdout.splitlines()
    ]
    row = next(line for line in done.stdout.splitlines() if line.startswith("not in the bench"))
    assert row.split()[4] == "toynli" and row.split()[-1] == "3/3"
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    task = scores["tasks"]["toynli"]
    assert task["complete"] and list(task["languages"]) == ["en", "de", "fr"]
    assert scores["overall"] is None and set(scores["groups"].values()) == {None}
    for code, metrics in task["languages"].items():
        given = (tmp_path / "out/predictions/toynli" / f"test-{code}.tsv").read_text()
        gold = (PLUGIN / "data/labels/toy" / f"{code}.answers").read_text()
        right = [a == b for a, b in zip(given.splitlines(), gold.splitlines(), strict=True)]
        assert metrics == {"accuracy": 100 * sum(right) / 8}
    # and its predictions are scored again by the same door
    done = harness(
        installed, "score", tmp_path / "out", "--labels", PLUGIN / "data" / "labels", "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["tasks"]["toynli"]["languages"] == task["languages"]


# Bad plug-ins


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Add entry points to those that are installed."""
    real = registry._installed()

    def clear() -> None:
        registry._points.cache_clear()
        for cached in (registry.task, registry.training, registry.benchmark):
            cached.cache_clear()
        for cached in (registry.tasks, registry.trainings, registry.benchmarks):
            cached.cache_clear()

    def add(*more: tuple[str, str, str]) -> None:
        groups = [f"harness.{kind}" for kind in registry._KINDS]
        mine = [EntryPoint(name, value, of) for name, value, of in more]
        found = EntryPoints([*(point for of in groups for point in real.select(group=of)), *mine])
        monkeypatch.setattr(registry, "_installed", lambda: found)
        clear()

    yield add
    monkeypatch.undo()
    clear()


def error_line(code: int, err: str) -> str:
    """The one line of an error the user can mend."""
    assert code == 2 and len(err.splitlines()) == 1 and err.startswith("error: "), err
    return err.strip()


def listed(out: str) -> list[str]:
    """The names of the tasks in the table of ``harness tasks``."""
    return [line.split()[0] for line in out.partition("\n\n")[0].splitlines()[2:]]


def test_two_plug_ins_with_one_name(points: Callable[..., None], run: Call) -> None:
    points(("xnli", "elsewhere.xnli:TASK", GROUP))
    told = "two plug-ins bring a task named 'xnli': "
    for words in (("tasks", "xnli"), ("data", "check", FIXTURES, "--tasks", "xnli")):
        line = error_line(*run(*words)[::2])
        assert told in line and "uninstall one of them" in line
        assert "xtreme_tasks.xtreme.xnli:TASK" in line and "elsewhere.xnli:TASK" in line
    code, out, err = run("tasks")
    assert code == 0 and listed(out) == [name for name in LISTED if name != "xnli"]
    assert err.startswith(f"warning: {told}") and len(err.splitlines()) == 1
    assert run("tasks", "udpos")[::2] == (0, "")


def test_one_plug_in_found_twice_is_one(points: Callable[..., None], run: Call) -> None:
    points(("xnli", "xtreme_tasks.xtreme.xnli:TASK", GROUP))  # as an editable install beside a copy
    code, out, err = run("tasks")
    assert (code, err) == (0, "")
    assert len(out.partition("\n\n")[0].splitlines()) == 2 + len(LISTED)


BROKEN = {
    "raises": "raise RuntimeError('no luck\\ntoday')",
    "syntax": "def (",
    "imports": "import nothing_of_that_name",
    "exits": "raise SystemExit(3)",
    "kind": "IT = 'a word'",
}


@pytest.fixture(params=BROKEN)
def broken(
    request: pytest.FixtureRequest,
    points: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Install a broken plug-in of each kind; give what is said of it."""
    module = f"broken_{request.param}"
    (tmp_path / f"{module}.py").write_text(BROKEN[request.param])
    monkeypatch.syspath_prepend(tmp_path)
    points(*(("broken", f"{module}:IT", f"harness.{kind}") for kind in registry._KINDS))
    return f"plug-in {module}:IT " + (
        "is not a " if request.param == "kind" else "cannot be loaded"
    )


def test_a_broken_plug_in_is_an_error_for_who_names_it(broken: str, run: Call) -> None:
    for words in (
        ("tasks", "broken"),
        ("eval", "nowhere", "--tasks", "broken"),
        ("train", "broken", "--from", "nowhere", "--output", "nowhere"),
        ("score", FIXTURES, "--labels", FIXTURES, "--benchmark", "broken"),
        ("data", "check", FIXTURES, "--tasks", "broken"),
    ):
        code, _, err = run(*words)  # a recipe's keys are held against all plug-ins: warnings
        *warnings, line = err.splitlines()
        assert code == 2 and all(broken in warning for warning in warnings)
        assert line.startswith(f"error: {broken}") and line.endswith("; mend or uninstall it")


def test_a_broken_plug_in_is_a_warning_in_lists(broken: str, run: Call, small_data: Path) -> None:
    code, out, err = run("tasks")
    sets = ", squad, squad-passages, squad_v2\n"
    assert code == 0 and listed(out) == LISTED and out.endswith(sets)
    assert len(err.splitlines()) == 3  # a task, a training set and a benchmark
    assert all(line.startswith(f"warning: {broken}") for line in err.splitlines())
    assert run("tasks", "--json")[2] == "", "once is enough"
    code, out, _ = run("data", "check", small_data, "--benchmark", "mini")
    assert code == 0 and "hellaswag (intermediate)" in out


def test_a_broken_plug_in_does_not_break_what_does_not_use_it(
    broken: str, run: Call, tiny: Path, tmp_path: Path
) -> None:
    code, out, err = run("eval", tiny, "--benchmark", "mini", "--recipe", "quick", "--tasks",
                         "xnli", "--dry-run", "--store", tmp_path / "store")  # fmt: skip
    assert code == 0 and "predict  xnli" in out
    assert all(line.startswith(f"warning: {broken}") for line in err.splitlines())
    code, out, err = run("tasks", "xnli")
    assert code == 0 and out.startswith("xnli: XNLI")


def test_a_plug_in_without_the_value_it_names(points: Callable[..., None], run: Call) -> None:
    points(("empty", "xtreme_tasks.xtreme.xnli:NOTHING", GROUP))
    code, _, err = run("tasks", "empty")
    assert "plug-in xtreme_tasks.xtreme.xnli:NOTHING cannot be loaded" in error_line(code, err)


def test_a_plug_in_that_is_no_task(points: Callable[..., None], run: Call) -> None:
    points(("mnli", "xtreme_tasks.xtreme.xnli:XNLI_ENGLISH", GROUP))
    code, _, err = run("tasks", "mnli")
    assert "plug-in xtreme_tasks.xtreme.xnli:XNLI_ENGLISH is not a Task" in error_line(code, err)


def test_a_plug_in_under_another_name_than_its_task(points: Callable[..., None], run: Call) -> None:
    points(("xnli2", "xtreme_tasks.xtreme.xnli:TASK", GROUP))
    code, _, err = run("tasks", "xnli2")
    assert "is named 'xnli' but its entry point 'xnli2'" in error_line(code, err)


def test_a_user_s_own_tasks_are_not_in_the_way(tmp_path: Path) -> None:
    """A module or folder of this name in the working folder once took the place of the built-in."""
    (tmp_path / "tasks.py").write_text("raise RuntimeError('the user's own')")
    (tmp_path / "folder" / "tasks").mkdir(parents=True)
    (tmp_path / "folder" / "tasks" / "__init__.py").write_text("")
    for folder in (tmp_path, tmp_path / "folder"):
        done = subprocess.run(
            [sys.executable, "-m", "harness", "tasks"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert listed(done.stdout) == LISTED


def test_a_benchmark_comes_in_by_the_same_door(points: Callable[..., None], run: Call) -> None:
    points(("broken", "nowhere.at.all:B", "harness.benchmarks"))
    code, _, err = run("data", "check", FIXTURES, "--benchmark", "broken")
    assert "plug-in nowhere.at.all:B cannot be loaded" in error_line(code, err)
    with pytest.raises(HarnessError, match="unknown benchmark 'xtrem'; did you mean xtreme"):
        registry.benchmark("xtrem")


OWN = """
from dataclasses import dataclass, replace
from typing import ClassVar
from toynli import TASK as TOY, LESSONS
from harness.bounds import Bounds
from harness.formats import SentencePair
from harness.recipes import Setting

@dataclass(frozen=True)
class Shouting(SentencePair):
    name: ClassVar[str] = "shouting"
    reads: ClassVar[tuple[str, ...]] = ("max_length", "volume")
    settings: ClassVar = (Setting("volume", 3, Bounds(1, 10), "How loud it is."),)

    def encode(self, rows, tokenizer, settings, *, training):
        assert settings.value("volume") in self.settings[0].expected
        return super().encode(rows, tokenizer, settings, training=training)

FORM = Shouting(labels=("follows", "does not"))
LESSONS = replace(LESSONS, name="shouts", format=FORM)
TASK = replace(TOY, name="shout", format=FORM, training=LESSONS)
"""


@pytest.fixture
def shout(
    points: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], recipes.Recipe]:
    """Install a format with a setting of its own; load a recipe."""
    (tmp_path / "shouting.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(PLUGIN)
    for name in ("toynli", "shouting"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    points(("shout", "shouting:TASK", GROUP), ("shouts", "shouting:LESSONS", "harness.training"))

    def load(text: str) -> recipes.Recipe:
        (tmp_path / "r.toml").write_text(text)
        return recipes.load(str(tmp_path / "r.toml"))

    return load


@pytest.mark.parametrize(
    ("text", "volumes"),
    [
        ("", (3, 3)),
        ("[format.shouting]\nvolume = 5\n", (5, 5)),
        ("[training.shouts]\nvolume = 7\n", (7, 3)),
        ('[intermediate."shouts"]\nvolume = 9\n[format.shouting]\nvolume = 4\n', (4, 9)),
    ],
)
def test_a_format_brings_a_setting(
    text: str, volumes: tuple[int, int], shout: Callable[[str], recipes.Recipe]
) -> None:
    recipe, task = shout(text), registry.task("shout")
    assert task.training is not None
    found = recipe.settings(task.format, task.training)
    later = recipe.intermediate_settings(registry.training("shouts"))
    assert (found.value("volume"), later.value("volume")) == volumes
    assert (found.value("max_length"), len({found, later})) == (128, 1 + (found != later))
    other = registry.task("xnli")
    assert recipe.settings(other.format, other.training).own == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[format.shouting]\nvolum = 5\n", ":2:1: unknown key 'volum'; did you mean volume?"),
        (
            "[training.shouts]\nvolume = 11\n",
            ":2:1: volume = 11; expected a whole number from 1 to 10. How loud it is.",
        ),
        ("[default]\nvolume = 5\n", ":2:1: unknown key 'volume'"),
        ('[format."token tagging"]\nvolume = 5\n', ":2:1: unknown key 'volume'"),
        ("[intermediate.mnli]\nvolume = 5\n", ":2:1: unknown key 'volume'"),
    ],
)
def test_a_setting_that_a_format_brings_is_checked(
    text: str, said: str, shout: Callable[[str], recipes.Recipe], tmp_path: Path
) -> None:
    with pytest.raises(HarnessError) as caught:
        shout(text)
    assert str(caught.value).startswith(f"{tmp_path / 'r.toml'}{said}")


def test_a_study_may_set_it(shout: Callable[[str], recipes.Recipe], tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    text = '[checkpoints]\nc = "x"\n[intermediate.a]\ntrain = ["shouts"]\nsettings.volume = {}\n'
    file.write_text(text.format(2))
    assert read_study(file).intermediate[1].settings == {"volume": 2}
    file.write_text(text.format(0))
    with pytest.raises(HarnessError, match=r"s\.toml:5:1: volume = 0; expected .* How loud it is"):
        read_study(file)


def test_a_setting_that_a_format_brings_is_in_the_keys(
    shout: Callable[[str], recipes.Recipe], tiny: Path
) -> None:
    keys = []
    for volume in (3, 4):
        request = Request(
            checkpoint=open_checkpoint(str(tiny), offline=True),
            benchmark=registry.benchmark("xtreme"),
            source=open_folder(PLUGIN / "data", None),
            recipe=shout(f"[format.shouting]\nvolume = {volume}\nmax_length = 16\n"),
            device=choose_device("cpu", "fp32", 1),
            tasks=("shout",),
        )
        plan = make_plan(request)
        train, predict = (next(s for s in plan.steps if s.kind == k) for k in ("train", "predict"))
        assert train.identity()["sets"][0]["settings"]["volume"] == volume
        assert predict.identity()["settings"] == {"max_length": 16, "volume": volume}
        assert "own" not in train.identity()["settings"]
        keys.append({train.key, predict.key})
    assert not keys[0] & keys[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"volume")', ")", "'shouting' brings a setting volume; add it to its reads"),
        ('"volume"', '"epochs"', "'shouting' brings a setting epochs: the name is taken"),
    ],
)
def test_a_setting_that_would_be_in_no_key_is_refused(
    old: str, new: str, said: str, shout: Callable[[str], recipes.Recipe], tmp_path: Path
) -> None:
    (tmp_path / "shouting.py").write_text(OWN.replace(old, new))
    with pytest.raises(HarnessError, match=said):
        shout("").settings(registry.task("shout").format, None)
