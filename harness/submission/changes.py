"""What a change does to one entry: what is gone, what moved, what a maintainer knew of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from harness import registry
from harness.declarations import headline
from harness.submission.entry import MEAN, PREDICTIONS, STATISTICS, SUBMISSION, VERIFIED, Entry
from harness.submission.findings import Finding, finding, warned
from harness.submission.git_tree import Item
from harness.submission.summary import OVERALL
from harness.task_score import TaskScore, summarise

TOLERANCE = 0.05  # points by which a score may move without a word
_FILE = re.compile(r"(?:.*/)?([^/]+)/test-([^/]+)\.[a-z]+")
Cell = tuple[str, str, str]
"""Run, task, language; the run is "" for published numbers."""


@dataclass(frozen=True)
class State:
    """An entry at one commit.

    Attributes:
        slug: Its name.
        items: Its files: path below the entry to what is there.
        entry: What submission.json says; None where that cannot be read.
        provenance: Where its scores come from, in a word; "" where that cannot be told.
        verified: Task to its verified score, and ``OVERALL``; {} where the scores are claims.
    """

    slug: str
    items: Mapping[str, Item]
    entry: Entry | None
    provenance: str
    verified: Mapping[str, float]

    @cached_property
    def scores(self) -> Mapping[str, float]:
        """Return the score of each task, and ``OVERALL``: the verified ones, else the claims."""
        if self.verified or self.entry is None:
            return self.verified
        return _claimed(self.entry)

    @cached_property
    def cells(self) -> frozenset[Cell]:
        """Return what there are scores of: by what the entry states, else by its files."""
        entry = self.entry
        if entry and entry.kind == "published":
            claims = entry.claims.items()
            return frozenset(("", t, one) for t, by in claims for one in by if one != MEAN)
        if entry and any(run.files for run in entry.runs):
            every = [(run.id, path) for run in entry.runs for path in run.files]
        else:
            start = f"{PREDICTIONS}/"
            every = [("", path) for path in self.items if path.startswith(start)]
        found = ((run, _FILE.fullmatch(path)) for run, path in every)
        return frozenset((run, match[1], match[2]) for run, match in found if match)

    @property
    def has_predictions(self) -> bool:
        """Return whether predictions lie in the entry, or are said to lie elsewhere."""
        inside = any(path.startswith(f"{PREDICTIONS}/") for path in self.items)
        return inside or bool(self.entry and self.entry.value.get("links", {}).get("predictions"))


def _claimed(entry: Entry) -> dict[str, float]:
    """Return the claimed score of each task: its mean, or the mean over its languages."""
    known = registry.benchmarks()
    benchmark = next((one for one in known if one.name == entry.benchmark), None)
    if benchmark is None:
        return {}
    scores: dict[str, float] = {}
    tasks: dict[str, TaskScore] = {}
    installed = registry.task_names()
    for name in benchmark.task_names():
        by_language = entry.claims.get(name, {})
        if not by_language or name not in installed:
            continue
        task = registry.task(name)
        metric = task.format.metric
        needed = metric.split("+")
        order = benchmark.languages_of(task)
        whole = {
            code: dict(one)
            for code, one in by_language.items()
            if code in order and all(part in one for part in needed)
        }
        mean = by_language.get(MEAN, {})
        if all(part in mean for part in needed):
            scores[name] = headline(metric, dict(mean))
        elif whole:
            tasks[name] = TaskScore(name, metric, whole, order)
            scores[name] = tasks[name].score or 0.0
    overall = entry.overall
    if overall is None:
        overall = summarise(benchmark.groups, tasks).overall
    return scores if overall is None else {**scores, OVERALL: overall}


@dataclass(frozen=True)
class Move:
    """A task's score before and after; None where there is none.

    Attributes:
        task: The task, or ``OVERALL``.
        before: In points.
        after: In points.
    """

    task: str
    before: float | None
    after: float | None

    @property
    def by(self) -> float | None:
        """Return the difference, None unless both are there."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


def moves(before: State | None, after: State | None) -> tuple[Move, ...]:
    """Return each task's score before and after, in the order in which the entry has them."""
    old = before.scores if before else {}
    new = after.scores if after else {}
    return tuple(Move(name, old.get(name), new.get(name)) for name in {**new, **old})


def findings_of_change(before: State, after: State) -> Iterator[Finding]:
    """Yield R702 to R705 for an entry that was there before and is still there.

    What R702 and R704 tell is a warning where the change itself says why: where it sets
    ``withdrawn`` or writes other ``notes``. A maintainer reads what they say.
    """
    why = _explained(before, after)
    for one in (*_gone(before, after), *_fallen(before, after)):
        yield warned(one) if why else one
    for move in moves(before, after):
        if move.by is not None and abs(move.by) > TOLERANCE + 1e-9:
            yield finding(
                "R703",
                _submission(after),
                f"{move.task}: {move.before:.2f} is {move.after:.2f} now ({move.by:+.2f})",
                remedy="say in notes what changed",
            )
    yield from withdrawn_without_reason(after)


def withdrawn_without_reason(after: State) -> Iterator[Finding]:
    """Yield R705 for an entry whose ``withdrawn`` is set, but has not a letter."""
    text = after.entry.withdrawn if after.entry else ""
    if text and not any(map(str.isalpha, text)):
        yield finding(
            "R705",
            _submission(after),
            f"withdrawn is {text!r:.40}",
            "a reason in words",
            remedy='write why, or "" if it is not withdrawn',
            pointer="/withdrawn",
        )


def _explained(before: State, after: State) -> bool:
    """Return whether the change says why, in ``withdrawn`` or in ``notes``."""
    if before.entry is None or after.entry is None:
        return False
    old, new = before.entry.value, after.entry.value
    texts = [new.get(key, "") for key in ("withdrawn", "notes") if new.get(key) != old.get(key)]
    return any(map(str.isalpha, "".join(texts)))


def _gone(before: State, after: State) -> Iterator[Finding]:
    """Yield R702 for runs, tasks and languages that were there."""
    old, new = before.cells, after.cells
    runs = {run for run, _, _ in old}
    left = runs & {run for run, _, _ in new}
    if before.entry and after.entry and before.entry.kind == after.entry.kind == "runs":
        for run in sorted(runs - left - {""}):
            yield _missing(after, f"run {run} is gone")
    if not left:  # by other names, or told by their files alone: tasks and languages of any run
        old = frozenset(("", task, language) for _, task, language in old)
        new = frozenset(("", task, language) for _, task, language in new)
        left = {""}
    lost = {(task, language) for run, task, language in old - new if run in left}
    for task in sorted({task for task, _ in lost}):
        languages = sorted(language for one, language in lost if one == task)
        had = {language for _, one, language in old if one == task}
        if not any(one == task for _, one, _ in new):
            yield _missing(after, f"task {task} is gone ({len(had)} languages)")
            continue
        word = "language" if len(languages) == 1 else "languages"
        verb = "is" if len(languages) == 1 else "are"
        count = f"{len(had) - len(languages)} of {len(had)} are left"
        yield _missing(after, f"{task}: {word} {' '.join(languages)} {verb} gone ({count})")


def _missing(after: State, found: str) -> Finding:
    return finding(
        "R702",
        _submission(after),
        found,
        "what an entry has shown stays",
        remedy="put it back, or say why in withdrawn or notes",
    )


def _fallen(before: State, after: State) -> Iterator[Finding]:
    """Yield R704: what a maintainer could recompute cannot be any more.

    That a changed entry is stale until a maintainer verifies it again is no fall: every change
    makes it so.
    """
    kinds = [state.entry.kind if state.entry else "" for state in (before, after)]
    if VERIFIED in before.items and VERIFIED not in after.items:
        found = f"{VERIFIED} is removed"
    elif kinds == ["runs", "published"]:
        found = "kind is published, was runs"
    elif before.has_predictions and not after.has_predictions:
        found = "the predictions are gone, and links.predictions names no other place"
    else:
        return
    yield finding(
        "R704",
        _submission(after),
        found,
        "scores that can be recomputed stay so",
        remedy="undo it, or say why in withdrawn or notes",
    )


def maintainers_files(before: State | None, after: State, *, moved: bool) -> Iterator[Finding]:
    """Yield F306 for verified.json and statistics/ where a change adds, changes or removes them.

    That verified.json is removed is told by R704.

    Args:
        before: The entry before, None if it is new.
        after: The entry after.
        moved: Whether the entry was renamed, and its files with it.
    """
    old = before.items if before else {}
    for path in sorted({*old, *after.items}):
        if path != VERIFIED and path.partition("/")[0] != STATISTICS:
            continue
        if old.get(path) == after.items.get(path) or (path == VERIFIED and path not in after.items):
            continue
        how = "changed" if path in old else "added"
        yield finding(
            "F306",
            f"{after.slug}/{path}",
            f"{how if path in after.items else 'removed'} by this change",
            "a maintainer's `verify` alone writes it",
            remedy="leave it as it was" if before or moved else "leave it out",
        )


def _submission(state: State) -> str:
    return f"{state.slug}/{SUBMISSION}"
