"""The concern of predictions: what the files hold, and what is odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import ClassVar

from harness import registry
from harness.declarations import Benchmark, Task
from harness.formats.common import Unlabelled
from harness.score_tables import OTHER_WAY
from harness.submission.entries import sharing
from harness.submission.entry import PREDICTIONS, SUBMISSION, Entry, EntryRun
from harness.submission.findings import ERROR, Finding, finding
from harness.submission.incoming import Incoming
from harness.submission.labels import Labels
from harness.submission.reading import predictions_of
from harness.submission.recompute import Recomputed, recompute
from harness.task_score import TaskScore

FEW_BYTES = 500  # files below are a few short answers, which may be equal by chance


class PredictionsConcern:
    """Whether every prediction file can be read and fits the labels, and whether it is its own.

    With labels, scores that an untrained model could have are told as well.
    """

    name: ClassVar[str] = "predictions"
    rests_on: ClassVar[tuple[str, ...]] = ("files",)

    def look(self, incoming: Incoming) -> Iterator[Finding]:
        """Yield the findings."""
        if incoming.labels is None:
            for file in predictions_of(incoming):
                yield from file.findings
        else:
            recomputed = recompute(incoming)
            yield from recomputed.findings
            if all(one.severity is not ERROR for one in recomputed.findings):
                yield from _odd_scores(incoming, incoming.labels, recomputed)
        yield from _equal_languages(incoming)
        yield from _equal_runs(incoming)
        yield from _equal_entries(incoming)


def _equal_languages(incoming: Incoming) -> Iterator[Finding]:
    """Yield the files that equal another language's of the same task and run.

    This holds for retrieval, too: a right answer differs by language, since lines and ids are of
    the language's own file.
    """
    for run in incoming.entry.runs:
        first: dict[tuple[str, str], str] = {}
        for path, sha in sorted(run.files.items()):
            before = first.setdefault((path.partition("/")[0], sha), path)
            if before != path and _size(incoming, run, path) >= FEW_BYTES:
                yield finding(
                    "P410",
                    _shown(incoming, run.id, path),
                    f"the same bytes as {before}",
                    "predictions of the language's own",
                    remedy="look whether one language's file was copied to another's name",
                )


def _equal_runs(incoming: Incoming) -> Iterator[Finding]:
    """Yield the runs whose predictions of all trained tasks equal an earlier run's."""
    entry = incoming.entry
    trained = trained_tasks(entry)
    first: dict[frozenset[tuple[str, str]], str] = {}
    for number, run in enumerate(entry.runs):
        files = frozenset(
            (path, sha) for path, sha in run.files.items() if path.partition("/")[0] in trained
        )
        before = first.setdefault(files, run.id)
        if files and before != run.id:
            yield finding(
                "P411",
                incoming.shown(SUBMISSION),
                f"run {run.id}: all {len(files):,} files of trained tasks equal {before}'s",
                "other predictions, as of another seed",
                remedy="hand in each training once; a second pass over one is not a run",
                pointer=f"/runs/{number}",
            )


def _equal_entries(incoming: Incoming) -> Iterator[Finding]:
    """Yield the entries that have some of the same prediction files."""
    entry = incoming.entry
    own = {(path, sha): run for run in entry.runs for path, sha in run.files.items()}
    for slug, other in sharing(incoming.others, entry):
        if slug == entry.slug or other.benchmark != entry.benchmark:
            continue
        theirs = {(path, sha) for run in other.runs for path, sha in run.files.items()}
        bare = not entry.intermediate and not other.intermediate and entry.base == other.base
        trained = trained_tasks(entry)
        shared = [
            path
            for path, sha in own.keys() & theirs
            if _size(incoming, own[path, sha], path) >= FEW_BYTES
            and (path.partition("/")[0] in trained or not bare)
        ]
        if shared:
            yield finding(
                "P412",
                incoming.shown(SUBMISSION),
                f"{len(shared):,} of {len(own):,} prediction files are also in {slug}, as"
                f" {min(shared)}",
                "predictions of the entry's own",
                remedy="say in notes if the two share runs; else hand in your own",
                pointer="/runs",
            )


def trained_tasks(entry: Entry) -> set[str]:
    """Return the tasks whose predictions differ from run to run, since something was trained."""
    benchmark = registry.benchmark(entry.benchmark)
    names = [name for name in benchmark.task_names() if name in registry.task_names()]
    return {
        name for name in names if entry.intermediate or benchmark.training_of(registry.task(name))
    }


def _size(incoming: Incoming, run: EntryRun, path: str) -> int:
    """Return a prediction file's size; one that is not here counts as large."""
    place = incoming.runs.get(run.id, {}).get(path, "")
    return incoming.predictions.files.get(place, FEW_BYTES)


def _shown(incoming: Incoming, run: str, path: str) -> str:
    """Return what findings call a prediction file of a run."""
    place = incoming.runs.get(run, {}).get(path, f"{run}/{path}")
    return incoming.shown(f"{PREDICTIONS}/{place}")


def _odd_scores(incoming: Incoming, labels: Labels, recomputed: Recomputed) -> Iterator[Finding]:
    """Yield scores that need no training, and Tatoeba searched in the other direction."""
    benchmark = registry.benchmark(incoming.entry.benchmark)
    names = {name for tasks in recomputed.runs.values() for name in tasks}
    floors = {name: _floors(benchmark, registry.task(name), labels) for name in names}
    for run, tasks in recomputed.runs.items():
        for name, score in tasks.items():
            task = registry.task(name)
            for language, points in score.headlines.items():
                file = _shown(incoming, run, f"{name}/{task.file(language)}")
                floor, why = floors[name].get(language, (0.0, "nothing is right"))
                if points <= floor:
                    yield finding(
                        "P413",
                        file,
                        f"{name} {language} scores {points:.2f}",
                        f"more than {floor:.2f} ({why})",
                        remedy="look at the order of the predictions and the labels' names",
                    )
                yield from _other_way(score, language, file)


def _floors(benchmark: Benchmark, task: Task, labels: Labels) -> Mapping[str, tuple[float, str]]:
    """Return of each language the accuracy that needs no model, percent, and why; {} for none.

    It is chance, or what the most frequent label gives everywhere, whichever is more. Only tasks
    with one label an example have such a floor.
    """
    floors: dict[str, tuple[float, str]] = {}
    if not task.format.labels or task.format.metric != "accuracy":
        return floors
    chance = 100 / len(task.format.labels)
    for language in benchmark.languages_of(task):
        try:
            gold = labels.source.gold(task, language)
        except Unlabelled:
            continue
        if not gold or not isinstance(gold[0], str):
            continue
        label, count = Counter(gold).most_common(1)[0]
        most = 100 * count / len(gold)
        floors[language] = max((chance, "chance"), (most, f"saying {label!r:.40} everywhere"))
    return floors


def _other_way(score: TaskScore, language: str, file: str) -> Iterator[Finding]:
    """Yield a retrieval that scores much more as its inverse: it searched the other way."""
    scores = score[language]
    inverse, own = scores.get("inverse_accuracy", 0.0), scores.get("accuracy", 0.0)
    if inverse > own + OTHER_WAY:
        yield finding(
            "P414",
            file,
            f"{score.name} {language} scores {own:.1f}, and {inverse:.1f} the other way round",
            "for each English sentence the line of the language's file",
            remedy="search with the English sentences in the language's",
        )
