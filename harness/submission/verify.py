"""Verifying entries: every number recomputed from the predictions, and written beside them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import registry
from harness.data.files import digest, digest_of, in_place
from harness.errors import HarnessError
from harness.scoring import VERSION as SCORER_VERSION
from harness.submission.checks import FILES, FORM, findings_of
from harness.submission.checks.claims import claimed_numbers, mean_scores, numbers_of
from harness.submission.entries import entries_in, incoming_of, parsed
from harness.submission.entry import STATISTICS, VERIFIED
from harness.submission.findings import Finding
from harness.submission.incoming import Incoming
from harness.submission.labels import Labels, NoLabels, open_labels
from harness.submission.listing import read_file
from harness.submission.outcome import Outcome, State, errors_of
from harness.submission.recompute import Recomputed, recompute, scored_on
from harness.submission.summary import summary_of
from harness.submission.verified import Claim, Verified
from harness.version import STATISTICS as STATISTICS_VERSION

KEPT = "C501"  # an error that verified.json records for ever, so that it is written none the less
OF_OTHERS = ("P412",)  # codes that would come and go with other entries: not in verified.json

NOT_VERIFIED = "no verified.json that verify has written"


@dataclass(frozen=True)
class _Work:
    """What is verified with: it goes to other processes with each entry.

    Attributes:
        labels: Folder of labels; None for benchmarks that bring their own.
        data: Folder of test examples; None for the one beside the labels.
        predictions: Folder of predictions that do not lie in the entry.
        statistics: Folder of the sums by cluster, a sub-folder an entry; None for the entry's own.
        check: Whether to compare with what is there and write nothing.
        every: Whether several entries are verified.
    """

    labels: Path | None
    data: Path | None
    predictions: Path | None
    statistics: Path | None
    check: bool
    every: bool

    def incoming(self, folder: Path) -> Incoming:
        """Return an entry without labels, its predictions elsewhere if they are there."""
        if self.predictions is None:
            return incoming_of(folder)
        own = self.predictions / folder.name if self.every else self.predictions
        if self.every and not own.is_dir():
            return incoming_of(folder)
        return incoming_of(folder, elsewhere=own)

    def labels_of(self, benchmark: str) -> Labels:
        """Return the labels of a benchmark."""
        return _opened(benchmark, self.labels, self.data)

    def sums_folder(self, incoming: Incoming) -> Path:
        """Return where the entry's sums by cluster lie."""
        if self.statistics is None:
            return incoming.folder / STATISTICS
        return self.statistics.absolute() / incoming.slug


@cache
def _opened(benchmark: str, labels: Path | None, data: Path | None) -> Labels:
    return open_labels(benchmark, labels, data)


def verify(
    path: Path,
    labels: Path | None = None,
    data: Path | None = None,
    predictions: Path | None = None,
    statistics: Path | None = None,
    *,
    check: bool = False,
    every: bool = False,
    workers: int = 0,
) -> list[Outcome]:
    """Recompute every number of an entry, or of a folder of entries, and write verified.json.

    Args:
        path: The entry, or with ``every`` the folder of entries.
        labels: Folder of labels; None for benchmarks that bring their own.
        data: Folder of test examples; None for xtreme/ beside the labels.
        predictions: Folder of predictions that do not lie in the entry; with ``every``, of a
            folder an entry.
        statistics: Folder of the sums by cluster, a sub-folder an entry; None for the entries' own.
        check: Write nothing, recompute what can be and compare it with what is there.
        every: Verify a folder of entries, in parallel, those alone that changed.
        workers: Processes; 0 for as many as there are cores.

    Raises:
        HarnessError: There is no entry, or labels are missing or malformed.
    """
    folders = entries_in([path])
    if not every and folders != [Path(os.path.abspath(path))]:  # noqa: PTH100  # no link followed
        raise HarnessError(f"{path}: a folder of {len(folders)} entries; name one, or use --all")
    work = _Work(labels, data, predictions, statistics, check, every)
    outcomes: dict[Path, Outcome] = {}
    for folder in folders:
        outcome = _told(_without_scoring, folder, work)
        if outcome is not None:
            outcomes[folder] = outcome
    rest = [folder for folder in folders if folder not in outcomes]
    outcomes |= zip(rest, _in_processes(rest, work, workers or os.cpu_count() or 1), strict=True)
    return [outcomes[folder] for folder in folders]


def _in_processes(folders: Sequence[Path], work: _Work, workers: int) -> Iterable[Outcome]:
    """Verify entries, in processes of their own if they are several."""
    count = min(workers, len(folders))
    if count < 2:
        return [_scored(folder, work) for folder in folders]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(count, get_context("spawn")) as pool:
        return list(pool.map(_scored, folders, [work] * len(folders)))


def _told(
    step: Callable[[Path, _Work], Outcome | None], folder: Path, work: _Work
) -> Outcome | None:
    """Return what a step says of an entry; of several, one that cannot be read stops no other."""
    try:
        return step(folder, work)
    except NoLabels:
        raise
    except HarnessError as error:
        if not work.every:
            raise
        return Outcome(folder.name, State.REFUSED, notes=(str(error),))


def _scored(folder: Path, work: _Work) -> Outcome:
    outcome = _told(_verified, folder, work)
    assert outcome is not None
    return outcome


def _without_scoring(folder: Path, work: _Work) -> Outcome | None:
    """Return what came of an entry for which nothing need be scored, None for another."""
    incoming = work.incoming(folder)
    current = _current(incoming, work)
    if current is not None:
        return _unchanged(incoming, current)
    findings = findings_of(incoming, FORM if incoming.predictions.files else FILES)
    if errors_of(findings):
        return Outcome(incoming.slug, State.REFUSED, tuple(findings))
    if incoming.entry.kind == "published":
        return Outcome(incoming.slug, State.PUBLISHED)
    if incoming.predictions.files:
        return None
    labels = work.labels_of(incoming.entry.benchmark)
    stored = _stored(incoming)
    differences = _hashes_differ(incoming, stored, labels, work) if stored else [NOT_VERIFIED]
    return _of_hashes(incoming, stored, differences, work)


def _current(incoming: Incoming, work: _Work) -> Verified | None:
    """Return the entry's verified.json if nothing has changed since, None otherwise.

    Then all checks were passed by the same bytes and need not be made again.
    """
    if work.check or incoming.listing.findings or not incoming.predictions.files:
        return None
    entry, stored = parsed(incoming), _stored(incoming)
    if entry is None or stored is None or entry.kind == "published":
        return None
    if stored.entry != incoming.hash:
        return None
    labels = work.labels_of(entry.benchmark)
    if _hashes_differ(incoming, stored, labels, work) or _files_differ(incoming):
        return None
    return stored


def _of_hashes(
    incoming: Incoming, stored: Verified | None, differences: Sequence[str], work: _Work
) -> Outcome:
    """Return what came of an entry whose predictions lie elsewhere and are not at hand."""
    if stored is not None and not differences:
        note = "the predictions lie elsewhere: compared by hashes and versions alone"
        return replace(_unchanged(incoming, stored), notes=(note,))
    if work.check:
        return Outcome(incoming.slug, State.DIFFERS, differences=tuple(differences))
    note = f"{incoming.shown()}: its predictions lie elsewhere; name their folder (--predictions)"
    return Outcome(incoming.slug, State.REFUSED, notes=(note,))


def _unchanged(incoming: Incoming, stored: Verified) -> Outcome:
    off = stored.findings.get(KEPT, 0)
    return Outcome(incoming.slug, State.UNCHANGED, summary=stored.summary, off=off)


def _stored(incoming: Incoming) -> Verified | None:
    """Return the entry's verified.json, None without a sound one."""
    if VERIFIED not in incoming.listing.files:
        return None
    try:
        return Verified.read(incoming.folder, incoming.shown(VERIFIED))
    except HarnessError:
        return None


def _files_differ(incoming: Incoming) -> bool:
    """Return whether a prediction file is not the one whose hash the entry states."""
    stated = {run.id: run.files for run in incoming.entry.runs}
    if {run: set(files) for run, files in stated.items()} != {
        run: set(files) for run, files in incoming.runs.items()
    }:
        return True
    return any(
        incoming.read(place).sha256 != stated[run][path]
        for run, files in incoming.runs.items()
        for path, place in files.items()
    )


def _hashes_differ(incoming: Incoming, stored: Verified, labels: Labels, work: _Work) -> list[str]:
    """Return which hashes and versions in verified.json are not those of today."""
    of_labels, of_examples = hashes_of(incoming, labels)
    pairs = {
        "entry": (stored.entry, incoming.hash),
        "scorer": (stored.scorer, SCORER_VERSION),
        "statistics": (stored.statistics, STATISTICS_VERSION),
        "labels": (dict(stored.labels), of_labels),
        "examples": (dict(stored.examples), of_examples),
    }
    found = [
        f"{name}: {_short(was)} is {_short(now)}"
        for name, (was, now) in pairs.items()
        if was != now
    ]
    return [*found, *_sums_differ(incoming, stored.sums, work)]


def _short(value: object) -> str:
    return f"{value!s:.60}"


def _sums_differ(incoming: Incoming, sums: Mapping[str, str], work: _Work) -> list[str]:
    """Return which files of sums by cluster are missing or not those of verified.json."""
    found = []
    folder = work.sums_folder(incoming)
    for run, sha256 in sums.items():
        name = f"{run}.safetensors"
        shown = incoming.shown(f"{STATISTICS}/{name}")
        try:
            if read_file(folder, name, shown).sha256 != sha256:
                found.append(f"{shown}: not what verified.json says")
        except HarnessError as error:
            found.append(f"{error} (sums that lie elsewhere: --statistics)")
    return found


def hashes_of(incoming: Incoming, labels: Labels) -> tuple[dict[str, str], dict[str, str]]:
    """Return of each task the hash of the labels that it is scored on, and of the examples.

    Args:
        incoming: The entry.
        labels: The labels.
    """
    benchmark = registry.benchmark(incoming.entry.benchmark)
    stated = {path for run in incoming.entry.runs for path in run.files}
    of_labels, of_examples = {}, {}
    for name in benchmark.task_names():
        if name not in registry.task_names():
            continue
        task = registry.task(name)
        codes = [c for c in benchmark.languages_of(task) if f"{name}/{task.file(c)}" in stated]
        hashed = scored_on(labels, task, codes)
        if hashed.gold:
            of_labels[name] = digest_of(hashed.gold)
        if hashed.data and labels.examples:
            of_examples[name] = digest_of(hashed.data)
    labels.source.memory.save()
    return of_labels, of_examples


def _verified(folder: Path, work: _Work) -> Outcome:
    """Recompute one entry, and write or compare."""
    bare = work.incoming(folder)
    incoming = replace(bare, labels=work.labels_of(bare.entry.benchmark))
    findings = findings_of(incoming)
    if any(one.code != KEPT for one in errors_of(findings)):
        return Outcome(incoming.slug, State.REFUSED, tuple(findings))
    recomputed = recompute(incoming)
    if not any(one.languages for run in recomputed.runs.values() for one in run.values()):
        why = f"{incoming.shown()}: nothing can be scored: no labels of its languages"
        return Outcome(incoming.slug, State.REFUSED, tuple(findings), notes=(why,))
    target = work.sums_folder(incoming)
    with TemporaryDirectory() if work.check else nullcontext(target) as place:
        sums = _save_sums(recomputed, Path(place))
    verified, notes = _made(incoming, recomputed, sums, findings)
    outcome = Outcome(
        incoming.slug,
        State.VERIFIED,
        tuple(findings),
        notes=notes,
        summary=verified.summary,
    )
    if work.check:
        differences = verified.compare(folder, incoming.shown(VERIFIED))
        differences += _sums_differ(incoming, sums, work)
        state = State.DIFFERS if differences else State.VERIFIED
        return replace(outcome, state=state, differences=tuple(differences))
    for path in target.glob("*.safetensors"):
        if path.stem not in sums:
            path.unlink()
    verified.write(folder)
    return outcome


def _save_sums(recomputed: Recomputed, folder: Path) -> dict[str, str]:
    """Write the runs' sums by cluster and return the hash of each file."""
    hashes = {}
    for run, one in recomputed.sums.items():
        path = folder / f"{run}.safetensors"
        with in_place(path) as aside:
            one.save(aside)
            hashes[run] = digest(aside)
    return hashes


def _made(
    incoming: Incoming,
    recomputed: Recomputed,
    sums: Mapping[str, str],
    findings: Iterable[Finding],
) -> tuple[Verified, tuple[str, ...]]:
    """Return what is written of an entry, and why some scores have no interval."""
    assert incoming.labels is not None
    labels, examples = hashes_of(incoming, incoming.labels)
    summary, notes = summary_of(incoming.slug, incoming.entry, recomputed)
    codes = Counter(one.code for one in findings if one.code not in OF_OTHERS)
    verified = Verified(
        entry=incoming.hash,
        scorer=SCORER_VERSION,
        statistics=STATISTICS_VERSION,
        labels=labels,
        examples=examples,
        sums=sums,
        runs={
            run: {name: one.languages for name, one in tasks.items()}
            for run, tasks in recomputed.runs.items()
        },
        summary=summary,
        claims=dict(_claims(incoming, recomputed)),
        findings=dict(sorted(codes.items())),
    )
    return verified, notes


def _claims(incoming: Incoming, recomputed: Recomputed) -> Iterator[tuple[str, Claim]]:
    """Yield what the entry claims beside what was found."""
    means = mean_scores(recomputed.runs)
    numbers = numbers_of(means, registry.benchmark(incoming.entry.benchmark))
    for place, claimed in sorted(claimed_numbers(incoming.entry).items()):
        found = numbers.get(place)
        yield "/".join(place), Claim(claimed, found, None if found is None else claimed - found)
