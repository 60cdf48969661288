"""The finished rows of a study as verified entries, for a board of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.studies.study_submit import Handing, submit
from harness.submission.outcome import Outcome, State
from harness.submission.verify import verify

if TYPE_CHECKING:
    from harness.pipeline.store.store import Store
    from harness.studies.expand import StudyPlan


@dataclass(frozen=True)
class StudyEntries:
    """Entries of a study.

    Attributes:
        folder: The folder of entries.
        notes: What is not done yet, and which entries could not be verified.
    """

    folder: Path
    notes: tuple[str, ...]


@contextmanager
def study_entries(whole: StudyPlan, store: Store) -> Iterator[StudyEntries]:
    """Yield the finished rows of a study as entries in a folder that is removed afterwards.

    They are verified there against the study's own labels and data, so that a board reads them
    as it reads any others.

    Args:
        whole: The study.
        store: Its steps.

    Raises:
        HarnessError: No row has a finished run, or the study's labels are missing.
    """
    study = whole.study
    with TemporaryDirectory() as place:
        folder = Path(place)
        handed = submit(whole, store, Handing(folder))
        if not handed.written:
            raise HarnessError(f"{study.path}: no row has a finished run; run the study first")
        outcomes = verify(folder, study.labels or study.data, study.data, every=True)
        undone = [f"not done: {line}" for line in handed.left_out]
        yield StudyEntries(folder, (*undone, *_refused(outcomes)))


def _refused(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield of each entry that could not be verified why."""
    for one in outcomes:
        if one.state is State.REFUSED:
            first = next(iter(one.findings), None)
            why = f"{first.code} {first.found}" if first else "; ".join(one.notes)
            yield f"{one.slug} is not verified: {why}"
