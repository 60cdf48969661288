"""A Source over hub data sets: parquet files at a pinned revision, never remote code.

Files are read through fsspec below one root, ``hf://datasets`` unless ``HARNESS_HUB`` names
another (a mirror, or in the tests a local folder of the same shape:
``ROOT/owner/name@revision/path.parquet``). Fetched files stay in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from harness.data.files import MAX_BYTES, in_place, one_line
from harness.data.layouts import Columns
from harness.data.layouts.pooled import Candidate
from harness.data.records import laid_out, picked
from harness.declarations import Column, Format, Hub, Task, TrainingSet
from harness.errors import HarnessError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset


@dataclass(frozen=True)
class HubSource:
    """Examples from the hub.

    Attributes:
        cache: Folder for fetched files.
        offline: Read only what is in the cache.
        root: fsspec URL that repositories lie below.
    """

    cache: Path
    offline: bool = False
    root: str = ""

    def has(self, of: Task | TrainingSet, split: str, language: str) -> bool:
        """Return whether the declaration has the split, without asking the hub."""
        hub = of.hub
        if hub is None or split not in hub.files or (isinstance(of, TrainingSet) and of.variant):
            return False
        return not hub.languages or language in hub.languages

    def digest(self, of: Task | TrainingSet, split: str, language: str) -> str:
        """Return a hash of the declaration; the pinned revision stands for the bytes."""
        hub = _declared(of, split)
        return hashlib.sha256(repr((asdict(hub), split, language)).encode()).hexdigest()

    def gold_digest(self, task: Task, language: str) -> str:
        """Return the same as ``digest``: the labels are columns of the test split."""
        return self.digest(task, "test", language)

    def gold(self, task: Task, language: str) -> Any | None:
        """Return the gold of the test split, None if it has no labels."""
        return task.format.gold(self.examples(task, "test", language))

    def pool(self, task: Task, start: int = 0, stop: int | None = None) -> Iterator[Candidate]:
        """Refuse: no data set on the hub has a pool of candidates that can be read."""
        raise HarnessError(f"{task.name}: its pool is not on the hub; name a folder with --data")

    def examples(self, of: Task | TrainingSet, split: str, language: str) -> Dataset:
        """Return a split's rows as typed columns.

        Raises:
            HarnessError: The hub cannot be reached, the pinned revision has no such file, a file
                is too large or not parquet, or lacks a declared column.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        hub = _declared(of, split)
        parts = []
        for path in self._files(hub, split, language):
            try:
                parts.append(pq.read_table(path))
                table = pa.concat_tables(parts)
            except (pa.ArrowException, OSError) as error:
                what = f"no readable parquet file ({one_line(error)})"
                raise HarnessError(f"{path}: {what}") from error
        hub = replace(hub, keep=hub.keep.replace("{lang}", hub.codes.get(language, language)))
        return of.format.layout.to_dataset(_columns(of.format, hub, table))

    def _files(self, hub: Hub, split: str, language: str) -> list[Path]:
        """Return local copies of a split's parquet files, fetching those not in the cache."""
        pattern = hub.files[split].format(lang=hub.codes.get(language, language))
        folder = self.cache / hub.repo / hub.revision
        complete = folder / f".{re.sub(r'[^A-Za-z0-9.-]+', '_', pattern)}.complete"
        paths = sorted(folder.glob(pattern))
        if paths and complete.exists():
            return paths
        if self.offline:
            raise HarnessError(
                f"{hub.repo}: {pattern} is not in the cache and --offline forbids fetching it"
            )
        paths = self._fetch(hub, pattern, folder)
        complete.touch()
        return paths

    def _fetch(self, hub: Hub, pattern: str, folder: Path) -> list[Path]:
        from fsspec.core import url_to_fs

        root = self.root or os.environ.get("HARNESS_HUB", "hf://datasets")
        base = f"{root}/{hub.repo}@{hub.revision}"
        try:
            system, inside = url_to_fs(base)
            remotes = sorted(system.glob(f"{inside}/{pattern}"))
            if not remotes:
                raise HarnessError(f"{base}: no file {pattern} at this revision")
            paths = []
            for remote in remotes:
                size = system.info(remote)["size"]
                if not remote.endswith(".parquet") or size > MAX_BYTES:
                    raise HarnessError(f"{remote}: not a parquet file below {MAX_BYTES >> 30} GiB")
                local = folder / remote.removeprefix(f"{inside}/")
                with in_place(local) as aside:
                    system.get_file(remote, str(aside))
                paths.append(local)
        except HarnessError:
            raise
        except Exception as error:  # fsspec and the hub client pass on their transport's errors
            raise HarnessError(
                f"{base}: cannot be fetched ({type(error).__name__}: {one_line(error)});"
                " check the network, or lay the data in a folder and pass --data"
            ) from error
        return paths


def _declared(of: Task | TrainingSet, split: str) -> Hub:
    if of.hub is None:
        raise HarnessError(
            f"{of.name} is not on the hub as the benchmark needs it; pass --data with a folder"
            " in XTREME's layout"
        )
    if split not in of.hub.files:
        raise HarnessError(f"{of.hub.repo} has no {split} split for {of.name}")
    return of.hub


def _columns(form: Format, hub: Hub, table: pa.Table) -> Columns:
    """Turn a parquet table into the layout's columns, values mapped as declared."""
    theirs = {ours: _column(hub, table, name) for ours, name in hub.columns.items()}
    if hub.keep:
        keep = re.compile(hub.keep)
        numbers = [i for i, name in enumerate(theirs["id"]) if keep.fullmatch(name)]
        theirs = {name: [values[i] for i in numbers] for name, values in theirs.items()}

    def refuse(row: int, what: str) -> NoReturn:
        raise _misfit(hub, f"row {row + 1}: {what}")

    return laid_out(theirs, form.layout, hub.values, form.labels, refuse)


def _column(hub: Hub, table: pa.Table, name: Column) -> list[Any]:
    """Return one column's values; of several columns, lists of their values."""
    if isinstance(name, tuple):
        parts = [_column(hub, table, part) for part in name]
        return [list(row) for row in zip(*parts, strict=True)]
    column, _, inner = name.partition(".")
    if column not in table.column_names:
        raise _misfit(hub, f"no column {column!r} (has {', '.join(table.column_names)})")
    values: list[Any] = table.column(column).to_pylist()
    try:
        return [picked(value, inner) for value in values] if inner else values
    except (KeyError, TypeError) as error:
        raise _misfit(hub, f"column {column!r} has no {inner!r} in every row") from error


def _misfit(hub: Hub, what: str) -> HarnessError:
    place = f"{hub.repo}@{hub.revision[:8]}"
    return HarnessError(f"{place}: {what}; the declaration does not fit this revision")
