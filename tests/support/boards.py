"""Verified entries of mini for boards, made once a session and copied."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from harness.submission.entries import incoming_of
from harness.submission.verified import Verified
from harness.submission.verify import verify
from support.entries import BASELINE, TRANSFER, change, write_baseline, write_transfer


@cache
def _made(runs: int) -> Path:
    root = Path(tempfile.mkdtemp(prefix="harness-board-"))
    write_baseline(root, runs=runs)
    write_transfer(root, runs=runs)
    verified(root)
    return root


def entries(root: Path, runs: int = 3) -> Path:
    """A folder of a baseline and a row with MNLI first, both verified, free to be spoilt."""
    return Path(shutil.copytree(_made(runs), root / "entries"))


def verified(root: Path) -> None:
    """Verify the entries of a folder in this process."""
    assert all(one.ok for one in verify(root, every=True, workers=1))


def sealed(folder: Path) -> None:
    """Let verified.json be that of an entry whose fields, not its predictions, were changed."""
    entry = incoming_of(folder).hash
    replace(Verified.read(folder), entry=entry).write(folder)


def say(folder: Path, **fields: Any) -> None:
    """Change fields of an entry; it stays verified if it was."""
    change(folder, lambda value: value.update(fields))
    if (folder / "verified.json").exists():
        sealed(folder)


def copied(root: Path, slug: str, to: str, **fields: Any) -> Path:
    """Copy an entry under another slug, other fields changed; it is verified as that one is."""
    folder = Path(shutil.copytree(root / slug, root / to))
    say(folder, **{"slug": to, "title": to, **fields})
    return folder


__all__ = ["BASELINE", "TRANSFER", "copied", "entries", "say", "sealed", "verified"]
