"""The store: what has changed is not believed, only what is needed runs, it can be thinned."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command_line import in_process
from support.places import MINI
from support.stores import Quiet, chain, contents, done, flip, places, runtime, step

from harness.errors import HarnessError
from harness.pipeline.engines.run_plan import EngineChoice, run_plan
from harness.pipeline.engines.run_step import perform
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.step import Step
from harness.pipeline.store.remote import Mirror, open_mirror
from harness.pipeline.store.store import MANIFEST, PACES_FILE, Store

Call = Callable[..., tuple[int, str, str]]


# --- what must run


def named(steps: list[Step]) -> list[str]:
    return [one.name for one in steps]


@pytest.mark.parametrize(
    ("gone", "needed"),
    [
        ([], []),
        (["train first"], []),
        (["train a"], []),
        (["train first", "train a", "train b"], []),
        (["score a"], ["score a"]),
        (["predict a de"], ["predict a de"]),
        (["train first", "predict a de"], ["predict a de"]),
        (["train a", "predict a de"], ["train a", "predict a de"]),
        (["train first", "train a", "predict a de"], ["train first", "train a", "predict a de"]),
        (["train first", "train b", "score a"], ["score a"]),
    ],
)
def test_only_what_is_read_in_the_end_is_needed(gone: list[str], needed: list[str]) -> None:
    steps = chain()
    assert named(to_do(steps, lambda one: one.name not in gone)) == needed


def test_a_training_that_nothing_goes_on_from_is_asked_for() -> None:
    steps = [step("train", "a")]
    steps.append(step("train", "b", steps[0]))
    assert named(to_do(steps, lambda one: False)) == ["train a", "train b"]
    assert named(to_do(steps, lambda one: one is steps[1])) == []
    assert named(to_do(steps[:1], lambda one: False)) == ["train a"]


@given(st.data())
@settings(deadline=None)
def test_all_that_a_step_reads_is_there_when_it_runs(data: st.DataObject) -> None:
    steps: list[Step] = []
    for i in range(data.draw(st.integers(0, 12))):
        trainings = [one for one in steps if one.kind == "train"]
        some = st.lists(st.sampled_from(trainings), max_size=1) if trainings else st.just([])
        kind = data.draw(st.sampled_from(["train", "predict", "score"]))
        steps.append(step(kind, str(i), *data.draw(some)))
    pick = st.sets(st.sampled_from(named(steps))) if steps else st.just(set[str]())
    there = data.draw(pick)
    todo = to_do(steps, lambda one: one.name in there)
    kept = set(there)
    for one in todo:
        assert one.name not in kept, "done already"
        assert {parent.name for parent in one.parents} <= kept
        kept.add(one.name)
    parents = {parent.name for one in steps for parent in one.parents}
    for one in steps:
        if one.kind != "train" or one.name not in parents:
            assert one.name in kept, "asked for"
    for one in todo:  # and nothing without a reason
        if one.kind == "train" and one.name in parents:
            assert any(one in reader.parents for reader in todo)


# --- what has changed


@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("spoilt", ["predict a de", "score b", "predict b en"])
def test_a_changed_result_is_done_again_and_that_is_said(
    spoilt: str, bit: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, steps = Store(tmp_path), chain()
    assert done(steps, store) == len(steps)
    before = contents(tmp_path)
    (one,) = [one for one in steps if one.name == spoilt]
    flip(store.place(one) / "deep" / "file.txt", bit)
    assert store.has(one), "a plan looks at sizes alone"
    assert done(steps, store) == 1
    assert contents(tmp_path) == before
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{spoilt}: deep/file.txt") and "done again" in line
    assert "\n" not in line
    assert done(steps, store) == 0
    assert not list((tmp_path / "aside").iterdir())


@pytest.mark.parametrize("engine", ["here", pytest.param("slots", marks=pytest.mark.slow)])
def test_a_changed_training_is_done_again_where_it_is_read(engine: str, tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    before = contents(tmp_path)
    by_name = {one.name: one for one in steps}
    flip(store.place(by_name["train a"]) / "deep" / "file.txt")
    assert done(steps, store) == 0, "nothing reads it"
    shutil.rmtree(store.place(by_name["predict a de"]))
    if engine == "here":
        assert done(steps, store) == 2
    else:
        assert run_plan(steps, runtime(store), Quiet(), EngineChoice(workers=2)).ran == 2
    assert contents(tmp_path) == before


def test_what_changes_after_planning_fails_the_step_that_reads_it(tmp_path: Path) -> None:
    """As in a worker, or on another machine: it must not be believed."""
    store, steps = Store(tmp_path), chain()
    first, training, predict = steps[:3]
    for one in (first, training):
        assert perform(one, runtime(store)).error == ""
    flip(store.place(training) / "deep" / "file.txt")
    error = perform(predict, runtime(store)).error
    assert error.startswith("train a: deep/file.txt") and "run the command again" in error
    assert "\n" not in error
    assert not store.has(predict)
    assert done(steps, store) == len(steps) - 1
    assert b"".join(contents(tmp_path).values()).count(b"a de(a(first()))") == 2  # and its score's


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 1}', '{"files": {}}', "\0" * 40, "null"])
def test_a_manifest_that_says_nothing_is_no_step(text: str, tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    (store.place(steps[2]) / MANIFEST).write_text(text)
    assert not store.has(steps[2])
    assert done(steps, store) == 1


@pytest.mark.parametrize("size", ["5", None, [1]])
def test_a_size_that_is_no_number_is_no_step(size: object, tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    path = store.place(steps[2]) / MANIFEST
    value = json.loads(path.read_text())
    for entry in value["files"].values():
        entry["bytes"] = size
    path.write_text(json.dumps(value))
    assert not store.has(steps[2])
    assert done(steps, store) == 1


def test_paces_that_cannot_be_read_spoil_no_plan(tmp_path: Path) -> None:
    (tmp_path / PACES_FILE).mkdir()
    assert Store(tmp_path).paces() == {}


def test_another_steps_folder_is_not_taken(tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    shutil.rmtree(store.place(steps[2]))
    shutil.copytree(store.place(steps[3]), store.place(steps[2]))
    assert done(steps, store) == 1
    assert (store.fetched(steps[2]) / "deep" / "file.txt").read_text().startswith("a de")


def test_a_pruned_training_still_says_what_it_was(tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    said = store.manifest(steps[1])
    shutil.rmtree(store.place(steps[1]) / "deep")
    assert store.manifest(steps[1]) == said
    with pytest.raises(HarnessError, match="run the command again"):
        store.fetched(steps[1])
    assert done(steps, store) == 0


def test_a_changed_copy_is_fetched_anew(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/far"
    here = open_mirror(url, tmp_path / "m1")
    steps = chain()
    done(steps, here)
    for one in steps[:3]:
        flip(here.place(one) / "deep" / "file.txt")
        assert here.changed(one)
        assert (here.fetched(one) / "deep" / "file.txt").read_text().endswith(")")
        assert not here.changed(one)
    flip(here.place(steps[2]) / "deep" / "file.txt")
    assert done(steps, here) == 0, "the URL has it"


def test_a_changed_copy_is_not_sent(tmp_path: Path) -> None:
    """A step whose sending had failed, and whose only copy has changed since."""
    url = f"file://{tmp_path}/far"
    here = open_mirror(url, tmp_path / "m1")
    assert isinstance(here, Mirror)
    one = step("score", "a")
    with here.aside() as folder:
        one.run(folder, (), None)  # type: ignore[arg-type]
        Store.keep(here, one, folder, {}, 0.1)
    flip(here.place(one) / "deep" / "file.txt")
    with here.locked(one):
        assert not here.settle(one)
    assert done([one], here) == 1
    other = open_mirror(url, tmp_path / "m2")
    assert (other.fetched(one) / "deep" / "file.txt").read_text() == "a()"


def test_a_store_that_cannot_be_written_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)

    def forbidden(*_: object) -> None:
        raise AssertionError("nothing is to be written")

    monkeypatch.setattr(Store, "locked", forbidden)
    monkeypatch.setattr(Store, "aside", forbidden)
    assert all(store.sound(one) and store.fetched(one) for one in steps)


# --- the same with real steps


FEW = ("--benchmark", "mini", "--tasks", "xnli", "--languages", "de,en", "--device", "cpu")


@pytest.fixture(scope="module")
def evaluated(tiny: Path, quickest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small evaluation: its store and its output."""
    folder = tmp_path_factory.mktemp("evaluated")
    words = ["eval", tiny, "--recipe", quickest, *FEW, "--threads", 1]
    words += ["--store", folder / "store", "--output", folder / "out"]
    code, _, err = in_process(*words)
    assert code == 0, err
    return folder


@pytest.mark.parametrize("kind", ["predict", "score", "weights", "head", "tokenizer"])
def test_one_bit_of_a_finished_step(
    kind: str, evaluated: Path, tiny: Path, quickest: Path, tmp_path: Path, run: Call,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    shutil.copytree(evaluated, tmp_path, dirs_exist_ok=True)
    store, before = tmp_path / "store", contents(tmp_path / "store")
    if kind in ("predict", "score"):
        (path, *_) = (p for p in places(store, kind)[0].iterdir() if p.name != MANIFEST)
        count = 1
    else:
        (training,) = places(store, "train")
        name = {"weights": "model.safetensors", "head": "heads/0/model.safetensors"}.get(kind)
        path = training / (name or "tokenizer.json")
        shutil.rmtree(places(store, "predict")[0])  # so that it is read
        count = 2
    flip(path)
    caplog.set_level(logging.WARNING, "harness")
    code, _, err = run("eval", tiny, "--recipe", quickest, *FEW, "--threads", 1,
                       "--store", store, "--output", tmp_path / "out")  # fmt: skip
    assert code == 0, err
    lines = [r.getMessage() for r in caplog.records if r.name == "harness"]
    assert len(lines) == 1 and path.name in lines[0]
    assert contents(store) == before
    said = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert said["steps_run"] == count
    for name in ("scores.json", "submission.json"):
        assert (tmp_path / "out" / name).read_bytes() == (evaluated / "out" / name).read_bytes()


def test_what_harness_train_exports_is_what_was_learnt(
    tiny: Path, quickest: Path, tmp_path: Path, run: Call
) -> None:
    words = ["train", "mnli", "--from", tiny, "--benchmark", "mini", "--recipe", quickest,
             "--device", "cpu", "--threads", 1, "--store", tmp_path / "store", "--offline",
             "--data", MINI / "xtreme"]  # fmt: skip
    assert run(*words, "--output", tmp_path / "a")[0] == 0
    (training,) = places(tmp_path / "store", "train")
    flip(training / "model.safetensors")
    assert run(*words, "--output", tmp_path / "b")[0] == 0
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]
