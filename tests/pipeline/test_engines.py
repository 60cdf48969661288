"""Engines: results do not depend on which one ran, nor on what was killed meanwhile."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command_line import in_process, use_cache
from support.places import ROOT
from support.runs import STUDY, contents, descendants
from support.stores import Quiet, runtime
from support.waiting import LONG, events, until

from harness.data.memory import Memory
from harness.errors import HarnessError
from harness.pipeline.engines.local import LocalEngine
from harness.pipeline.engines.run_step import InProcessEngine, perform
from harness.pipeline.engines.schedule import Moved, Outcome, run_all
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step
from harness.pipeline.store.remote import Mirror, open_mirror
from harness.pipeline.store.store import LAYOUT, LAYOUT_FILE, MANIFEST, Store
from harness.studies.expand import plan_study
from harness.studies.study_file import read_study


def command(file: Path, store: object, output: Path, *more: object) -> list[str]:
    words = [sys.executable, "-m", "harness", "study", "run", file, "--store", store]
    return [*map(str, words), "--output", str(output), *map(str, more)]


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes and torchrun find this harness."""
    monkeypatch.chdir(ROOT)


def execute(file: Path, store: object, output: Path, *more: object, cache: Path) -> str:
    """Run a study, whose engine may start processes; return what it says."""
    words = command(file, store, output, *more)[3:]
    with pytest.MonkeyPatch.context() as patch:
        use_cache(cache, patch)
        code, out, err = in_process(*words)
    assert code == 0, out[-2000:] + err[-2000:]
    return out + err


@dataclass(frozen=True)
class Undisturbed:
    """A study that this process ran alone, without slots."""

    file: Path
    store: Path
    output: Path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    file = folder / "engines.toml"
    file.write_text(STUDY.format(tiny=tiny))
    execute(file, folder / "store", folder / "out", cache=folder / "cache")
    return Undisturbed(file, folder / "store", folder / "out")


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def ended(processes: set[int]) -> bool:
    """Wait until processes have ended; if they do not, kill them and say so."""
    limit = time.monotonic() + LONG
    while any(map(alive, processes)) and time.monotonic() < limit:
        time.sleep(0.05)
    left = [p for p in processes if alive(p)]
    for process in left:
        os.kill(process, signal.SIGKILL)
    return not left


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing_finished(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"moments of seed {seed}")  # which events they come after; their times are the machine's
    words = command(undisturbed.file, store, tmp_path / "out", "--workers", 2)
    total, least = len(contents(undisturbed.store)), 0
    for _ in range(2):
        with (tmp_path / "log").open("w") as log:
            running = subprocess.Popen(
                words, env=env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        try:
            # after some more steps were begun or finished than before, so in the midst of some
            began = until(running, store, events(store) + chance.randrange(3, 12))
            below = descendants(running.pid)
        finally:
            running.kill()
            running.wait()
        assert not began or below, "no workers were there"
        assert ended(below), (tmp_path / "log").read_text()[-2000:]
        kept = contents(store)  # what stands is whole
        assert len(kept) >= least
        least = len(kept)
    assert least > 0
    said = execute(undisturbed.file, store, tmp_path / "out", cache=tmp_path / "cache")
    if least < total:
        assert f"{total - least} steps ran" in said
    assert contents(store) == contents(undisturbed.store)
    table = (tmp_path / "out" / "table.json").read_bytes()
    assert table == (undisturbed.output / "table.json").read_bytes()
    if least < total:
        assert not list((store / "aside").iterdir()), "what the killed ones left aside is swept"


# --- steps of no weight


@dataclass(frozen=True, eq=False, kw_only=True)
class Leave(Step):
    """Leave a file; or die, or fail, if told to."""

    kind = "score"
    text: str
    how: str = ""

    def identity(self) -> dict[str, Any]:
        return {"name": self.text}

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        if self.how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "exit":
            os._exit(3)
        if self.how == "raise":
            raise ZeroDivisionError("of its own making")
        if self.how == "refuse":
            raise HarnessError("nothing to be done")
        (folder / "deep").mkdir()
        (folder / "deep" / "file.txt").write_text(self.text)
        (folder / "process").write_text("" if self.how == "quiet" else str(os.getpid()))
        return {"read": [(parent / "deep" / "file.txt").read_text() for parent in parents]}


def leaf(name: str, *parents: Step, how: str = "") -> Leave:
    return Leave(name=f"score {name}", parents=parents, text=name, how=how)


class Watch(Quiet):
    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []

    def ended(self, outcome: Outcome, done: int, total: int) -> None:
        self.seen.append((outcome.step.name, done, total))


ERRORS = {
    "score raise": "ZeroDivisionError: of its own making",
    "score refuse": "nothing to be done",
}


@pytest.mark.parametrize("how", ["die", pytest.param("exit", marks=pytest.mark.slow)])
def test_a_worker_that_dies_fails_its_step_alone(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors are told as this process would tell them, and the worker ends with its engine."""
    if how == "die":  # a worker that imports no torch, which these steps do not need
        monkeypatch.setattr("harness.pipeline.engines.local.perform_apart", perform)
    first = leaf("first")
    deadly = leaf("deadly", how=how)
    wrong = [leaf(name, how=name) for name in ("raise", "refuse")]
    more = (leaf(f"s{i}", first) for i in range(8))
    steps = [deadly, first, leaf("below", deadly), *wrong, *more]
    watch = Watch()
    store = Store(tmp_path)
    with suppress(KeyboardInterrupt), closing(LocalEngine(runtime(store), 1)) as engine:
        report = run_all(steps, engine, watch)  # the engine must go on after the death
        raise KeyboardInterrupt
    said = {outcome.step.name: outcome.error for outcome in report.failed}
    death = said.pop("score deadly")
    assert "its process died" in death
    assert "-9" in death if how == "die" else "exit code 3" in death
    assert said == ERRORS
    assert [step.name for step in report.skipped] == ["score below"]
    assert report.ran == 9
    assert watch.seen[-1][1:] == (13, 13)
    assert store.find(deadly) is None
    processes = {(store.fetched(s) / "process").read_text() for s in steps if store.find(s)}
    assert len(processes) == 1 and str(os.getpid()) not in processes
    assert ended(set(map(int, processes)))
    # and those that failed are all that a second run begins, with what is below them
    with closing(InProcessEngine(runtime(store))) as engine:
        mended = [leaf(s.text, *s.parents) for s in steps if s.name != "score below"]
        assert run_all(to_do(mended, store.sound), engine, Watch()).ran == 3


def test_errors_of_steps_are_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with closing(InProcessEngine(runtime(store))) as engine:
        steps = [leaf("raise", how="raise"), leaf("refuse", how="refuse"), leaf("c")]
        report = run_all(steps, engine, Watch())
    assert {outcome.step.name: outcome.error for outcome in report.failed} == ERRORS
    assert report.ran == 1
    assert not list((store.root / "aside").iterdir())


# --- the order of steps


class Chance:
    """An engine that ends steps in any order, some of them failed."""

    def __init__(self, draw: Callable[..., Any], slots: int, bad: set[str]) -> None:
        self.draw, self.slots, self.bad = draw, slots, bad
        self.begun: list[str] = []
        self.ended: set[str] = set()
        self.running: list[tuple[int, Step]] = []

    def start(self, slot: int, step: Step) -> None:
        assert slot not in {busy for busy, _ in self.running}
        assert 0 <= slot < self.slots
        assert step.key not in self.begun, "begun twice"
        assert all(parent.key in self.ended for parent in step.parents), "before its parents"
        self.begun.append(step.key)
        self.running.append((slot, step))

    def wait(self, moved: Moved) -> list[Outcome]:
        assert self.running, "nothing to wait for"
        ended = []
        for _ in range(self.draw(st.integers(1, len(self.running)))):
            slot, step = self.running.pop(self.draw(st.integers(0, len(self.running) - 1)))
            error = "bad" if step.name in self.bad else ""
            if not error:
                self.ended.add(step.key)
            ended.append(Outcome(slot, step, 1.0, error))
        return ended

    def close(self) -> None:
        """Nothing is held."""


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_parents_come_first_and_a_failure_takes_its_branch_alone(data: st.DataObject) -> None:
    steps: list[Step] = []
    for i in range(data.draw(st.integers(0, 14))):
        some = st.lists(st.sampled_from(steps), max_size=3, unique_by=id) if steps else st.just([])
        steps.append(leaf(f"n{i}", *data.draw(some)))
    pick = st.sets(st.sampled_from([s.name for s in steps])) if steps else st.just(set())
    bad, had = data.draw(pick), data.draw(pick)
    cached = {s.key for s in steps if s.name in had}
    below: set[str] = set()  # all that a failure makes impossible, by going down from it
    failing = {s.key for s in steps if s.name in bad and s.key not in cached}
    for step in steps:
        if step.key not in cached and any(p.key in below | failing for p in step.parents):
            below.add(step.key)
    engine = Chance(data.draw, data.draw(st.integers(1, 4)), bad)
    engine.ended |= cached
    watch = Watch()
    report = run_all(to_do(steps, lambda step: step.key in cached), engine, watch)
    assert {s.key for s in report.skipped} == below
    assert len(report.skipped) == len(below)
    assert {o.step.key for o in report.failed} == failing - below
    todo = {s.key for s in steps} - cached
    assert set(engine.begun) == todo - below
    assert report.ran == len(todo - below - failing)
    if todo:
        assert watch.seen[-1][1:] == (len(todo), len(todo))
    assert report.busy == len(engine.begun)


def test_all_slots_are_used() -> None:
    most = 0

    class Counting(Chance):
        def wait(self, moved: Moved) -> list[Outcome]:
            nonlocal most
            most = max(most, len(self.running))
            slot, step = self.running.pop()
            self.ended.add(step.key)
            return [Outcome(slot, step, 0.0)]

    engine = Counting(lambda kind: None, 3, set())
    run_all([leaf(str(i)) for i in range(9)], engine, Watch())
    assert most == 3


# --- a store at a URL


@pytest.fixture
def far(tmp_path: Path) -> str:
    return f"file://{tmp_path}/far/store"


def kept(store: Store, step: Step) -> Path:
    with store.aside() as folder:
        result = step.run(folder, tuple(map(store.fetched, step.parents)), None)  # type: ignore[arg-type]
        return store.keep(step, folder, result, 0.1)


def at(far: str, step: Step) -> Path:
    return Path(far.removeprefix("file://")) / "steps" / step.key[:2] / step.key


def test_a_store_is_told_by_the_name_that_its_user_gave(far: str, tmp_path: Path) -> None:
    assert open_mirror(far, tmp_path / "one").address == far.rstrip("/")
    assert Store(tmp_path / "here").address == str(tmp_path / "here")


def test_two_mirrors_share_what_is_finished(far: str, tmp_path: Path) -> None:
    here, there = (open_mirror(far, tmp_path / name) for name in ("m1", "m2"))
    assert isinstance(here, Mirror) and here.root != there.root
    step = leaf("shared")
    child = leaf("child", step)
    assert here.find(step) is None and there.find(step) is None
    place = kept(here, step)
    assert place.is_relative_to(tmp_path / "m1")
    found = there.find(step)
    assert found is not None and found.is_relative_to(tmp_path / "m2")
    assert (found / "deep" / "file.txt").read_text() == "shared"
    assert there.manifest(step) == here.manifest(step)
    kept(there, child)
    assert here.fetched(child) == here.place(child)
    names = {str(p.relative_to(at(far, step))) for p in at(far, step).rglob("*") if p.is_file()}
    assert names == {"deep/file.txt", "process", MANIFEST}, "nothing is left half written"
    shutil.rmtree(tmp_path / "far")
    assert there.find(step) is not None, "what was fetched is kept here"


def test_a_url_says_how_its_store_is_laid_out(far: str, tmp_path: Path) -> None:
    kept(open_mirror(far, tmp_path / "m1"), leaf("a"))
    remote = Path(far.removeprefix("file://")) / LAYOUT_FILE
    assert json.loads(remote.read_text())["layout"] == LAYOUT


def test_a_store_at_a_url_of_another_layout_is_refused(far: str, tmp_path: Path) -> None:
    remote = Path(far.removeprefix("file://")) / LAYOUT_FILE
    remote.parent.mkdir(parents=True)
    remote.write_text('{"layout": 7}')
    with pytest.raises(HarnessError, match="layout 7"):
        open_mirror(far, tmp_path / "m1")


def test_a_tampered_file_is_not_taken(far: str, tmp_path: Path) -> None:
    step = leaf("a")
    kept(open_mirror(far, tmp_path / "m1"), step)
    (at(far, step) / "deep" / "file.txt").write_text("b")  # as long as before
    other = open_mirror(far, tmp_path / "m2")
    assert other.find(step) is None
    assert not other.place(step).exists()
    assert not list((other.root / "aside").iterdir())
    kept(other, step)  # and it is mended by whoever does it again
    assert open_mirror(far, tmp_path / "m3").find(step) is not None


@pytest.mark.parametrize("evil", ["../evil", "deep/../../evil", "/tmp/harness-evil"])
def test_a_manifest_that_leads_outside_is_refused(evil: str, far: str, tmp_path: Path) -> None:
    step = leaf("a")
    kept(open_mirror(far, tmp_path / "m1"), step)
    manifest = at(far, step) / MANIFEST
    value = json.loads(manifest.read_text())
    value["files"][evil] = value["files"]["deep/file.txt"]
    manifest.write_text(json.dumps(value))
    (at(far, step).parent / "evil").write_text("a")
    other = open_mirror(far, tmp_path / "m2")
    with pytest.raises(HarnessError, match=re.escape(evil)):
        other.find(step)
    assert not list(tmp_path.glob("m2/**/evil")) and not Path("/tmp/harness-evil").exists()
    assert not other.place(step).exists()


def test_no_manifest_no_step(far: str, tmp_path: Path) -> None:
    step = leaf("a")
    kept(open_mirror(far, tmp_path / "m1"), step)
    (at(far, step) / MANIFEST).unlink()
    assert open_mirror(far, tmp_path / "m2").find(step) is None
    (at(far, step) / MANIFEST).write_text('{"files": {"deep/file.txt"')
    assert open_mirror(far, tmp_path / "m3").find(step) is None
    (at(far, step) / MANIFEST).write_text('["files"]')
    assert open_mirror(far, tmp_path / "m4").find(step) is None


def test_a_file_that_is_missing_far_away(far: str, tmp_path: Path) -> None:
    step = leaf("a")
    kept(open_mirror(far, tmp_path / "m1"), step)
    (at(far, step) / "process").unlink()
    assert open_mirror(far, tmp_path / "m2").find(step) is None


def test_a_broken_step_here_is_fetched_anew(far: str, tmp_path: Path) -> None:
    step = leaf("a")
    store = open_mirror(far, tmp_path / "m1")
    place = kept(store, step)
    (place / "deep" / "file.txt").write_text("longer than it was")
    assert store.find(step) is not None
    assert (store.fetched(step) / "deep" / "file.txt").read_text() == "a"


def test_planning_fetches_nothing(far: str, tmp_path: Path) -> None:
    step = leaf("a")
    kept(open_mirror(far, tmp_path / "m1"), step)
    other = open_mirror(far, tmp_path / "m2")
    assert other.has(step) and other.settle(step) and not other.place(step).exists()
    assert not other.has(leaf("b")) and not other.settle(leaf("b"))


def test_what_is_broken_at_the_url_is_done_anew(far: str, tmp_path: Path) -> None:
    step = leaf("a")
    kept(open_mirror(far, tmp_path / "m1"), step)
    (at(far, step) / "deep" / "file.txt").write_text("b")
    other = open_mirror(far, tmp_path / "m2")
    assert other.has(step)
    with pytest.raises(HarnessError, match="run the command again"):
        other.fetched(step)
    assert not other.has(step)


def test_a_sending_that_failed_is_made_up_for(
    far: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    def lost(*_: object, **__: object) -> None:
        raise ConnectionError("lost")

    step, store = leaf("a"), open_mirror(far, tmp_path / "m1")
    with monkeypatch.context() as patched:
        patched.setattr(LocalFileSystem, "put_file", lost)
        with pytest.raises(HarnessError, match="cannot be written"):
            kept(store, step)
        assert not store.has(step), "the others do not find it"
    other = open_mirror(far, tmp_path / "m2")
    assert not other.has(step)
    assert store.settle(step) and store.has(step)
    assert other.has(step) and (other.fetched(step) / "process").is_file()


def test_a_url_that_cannot_be_asked_is_told_in_one_line(
    far: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    def lost(*_: object, **__: object) -> bool:
        raise ConnectionError("lost")

    store = open_mirror(far, tmp_path / "m1")
    monkeypatch.setattr(LocalFileSystem, "exists", lost)
    with pytest.raises(HarnessError, match="cannot be reached"):
        store.has(leaf("a"))


def test_a_url_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = open_mirror(f"file://{tmp_path}/file/store", tmp_path / "m1")
    with pytest.raises(HarnessError, match="cannot be written") as caught:
        kept(store, leaf("a"))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_study_at_a_url_by_two_machines(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Two caches stand for two machines: what one has done the other takes, here with slots."""
    url = f"file://{tmp_path}/far"
    homes = [tmp_path / name for name in ("one", "two")]
    less = tmp_path / "engines.toml"
    text = undisturbed.file.read_text()
    less.write_text(text.replace('"xnli", ', "").replace('"en", ', ""))
    part = execute(less, url, tmp_path / "o1", cache=homes[0])
    count = int(re.search(r"(\d+) steps ran", part)[1])  # type: ignore[index]
    whole = execute(undisturbed.file, url, tmp_path / "o2", "--workers", 2, cache=homes[1])
    total = len(contents(undisturbed.store))
    assert total > 25
    assert (
        f"{total} steps with the scores, {count} cached" in whole
        and f"{total - count} steps ran" in whole
    )
    assert contents(tmp_path / "far") == contents(undisturbed.store)
    assert not list(tmp_path.rglob("aside/*"))
    again = execute(undisturbed.file, url, tmp_path / "o3", cache=homes[0])
    assert f"{total} steps with the scores, {total} cached" in again
    tables = [(tmp_path / o / "table.json").read_bytes() for o in ("o2", "o3")]
    assert tables == [(undisturbed.output / "table.json").read_bytes()] * 2


# --- several processes for one training


@pytest.mark.slow
def test_torchrun_is_a_setting_of_the_study(tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "together.toml"
    text = STUDY.format(tiny=tiny).replace('"xnli", ', "").replace('"en", ', "")
    text = text.replace('mix = {train = ["hellaswag", "ccg"], mlm = 0.2}\n', "")

    def planned(processes: int) -> dict[str, str]:
        file.write_text(f"processes = {processes}\n{text}")
        whole = plan_study(read_study(file), Memory())
        return {step.key: step.name for step in whole.steps if step.kind == "train"}

    one, two = planned(1), planned(2)
    assert len(one) == len(two) == 2
    assert not one.keys() & two.keys(), "the key does not say it"
    here, slots = tmp_path / "here", tmp_path / "slots"  # each training starts three processes
    execute(file, here, tmp_path / "here-out", cache=tmp_path / "cache")
    assert not list((here / "aside").iterdir())
    # slots go on from an intermediate training that is there
    shutil.copytree(here, slots)
    for manifest in slots.glob(f"steps/*/*/{MANIFEST}"):
        if "seq" in json.loads(manifest.read_text())["name"]:
            shutil.rmtree(manifest.parent)
    assert len(contents(here)) - len(contents(slots)) == 4  # trained, embedded, predicted, scored
    execute(file, slots, tmp_path / "slots-out", "--workers", 2, cache=tmp_path / "cache")
    assert not list((slots / "aside").iterdir())
    assert contents(here) == contents(slots)
    trained = {k: said for k, (said, _) in contents(here).items() if said.startswith("train")}
    assert trained == two
    for manifest in here.glob(f"steps/*/*/{MANIFEST}"):
        value = json.loads(manifest.read_text())
        if value["kind"] == "train":
            assert value["identity"]["processes"] == 2


@pytest.mark.slow
def test_a_training_of_several_processes_that_fails_says_why(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "together.toml"
    text = STUDY.format(tiny=tiny).partition("[intermediate]")[0].replace(', "tatoeba"', "")
    text = text.replace("max_steps = 2", "max_steps = 40")
    more = "learning_rate = 10\nweight_decay = 100\nepochs = 20\n"
    more += "max_length = 64\ntrain_examples = 64\n"
    file.write_text(f"processes = 2\n{text}[settings.default]\n{more}")
    use_cache(tmp_path / "cache", monkeypatch)
    code, _, err = in_process(*command(file, tmp_path / "store", tmp_path / "out")[3:])
    assert code == 1
    assert "failed: train xnli-en" in err and "Traceback" not in err
    assert "not finite" in err
