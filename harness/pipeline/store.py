"""The store: finished steps by key, on disk.

A step is written aside, its manifest last, and renamed into place; so a kill at any moment loses
at most the step in hand, and what stands under a key is whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from harness import __version__
from harness.data.files import digest
from harness.pipeline.step import VERSIONS, Step

MANIFEST = "step.json"
_HOST = platform.node().replace("-", "_") or "here"


@dataclass(frozen=True)
class Store:
    """Finished steps below one folder.

    Attributes:
        root: The folder; made when first written to.
    """

    root: Path

    def place(self, step: Step) -> Path:
        """Return where a step's result stands, or would."""
        return self.root / "steps" / step.key[:2] / step.key

    def work(self, step: Step) -> Path:
        """Return a step's folder for states to resume from."""
        return self.root / "work" / step.key

    def find(self, step: Step) -> Path | None:
        """Return the folder of a finished step, None if it is not there or not whole."""
        folder = self.place(step)
        try:
            files = json.loads((folder / MANIFEST).read_text())["files"]
            sizes = {name: (folder / name).stat().st_size for name in files}
            whole = all(sizes[name] == entry["bytes"] for name, entry in files.items())
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return folder if whole else None

    def manifest(self, step: Step) -> dict[str, Any]:
        """Return what a finished step says of itself."""
        value: dict[str, Any] = json.loads((self.place(step) / MANIFEST).read_text())
        return value

    @contextmanager
    def locked(self, step: Step) -> Iterator[None]:
        """Hold a step's lock, so that two runs never do the same step at once."""
        path = self.root / "locks" / step.key
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """Give a new empty folder on the store's disk; it is gone afterwards unless kept."""
        folder = self.root / "aside" / f"{_HOST}-{os.getpid()}-{uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what killed processes of this machine left aside."""
        for folder in (self.root / "aside").glob(f"{_HOST}-*-*"):
            if not _alive(int(folder.name.split("-")[-2])):
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, step: Step, folder: Path, result: dict[str, Any], seconds: float) -> Path:
        """Put a step's finished folder into its place, manifest last.

        Args:
            step: The step.
            folder: Its files, in a folder that ``aside`` gave.
            result: What the job returned.
            seconds: Wall time it took.
        """
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        manifest = {
            "key": step.key,
            "kind": step.kind,
            "name": step.name,
            "version": VERSIONS[step.kind],
            "identity": step.identity,
            "parents": [parent.key for parent in step.parents],
            "result": result,
            "seconds": round(seconds, 3),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "harness": __version__,
            "files": {
                str(path.relative_to(folder)): {
                    "bytes": path.stat().st_size,
                    "sha256": digest(path),
                }
                for path in files
            },
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        for path in (*files, folder / MANIFEST):
            _flush(path)
        place = self.place(step)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)  # a broken one: find() did not take it
        folder.rename(place)
        _flush(place.parent)
        shutil.rmtree(self.work(step), ignore_errors=True)
        return place


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is somebody else's
    return True


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
