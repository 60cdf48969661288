"""Steps and store: keys change with what decides a result and with nothing else."""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.command_line import in_process
from support.places import MINI, ROOT
from support.stores import runtime
from support.waiting import LONG, events, until

from harness import recipes, registry
from harness.data.folder import FolderSource
from harness.errors import HarnessError
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.pipeline.engines.run_step import do
from harness.pipeline.plan import Plan, make_plan
from harness.pipeline.request import Request, with_layer
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import MANIFEST, Store


def request(tiny: Path, data: Path, recipe: Path, **more: Any) -> Request:
    values: dict[str, Any] = {"tasks": ("xnli", "xquad", "mlqa", "tatoeba"), "seed": 1} | more
    return Request(
        checkpoint=open_checkpoint(str(tiny), offline=True),
        benchmark=registry.benchmark("mini"),
        source=FolderSource(data / "xtreme", data / "labels"),
        recipe=recipes.load(str(recipe)),
        device=choose_device("cpu", "fp32", 1),
        languages=("en", "de"),
        **values,
    )


def keys(plan: Plan) -> dict[str, str]:
    return {step.name: step.key for step in plan.steps}


@pytest.fixture
def changed(tiny: Path, small_data: Path, quickest: Path) -> Callable[..., set[str]]:
    """Names of the steps whose key a change alters, and of no other."""
    before = keys(make_plan(request(tiny, small_data, quickest)))

    def compare(checkpoint: Path = tiny, recipe: Path = quickest, **more: Any) -> set[str]:
        after = keys(make_plan(request(checkpoint, small_data, recipe, **more)))
        assert after.keys() == before.keys()
        return {name for name, key in after.items() if key != before[name]}

    return compare


ALL = {
    "train xnli-en", "predict xnli en", "predict xnli de", "score xnli",
    "train squad", "predict xquad en", "predict xquad de", "score xquad",
    "predict mlqa en", "predict mlqa de", "score mlqa",
    "embed tatoeba", "predict tatoeba de", "score tatoeba",
}  # fmt: skip
CLUSTERS = {f"cluster {name}" for name in ("xnli", "xquad", "mlqa", "tatoeba")}
XNLI = {name for name in ALL if "xnli" in name}
RETRIEVAL = {name for name in ALL if "tatoeba" in name}


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_same_request_same_keys_one_squad_model(
    tiny: Path, small_data: Path, quickest: Path, changed: Callable[..., set[str]]
) -> None:
    plan = make_plan(request(tiny, small_data, quickest))
    assert set(keys(plan)) == ALL | CLUSTERS
    assert len({step.key for step in plan.steps}) == len(ALL | CLUSTERS)
    assert changed() == set()
    parents = {
        step.name: [parent.name for parent in step.parents]
        for step in plan.steps
        if step.kind == "predict"
    }
    assert parents["predict xquad de"] == parents["predict mlqa de"] == ["train squad"]
    assert parents["predict tatoeba de"] == ["embed tatoeba"]


def test_runs_on_other_languages_have_other_clusters_where_languages_share_items(
    tiny: Path, small_data: Path, quickest: Path
) -> None:
    """The numbers of joint clusters depend on all languages that were looked at."""
    whole = make_plan(request(tiny, small_data, quickest)).scores["xnli"]
    german = make_plan(replace(request(tiny, small_data, quickest), languages=("de",)))
    alone = german.scores["xnli"]
    assert whole.scored_on.hash("de", joint=False) == alone.scored_on.hash("de", joint=False)
    assert whole.scored_on.hash("de", joint=True) != alone.scored_on.hash("de", joint=True)
    assert whole.scored_on.hash("de", joint=True) != alone.scored_on.hash("de", joint=False)


def test_a_byte_of_test_data_changes_that_language_alone(
    small_data: Path, changed: Callable[..., set[str]]
) -> None:
    rows = small_data / "xtreme/xnli/test-de.tsv"
    rows.write_text(rows.read_text("utf-8").replace(".", "!", 1), "utf-8")
    assert changed() == {"predict xnli de", "cluster xnli", "score xnli"}


def test_a_byte_of_a_label_changes_the_score_alone(
    small_data: Path, changed: Callable[..., set[str]]
) -> None:
    labels = small_data / "labels/xnli/test-de.tsv"
    first, *rest = labels.read_text("utf-8").splitlines()
    other = "neutral" if first != "neutral" else "entailment"
    labels.write_text("\n".join([other, *rest, ""]), "utf-8")
    assert changed() == {"score xnli"}


def test_a_byte_of_training_data_changes_all_below_it(
    small_data: Path, changed: Callable[..., set[str]]
) -> None:
    append(small_data / "xtreme/xnli/train-en.tsv", "It rains.\tIt is wet.\tentailment\n")
    assert changed() == XNLI


def test_xquad_english_decides_what_squad_dev_is(
    small_data: Path, changed: Callable[..., set[str]]
) -> None:
    append(small_data / "xtreme/xquad/xquad.en.json", "\n")
    assert changed() == {n for n in ALL if "quad" in n or "mlqa" in n} | {"cluster xquad"}


def test_seed_changes_trainings_and_what_follows(changed: Callable[..., set[str]]) -> None:
    assert changed(seed=2) == ALL - RETRIEVAL


def test_limit_changes_predictions_not_trainings(changed: Callable[..., set[str]]) -> None:
    assert changed(limit=3) == {name for name in ALL if not name.startswith("train")}


def test_settings_change_the_steps_that_read_them(
    quickest: Path, tmp_path: Path, changed: Callable[..., set[str]]
) -> None:
    def variant(text: str) -> Path:
        path = tmp_path / "variant.toml"
        path.write_text(quickest.read_text() + text)
        return path

    assert changed(recipe=variant("\n# a remark\n")) == set()
    assert changed(recipe=variant("[training.xnli-en]\nlearning_rate = 2e-3\n")) == XNLI
    assert changed(recipe=variant('[format."sentence retrieval"]\nlayer = 1\n')) == set()
    assert changed(recipe=variant('[format."sentence retrieval"]\nlayer = 2\n')) == RETRIEVAL
    text = quickest.read_text().replace("stride = 32", "stride = 16")
    (tmp_path / "strided.toml").write_text(text)
    spans = ALL - XNLI - RETRIEVAL
    assert changed(recipe=tmp_path / "strided.toml") == spans
    assert changed(recipe=variant('[format."span extraction"]\nmax_answer = 7\n')) == spans


def test_a_weight_changes_everything(
    tiny: Path, tmp_path: Path, changed: Callable[..., set[str]]
) -> None:
    other = Path(shutil.copytree(tiny, tmp_path / "other"))
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    assert changed(checkpoint=other) == ALL


def test_a_copy_elsewhere_changes_nothing(
    tiny: Path, tmp_path: Path, changed: Callable[..., set[str]]
) -> None:
    assert changed(checkpoint=Path(shutil.copytree(tiny, tmp_path / "copy"))) == set()


def test_precision_and_threads_are_part_of_the_key(
    tiny: Path, small_data: Path, quickest: Path
) -> None:
    """They change the last digits; scoring does not depend on them but on its parents."""
    one = request(tiny, small_data, quickest)
    other = replace(one, device=replace(one.device, precision="bf16"))
    first, second = keys(make_plan(one)), keys(make_plan(other))
    assert all(first[name] != second[name] for name in ALL)


def test_the_number_of_processes_is_part_of_a_trainings_key(
    changed: Callable[..., set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert changed() == ALL - RETRIEVAL


def test_the_share_of_answers_out_of_place_is_the_span_sets_own(
    tmp_path: Path, quickest: Path, changed: Callable[..., set[str]]
) -> None:
    path = tmp_path / "lenient.toml"
    path.write_text(f"{quickest.read_text()}misplaced_answers = 0.5\n")
    assert changed(recipe=path) == ALL - XNLI - RETRIEVAL


def test_more_answers_out_of_place_than_the_recipe_allows_are_refused(
    tiny: Path, small_data: Path, quickest: Path, tmp_path: Path
) -> None:
    file = small_data / "xtreme" / "squad" / "train-v1.1.json"
    value = json.loads(file.read_text("utf-8"))
    qas = [q for a in value["data"] for part in a["paragraphs"] for q in part["qas"]]
    for qa in qas[: len(qas) // 10]:
        qa["answers"][0]["answer_start"] += 1
    file.write_text(json.dumps(value), "utf-8")
    share = len(qas) // 10 / len(qas)
    wanted = request(tiny, small_data, quickest, tasks=("xquad",))
    with pytest.raises(HarnessError, match=r"misplaced_answers = 0\.05; mend") as caught:
        make_plan(wanted)
    assert "squad/train-v1.1.json: " in str(caught.value) and "\n" not in str(caught.value)
    for allowed, whole in ((share - 1e-9, False), (share, True), (1, True)):
        path = tmp_path / "lenient.toml"
        path.write_text(f"{quickest.read_text()}misplaced_answers = {allowed}\n")
        mended = replace(wanted, recipe=recipes.load(str(path)))
        if whole:
            (note,) = make_plan(mended).notes
            assert f"{len(qas) // 10} of {len(qas)} train questions" in note
            assert str(small_data) not in note  # others will read it
        else:
            with pytest.raises(HarnessError, match="misplaced_answers"):
                make_plan(mended)


@dataclass(frozen=True, eq=False, kw_only=True)
class Work(Step):
    """Write a file, or die."""

    kind = "score"
    number: int
    dies: bool = False

    def identity(self) -> dict[str, Any]:
        return {"a": self.number}

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        (folder / "answer.txt").write_text("42")
        if self.dies:
            raise KeyboardInterrupt
        return {"answer": 42}


def test_store_keeps_whole_steps_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    step = Work(name="score x", number=1)
    assert store.find(step) is None
    with store.aside() as folder:
        result = step.run(folder, (), None)  # type: ignore[arg-type]
        store.keep(step, folder, result, 1.0)
    place = store.find(step)
    assert place is not None
    assert (place / "answer.txt").read_text() == "42"
    assert store.manifest(step)["result"] == {"answer": 42}
    assert not list((tmp_path / "store" / "aside").iterdir())
    (place / "answer.txt").write_text("4")  # torn
    assert store.find(step) is None
    (place / "answer.txt").write_text("42")
    assert store.find(step) == place
    (place / MANIFEST).write_text('{"files": ')
    assert store.find(step) is None


def test_a_step_that_dies_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    step = Work(name="score x", number=2, dies=True)
    with pytest.raises(KeyboardInterrupt), store.aside() as folder:
        step.run(folder, (), None)  # type: ignore[arg-type]
    assert store.find(step) is None
    assert not list((tmp_path / "store" / "aside").iterdir())


@pytest.mark.parametrize("reaped", [True, False], ids=["gone", "zombie"])
def test_what_a_killed_process_left_is_swept(reaped: bool, tmp_path: Path) -> None:
    """A container's init may take its time to take the numbers of those whose parent died."""
    store = Store(tmp_path / "store")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    if reaped:
        dead.wait()
    with store.aside() as mine:
        left = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{dead.pid}-"))
        (left / "inner").mkdir(parents=True)
        other = mine.with_name(f"elsewhere-{dead.pid}-0")
        other.mkdir()
        store.sweep()
        assert mine.exists()
        assert other.exists()
        assert not left.exists()
    dead.wait()


def test_the_layer_asked_for_wins_over_the_recipe(tmp_path: Path, quickest: Path) -> None:
    path = tmp_path / "layered.toml"
    path.write_text(quickest.read_text() + '[format."sentence retrieval"]\nlayer = 1\n')
    task = registry.task("tatoeba")
    recipe = recipes.load(str(path))
    assert recipe.settings(task.format, None).layer == 1
    assert with_layer(recipe, "2").settings(task.format, None).layer == 2
    assert with_layer(recipe, "").settings(task.format, None).layer == 1
    with pytest.raises(HarnessError, match="--layer"):
        with_layer(recipe, "middle")


def test_two_runs_do_a_step_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    step = Work(name="score x", number=3)
    done, coming, all_there = [], [], threading.Event()

    def work() -> None:
        coming.append(1)
        if len(coming) == 4:
            all_there.set()
        with store.locked(step):
            if store.find(step) is None:
                with store.aside() as folder:
                    assert all_there.wait(LONG)  # so that the others want it while it is in hand
                    result = step.run(folder, (), None)  # type: ignore[arg-type]
                    store.keep(step, folder, result, 0)
                    done.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1]


@dataclass(frozen=True, eq=False, kw_only=True)
class Overtaken(Step):
    """Work that another run does, from start to end, while it is in hand."""

    kind = "score"
    others: list[Callable[[], Any]]

    def identity(self) -> dict[str, Any]:
        return {"a": 4}

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        runtime.work.mkdir(parents=True, exist_ok=True)
        (runtime.work / "best").write_text("state")
        if self.others:
            here = runtime.work
            self.others.pop()()
            runtime.work = here
        (folder / "out").write_text((runtime.work / "best").read_text())
        return {}


def test_without_locks_a_step_may_be_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shared folder may know none; the two then keep out of each other's way."""

    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("harness.pipeline.store.store.fcntl.flock", unknown)
    store = Store(tmp_path / "store")
    others: list[Callable[[], Any]] = []
    step, mine = Overtaken(name="score x", others=others), runtime(store)
    others.append(lambda: do(step, mine))
    do(step, mine)
    assert not others and (store.fetched(step) / "out").read_text() == "state"
    assert not list((store.root / "aside").iterdir())


def contents(store: Path) -> dict[str, Any]:
    """Return the files of every step of a store, by key, with their hashes."""
    found = [json.loads(path.read_text()) for path in store.glob(f"steps/*/*/{MANIFEST}")]
    return {value["key"]: value["files"] for value in found}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed_is_byte_identical(
    tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    """SIGKILL, twice after events drawn at random; then the run is left to end."""

    def words(name: str) -> list[str]:
        return [
            "eval", str(tiny), "--benchmark", "mini",
            "--recipe", str(quickest), "--tasks", "xnli,udpos",
            "--languages", "en,de,zh", "--threads", "1",
            "--store", str(tmp_path / f"store-{name}"), "--output", str(tmp_path / name),
        ]  # fmt: skip

    def start(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "harness", *words(name)]
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=ROOT, env=env, **quiet)

    assert in_process(*words("whole"))[0] == 0
    store, draw = tmp_path / "store-torn", random.Random(20)
    assert events(tmp_path / "store-whole") > 2 * 7
    killed = 0
    for _ in range(2):
        process = start("torn")
        killed += until(process, store, events(store) + draw.randint(1, 7))
        process.kill()
        process.wait()
    assert killed >= 1
    assert in_process(*words("torn"))[0] == 0
    assert contents(store) == contents(tmp_path / "store-whole")
    assert tree(tmp_path / "torn" / "predictions") == tree(tmp_path / "whole" / "predictions")
    assert (tmp_path / "torn" / "scores.json").read_bytes() == (
        tmp_path / "whole" / "scores.json"
    ).read_bytes()
    manifest = json.loads((tmp_path / "torn" / "manifest.json").read_text())
    assert {step["name"] for step in manifest["steps"]} >= {"train xnli-en", "predict udpos zh"}


def test_the_packaged_data_is_not_changed_by_a_run() -> None:
    """Guards the fixtures: small_data is a copy."""
    assert (MINI / "labels" / "xnli" / "test-de.tsv").read_text().count("\n") == 36
