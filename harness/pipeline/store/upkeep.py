"""Upkeep of a store: its broken steps, and the trained encoders that it does not need."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.files import read_json
from harness.errors import HarnessError
from harness.pipeline.steps.embed_step import EmbedStep
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.pool_step import PoolStep
from harness.pipeline.steps.step import Step
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.store import MANIFEST, Store, changed_file, difference, files_of

LARGE = (TrainStep, EmbedStep, PoolStep)  # steps that others alone read, and that take room


@dataclass(frozen=True)
class Fault:
    """A broken step.

    Attributes:
        folder: Its folder, relative to the store.
        name: Its name, "" if its manifest does not say.
        what: What is wrong with it.
    """

    folder: str
    name: str
    what: str


@dataclass(frozen=True)
class Findings:
    """The result of checking a store.

    Attributes:
        steps: Number of steps, intact or not.
        pruned: Number of trainings of which only the manifest was kept.
        broken: Steps that will run again when they are needed.
        states: Number of trainings with states to resume from.
        states_bytes: Size of those states.
        locks: Number of lock files.
        aside: Number of temporary folders of running or killed processes.
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
    """What a store does not need.

    Attributes:
        going: Trainings and embeddings that no unfinished step reads, with their files' bytes.
        read: Number of them that unfinished steps read.
        others: Number of them that belong to none of the studies asked about.
        others_bytes: Size of those.
    """

    going: tuple[tuple[Step, int], ...]
    read: int
    others: int
    others_bytes: int


def look_through(store: Store) -> Findings:
    """Check a store on this machine by hashing every file.

    Raises:
        HarnessError: There is no store.
    """
    faults: list[Fault] = []
    folders = _folders(store)
    pruned = 0
    for folder in folders:
        name, what = "", ""
        try:
            value = read_json(folder / MANIFEST)
            name = str(value["name"])
            if value["kind"] == TrainStep.kind and not _size(folder):
                pruned += 1
            else:
                what = difference(folder, folder.name)
                if not what and (changed := changed_file(folder)):
                    what = f"{changed} has other bytes than were written (SHA-256)"
        except HarnessError as error:
            what = str(error).removeprefix(f"{folder}/")
        except (KeyError, TypeError, AttributeError):
            what = f"{MANIFEST} is not what the harness writes"
        if what:
            faults.append(Fault(str(folder.relative_to(store.root)), name, what))
    states = list(store.root.glob("work/*"))
    return Findings(
        steps=len(folders),
        pruned=pruned,
        broken=tuple(faults),
        states=len(states),
        states_bytes=sum(_size(folder) for folder in states),
        locks=len(list(store.root.glob("locks/*"))),
        aside=len(list(store.root.glob("aside/*"))),
    )


def prunable(steps: Sequence[Step], store: Store) -> Pruning:
    """Return which trainings and embeddings of some steps the store does not need.

    Only those among the steps are named, since others may belong to another study.

    Args:
        steps: All steps of one or several studies, parents before children.
        store: Where they are.
    """
    todo = to_do(steps, lambda step: store.has(step) and not store.changed(step))
    parents = {parent.key for step in steps for parent in step.parents}
    unfinished = {step.key for step in todo}
    read = {parent.key for step in todo for parent in step.parents} - unfinished
    spare = parents - read - unfinished
    inner = [step for step in steps if isinstance(step, LARGE)]
    going = [(one, _size(store.place(one))) for one in inner if one.key in spare]
    known = {step.key for step in inner}
    others = [
        size
        for folder in _folders(store)
        if folder.name not in known and _is_inner(folder) and (size := _size(folder))
    ]
    return Pruning(
        going=tuple((step, size) for step, size in going if size),
        read=sum(step.key in read for step in inner),
        others=len(others),
        others_bytes=sum(others),
    )


def prune(step: Step, store: Store) -> None:
    """Remove a finished step's files from this machine; its manifest stays."""
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


def _is_inner(folder: Path) -> bool:
    try:
        return read_json(folder / MANIFEST)["kind"] in {one.kind for one in LARGE}
    except (HarnessError, KeyError, TypeError):
        return False


def _size(folder: Path) -> int:
    """Return the size of a folder's files in bytes, without the manifest."""
    return sum(path.stat().st_size for path in files_of(folder))
