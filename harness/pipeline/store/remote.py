"""A store at an fsspec URL (s3://, gs://, a shared file://), with a mirror on each machine."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from harness import places
from harness.data.files import digest, one_line
from harness.errors import HarnessError
from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import (
    LAYOUT,
    LAYOUT_FILE,
    MANIFEST,
    Store,
    files_of,
    refuse_layout,
)


class Mirror(Store):
    """A store whose finished steps are also at a URL.

    A step is looked for on this machine, then at the URL, and fetched whole. A step that is
    finished here is sent to the URL, its manifest last, so that nobody reads half a step.
    """

    def find(self, step: Step) -> Path | None:
        """Return the folder of a finished step, fetching it if it is only at the URL."""
        return super().find(step) or (self._fetch(step) if self._at_url(step) else None)

    def has(self, step: Step) -> bool:
        """Return whether a step is finished at the URL, without asking again for a known one."""
        return (self._flag(step).exists() and super().find(step) is not None) or self._at_url(step)

    def settle(self, step: Step) -> bool:
        """Return whether a step is finished; send it if only this machine has it."""
        if self.changed(step):
            self.remove(step)
        place = super().find(step)
        if place is not None and not self.has(step):
            self._send(step, place)
        return place is not None or self.has(step)

    def keep(self, step: Step, folder: Path, result: dict[str, Any], seconds: float) -> Path:
        """Put a finished step into its place, here and at the URL."""
        place = super().keep(step, folder, result, seconds)
        self._send(step, place)
        return place

    def _send(self, step: Step, place: Path) -> None:
        """Copy a step to the URL, its manifest last."""
        system, base = self._remote(step)
        top = base.removesuffix(f"/steps/{step.key[:2]}/{step.key}")
        try:
            new = [] if system.exists(f"{top}/{LAYOUT_FILE}") else [self.root / LAYOUT_FILE]
            for path in (*new, *files_of(place), place / MANIFEST):
                target = f"{top}/{path.relative_to(self.root)}"
                aside = f"{target}.{uuid4().hex}.part"
                system.makedirs(target.rpartition("/")[0], exist_ok=True)
                system.put_file(str(path), aside)
                system.mv(aside, target)
        except Exception as error:  # fsspec passes on its transport's errors
            raise HarnessError(f"{self.url}: cannot be written ({one_line(error)})") from error
        self._mark(step)

    def _at_url(self, step: Step) -> bool:
        system, base = self._remote(step)
        try:
            return bool(system.exists(f"{base}/{MANIFEST}"))
        except Exception as error:
            raise HarnessError(f"{self.url}: cannot be reached ({one_line(error)})") from error

    def _flag(self, step: Step) -> Path:
        """Return the file that marks a step of this mirror as being at the URL, too."""
        return self.root / "seen" / step.key

    def _mark(self, step: Step) -> None:
        self._flag(step).parent.mkdir(exist_ok=True)
        self._flag(step).touch()

    def _fetch(self, step: Step) -> Path | None:
        """Copy a step from the URL; return None if its files do not match its manifest."""
        system, base = self._remote(step)
        with self.aside() as folder:
            try:
                system.get_file(f"{base}/{MANIFEST}", str(folder / MANIFEST))
                files = json.loads((folder / MANIFEST).read_text())["files"]
                for name, entry in files.items():
                    local = folder / name
                    if not local.resolve().is_relative_to(folder.resolve()):
                        raise HarnessError(f"{base}: a file named {name!r:.60}; not fetched")
                    local.parent.mkdir(parents=True, exist_ok=True)
                    system.get_file(f"{base}/{name}", str(local))
                    if digest(local) != entry["sha256"]:
                        raise ValueError(name)
            except (FileNotFoundError, ValueError, KeyError, TypeError):
                with suppress(Exception):  # it is broken there and must run again
                    system.rm_file(f"{base}/{MANIFEST}")
                return None
            except OSError:
                return None
            self._move(folder, step)
        self._mark(step)
        return super().find(step)

    def _remote(self, step: Step) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        return url_to_fs(f"{self.url}/steps/{step.key[:2]}/{step.key}")


def open_store(where: str) -> Store:
    """Return the store in a folder, or at an fsspec URL with a mirror on this machine.

    Raises:
        HarnessError: Another version of the harness wrote it, or it cannot be reached.
    """
    if "://" in where:
        return open_mirror(where, places.mirrors())
    return Store(Path(where).absolute()).checked()


def open_mirror(url: str, mirrors: Path) -> Mirror:
    """Return the store at a URL, its mirror below a folder of this machine.

    Raises:
        HarnessError: No installed file system handles the URL, or it cannot be reached.
    """
    from fsspec.core import url_to_fs

    url = url.rstrip("/")
    root = mirrors / hashlib.sha256(url.encode()).hexdigest()[:16]
    try:
        system, base = url_to_fs(url)
        known = system.exists(f"{base}/{LAYOUT_FILE}")
        if known:
            root.mkdir(parents=True, exist_ok=True)
            system.get_file(f"{base}/{LAYOUT_FILE}", str(root / LAYOUT_FILE))
        old = not known and system.exists(f"{base}/steps")
    except Exception as error:  # fsspec passes on its transport's errors
        raise HarnessError(f"--store {url}: cannot be reached ({one_line(error)})") from error
    refuse_layout(url, 1 if old else LAYOUT)
    return Mirror(root, url).checked()
