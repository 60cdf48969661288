"""Stores of small steps that run in no time, and ways to harm what is in one."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.folder import FolderSource
from harness.models.device import choose_device
from harness.pipeline.engines.in_process import InProcessEngine
from harness.pipeline.engines.schedule import opened, run_all
from harness.pipeline.engines.workers import Site
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import MANIFEST, Store
from support.places import MINI


@dataclass(frozen=True)
class Leave:
    """Leave a file with a text and what the parents left."""

    text: str

    def run(self, folder: Path, parents: tuple[Path, ...], bench: Runtime) -> dict[str, Any]:
        read = [(parent / "deep" / "file.txt").read_text() for parent in parents]
        (folder / "deep").mkdir()
        (folder / "deep" / "file.txt").write_text(f"{self.text}({','.join(read)})")
        return {}


def step(kind: str, name: str, *parents: Step) -> Step:
    return Step(kind, f"{kind} {name}", {"name": name}, parents, Leave(name))


def chain() -> list[Step]:
    """An intermediate training, two that go on from it, their predictions, their scores."""
    first = step("train", "first")
    found = [first]
    for name in "ab":
        training = step("train", name, first)
        predictions = [step("predict", f"{name} {code}", training) for code in ("de", "en")]
        found += [training, *predictions, step("score", name, *predictions)]
    return found


def site(store: Store) -> Site:
    source = FolderSource(MINI / "xtreme", MINI / "labels")
    return Site(store, source, choose_device("cpu", "fp32", 1))


class Quiet:
    def ended(self, outcome: object, done: int, total: int) -> None:
        """Look away."""


def done(steps: list[Step], store: Store) -> int:
    """Run steps; return how many there were to run."""
    with opened(InProcessEngine(site(store))) as engine:
        report = run_all(steps, store, engine, Quiet())
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
