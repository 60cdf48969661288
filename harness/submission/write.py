"""Writing an entry's folder, whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.data.files import copy_file, digest, writable
from harness.errors import HarnessError
from harness.submission.entry import PREDICTIONS, EntryRun
from harness.submission.record import Submission, slug_of

Sources = Mapping[str, Mapping[str, Path]]
"""Run to its prediction files: path below the run's folder, to where the file is now."""


def check_new(output: Path, slug: str) -> None:
    """Refuse, before any work, a slug that cannot be one, or that is taken.

    Raises:
        HarnessError: The slug does not fit, its folder is there, or it cannot be written.
    """
    if not re.fullmatch("[a-z0-9][a-z0-9-]{1,62}", slug):
        raise HarnessError(
            f"{slug!r:.80} is not a slug: 2 to 63 of a-z, 0-9 and -, not - first; for example"
            f" {slug_of(slug)}"
        )
    if os.path.lexists(output / slug):
        raise HarnessError(
            f"{output / slug} is there already, and no entry is written over; remove it, or name"
            " another slug"
        )
    writable(output)


def write_entry(submission: Submission, sources: Sources, output: Path) -> Path:
    """Write an entry with copies of its predictions, aside first, and return its folder.

    Predictions always lie a folder a run, also with one run.

    Raises:
        HarnessError: Its slug is taken, a file is not what the entry says of it, or the entry
            does not fit its schema; nothing is left then.
    """
    check_new(output, submission.slug)
    output.mkdir(parents=True, exist_ok=True)
    folder = output / submission.slug
    aside = folder.with_name(f".{submission.slug}.{os.getpid()}.part")
    try:
        for run in submission.runs:
            _copy(run, sources[run.id], aside / PREDICTIONS / run.id)
        submission.save(aside)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _copy(run: EntryRun, sources: Mapping[str, Path], folder: Path) -> None:
    """Copy a run's files, and see that the copies are what the entry says."""
    for path, sha in run.files.items():
        source = sources[path]
        if source.is_symlink() or not source.is_file():
            raise HarnessError(f"{source}: not a plain file; put the predictions themselves there")
        copy_file(source, folder / path)
        if digest(folder / path) != sha:
            raise HarnessError(f"{source} is not what {run.id} was scored on; evaluate it again")
