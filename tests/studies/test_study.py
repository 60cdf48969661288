"""Studies: what is shared and what is not, what is run, cached, failed, estimated and tabulated."""

import hashlib
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.command_line import in_process, use_cache
from support.places import MINI, ROOT
from support.statistics_made import language as summed
from support.stores import Quiet
from support.stores import step as made_up
from support.waiting import LONG

from harness import places, registry
from harness.data.memory import Memory
from harness.declarations import headline
from harness.errors import HarnessError
from harness.pipeline.engines.schedule import Moved, Outcome, run_all
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.predict_step import PredictStep
from harness.pipeline.steps.score_step import ScoreStep
from harness.pipeline.steps.step import Step
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.store import LAYOUT_FILE, MANIFEST, PACES_FILE, Store
from harness.results import STATISTICS
from harness.statistics.sums import Sums
from harness.statistics.sums_file import save
from harness.studies.expand import Cell, StudyPlan, plan_study
from harness.studies.study_file import read_study
from harness.studies.study_results import comparison_of

Run = Callable[..., tuple[int, str, str]]
HEAD = """benchmark = "mini"
recipes = ["quick"]
languages = ["en", "de"]
device = "cpu"
limit = 6
"""
SHORT = """[settings.default]
learning_rate = 1e-3
max_length = 64
stride = 16
max_question = 16
train_examples = 64
dev_examples = 12
[settings.format."span extraction"]
max_length = 64
[settings.format."sentence retrieval"]
max_length = 64
"""
WHOLE = """targets = ["udpos", "xnli", "tatoeba"]
seeds = [1, 2]
threads = 1
max_steps = 6
[checkpoints]
tiny = "{tiny}"
elsewhere = {{path = "{tiny}", intermediate = "somebody's", baseline = "tiny"}}
[intermediate]
mnli = ["mnli"]
mix = {{train = ["hellaswag", "ccg"], mlm = 0.2}}
seq = {{train = ["qqp"], from = "mnli"}}
"""
LITTLE = """targets = ["xnli", "tatoeba"]
seeds = [1]
threads = 1
max_steps = 2
[checkpoints]
tiny = "{tiny}"
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study-cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_cache(cache / "xtreme-harness", monkeypatch)


@dataclass(frozen=True)
class Made:
    """A study that was run once for all tests here."""

    file: Path
    store: Path
    output: Path
    said: str
    progress: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny: Path, cache: Path) -> Made:
    folder = tmp_path_factory.mktemp("study")
    file = folder / "small.toml"
    file.write_text(HEAD + WHOLE.format(tiny=tiny) + SHORT)
    words = ("study", "run", file, "--store", folder / "store", "--output", folder / "out")
    with pytest.MonkeyPatch.context() as patch:
        use_cache(cache / "xtreme-harness", patch)
        code, out, err = in_process(*words)
    assert code == 0, err[-3000:]
    return Made(file, folder / "store", folder / "out", out, err)


def harness(*words: object, cache: Path) -> "subprocess.CompletedProcess[str]":
    """Run the command line in a process of its own, with this test's cache."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *map(str, words)],
        env=os.environ | {"XDG_CACHE_HOME": str(cache), "OMP_NUM_THREADS": "1"},
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=LONG,
    )  # fmt: skip


@pytest.fixture
def plan_of(tiny: Path, tmp_path: Path) -> Callable[..., StudyPlan]:
    """Plan a study from text put between the head and the short settings."""

    def make(text: str, head: str = HEAD, settings: str = SHORT) -> StudyPlan:
        file = tmp_path / "planned.toml"
        file.write_text(head + text.format(tiny=tiny) + settings)
        return plan_study(read_study(file), Memory(places.memory()))

    return make


def cells(whole: StudyPlan, name: str) -> list[Cell]:
    return [cell for cell in whole.cells if cell.row == name]


def keys(cell: Cell) -> set[str]:
    return {step.key for step in cell.plan.steps}


# --- what is shared


def test_steps_come_once_and_after_their_parents(plan_of: Callable[..., StudyPlan]) -> None:
    whole = plan_of(WHOLE)
    seen: set[str] = set()
    for step in whole.steps:
        assert step.key not in seen
        assert {parent.key for parent in step.parents} <= seen
        seen.add(step.key)
    assert len(whole.cells) == 2 * 4 + 2
    assert seen == {step.key for cell in whole.cells for step in cell.plan.steps}


def test_retrieval_of_the_baseline_is_shared_by_the_seeds(
    plan_of: Callable[..., StudyPlan],
) -> None:
    whole = plan_of(WHOLE)
    one, two = (cell.plan.predictions["tatoeba"]["de"].key for cell in cells(whole, "baseline"))
    assert one == two
    one, two = (cell.plan.predictions["tatoeba"]["de"].key for cell in cells(whole, "mnli"))
    assert one != two
    # xnli's and udpos' training of each of (3 settings + baseline) x 2 seeds, and the 3 x 2
    # themselves; the checkpoint from elsewhere has the same weights as tiny
    trained = [step for step in whole.steps if step.kind == "train"]
    assert len(trained) == 4 * 2 * 2 + 3 * 2


def test_the_same_content_under_other_names_is_the_same_work(
    plan_of: Callable[..., StudyPlan],
) -> None:
    whole = plan_of(
        LITTLE
        + """[intermediate]
one = ["mnli", "qqp"]
two = ["qqp", "mnli"]
three = {{train = ["qqp", "mnli", "qqp"], settings = {{max_answer = 7, layer = 1}}}}
x = {{train = ["ccg"], from = "one"}}
y = {{train = ["ccg"], from = "two"}}
"""
    )
    one, two, three, x, y = (keys(cells(whole, n)[0]) for n in ("one", "two", "three", "x", "y"))
    assert one == two == three
    assert x == y
    assert one < x | one and not x <= one
    clusters = {step.key for step in whole.steps if step.kind == "cluster"}
    assert keys(cells(whole, "baseline")[0]) & one == clusters
    assert sum(step.kind == "train" for step in whole.steps) == 1 + 2 + 2


def test_a_line_shares_its_beginning(plan_of: Callable[..., StudyPlan]) -> None:
    whole = plan_of(WHOLE)
    for mnli, seq in zip(cells(whole, "mnli"), cells(whole, "seq"), strict=True):
        (first,) = {
            s.key for s in mnli.plan.steps if s.name.startswith("train intermediate mnli")
        } & {s.key for s in seq.plan.steps}
        assert [p.key for p in seq.plan.steps[1].parents] == [first]


MIX = 'train = ["mnli", "qqp"]'
ONE = 'train = ["mnli"]'
SPANS = 'train = ["squad_v2"]'
CAPPED = 'sampling = "capped"'
DIFFER = {
    "learning rate": (ONE, f"{ONE}, settings = {{learning_rate = 1e-4}}"),
    "sets": (ONE, 'train = ["qqp"]'),
    "sets of a mixture": (MIX, 'train = ["mnli", "snli"]'),
    "sampling": (
        f'{MIX}, settings = {{sampling = "uniform"}}',
        f'{MIX}, settings = {{sampling = "proportional"}}',
    ),
    "temperature with capped": (
        f"{MIX}, settings = {{{CAPPED}, temperature = 2.0}}",
        f"{MIX}, settings = {{{CAPPED}, temperature = 5.0}}",
    ),
    "cap with capped": (
        f"{MIX}, settings = {{{CAPPED}, cap = 20}}",
        f"{MIX}, settings = {{{CAPPED}, cap = 30}}",
    ),
    "mlm or none": (MIX, f"{MIX}, mlm = 0.1"),
    "share of mlm": (f"{MIX}, mlm = 0.2", f"{MIX}, mlm = 0.1"),
    "weights or none": (MIX, f"{MIX}, weights = {{mnli = 2, qqp = 1}}"),
    "weights": (
        f"{MIX}, weights = {{mnli = 1, qqp = 2}}",
        f"{MIX}, weights = {{mnli = 2, qqp = 1}}",
    ),
    "train_examples": (ONE, f"{ONE}, settings = {{train_examples = 20}}"),
    "dev_examples": (ONE, f"{ONE}, settings = {{dev_examples = 5}}"),
    "train_examples of a mixture": (MIX, f"{MIX}, settings = {{train_examples = 20}}"),
    "keep_head": (
        f'{ONE}, from = "first"',
        f'{ONE}, from = "first", settings = {{keep_head = true}}',
    ),
    "from": (f'{ONE}, from = "first"', ONE),
    "max_length": (ONE, f"{ONE}, settings = {{max_length = 32}}"),
    "max_answer of spans": (SPANS, f"{SPANS}, settings = {{max_answer = 3}}"),
    "stride of spans": (SPANS, f"{SPANS}, settings = {{stride = 20}}"),
    "patience": (ONE, f"{ONE}, settings = {{patience = 4}}"),
    "check_every": (ONE, f"{ONE}, settings = {{check_every = 4}}"),
    "epochs": (ONE, f"{ONE}, settings = {{epochs = 4}}"),
    "lora": (ONE, f"{ONE}, settings = {{lora = 4}}"),
    "accumulate": (ONE, f"{ONE}, settings = {{accumulate = 4}}"),
    "freeze_words": (ONE, f"{ONE}, settings = {{freeze_words = false}}"),
    "warmup": (ONE, f"{ONE}, settings = {{warmup = 0.3}}"),
    "weight_decay": (ONE, f"{ONE}, settings = {{weight_decay = 0.3}}"),
    "gradient norm": (ONE, f"{ONE}, settings = {{max_grad_norm = 0.3}}"),
    "batch size": (ONE, f"{ONE}, settings = {{batch_size = 3}}"),
}  # fmt: skip
SHARE = {
    "order": (MIX, 'train = ["qqp", "mnli"]'),
    "a set twice": (MIX, 'train = ["qqp", "mnli", "qqp"]'),
    "order with weights": (
        f"{MIX}, weights = {{mnli = 2, qqp = 1}}",
        'train = ["qqp", "mnli"], weights = {qqp = 1.0, mnli = 2.0}',
    ),
    "order with mlm": (f"{MIX}, mlm = 0.2", 'train = ["qqp", "mnli"], mlm = 0.2'),
    "temperature with uniform": (
        f'{MIX}, settings = {{sampling = "uniform"}}',
        f'{MIX}, settings = {{sampling = "uniform", temperature = 5.0}}',
    ),
    "cap with proportional": (
        f'{MIX}, settings = {{sampling = "proportional"}}',
        f'{MIX}, settings = {{sampling = "proportional", cap = 50}}',
    ),
    "sampling of one set": (ONE, f'{ONE}, settings = {{sampling = "uniform"}}'),
    "max_answer of pairs": (ONE, f"{ONE}, settings = {{max_answer = 3, stride = 9}}"),
    "max_question of pairs": (ONE, f"{ONE}, settings = {{max_question = 3}}"),
    "layer": (ONE, f"{ONE}, settings = {{layer = 1}}"),
    "language_exponent of one language": (ONE, f"{ONE}, settings = {{language_exponent = 0.7}}"),
}


def two(plan_of: Callable[..., StudyPlan], a: str, b: str) -> tuple[Cell, Cell]:
    text = f'[intermediate]\nfirst = ["mnli"]\na = {{{a}}}\nb = {{{b}}}\n'
    whole = plan_of(LITTLE + text.replace("{", "{{").replace("}", "}}"))
    return cells(whole, "a")[0], cells(whole, "b")[0]


@pytest.mark.parametrize("case", DIFFER)
def test_what_changes_a_result_changes_the_key(
    case: str, plan_of: Callable[..., StudyPlan]
) -> None:
    a, b = two(plan_of, *DIFFER[case])
    mine, other = (
        next(s for s in c.plan.steps if s.name.startswith(f"train intermediate {c.row}"))
        for c in (a, b)
    )
    assert mine.key != other.key
    clusters = {step.key for step in a.plan.steps if step.kind == "cluster"}
    shared = (keys(a) & keys(b)) - clusters  # at most what both go on from
    assert all(cell.plan.steps[0].key in shared for cell in (a, b)) or not shared
    assert len(shared) <= 1


@pytest.mark.parametrize("case", SHARE)
def test_what_changes_no_result_changes_no_key(
    case: str, plan_of: Callable[..., StudyPlan]
) -> None:
    a, b = two(plan_of, *SHARE[case])
    assert keys(a) == keys(b)


@pytest.mark.parametrize(
    ("old", "new", "retrieval"),
    [
        ("seeds = [1]", "seeds = [3]", False),
        ("threads = 1", "threads = 2", True),
        ("threads = 1", 'threads = 1\nprecision = "bf16"', True),
        ("max_steps = 2", "max_steps = 3", False),
        ("threads = 1", "threads = 1\nprocesses = 2", False),
    ],
)
def test_surroundings_that_change_a_result(
    old: str, new: str, retrieval: bool, plan_of: Callable[..., StudyPlan]
) -> None:
    text = LITTLE + '[intermediate]\nmnli = ["mnli"]\n'
    before, after = plan_of(text), plan_of(text.replace(old, new))
    for one, other in zip(before.cells, after.cells, strict=True):
        for a, b in zip(one.plan.steps, other.plan.steps, strict=True):
            baseline = one.row == "baseline" and "tatoeba" in a.name
            if a.kind == "train":
                assert a.key != b.key
            if a.kind == "cluster":  # of the examples alone
                assert a.key == b.key
                continue
            assert (a.key != b.key) == (not baseline or retrieval), (a.name, b.name)


def test_names_and_surroundings_that_change_nothing(plan_of: Callable[..., StudyPlan]) -> None:
    text = LITTLE + '[intermediate]\nmnli = ["mnli"]\nhella = ["hellaswag"]\n'
    before = {step.key for step in plan_of(text).steps}
    other = text.replace("tiny =", "another =").replace("hella =", "q =").replace("mnli =", "r =")
    other = other.replace('["xnli", "tatoeba"]', '["tatoeba", "xnli"]')
    assert {step.key for step in plan_of('about = "words"\n' + other).steps} == before


def test_a_change_to_one_target_leaves_the_others(plan_of: Callable[..., StudyPlan]) -> None:
    text = LITTLE.replace('"xnli",', '"xnli", "udpos",') + '[intermediate]\nmnli = ["mnli"]\n'
    before = plan_of(text)
    after = plan_of(text, settings=SHORT + "[settings.training.ud-en]\nlearning_rate = 1e-2\n")
    changed = {s.key for s in after.steps} - {s.key for s in before.steps}
    assert changed
    assert all("ud-en" in s.name or "udpos" in s.name for s in after.steps if s.key in changed)


# --- what is run


def test_the_first_run(made: Made) -> None:
    found = re.search(r"(\d+) steps ran in [\d.]+ s", made.progress)
    planned = re.search(r"(\d+) steps with the scores, 0 cached", made.said)
    assert found and planned and found[1] == planned[1]
    assert len(list(made.store.glob(f"steps/*/*/{MANIFEST}"))) == int(found[1])
    assert not list((made.store / "aside").iterdir())
    assert made.progress.count("\n") > 40
    assert (made.output / "table.txt").read_text().strip() in made.said
    assert "PARTIAL" in made.said and "never beside a whole run" in made.said


def test_a_second_run_is_cached_and_runs_nothing(
    made: Made, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*some: object) -> None:
        raise AssertionError("something ran")

    monkeypatch.setattr("harness.pipeline.engines.run_step.do", never)
    monkeypatch.setattr("harness.pipeline.engines.run_step.InProcessEngine", never)
    before = {p: p.stat().st_mtime_ns for p in made.store.rglob("*")}
    code, out, err = run("study", "run", made.file, "--store", made.store, "--output", tmp_path)
    assert (code, err) == (0, "")
    assert "steps ran" not in out
    assert "estimate: nothing to do" in out
    steps, cached = re.search(r"(\d+) steps with the scores, (\d+) cached", out).groups()  # type: ignore[union-attr]
    assert steps == cached
    for name in ("table.txt", "table.json"):
        assert (tmp_path / name).read_bytes() == (made.output / name).read_bytes()
    assert {p: p.stat().st_mtime_ns for p in made.store.rglob("*")} == before


def slow_scores(made: Made, whole: StudyPlan, row: str) -> dict[str, list[float]]:
    """Return a row's score of each target by seed, from scores.json alone."""
    found: dict[str, list[float]] = {}
    for seed in (1, 2):
        (cell,) = [c for c in whole.cells if c.row == row and c.seed == seed]
        for target, step in cell.plan.scores.items():
            file = made.store / "steps" / step.key[:2] / step.key / "scores.json"
            languages = json.loads(file.read_text())["languages"]
            metric = registry.task(target).format.metric
            of_languages = [headline(metric, scores) for scores in languages.values()]
            found.setdefault(target, []).append(statistics.fmean(of_languages))
    found["mean"] = [statistics.fmean(v[i] for v in found.values()) for i in (0, 1)]
    return found


def test_the_table_is_what_a_slow_reference_says(
    made: Made, plan_of: Callable[..., StudyPlan], run: Run
) -> None:
    whole = plan_of(WHOLE)
    code, out, _ = run("study", "table", made.file, "--store", made.store, "--json")
    assert code == 0
    table = json.loads(out)
    assert json.loads((made.output / "table.json").read_text()) == table
    assert table["seeds"] == [1, 2] and table["benchmark"] == "mini" and table["partial"]
    assert table["columns"] == ["udpos", "xnli", "tatoeba", "mean"]
    names = ["baseline", "mnli", "mix", "seq", "somebody's"]
    assert [row["name"] for row in table["rows"]] == names
    assert {row["group"] for row in table["rows"]} == {"tiny"}
    base = slow_scores(made, whole, "baseline")
    moved = False
    for row in table["rows"]:
        scores = slow_scores(made, whole, row["name"])
        for target, values in scores.items():
            score, mean = row["scores"][target], statistics.fmean(values)
            assert score["estimate"] == pytest.approx(mean, abs=1e-6)
            assert score["low"] <= score["estimate"] <= score["high"]
            # the baseline's retrieval is not trained; somebody's runs share one checkpoint
            shares = row["name"] == "somebody's"
            fixed = row["name"] == "baseline" and target == "tatoeba"
            assert (score["kind"] == "fixed") == fixed
            assert score["k"] == (1 if shares else 2)
            if row["name"] == "baseline":
                assert row["differences"] == {}
                continue
            difference = row["differences"][target]
            less = mean - statistics.fmean(base[target])
            assert difference["estimate"] == pytest.approx(less, abs=1e-6)
            assert difference["low"] <= difference["estimate"] <= difference["high"]
            assert (difference["k"], difference["k_base"]) == (1 if shares else 2, 2)
            moved |= difference["estimate"] != 0
    assert moved, "every difference is 0: this test would pass with anything"
    same = table["rows"][-1]["differences"]  # the same weights under another name
    assert all(difference["estimate"] == 0 for difference in same.values())


def test_the_printed_table_is_that_of_the_json(made: Made) -> None:
    table = json.loads((made.output / "table.json").read_text())
    text = (made.output / "table.txt").read_text()
    assert "half of the 95 % interval" in text and "2 seeds." in text
    assert "somebody's: 2 runs on 1 intermediate training, which count as 1." in text
    marks = {"more": " ▲", "less": " ▼"}
    feet = {"one seed": "¹", "items only": "²"}
    for row in table["rows"]:
        cells, plus = (row["differences"], "+") if row["differences"] else (row["scores"], "")
        shown = []
        for cell in [cells[name] for name in table["columns"]]:
            half = (cell["high"] - cell["low"]) / 2
            foot, mark = feet.get(cell["kind"], ""), marks.get(cell.get("verdict", ""), "")
            shown.append(f"{cell['estimate']:{plus}.1f} ±{half:.1f}{foot}{mark}")
        (line,) = [s for s in text.splitlines() if s.startswith(f"{row['name']} ")]
        assert re.sub(r"\s+", " ", line) == " ".join([row["name"], *shown])


def test_every_language_is_there_too(made: Made, run: Run) -> None:
    """A target's mean, and its difference, is that over its languages'."""
    table = json.loads((made.output / "table.json").read_text())
    for row in table["rows"]:
        for kind in ("scores", "differences"):
            for target in [
                name for name in table["columns"] if name in row[kind] and name != "mean"
            ]:
                each = [
                    cell["estimate"]
                    for name, cell in row[kind].items()
                    if name.startswith(f"{target}/") and not name.endswith(("/gap", "/zero-shot"))
                ]
                assert len(each) in (1, 2), "English and German; Tatoeba has no English"
                mean = statistics.fmean(each)
                assert row[kind][target]["estimate"] == pytest.approx(mean, abs=2e-6)
    code, out, _ = run("study", "table", made.file, "--store", made.store, "--per-language")
    assert code == 0 and "xnli/en" in out and "xnli/gap" in out and "Each alone at 95 %." in out
    assert out.startswith((made.output / "table.txt").read_text())


def test_a_table_before_anything(made: Made, run: Run, tmp_path: Path) -> None:
    code, out, err = run("study", "table", made.file, "--store", tmp_path / "none")
    assert (code, err) == (0, "")
    for name in ("baseline", "mnli", "mix", "seq", "somebody's"):
        (line,) = [s for s in out.splitlines() if s.startswith(name)]
        assert set(line.removeprefix(name).replace("(score, no baseline)", "").split()) == {"–"}
    assert not (tmp_path / "none").exists()
    code, out, _ = run("study", "table", made.file, "--store", tmp_path / "none", "--json")
    rows = json.loads(out)["rows"]
    assert len(rows) == 5 and not any(row["scores"] or row["differences"] for row in rows)


def linked(made: Made, folder: Path) -> Store:
    """Copy the finished store, sharing its files but the one that is written to."""
    shutil.copytree(made.store, folder, copy_function=os.link)
    (folder / PACES_FILE).unlink()
    shutil.copy(made.store / PACES_FILE, folder)
    return Store(folder)


def test_a_table_after_a_part(
    made: Made, plan_of: Callable[..., StudyPlan], tmp_path: Path, run: Run
) -> None:
    store, whole = linked(made, tmp_path / "store"), plan_of(WHOLE)
    by_seed = {(c.row, c.seed): c for c in whole.cells}
    shutil.rmtree(store.place(by_seed["mnli", 2].plan.scores["udpos"]))
    shutil.rmtree(store.place(by_seed["baseline", 1].plan.scores["xnli"]))
    for seed in (1, 2):
        shutil.rmtree(store.place(by_seed["mix", seed].plan.scores["tatoeba"]))
    found = {row.name: row for row in comparison_of(whole, store).rows}
    full = {row.name: row for row in comparison_of(whole, Store(made.store)).rows}
    base = slow_scores(made, whole, "baseline")
    mnli = slow_scores(made, whole, "mnli")
    one = found["mnli"].scores["udpos"].interval
    assert (one.estimate, one.runs) == (pytest.approx(mnli["udpos"][0]), 1)
    less = found["mnli"].differences["udpos"].interval
    assert less.estimate == pytest.approx(mnli["udpos"][0] - statistics.fmean(base["udpos"]))
    assert (less.runs, less.base_runs) == (1, 2)
    # the baseline's seed 1 is gone: the row's runs are not paired with its own
    assert found["mnli"].scores["xnli"].interval.estimate == pytest.approx(
        full["mnli"].scores["xnli"].interval.estimate
    )
    less = found["mnli"].differences["xnli"].interval
    assert less.estimate == pytest.approx(statistics.fmean(mnli["xnli"]) - base["xnli"][1])
    assert (less.runs, less.base_runs) == (2, 1)
    assert "tatoeba" not in found["mix"].scores and "tatoeba" not in found["mix"].differences
    assert "mean" not in found["mix"].scores
    # a mean over all targets only of seeds that have them all
    assert found["mnli"].scores["mean"].interval.runs == 1
    assert found["mnli"].differences["mean"].interval.base_runs == 1
    code, out, _ = run("study", "table", made.file, "--store", store.root)
    (line,) = [s for s in out.splitlines() if s.startswith("mix ")]
    assert code == 0 and line.split()[-2:] == ["–", "–"]


def test_without_the_baseline_scores_are_said_to_be_scores(
    made: Made, plan_of: Callable[..., StudyPlan], tmp_path: Path, run: Run
) -> None:
    store, whole = linked(made, tmp_path / "store"), plan_of(WHOLE)
    for cell in cells(whole, "baseline"):
        for step in cell.plan.scores.values():
            shutil.rmtree(store.place(step), ignore_errors=True)
    _, out, _ = run("study", "table", made.file, "--store", store.root)
    assert "mnli (score, no baseline)" in out


def test_what_was_deleted_alone_runs_again(
    made: Made, plan_of: Callable[..., StudyPlan], tmp_path: Path, run: Run
) -> None:
    store, whole = linked(made, tmp_path / "store"), plan_of(WHOLE)
    (cell,) = [c for c in whole.cells if (c.row, c.seed) == ("mnli", 2)]
    gone = [cell.plan.predictions["tatoeba"]["de"], cell.plan.scores["tatoeba"]]
    kept = {step.key: store.manifest(step)["files"] for step in gone}
    for step in gone:
        shutil.rmtree(store.place(step))
    code, _, err = run("study", "run", made.file, "--store", store.root, "--output", tmp_path / "o")
    assert code == 0 and "2 steps ran" in err
    assert {step.key: store.manifest(step)["files"] for step in gone} == kept
    table = (tmp_path / "o" / "table.json").read_bytes()
    assert table == (made.output / "table.json").read_bytes()


# --- what fails


def failing(name: str) -> Callable[..., Any]:
    from harness.training import loop as module

    real = module.train

    def train(spec: Any, *some: Any) -> Any:
        if any(one.training.name == name for one in spec.sets):
            raise HarnessError(f"no luck with {name}")
        return real(spec, *some)

    return train


@pytest.mark.slow
def test_a_failed_branch_stops_no_other(
    tiny: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "some.toml"
    text = (
        LITTLE.format(tiny=tiny)
        + """[intermediate]
hella = ["hellaswag"]
after = {train = ["qqp"], from = "hella"}
mnli = ["mnli"]
"""
    )
    file.write_text(HEAD + text + SHORT)
    words = ("study", "run", file, "--store", tmp_path / "store", "--output", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("harness.training.loop.train", failing("hellaswag"))
        code, out, err = run(*words)
    assert code == 1
    total = int(re.search(r"(\d+) steps with the scores, 0 cached", out)[1])  # type: ignore[index]
    # of hella and of after: xnli's training, 2 + 1 predictions, embeddings, 2 scores; after's own
    assert "failed: train intermediate hella (seed 1): no luck with hellaswag" in err
    assert "not begun since a step before them failed: 15 steps" in err
    assert f"{total - 16} steps ran" in err
    assert "run the same command again" in err
    assert "FAILED: no luck with hellaswag" in err and "Traceback" not in err
    assert re.search(rf"\[\d+/{total}\] train xnli-en \(tiny, mnli, seed 1\)", err)
    table = json.loads((tmp_path / "out" / "table.json").read_text())
    rows = {row["name"]: row for row in table["rows"]}
    assert rows["hella"]["scores"] == {} == rows["after"]["scores"]
    columns = {"xnli", "tatoeba", "mean", "xnli/en", "xnli/de", "xnli/gap", "xnli/zero-shot",
               "tatoeba/de"}  # fmt: skip
    assert set(rows["mnli"]["differences"]) == columns

    code, out, err = run(*words)
    assert code == 0
    assert f"{total} steps with the scores, {total - 16} cached" in out and "16 steps ran" in err
    assert "failed:" not in out + err and "mnli (tiny, mnli" not in err
    assert not list((tmp_path / "store" / "aside").iterdir())


def test_a_loss_that_is_not_finite_fails_its_branch(tiny: Path, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "huge.toml"
    text = (
        LITTLE.format(tiny=tiny)
        + """[intermediate.huge]
train = ["mnli"]
settings = {learning_rate = 10, weight_decay = 100, warmup = 0.0, epochs = 20}
"""
    )
    file.write_text(HEAD + text.replace("max_steps = 2", "max_steps = 40") + SHORT)
    code, _, err = run("study", "run", file, "--store", tmp_path / "s", "--output", tmp_path / "o")
    assert code == 1
    assert "failed: train intermediate huge (seed 1)" in err and "not finite" in err
    assert "not begun since a step before them failed: 7 steps" in err


# --- estimates


def test_an_estimate_rests_on_what_was_measured(made: Made, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "more.toml"
    file.write_text(made.file.read_text().replace("seeds = [1, 2]", "seeds = [1, 2, 3]"))
    code, out, _ = run("study", "plan", file, "--store", made.store)
    assert code == 0
    assert re.search(r"estimate: about .* on cpu; 100% of it from tokens a second measured", out)
    file.write_text(file.read_text().replace('"tatoeba"]', '"tatoeba", "xquad"]'))
    code, out, _ = run("study", "plan", file, "--store", made.store)
    share = re.search(r"estimate: about .* on cpu; (\d+)% of it from tokens", out)
    assert code == 0 and share and 0 < int(share[1]) <= 100
    code, out, _ = run("study", "plan", file, "--store", tmp_path / "none")
    assert code == 0 and "nothing like it was measured here yet" in out
    assert not (tmp_path / "none").exists()


def test_an_estimate_is_near_what_it_took(made: Made, tmp_path: Path) -> None:
    """Of the same steps planned anew, where like steps took times that differ by up to a half."""
    from harness.pipeline.estimate import estimate

    plan = plan_study(read_study(made.file), Memory())
    store, draw = Store(tmp_path / "fresh"), random.Random(1)
    measured = [json.loads(line) for line in (made.store / PACES_FILE).read_text().splitlines()]
    assert len(measured) == sum(step.tokens > 0 for step in plan.steps)
    tokens_a_second = {pace: draw.uniform(1e2, 1e4) for pace in sorted({m[0] for m in measured})}
    took = [
        (pace, tokens, tokens / tokens_a_second[pace] * draw.uniform(2 / 3, 3 / 2))
        for pace, tokens, _ in measured
    ]
    store.root.mkdir()
    (store.root / PACES_FILE).write_text("".join(json.dumps(one) + "\n" for one in took))
    guess = estimate(plan.steps, store, plan.request.device, Memory())
    assert guess.measured == pytest.approx(1)
    assert guess.seconds == pytest.approx(sum(seconds for _, _, seconds in took), rel=0.2)


# --- how fast

MANY = """targets = ["xnli", "pawsx", "udpos", "panx", "tatoeba"]
seeds = {seeds}
threads = 1
max_steps = 2
[checkpoints]
tiny = "{tiny}"
[intermediate]
mnli = ["mnli"]
hellaswag = ["hellaswag"]
mix = {{train = ["mnli", "ccg"], mlm = 0.2}}
seq = {{train = ["qqp"], from = "mnli"}}
"""


def many(tiny: Path, file: Path, steps: int) -> StudyPlan:
    """Write a study of at least so many steps; plan it once with few seeds to know its data."""
    head = HEAD.replace('languages = ["en", "de"]\n', "")

    def planned(seeds: int) -> StudyPlan:
        text = MANY.format(seeds=list(range(1, seeds + 1)), tiny=tiny)
        file.write_text(head + text + SHORT)
        return plan_study(read_study(file), Memory(places.memory()))

    one, other = len(planned(1).steps), len(planned(2).steps)
    return planned(2 + -(-(steps - other) // (other - one)))


def yardstick(count: int) -> float:
    """CPU seconds to write and hash so many small values: machines differ, these do alike."""
    times = []
    for _ in range(3):
        start = time.process_time()
        for i in range(count):
            hashlib.sha256(json.dumps({"step": i, "of": ["a", "b"]}, sort_keys=True).encode())
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.slow
def test_ten_thousand_steps_are_planned_in_seconds(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "many.toml"
    assert len(many(tiny, file, 10_000).steps) >= 10_000
    start = time.process_time()
    whole = plan_study(read_study(file), Memory(places.memory()))
    took = time.process_time() - start
    with capsys.disabled():
        print(
            f"\n{len(whole.steps)} steps planned in {took:.2f} s of CPU ({yardstick(10_000):.2f})"
        )
    assert took < 150 * yardstick(len(whole.steps))


@pytest.mark.slow
def test_a_cached_study_answers_quickly(
    tiny: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("harness.pipeline.store.store._flush", lambda path: None)
    file = tmp_path / "many.toml"
    whole, store = many(tiny, file, 1_000), Store(tmp_path / "store")
    for step in whole.steps:
        with store.aside() as folder:
            result: dict[str, Any] = {}
            if isinstance(step, ScoreStep):
                names = ("accuracy", "f1")
                scores = {code: dict.fromkeys(names, 50.0) for code in step.gold}
                result = {"languages": scores, "missing": {}}
                (folder / "scores.json").write_text(json.dumps(result))
                half = {code: summed([1, 0, 1, 0], predictions=step.key) for code in step.gold}
                save({step.task.name: Sums(half, joint=True)}, folder / STATISTICS)
            else:
                (folder / "file").write_text(step.name)
            store.keep(step, folder, result, 1.0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = harness("study", "run", file, "--store", store.root, "--output", tmp_path / "out",
                   cache=cache)  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.returncode == 0, done.stderr
    count = len(whole.steps)
    assert count >= 1_000 and f"{count} steps with the scores, {count} cached" in done.stdout
    assert "50.0 ±" in done.stdout and "+0.0 ±" in done.stdout
    with capsys.disabled():
        print(f"\na study of {count} cached steps answered in {took:.2f} s of CPU")
    assert took < 1500 * yardstick(count)


class Idle:
    """An engine whose steps take no time."""

    slots = 4

    def __init__(self) -> None:
        self.begun: list[tuple[int, Step]] = []

    def start(self, slot: int, step: Step) -> None:
        self.begun.append((slot, step))

    def wait(self, moved: Moved) -> list[Outcome]:
        slot, step = self.begun.pop(0)
        return [Outcome(slot, step, 0.0)]

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("shape", ["a study's", "all at once", "one line"])
def test_the_schedule_costs_little_a_step(
    shape: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shape == "a study's":
        steps = many(tiny, tmp_path / "many.toml", 5_000).steps
    else:
        steps = []
        for i in range(5_000):
            parents = (steps[-1],) if steps and shape == "one line" else ()
            steps.append(made_up("score", f"s{i}", *parents))
            assert steps[-1].key  # as planning has
    store = Store(tmp_path / "none")
    start = time.process_time()
    report = run_all(to_do(steps, store.sound), Idle(), Quiet())
    took = time.process_time() - start
    assert report.ran == len(steps)
    with capsys.disabled():
        print(f"\n{shape}: {took / len(steps) * 1e6:.0f} µs a step of {len(steps)}")
    assert took < 100 * yardstick(len(steps))


def test_squad_is_one_step_as_an_intermediate_and_as_a_target_s_set(
    plan_of: Callable[..., StudyPlan],
) -> None:
    targets = LITTLE.replace('"xnli", "tatoeba"', '"xquad", "mlqa"')
    text = targets + '[intermediate]\nsquad = ["squad"]\n'
    whole = plan_of(text)
    (base,), (after,) = cells(whole, "baseline"), cells(whole, "squad")
    one, other = first_training(base, "train squad"), first_training(after, "train intermediate")
    assert one.key == other.key
    assert len({s.key for s in whole.steps if s.kind == "train"}) == 2  # and the target's, after it
    whole = plan_of(text, settings=SHORT + "[settings.intermediate.squad]\nepochs = 3\n")
    assert len({s.key for s in whole.steps if s.kind == "train"}) == 3


# --- heads that are kept


def first_training(cell: Cell, name: str) -> TrainStep:
    steps = (step for step in cell.plan.steps if isinstance(step, TrainStep))
    return next(step for step in steps if step.name.startswith(name))


KEPT = SHORT + "[settings.training.xnli-en]\nkeep_head = true\n"


def test_a_target_goes_on_with_the_head_of_its_intermediate(
    plan_of: Callable[..., StudyPlan], tiny: Path, quickest: Path, tmp_path: Path, run: Run
) -> None:
    code, _, err = run(
        "train", "mnli", "--from", tiny, "--output", tmp_path / "headed", "--benchmark", "mini",
        "--recipe", quickest, "--max-steps", 1, "--store", tmp_path / "s", "--threads", 1,
        "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    text = LITTLE.replace("{tiny}", str(tmp_path / "headed"))
    whole = plan_of(text + '[intermediate]\nmnli = ["mnli"]\n', settings=KEPT)
    (base,), (after,) = cells(whole, "baseline"), cells(whole, "mnli")
    target = [s for s in after.plan.steps if s.kind == "train"][-1]
    assert isinstance(target, TrainStep) and target.parents == (after.plan.steps[0],)
    assert target.spec.sets[0].kept == 0
    first = after.plan.steps[0]
    assert isinstance(first, TrainStep) and first.spec.sets[0].kept is None
    assert first_training(base, "train xnli-en").spec.sets[0].kept == 0


def test_a_kept_head_in_a_study_from_a_checkpoint_without_heads(
    plan_of: Callable[..., StudyPlan],
) -> None:
    """The setting says it of the target; the baseline has no head to keep and takes a fresh one."""
    whole = plan_of(LITTLE + '[intermediate]\nmnli = ["mnli"]\n', settings=KEPT)
    (after,) = cells(whole, "mnli")
    target = [s for s in after.plan.steps if s.kind == "train"][-1]
    assert isinstance(target, TrainStep)
    assert target.spec.sets[0].kept == 0


def test_a_kept_head_goes_on_in_a_line_of_settings(plan_of: Callable[..., StudyPlan]) -> None:
    text = (
        LITTLE
        + """[intermediate]
mix = ["qqp", "mnli", "ccg"]
more = {{train = ["mnli"], from = "mix", settings = {{keep_head = true}}}}
snli = {{train = ["snli"], from = "mix", settings = {{keep_head = true}}}}
"""
    )
    whole = plan_of(text)
    mix = first_training(cells(whole, "mix")[0], "train intermediate mix")
    names = [one.training.name for one in mix.spec.sets]
    for row in ("more", "snli"):  # snli has no head of its own there, but one like it
        one = first_training(cells(whole, row)[0], f"train intermediate {row}")
        assert one.spec.sets[0].kept == names.index("mnli")


def test_a_head_to_keep_that_is_not_there(tiny: Path, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "kept.toml"
    line = '[intermediate]\na = {train = ["qqp"], settings = {keep_head = true}}\n'
    file.write_text(HEAD + LITTLE.format(tiny=tiny) + line + SHORT)
    code, out, err = run(
        "study", "run", file, "--store", tmp_path / "s", "--output", tmp_path / "o"
    )
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and "keep_head" in err and "qqp" in err and "tiny" in err
    line = '[intermediate]\nm = ["mnli"]\n'
    line += 'a = {train = ["qqp"], from = "m", settings = {keep_head = true}}\n'
    file.write_text(HEAD + LITTLE.format(tiny=tiny) + line + SHORT)
    code, out, err = run(
        "study", "run", file, "--store", tmp_path / "s", "--output", tmp_path / "o"
    )
    assert (code, out) == (2, "")
    assert "no one head for qqp (its heads: mnli)" in err
    assert not (tmp_path / "s").exists() and not (tmp_path / "o").exists()


# --- stores of another layout


@pytest.fixture
def commands(tiny: Path, tmp_path: Path, made: Made) -> Callable[[Path], list[list[Any]]]:
    def all_of(store: Path) -> list[list[Any]]:
        common = ["--store", store]
        return [
            ["eval", tiny, "--benchmark", "mini", "--tasks", "tatoeba", "--languages", "de",
             "--recipe", "quick", "--limit", 3, "--output", tmp_path / "e", "--dry-run", *common],
            ["train", "mnli", "--from", tiny, "--benchmark", "mini", "--recipe", "quick",
             "--max-steps", 1, "--threads", 1, "--output", tmp_path / "t", *common],
            ["study", "plan", made.file, *common],
            ["study", "run", made.file, "--output", tmp_path / "o", *common],
            ["study", "table", made.file, *common],
        ]  # fmt: skip

    return all_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"layout": 3, "harness": "9.0"}', "a store of layout 3, this harness reads 2"),
        ('{"layout": 1, "harness": "0.9"}', "a store of layout 1, this harness reads 2"),
        ('{"layout": "one"}', "a store of layout 'one'"),
        ('{"harness": "9.0"}', "cannot be read"),
        ("no json", "cannot be read"),
        ("[]", "cannot be read"),
        ("\xff\xfe", "cannot be read"),
    ],
)
def test_a_store_of_another_layout_is_refused(
    text: str, said: str, commands: Callable[[Path], list[list[Any]]], tmp_path: Path, run: Run
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / LAYOUT_FILE).write_bytes(text.encode("latin-1"))
    for words in commands(store):
        code, _, err = run(*words)
        assert code == 2, words
        assert err.startswith("error: ") and err.count("\n") == 1
        assert said in err and str(store) in err
    assert [path.name for path in store.iterdir()] == [LAYOUT_FILE]


def test_a_store_from_before_the_layout_was_said_is_refused(
    made: Made, commands: Callable[[Path], list[list[Any]]], tmp_path: Path, run: Run
) -> None:
    store = linked(made, tmp_path / "store")
    (store.root / LAYOUT_FILE).unlink()
    for words in commands(store.root):
        code, _, err = run(*words)
        assert code == 2, words
        assert err.startswith("error: ") and err.count("\n") == 1
        assert "a store of layout 1, this harness reads 2" in err and str(store.root) in err
    assert not (store.root / LAYOUT_FILE).exists()
    code, _, err = run("study", "table", made.file, "--store", f"file://{store.root}")
    assert code == 2 and "a store of layout 1" in err and err.count("\n") == 1


def test_a_store_at_a_url_of_another_layout_is_refused(
    made: Made, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / LAYOUT_FILE).write_text('{"layout": 3}')
    code, out, err = run("study", "table", made.file, "--store", f"file://{tmp_path}/far")
    assert (code, out) == (2, "")
    assert "layout 3" in err and err.count("\n") == 1
    for url in ("nosuch://x/y", "s4://bucket/store"):
        code, out, err = run("study", "table", made.file, "--store", url)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1 and url in err


def test_two_recipes_are_two_groups(plan_of: Callable[..., StudyPlan]) -> None:
    whole = plan_of(
        LITTLE + '[intermediate]\nmnli = ["mnli"]\n',
        head=HEAD.replace('["quick"]', '["quick", "x-stilts"]'),
        settings=SHORT.replace("[settings.format", "[settings.intermediate.default]\n"
                               "max_length = 64\n[settings.format", 1),
    )  # fmt: skip
    rows = comparison_of(whole, Store(Path("nowhere"))).rows
    assert [(r.group, r.name) for r in rows] == [
        ("tiny, quick", "baseline"), ("tiny, quick", "mnli"),
        ("tiny, x-stilts", "baseline"), ("tiny, x-stilts", "mnli"),
    ]  # fmt: skip
    assert replace(whole.study, seeds=(1,)) == whole.study and MINI.is_dir()


def test_engines_get_whole_paths(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of Ray's stands in another folder than the command."""
    from harness.data.folder import FolderSource
    from harness.data.memory import Memory
    from harness.pipeline.store.remote import open_store
    from harness.studies.expand import plan_study
    from harness.studies.study_file import read_study

    shutil.copytree(tiny, tmp_path / "tiny")
    shutil.copytree(MINI, tmp_path / "mini")
    monkeypatch.chdir(tmp_path)
    text = HEAD + 'data = "mini"\n' + LITTLE.format(tiny="tiny")
    Path("s.toml").write_text(text)
    whole = plan_study(read_study(Path("s.toml")), Memory())
    source = whole.request.source
    assert isinstance(source, FolderSource) and source.labels is not None
    paths = [source.data, source.labels, whole.request.checkpoint.path]
    paths += [step.checkpoint.path for step in whole.steps if isinstance(step, PredictStep)]
    paths += [step.spec.checkpoint.path for step in whole.steps if isinstance(step, TrainStep)]
    paths += [open_store("store").root]
    assert all(path.is_absolute() for path in paths)


def test_a_setting_without_a_name_is_trained_all_the_same(
    plan_of: Callable[..., StudyPlan],
) -> None:
    whole = plan_of(LITTLE + '[intermediate]\n"" = ["mnli"]\n')
    assert any(step.name.startswith("train intermediate") for step in whole.steps)
