"""States to resume from: one that is harmed in any way is dropped, and the end is the same."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.places import ROOT
from support.stores import HARM
from support.trainings import GIVEN, device, ignore, rows_of, spec_of

from harness.training import dev_eval, loop
from harness.training.resume import (
    MANIFEST,
    History,
    State,
    best_folder,
    last_state,
    seal,
    state_folder,
    states,
)

FILES = (
    MANIFEST, "model.safetensors", "optimizer.pt", "rng_state.pth", "scheduler.pt",
    "trainer_state.json", "training_args.bin",
)  # fmt: skip


def train(tiny: Path, work: Path, out: Path, report: Callable[[int, int], None]) -> bytes:
    work.mkdir(parents=True, exist_ok=True)
    spec = spec_of(tiny, GIVEN)
    result = loop.train(spec, rows_of(spec), device(), work, out, report)
    return (out / "model.safetensors").read_bytes() + json.dumps(result).encode()


@dataclass(frozen=True)
class Killed:
    """A training that was killed with two states behind it, and how it would have ended."""

    work: Path
    steps: tuple[int, int]
    bests: tuple[int, int]
    end: bytes


@pytest.fixture(scope="module")
def killed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    folder = tmp_path_factory.mktemp("killed")
    whole = train(tiny, folder / "whole", folder / "out", ignore)
    checks = History(**json.loads(whole[whole.rindex(b'{"updates"') :])["dev_checks"])

    def die(done: int, total: int) -> None:
        if done == checks.steps[2] + 1:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dev_eval, "RESUME_EVERY", 0.0)
        with pytest.raises(KeyboardInterrupt):
            train(tiny, folder / "work", folder / "none", die)
    before, last = checks.steps[1:3]
    bests = [checks.until(step).chosen_update("best") for step in (before, last)]
    return Killed(folder / "work", (before, last), (bests[0], bests[1]), whole)


def test_two_states_are_kept_each_with_its_weights(killed: Killed) -> None:
    assert sorted(states(killed.work)) == [*killed.steps]
    for step, best in zip(killed.steps, killed.bests, strict=True):
        there = {p.name for p in state_folder(killed.work, step).iterdir()}
        assert there == set(FILES)
        assert best_folder(killed.work, best).is_dir()
    assert {p.name for p in killed.work.glob("best-*")} == {f"best-{u}" for u in killed.bests}
    assert last_state(killed.work).step == killed.steps[1]


def resumed(killed: Killed, work: Path, tiny: Path) -> tuple[int, bytes]:
    """Go on; return the first update that was done and the end."""
    seen: list[int] = []
    end = train(tiny, work, work.with_name("out"), lambda done, total: seen.append(done))
    return seen[0], end


@pytest.mark.parametrize("how", HARM)
@pytest.mark.parametrize("name", FILES)
def test_a_harmed_state_is_dropped_for_the_one_before_it(
    name: str, how: str, killed: Killed, tmp_path: Path
) -> None:
    work = Path(shutil.copytree(killed.work, tmp_path / "work"))
    HARM[how](state_folder(work, killed.steps[1]) / name)
    state = last_state(work)
    assert (state.step, state.folder) == (killed.steps[0], state_folder(work, killed.steps[0]))
    assert state.history.steps[-1] == killed.steps[0]
    assert list(states(work)) == [killed.steps[0]]
    HARM[how](state_folder(work, killed.steps[0]) / name)
    assert last_state(work) == State(0, None, History())


@pytest.mark.parametrize("how", HARM)
def test_a_state_whose_weights_are_harmed_is_dropped(
    how: str, killed: Killed, tmp_path: Path
) -> None:
    files = [p.relative_to(killed.work) for p in killed.work.glob("best-*/**/*") if p.is_file()]
    assert len(files) >= 4
    for number, file in enumerate(files):
        work = Path(shutil.copytree(killed.work, tmp_path / str(number)))
        HARM[how](work / file)
        left = [
            step
            for step, best in zip(killed.steps, killed.bests, strict=True)
            if file.parts[0] != f"best-{best}"
        ]
        assert last_state(work).step == max(left, default=0), file


# the rows of the attack that ended in a traceback, and one harm for each other file
ENDS = [("scheduler.pt", how) for how in HARM]
ENDS += list(zip(FILES, [*HARM, "cut", "zeroed"], strict=True))


@pytest.mark.parametrize(("name", "how"), ENDS)
def test_with_a_harmed_state_it_ends_in_the_same_bytes(
    name: str, how: str, killed: Killed, tiny: Path, tmp_path: Path
) -> None:
    work = Path(shutil.copytree(killed.work, tmp_path / "work"))
    HARM[how](state_folder(work, killed.steps[1]) / name)
    assert resumed(killed, work, tiny) == (killed.steps[0] + 1, killed.end)


def test_with_both_harmed_or_none_it_ends_in_the_same_bytes(
    killed: Killed, tiny: Path, tmp_path: Path
) -> None:
    work = Path(shutil.copytree(killed.work, tmp_path / "a" / "work"))
    assert resumed(killed, work, tiny) == (killed.steps[1] + 1, killed.end)
    work = Path(shutil.copytree(killed.work, tmp_path / "b" / "work"))
    for step in killed.steps:
        HARM["zeroed"](state_folder(work, step) / "optimizer.pt")
    assert resumed(killed, work, tiny) == (1, killed.end)


def test_a_state_without_its_manifest_or_with_anothers_is_none(tmp_path: Path) -> None:
    history = History([4], [1.0], [{"mnli": 1.0}], [{"mnli": 1.0}])
    for step in (4, 6):
        state_folder(tmp_path, step).mkdir()
        (state_folder(tmp_path, step) / "trainer_state.json").write_text("{}")
    best_folder(tmp_path, 4).mkdir()
    (best_folder(tmp_path, 4) / "model.safetensors").write_text("weights")
    (tmp_path / "checkpoint-7-old").mkdir()
    seal(tmp_path, 4, history, "best")
    shutil.copy(state_folder(tmp_path, 4) / MANIFEST, state_folder(tmp_path, 6))
    assert last_state(tmp_path) == State(4, state_folder(tmp_path, 4), history)
    assert list(states(tmp_path)) == [4]


@pytest.mark.parametrize("text", ["0", "3", "6", "12", "-2", "128", "", "two", "\0"])
def test_a_number_of_pieces_that_was_never_written_is_not_taken(text: str, tmp_path: Path) -> None:
    (tmp_path / loop.PIECES).write_text(text)
    assert loop._pieces(tmp_path) == 1
    (tmp_path / loop.PIECES).write_text("4")
    assert loop._pieces(tmp_path) == 4


TOGETHER = """
import os, shutil, sys, time
from pathlib import Path
from support.stores import HARM
from support.trainings import GIVEN, device, ignore, rows_of, spec_of
from harness.training import dev_eval
from harness.training.loop import train
from harness.training.resume import state_folder, states
from torch import distributed
from transformers import Trainer
second, save = os.environ["RANK"] == "1", Trainer._save_rng_state
def late(self, folder):
    time.sleep(0.5 * second)
    save(self, folder)
Trainer._save_rng_state = late  # the first process is done long before
dev_eval.RESUME_EVERY = 1e9 if second else 0.0  # clocks differ: the first one's counts
folder = Path(sys.argv[2])
work, harmed = folder / "work", folder / "harmed"
work.mkdir(exist_ok=True)
spec = spec_of(Path(sys.argv[1]), GIVEN)
train(spec, rows_of(spec), device(), work, folder / "out", ignore)
distributed.barrier()
if not second:
    shutil.copytree(work, harmed)
    HARM["flipped"](state_folder(harmed, max(states(harmed))) / "rng_state_1.pth")
distributed.barrier()
train(spec, rows_of(spec), device(), harmed, folder / "again", ignore)
"""


@pytest.mark.slow
def test_a_state_of_two_processes_holds_the_parts_of_both(tiny: Path, tmp_path: Path) -> None:
    """Its manifest comes after what the second process writes; harmed there, it is dropped."""
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
             str(script), str(tiny), str(tmp_path)]  # fmt: skip
    env = os.environ | {
        "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    }  # fmt: skip

    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    found = sorted(states(tmp_path / "work"))
    assert len(found) == 2
    for step in found:
        text = (state_folder(tmp_path / "work", step) / MANIFEST).read_text()
        assert all(f"checkpoint-{step}/rng_state_{rank}.pth" in text for rank in (0, 1))
    ends = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("out", "again")]
    assert ends[0] == ends[1]
    assert sorted(states(tmp_path / "harmed")) == found
