"""Making an entry of a bare folder of predictions in XTREME's layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness import registry
from harness.declarations import Benchmark
from harness.errors import HarnessError, nearest, unknown
from harness.submission.entry import EntryRun
from harness.submission.listing import list_folder, read_file
from harness.submission.record import (
    LONGEST_MODEL,
    Model,
    Submission,
    Training,
    gaps_of,
    partial_text,
    run_id,
    title_of,
)
from harness.submission.score import STRAY
from harness.submission.stages import Stage, StageTask, plain_of
from harness.submission.write import check_new, write_entry

ONE_FOR_ALL = "one-for-all-runs"


@dataclass(frozen=True)
class Told:
    """What a submitter tells of predictions, since nothing else does.

    Attributes:
        slug: Name of the entry.
        name: The model's name.
        base: The checkpoint that it began as.
        submitter: Who hands it in.
        regime: What of the targets' languages was used.
        selection: What chose the checkpoint.
        seeds: The seed of each run, in the order of the runs' names; () for those in the names.
        date: Day of the last run.
        title: What the board calls it; "" for the model's name.
        licence: SPDX identifier.
        benchmark: Name of the benchmark.
        languages: Codes of the languages that target training saw.
        recipe: Name of the hyper-parameters.
        tried: Configurations whose test scores were looked at.
        intermediate: Tasks of one intermediate training; () for a baseline.
        baseline: Slug of the entry that it is compared with.
        parameters: Number of weights; None if unknown.
    """

    slug: str
    name: str
    base: str
    submitter: str
    regime: str
    selection: str
    seeds: tuple[int, ...]
    date: str
    title: str = ""
    licence: str = ""
    benchmark: str = "xtreme"
    languages: tuple[str, ...] = ("en",)
    recipe: str = ""
    tried: int = 1
    intermediate: tuple[str, ...] = ()
    baseline: str = ""
    parameters: int | None = None


def import_predictions(predictions: Path, told: Told, output: Path) -> Path:
    """Make an entry of predictions, and return its folder; no labels are needed.

    Args:
        predictions: Folder with a folder for each task, or one for each run with these in it.
        told: What the submitter tells of them.
        output: Folder of entries.

    Raises:
        HarnessError: The slug is taken, a file is not a prediction file of the benchmark, or what
            is told does not fit the schema.
    """
    check_new(output, told.slug)
    if bool(told.intermediate) != bool(told.baseline):
        raise HarnessError(
            "--intermediate and --baseline go together: the tasks trained on first, and the slug of"
            " the entry without that training"
        )
    benchmark = registry.benchmark(told.benchmark)
    runs = _runs(predictions, benchmark)
    seeds = told.seeds or tuple(_seed_in(name) for name in runs)
    if len(seeds) != len(runs):
        raise HarnessError(
            f"--seed: {len(seeds)} seeds for {len(runs)} runs ({', '.join(runs)}); give one a run,"
            " parted by commas"
        )
    if len(set(seeds)) < len(seeds):
        raise HarnessError(
            f"--seed: {', '.join(map(str, seeds))}: runs differ in their seed; leave out what was"
            " run twice"
        )
    made = []
    sources = {}
    for (name, paths), seed in zip(runs.items(), seeds, strict=True):
        run = name or run_id(seed)
        hashes = {
            path: read_file(predictions, below, str(predictions / below)).sha256
            for path, below in paths.items()
        }
        shared = ONE_FOR_ALL if told.intermediate else None
        made.append(EntryRun(run, seed, shared, hashes))
        sources[run] = {path: predictions / below for path, below in paths.items()}
    return write_entry(_entry(told, benchmark, tuple(made)), sources, output)


def _entry(told: Told, benchmark: Benchmark, runs: tuple[EntryRun, ...]) -> Submission:
    tasks = tuple(
        StageTask(
            name=name.partition("[")[0],
            languages=(name.partition("[")[2].removesuffix("]").split(":")[-1] or "en",),
            translated="[translated:" in name,
        )
        for name in told.intermediate
    )
    name, base = (plain_of(text, LONGEST_MODEL) for text in (told.name, told.base))
    return Submission(
        slug=told.slug,
        title=title_of(told.title or told.name),
        benchmark=benchmark.name,
        model=Model(name, base, parameters=told.parameters),
        training=Training(told.recipe, told.languages, told.regime, told.selection, told.tried),
        runs=runs,
        date=told.date,
        intermediate=(Stage(tasks),) if tasks else (),
        baseline=told.baseline or None,
        partial=partial_text(gaps_of(benchmark, runs)),
        licence=told.licence,
        submitter=title_of(told.submitter),
    )


def _runs(predictions: Path, benchmark: Benchmark) -> dict[str, dict[str, str]]:
    """Return run to its prediction files, path below the run to path below the folder.

    The run is named "" where there is no level of runs.

    Raises:
        HarnessError: Something there is not a prediction file of the benchmark.
    """
    if not predictions.is_dir():
        raise HarnessError(f"{predictions}: no such folder; name the folder of predictions")
    listing = list_folder(predictions)
    for one in listing.findings:
        path = one.file.removeprefix(f"{predictions.name}/")
        if not _ignored(path):
            wanted = f"; expected {one.expected}" if one.expected else ""
            remedy = one.remedy or "remove or rename it"
            raise HarnessError(f"{predictions / path}: {one.found}{wanted}; {remedy}")
    paths = [path for path in listing.files if not _ignored(path)]
    if not paths:
        raise HarnessError(f"{predictions}: no predictions there; expected xnli/test-de.tsv …")
    known = _files(benchmark)
    flat = any(path.partition("/")[0] in known for path in paths)
    runs: dict[str, dict[str, str]] = {}
    for path in paths:
        run, _, rest = ("", "", path) if flat else path.partition("/")
        task, _, file = rest.partition("/")
        if task not in known:
            raise HarnessError(
                f"{predictions / path}: {unknown(f'task of {benchmark.name}', task, known)}"
            )
        if file not in known[task]:
            near = nearest(file, known[task])
            raise HarnessError(
                f"{predictions / path}: {task} has no such file{near}; rename or remove it"
            )
        if run and not re.fullmatch("[a-z0-9-]{1,24}", run):
            raise HarnessError(
                f"{predictions / run}: a run's name is 1 to 24 of a-z, 0-9 and -; rename the folder"
            )
        runs.setdefault(run, {})[rest] = path
    return runs


def _ignored(path: str) -> bool:
    """Return whether a path is an editor's or an archive's, not the submitter's."""
    return any(part.startswith(".") or part in STRAY for part in path.split("/"))


def _files(benchmark: Benchmark) -> Mapping[str, list[str]]:
    """Return of each task of a benchmark the names of its prediction files."""
    tasks = [registry.task(n) for n in benchmark.task_names() if n in registry.task_names()]
    return {task.name: [task.file(code) for code in benchmark.languages_of(task)] for task in tasks}


def _seed_in(run: str) -> int:
    """Return the number at the end of a run's name.

    Raises:
        HarnessError: There is none.
    """
    found = re.search("[0-9]{1,18}$", run)
    if found is None:
        raise HarnessError(f"--seed: the run {run!r} does not tell its seed; give it")
    return int(found[0])
