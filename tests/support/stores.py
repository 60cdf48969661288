"""Stores of small steps that run in no time, and ways to harm what is in one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.folder import FolderSource
from harness.models.device import choose_device
from harness.pipeline.engines.run_plan import run_plan
from harness.pipeline.engines.schedule import Outcome, Report
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.store import MANIFEST, Store
from support.places import MINI


@dataclass(frozen=True, eq=False, kw_only=True)
class Leave(Step):
    """Leave a file with a text and what the parents left."""

    text: str

    def identity(self) -> Mapping[str, Any]:
        return {"name": self.text}

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        read = [(parent / "deep" / "file.txt").read_text() for parent in parents]
        (folder / "deep").mkdir()
        (folder / "deep" / "file.txt").write_text(f"{self.text}({','.join(read)})")
        return {}


class Train(Leave, TrainStep):
    """As a training: its result is read by other steps alone."""


class Predict(Leave):
    kind = "predict"


class Score(Leave):
    kind = "score"


def step(kind: str, name: str, *parents: Step) -> Step:
    make = {"train": Train, "predict": Predict, "score": Score}[kind]
    return make(name=f"{kind} {name}", parents=parents, text=name)


def chain() -> list[Step]:
    """An intermediate training, two that go on from it, their predictions, their scores."""
    first = step("train", "first")
    found = [first]
    for name in "ab":
        training = step("train", name, first)
        predictions = [step("predict", f"{name} {code}", training) for code in ("de", "en")]
        found += [training, *predictions, step("score", name, *predictions)]
    return found


def runtime(store: Store) -> Runtime:
    source = FolderSource(MINI / "xtreme", MINI / "labels")
    return Runtime(store, source, choose_device("cpu", "fp32", 1))


class Quiet:
    """Progress that shows nothing; a test overrides what it looks at."""

    def planned(self, plan: str) -> None: ...
    def opened(self, total: int) -> None: ...
    def begun(self, step: Step) -> None: ...
    def moved(self, step: Step, done: int, total: int) -> None: ...
    def ended(self, outcome: Outcome, done: int, total: int) -> None: ...
    def closed(self, report: Report) -> None: ...
    def interrupted(self, kept: int, total: int, place: str) -> None: ...


def done(steps: list[Step], store: Store) -> int:
    """Run steps; return how many there were to run."""
    report = run_plan(steps, runtime(store), Quiet())
    assert not report.failed and not report.skipped
    return report.ran


def flip(path: Path, bit: int = 3) -> None:
    """Change one bit of a file, as a disk may: its size stays."""
    value = bytearray(path.read_bytes())
    value[len(value) // 2] ^= 1 << bit
    path.write_bytes(value)


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.glob("steps/*/*/**/*"))
        if path.is_file() and path.name != MANIFEST
    }


def places(store: Path, kind: str) -> list[Path]:
    found = [path.parent for path in sorted(store.glob(f"steps/*/*/{MANIFEST}"))]
    return [one for one in found if json.loads((one / MANIFEST).read_text())["kind"] == kind]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


HARM = {"flipped": flip, "cut": cut, "zeroed": zeroed, "emptied": emptied, "removed": Path.unlink}
