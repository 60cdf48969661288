"""Review: what a change of a repository does to its entries, from git's data alone.

The head is compared with the merge base of both revisions, not with the tip of the base: what
others merged meanwhile is no part of the change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.errors import HarnessError
from harness.submission.changes import (
    Move,
    State,
    findings_of_change,
    maintainers_files,
    moves,
    withdrawn_without_reason,
)
from harness.submission.checks import findings_of
from harness.submission.entries import MAX_ENTRIES, incoming_of, neighbours
from harness.submission.entry import STATISTICS, SUBMISSION, VERIFIED
from harness.submission.findings import ERROR, Finding, capped, finding
from harness.submission.git_tree import Change, Item, open_repository
from harness.submission.likeness import Likeness, Near
from harness.submission.listing import MAX_SUBMISSION
from harness.submission.review_folder import ENTRIES, NO_SLUG, ReviewFolder, is_slug
from harness.submission.summary import OVERALL, EntrySummary
from harness.submission.verified import Provenance, Verified, provenance

ADDED, CHANGED, RENAMED, REMOVED = "added", "changed", "renamed", "removed"


@dataclass(frozen=True)
class EntryReview:
    """What a change does to one entry.

    Attributes:
        slug: Its name; the one it had if it is removed.
        status: ``added``, ``changed``, ``renamed`` or ``removed``.
        was: Its name before a rename, else "".
        title: What the board calls it, "" where that cannot be read.
        provenance: Where its scores come from, before and after; "" for not there.
        moves: Each task's score before and after.
        nearest: The entry whose predictions are most like its own.
        findings: What is wrong with it, files from the top of the repository.
    """

    slug: str
    status: str
    was: str
    title: str
    provenance: tuple[str, str]
    moves: tuple[Move, ...]
    nearest: Near | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Return whether no finding is an error."""
        return all(one.severity is not ERROR for one in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return the review as JSON values."""
        return {
            "slug": self.slug,
            "status": self.status,
            "was": self.was,
            "title": self.title,
            "provenance": {"before": self.provenance[0], "after": self.provenance[1]},
            "scores": [{**vars(one), "move": one.by} for one in self.moves],
            "nearest": {**vars(self.nearest), "share": self.nearest.share}
            if self.nearest
            else None,
            "findings": [one.as_dict() for one in self.findings],
        }


@dataclass(frozen=True)
class Review:
    """What a change does to the entries of a repository.

    Attributes:
        base: Commit that the change is meant for.
        head: Commit with the change.
        merge_base: Commit at which they part; what the head is compared with.
        entries: The entries that the change touches.
        findings: What is wrong outside these.
    """

    base: str
    head: str
    merge_base: str
    entries: tuple[EntryReview, ...]
    findings: tuple[Finding, ...]

    @property
    def every(self) -> list[Finding]:
        """Return all findings."""
        return [*self.findings, *(one for entry in self.entries for one in entry.findings)]

    @property
    def ok(self) -> bool:
        """Return whether no finding is an error."""
        return all(one.severity is not ERROR for one in self.every)

    def as_dict(self) -> dict[str, Any]:
        """Return the review as JSON values."""
        return {
            "base": self.base,
            "head": self.head,
            "merge_base": self.merge_base,
            "ok": self.ok,
            "entries": [one.as_dict() for one in self.entries],
            "findings": [one.as_dict() for one in self.findings],
        }


def review(root: Path, base: str, head: str = "HEAD") -> Review:
    """Return what a change does to the entries of a repository.

    Args:
        root: A folder in the repository.
        base: Revision that the change is meant for.
        head: Revision with the change; it need not be checked out.

    Raises:
        HarnessError: Git is not installed, the folder is not in a repository or in a shallow
            clone, a revision is unknown or has no commit in common with the other, or the change
            touches more than ``MAX_ENTRIES`` entries.
    """
    repository = open_repository(root)
    tip, end = repository.commit(base), repository.commit(head)
    start = repository.merge_base(tip, end)
    touched, outside = _by_entry(repository.changes(start, end))
    if len(touched) > MAX_ENTRIES:
        raise HarnessError(
            f"{root}: the change touches {len(touched):,} entries, more than {MAX_ENTRIES:,}, and"
            " is not reviewed; hand in a smaller one"
        )
    with TemporaryDirectory(prefix="harness-review-") as folder:
        room = ReviewFolder(repository, start, end, Path(folder).resolve())
        pairs = _paired(room, touched)
        room.write_others()
        taken = repository.ever_had(
            tip, [f"{ENTRIES}/{new}" for old, new in pairs if new and new != old]
        )
        likeness = Likeness(repository, end, ENTRIES)
        reviews = [_reviewed(room, old, new, taken, likeness) for old, new in pairs]
        links = _broken_links(room, pairs)
    return Review(tip, end, start, tuple(reviews), (*outside, *_several(pairs), *links))


def _by_entry(changes: Sequence[Change]) -> tuple[list[str], list[Finding]]:
    """Return the slugs that a change touches, and R701 for what lies outside of entries."""
    slugs: dict[str, None] = {}
    outside = []
    for change in changes:
        parts = change.path.split("/")
        if len(parts) > 2 and parts[0] == ENTRIES and is_slug(parts[1]):
            slugs[parts[1]] = None
            continue
        how = "changed" if change.before and change.after else "added"
        outside.append(
            finding(
                "R701",
                f"{change.path:.200}",
                f"{how if change.after else 'removed'} by this change",
                f"nothing outside {ENTRIES}/<slug>/",
                remedy="hand it in apart from entries: a check of this change proves nothing",
            )
        )
    return list(slugs), _told(outside)


def _told(outside: list[Finding]) -> list[Finding]:
    """Return the first findings of a change, and one that counts the others."""
    as_one = [replace(one, file="") for one in outside]  # ``capped`` counts by file
    few = len(list(capped(as_one)))
    return outside if few >= len(outside) else [*outside[: few - 1], list(capped(as_one))[-1]]


def _paired(room: ReviewFolder, slugs: Sequence[str]) -> list[tuple[str, str]]:
    """Return old and new slug of each entry; "" where it is not there.

    An entry that is gone and one that is new are the same one renamed if all files but
    submission.json and a maintainer's are the same bytes, or, without such files, if
    submission.json says the same but for the slug.
    """
    old = {slug: room.tree(room.start, slug) for slug in slugs}
    new = {slug: room.tree(room.end, slug) for slug in slugs}
    pairs = [(slug, slug) for slug in slugs if old[slug] and new[slug]]
    added = [slug for slug in slugs if not old[slug]]
    for slug in (slug for slug in slugs if not new[slug]):
        like = [one for one in added if _same(room, old[slug], new[one])]
        if like:
            added.remove(like[0])
        pairs.append((slug, like[0] if like else ""))
    return sorted([*pairs, *(("", slug) for slug in added)], key=lambda pair: pair[1] or pair[0])


def _same(room: ReviewFolder, old: Mapping[str, Item], new: Mapping[str, Item]) -> bool:
    """Return whether an entry that is gone and a new one are the same one renamed."""
    before, after = (
        {path: item.id for path, item in tree.items() if not _is_said(path)} for tree in (old, new)
    )
    if before or after:
        return before == after
    items = [tree.get(SUBMISSION) for tree in (old, new)]
    small = [one for one in items if one and one.size <= MAX_SUBMISSION]
    raws = [re.sub(rb'"slug"\s*:\s*"[^"]*"', b"", raw) for raw in room.repository.blobs(small)]
    return len(raws) == 2 and raws[0] == raws[1]


def _is_said(path: str) -> bool:
    """Return whether a file says something of an entry, rather than being a prediction."""
    return path in (SUBMISSION, VERIFIED) or path.startswith(f"{STATISTICS}/")


def _several(pairs: Sequence[tuple[str, str]]) -> list[Finding]:
    """Return R701 for a change of several entries that are not all new."""
    old = [pair for pair in pairs if pair[0]]
    if not old or len(pairs) == 1:
        return []
    names = [new or gone for gone, new in pairs]
    listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return [
        finding(
            "R701",
            f"{ENTRIES}/{gone}",
            f"one of {len(names)} entries in one change: {listed}",
            "new entries alone, or one that was there",
            remedy="hand each in by itself; a maintainer may merge several that were reviewed",
        )
        for gone, _ in old[:5]
    ]


def _broken_links(room: ReviewFolder, pairs: Sequence[tuple[str, str]]) -> list[Finding]:
    """Return S206 for entries that go on naming a baseline that is gone or renamed."""
    gone = {old for old, new in pairs if old and new != old}
    touched = {new for _, new in pairs}
    found = []
    for slug, entry in room.every().items() if gone else ():
        if entry and entry.baseline in gone and slug not in touched:
            found.append(
                finding(
                    "S206",
                    f"{ENTRIES}/{slug}/{SUBMISSION}",
                    f"its baseline {entry.baseline} is gone by this change",
                    "a baseline stays as long as an entry names it",
                    pointer="/baseline",
                    remedy="withdraw the baseline instead, or keep its slug",
                )
            )
    return found


def _reviewed(
    room: ReviewFolder, old: str, new: str, taken: Mapping[str, str], likeness: Likeness
) -> EntryReview:
    """Return the review of one entry."""
    before = _before(room, old) if old else None
    if not new:
        assert before is not None
        gone = finding(
            "R702",
            old,
            f"entry {old} is gone",
            "an entry stays on the board",
            remedy="put it back and say why in withdrawn",
        )
        title = before.entry.title if before.entry else ""
        states = (before.provenance, "")
        return EntryReview(
            old, REMOVED, "", title, states, moves(before, None), None, _at_top(gone)
        )
    with room.laid_out(room.end, new) as (folder, findings):
        incoming = incoming_of(folder)
        findings += findings_of(incoming)
        after = _state(room, room.end, new, folder)
        near = likeness.nearest(after.entry, incoming.others) if after.entry else None
    findings += maintainers_files(before, after, moved=old != new)
    findings += findings_of_change(before, after) if before else withdrawn_without_reason(after)
    if commit := taken.get(f"{ENTRIES}/{new}"):
        findings.append(
            finding(
                "R702",
                new,
                f"the slug {new} was another entry's, up to commit {commit:.12}",
                "a slug that no entry ever had",
                remedy="choose another slug, or put the earlier entry back and withdraw it",
            )
        )
    return EntryReview(
        slug=new,
        status=ADDED if before is None else CHANGED if old == new else RENAMED,
        was=old if old and old != new else "",
        title=after.entry.title if after.entry else "",
        provenance=(before.provenance if before else "", after.provenance),
        moves=moves(before, after),
        nearest=near,
        findings=_at_top(*findings),
    )


def _at_top(*findings: Finding) -> tuple[Finding, ...]:
    """Return findings with files from the top of the repository."""
    return tuple(replace(one, file=f"{ENTRIES}/{one.file}") for one in findings)


def _before(room: ReviewFolder, slug: str) -> State:
    with room.laid_out(room.start, slug) as (folder, _):
        return _state(room, room.start, slug, folder)


def _state(room: ReviewFolder, commit: str, slug: str, folder: Path) -> State:
    """Return an entry at a commit, whose files lie in a folder."""
    entry = neighbours(folder.parent / NO_SLUG).get(slug)
    items = room.tree(commit, slug)
    if entry is None:
        return State(slug, items, None, "", {})
    known = provenance(incoming_of(folder))
    if known is not Provenance.RECOMPUTED:
        return State(slug, items, entry, known.value, {})
    return State(slug, items, entry, known.value, _verified(Verified.read(folder).summary))


def _verified(summary: EntrySummary) -> dict[str, float]:
    """Return the score of each task that a maintainer has recomputed, and ``OVERALL``."""
    scores = {name: task.score.score for name, task in summary.tasks.items()}
    if summary.overall:
        scores[OVERALL] = summary.overall.score
    return scores
