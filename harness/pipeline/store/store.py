"""The store: finished steps by key, on disk.

A step is written to a temporary folder, its manifest last, and renamed into place; so a kill loses
at most the running step, and a step under a key is complete. Disks fail and people edit files, so
a step's files are compared with the hashes in its manifest before they are read, once a process.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import platform
import shutil
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from harness.data.files import digest, read_json, write_json
from harness.errors import HarnessError
from harness.models.checkpoint_files import STEP
from harness.pipeline.steps.step import Step
from harness.version import __version__

MANIFEST = STEP
LAYOUT = 2  # of folders and manifests; increased when older steps can no longer be read
LAYOUT_FILE = "store.json"
PACES_FILE = "paces.jsonl"
log = logging.getLogger("harness")
_HOST = platform.node().replace("-", "_") or "here"


@dataclass(frozen=True)
class Store:
    """Finished steps below one folder.

    Attributes:
        root: The folder; created on the first write.
        url: Where its steps are kept as well, without a slash at its end; "" for nowhere.
    """

    root: Path
    url: str = ""

    @property
    def address(self) -> str:
        """Return the folder or URL by which a user names the store."""
        return self.url or str(self.root)

    def checked(self) -> Self:
        """Return the store itself if this version of the harness can read it.

        Raises:
            HarnessError: It has another layout, or cannot be read.
        """
        file = self.root / LAYOUT_FILE
        try:
            layout = json.loads(file.read_text())["layout"]
        except NotADirectoryError as error:
            raise HarnessError(f"{self.root} is not a folder; name another place") from error
        except FileNotFoundError:
            layout = 1 if (self.root / "steps").is_dir() else LAYOUT  # older than the file, or new
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise HarnessError(f"{file}: cannot be read ({error!s:.80})") from error
        refuse_layout(str(self.root), layout)
        return self

    def paces(self) -> dict[str, float]:
        """Return the measured tokens per second of each pace, over its latest steps."""
        latest: dict[str, deque[tuple[float, float]]] = defaultdict(lambda: deque(maxlen=20))
        path = self.root / PACES_FILE
        try:
            lines = path.read_text().splitlines()
        except OSError:
            return {}  # they only serve an estimate
        for line in lines:
            with suppress(ValueError, TypeError):  # of a line cut off by a kill
                name, tokens, seconds = json.loads(line)
                latest[name].append((float(tokens), float(seconds)))
        return {
            name: sum(tokens for tokens, _ in some) / max(1e-3, sum(seconds for _, seconds in some))
            for name, some in latest.items()
        }

    def place(self, step: Step) -> Path:
        """Return the folder of a step's result, finished or not."""
        return self.root / "steps" / step.key[:2] / step.key

    def work(self, step: Step) -> Path:
        """Return a step's folder for states to resume from."""
        return self.root / "work" / step.key

    def find(self, step: Step) -> Path | None:
        """Return the folder of a finished step, None if it is missing or a file's size is wrong."""
        folder = self.place(step)
        try:
            return None if difference(folder, step.key) else folder
        except (OSError, HarnessError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def changed(self, step: Step) -> str:
        """Return the first file of a step here that has changed since it was written, else ""."""
        folder = Store.find(self, step)
        return changed_file(folder) if folder else ""

    def has(self, step: Step) -> bool:
        """Return whether a step is finished, by the sizes of its files and without fetching it."""
        return self.find(step) is not None

    def sound(self, step: Step) -> bool:
        """Return whether a step is finished and its files here are unchanged.

        A changed step is removed with a warning. Call this for steps that will be read.
        """
        if why := self._remove_if_changed(step):
            log.warning("%s; it is done again when it is needed", why)
        return self.has(step)

    def settle(self, step: Step) -> bool:
        """Return whether a step is finished; make it visible to all users of the store.

        The caller holds its lock.
        """
        return self.has(step)

    def fetched(self, step: Step) -> Path:
        """Return the folder of a finished step.

        Raises:
            HarnessError: It is missing, or has changed since it was written.
        """
        why = self._remove_if_changed(step) or f"{step.name} is gone from {self.root}"
        folder = self.find(step)
        if folder is None:
            raise HarnessError(f"{why}; run the command again")
        return folder

    def manifest(self, step: Step) -> dict[str, Any]:
        """Return the manifest of a finished step, even if its files were pruned."""
        path = self.place(step) / MANIFEST
        value: dict[str, Any] = read_json(path if path.is_file() else self.fetched(step) / MANIFEST)
        return value

    def _remove_if_changed(self, step: Step) -> str:
        """Remove a step if one of its files has changed; return which, in words, else ""."""
        name = self.changed(step)
        if not name:
            return ""
        with self.locked(step):
            if self.changed(step):  # else another process has just run it again
                self.remove(step)
        return f"{step.name}: {name} in the store is not what was written there"

    def remove(self, step: Step) -> None:
        """Remove a step from this machine by a single rename; the caller holds its lock."""
        with self.aside() as folder:
            self.place(step).rename(folder / "removed")

    @contextmanager
    def locked(self, step: Step) -> Iterator[bool]:
        """Hold a step's lock, so that two runs never do the same step at once.

        The value is False on a shared folder without locks: the step may then run twice, with
        the same result, each time in a work folder of its own.
        """
        path = self.root / "locks" / step.key
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                alone = True
            except OSError:
                alone = False
            yield alone

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """Yield a new empty folder on the store's disk; remove it at the end unless renamed."""
        folder = self.root / "aside" / f"{_HOST}-{os.getpid()}-{uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove the temporary folders of killed processes of this machine."""
        for folder in (self.root / "aside").glob(f"{_HOST}-*-*"):
            if not _alive(int(folder.name.split("-")[-2])):
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, step: Step, folder: Path, result: dict[str, Any], seconds: float) -> Path:
        """Write a finished step's manifest and rename its folder into place.

        Args:
            step: The step.
            folder: Its files, in a folder from ``aside``.
            result: What the step returned.
            seconds: Wall time it took.
        """
        layout = self.root / LAYOUT_FILE
        if not layout.exists():
            write_json({"layout": LAYOUT, "harness": __version__}, layout)
        files = files_of(folder)
        manifest = {
            "key": step.key,
            "kind": step.kind,
            "name": step.name,
            "version": step.VERSION,
            "identity": step.identity(),
            "parents": [parent.key for parent in step.parents],
            "result": result,
            "examples": step.examples,
            "tokens": step.tokens,
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
        write_json(manifest, folder / MANIFEST)
        for path in (*files, folder / MANIFEST):
            _flush(path)
        place = self._move(folder, step)
        _flush(place.parent)
        shutil.rmtree(self.work(step), ignore_errors=True)
        if step.tokens and seconds > 0:
            with (self.root / PACES_FILE).open("a") as paces:
                paces.write(json.dumps([step.pace, step.tokens, round(seconds, 3)]) + "\n")
        return place

    def _move(self, folder: Path, step: Step) -> Path:
        """Rename a folder to a step's place, unless another process was first."""
        place = self.place(step)
        place.parent.mkdir(parents=True, exist_ok=True)
        if Store.find(self, step) is None:
            shutil.rmtree(place, ignore_errors=True)  # a broken one
            try:
                folder.rename(place)
            except OSError:
                if Store.find(self, step) is None:
                    raise
        return place


def files_of(folder: Path) -> list[Path]:
    """Return the files of a step's folder without the manifest."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def difference(folder: Path, key: str) -> str:
    """Return how a step's files differ from its manifest in their sizes, "" if they do not."""
    manifest = read_json(folder / MANIFEST)
    if manifest["key"] != key:
        return f"{MANIFEST} is of another step ({manifest['key']!s:.12}…)"
    for name, entry in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            return f"{name} is not there"
        size, written = path.stat().st_size, entry["bytes"]
        if not isinstance(written, int):
            return f"{MANIFEST} is not what the harness writes"
        if size != written:
            return f"{name} has {size:,} bytes, {written:,} were written"
    return ""


def changed_file(folder: Path) -> str:
    """Return the first file of a step's folder that does not match its manifest, else "".

    A file is hashed once per process while its size and time do not change.
    """
    files = read_json(folder / MANIFEST)["files"]
    return next((n for n, entry in files.items() if digest(folder / n) != entry.get("sha256")), "")


def refuse_layout(place: str, layout: object) -> None:
    """Refuse a store with another layout, whose steps this harness could not use.

    Raises:
        HarnessError: The layout is another one.
    """
    if layout != LAYOUT:
        raise HarnessError(
            f"{place}: a store of layout {layout!r:.20}, this harness reads {LAYOUT};"
            " name another --store, or use the harness that wrote it"
        )


def _alive(process: int) -> bool:
    try:
        with suppress(PermissionError):  # it belongs to another user
            os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except (OSError, IndexError):
        return True  # this system does not tell
    return state not in "ZX"  # else it has ended and is a zombie


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
