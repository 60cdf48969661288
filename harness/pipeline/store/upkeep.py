"""Upkeep of a store: what in it is broken, and which trained encoders it can do without."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.files import digest, read_json
from harness.errors import HarnessError
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.step import Step
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.store import MANIFEST, Store


@dataclass(frozen=True)
class Fault:
    """A broken step.

    Attributes:
        folder: Where it stands, below the store.
        name: What a reader calls it, "" if its manifest does not say.
        what: What is wrong with it.
    """

    folder: str
    name: str
    what: str


@dataclass(frozen=True)
class Findings:
    """What a look through a store found.

    Attributes:
        steps: Steps, whole or not.
        pruned: Trainings of which only the manifest was kept.
        broken: Steps that will be done again when they are needed.
        states: Trainings with states to resume from.
        states_bytes: What those states take.
        locks: Lock files.
        aside: Folders that running or killed processes hold aside.
    """

    steps: int
    pruned: int
    broken: tuple[Fault, ...]
    states: int
    states_bytes: int
    locks: int
    aside: int


@dataclass(frozen=True)
class Pruning:
    """What a store can do without.

    Attributes:
        going: Trainings that no unfinished step reads, with the bytes of their files.
        read: How many trainings unfinished steps read.
        others: How many trainings are of none of the studies asked about.
        others_bytes: What those take.
    """

    going: tuple[tuple[Step, int], ...]
    read: int
    others: int
    others_bytes: int


def look_through(store: Store) -> Findings:
    """Read and hash every file of a store on this machine.

    Raises:
        HarnessError: There is none.
    """
    faults: list[Fault] = []
    folders = _folders(store)
    pruned = 0
    for folder in folders:
        name, what = "", ""
        try:
            value = read_json(folder / MANIFEST)
            name = str(value["name"])
            if value["kind"] == TrainStep.kind and not _held(folder):
                pruned += 1
            else:
                what = _wrong(folder, value)
        except HarnessError as error:
            what = str(error).removeprefix(f"{folder}/")
        except (KeyError, TypeError, AttributeError):
            what = f"{MANIFEST} is not what the harness writes"
        if what:
            faults.append(Fault(str(folder.relative_to(store.root)), name, what))
    states = _entries(store.root / "work")
    return Findings(
        steps=len(folders),
        pruned=pruned,
        broken=tuple(faults),
        states=len(states),
        states_bytes=sum(_held(folder) for folder in states),
        locks=len(_entries(store.root / "locks")),
        aside=len(_entries(store.root / "aside")),
    )


def _wrong(folder: Path, manifest: dict[str, Any]) -> str:
    """Return what of a step is not as its manifest says, "" if all is."""
    if manifest["key"] != folder.name:
        return f"{MANIFEST} is of another step ({manifest['key']!s:.12}…)"
    for name, entry in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            return f"{name} is not there"
        size = path.stat().st_size
        if size != entry["bytes"]:
            return f"{name} has {size:,} bytes, {entry['bytes']:,} were written"
        if digest(path) != entry["sha256"]:
            return f"{name} has other bytes than were written (SHA-256)"
    return ""


def prunable(steps: Sequence[Step], store: Store) -> Pruning:
    """Return which trainings of some steps the store can do without.

    Only trainings among the steps are ever named: what else is there may be another study's.

    Args:
        steps: All steps of one or several studies, parents before children.
        store: Where they are.
    """
    todo = to_do(steps, lambda step: store.has(step) and not store.changed(step))
    parents = {parent.key for step in steps for parent in step.parents}
    lost = {step.key for step in todo}
    read = {parent.key for step in todo for parent in step.parents} - lost
    trainings = [step for step in steps if isinstance(step, TrainStep)]
    going = [
        (step, _held(store.place(step)))
        for step in trainings
        if step.key in parents and step.key not in read | lost
    ]
    known = {step.key for step in trainings}
    others = [
        size
        for folder in _folders(store)
        if folder.name not in known and _is_training(folder) and (size := _held(folder))
    ]
    return Pruning(
        going=tuple((step, size) for step, size in going if size),
        read=sum(step.key in read for step in trainings),
        others=len(others),
        others_bytes=sum(others),
    )


def prune(step: Step, store: Store) -> None:
    """Remove a finished training's files from this machine; its manifest stays."""
    with store.locked(step):
        for path in store.place(step).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != MANIFEST:
                path.unlink()


def _folders(store: Store) -> list[Path]:
    """Return the folder of every step of a store on this machine."""
    top = store.root / "steps"
    if not top.is_dir():
        raise HarnessError(f"{store.root}: no store is there (it has no folder steps)")
    return sorted(path for path in top.glob("*/*") if path.is_dir())


def _is_training(folder: Path) -> bool:
    try:
        return bool(read_json(folder / MANIFEST)["kind"] == TrainStep.kind)
    except (HarnessError, KeyError, TypeError):
        return False


def _held(folder: Path) -> int:
    """Return the bytes of a folder's files, less the manifest's."""
    return sum(path.stat().st_size for path in _files(folder) if path.name != MANIFEST)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
