"""An entry of a commit written as plain files, so that the checks of a folder look at it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from harness.submission.findings import Finding, finding
from harness.submission.git_tree import LINK, SUBMODULE, Item, Repository
from harness.submission.listing import MAX_DEPTH, MAX_ENTRY, MAX_FILES, limit_of

NOWHERE = "left-out-by-review"  # where links point; the blob's own target is never used


def write_copy(repository: Repository, items: Mapping[str, Item], folder: Path) -> list[Finding]:
    """Write an entry's files, and return findings for what cannot be written.

    A link becomes one that points nowhere, a submodule a pipe. A file over its limit, or all files
    if the entry is over one, get their size but no bytes: the checks see by the size that it is
    too large, and nothing of it is read.

    Args:
        repository: Where the bytes are.
        items: Path below the entry to what is there (``Repository.tree``).
        folder: The folder to write to; named as the entry.

    Raises:
        HarnessError: An object is missing in the repository.
    """
    findings = []
    large = len(items) > MAX_FILES or sum(item.size for item in items.values()) > MAX_ENTRY
    to_fill: dict[Path, Item] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for path, item in items.items():
        parts = path.split("/")
        if {"", ".", ".."} & set(parts):
            findings.append(_bad_name(folder, path))
            continue
        # what is deeper than allowed is told of wherever it lies
        target = folder.joinpath(*parts[: MAX_DEPTH + 2])
        try:
            _make(target, item)
        except OSError:  # too long, or a file where another path wants a folder
            findings.append(_bad_name(folder, path))
            continue
        plain = item.mode not in (LINK, SUBMODULE)
        if plain and not large and item.size <= limit_of(path):
            to_fill[target] = item
    for target, raw in zip(to_fill, repository.blobs(to_fill.values()), strict=True):
        target.write_bytes(raw)
    return findings


def _make(target: Path, item: Item) -> None:
    """Make what a tree holds, without its bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if item.mode == LINK:
        target.symlink_to(NOWHERE)
    elif item.mode == SUBMODULE:
        os.mkfifo(target)
    else:
        with target.open("wb") as stream:
            stream.truncate(item.size)


def _bad_name(folder: Path, path: str) -> Finding:
    shown = f"{folder.name}/{path:.200}"
    expected = f"names of [a-z0-9._-], at most {MAX_DEPTH} deep"
    return finding("X102", shown, "a path that no folder can hold", expected, remedy="rename it")
