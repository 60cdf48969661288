"""Making one entry of several runs of ``harness eval``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness import registry
from harness.bounds import shown
from harness.data.files import digest, read_json
from harness.errors import HarnessError
from harness.results import Results, read_results
from harness.submission import strict_json
from harness.submission.entry import PREDICTIONS, SUBMISSION, EntryRun
from harness.submission.format_1 import converted
from harness.submission.listing import read_file
from harness.submission.own_values import validate
from harness.submission.record import (
    ANONYMOUS,
    Submission,
    claims_of,
    gaps_of,
    partial_text,
    run_id,
    slug_of,
    title_of,
)
from harness.submission.write import check_new, write_entry

MOST_RUNS = 20
MANIFEST = "manifest.json"
OF_A_CHECKPOINT = ("name", "fingerprint")  # of a model: a run's own after intermediate training
OF_A_RUN = ("threads", "name", "processes")  # of a device: they change speed, or the last digits


@dataclass(frozen=True)
class Details:
    """What a submitter says of an entry; "" leaves what the runs say.

    Attributes:
        title: What the board calls it.
        submitter: Who hands it in.
        licence: SPDX identifier.
        base: The checkpoint that the model began as.
        baseline: Slug of the entry that it is compared with.
        notes: What a reader should know.
        tried: Configurations whose test scores were looked at.
    """

    title: str = ""
    submitter: str = ""
    licence: str = ""
    base: str = ""
    baseline: str = ""
    notes: str = ""
    tried: int = 1


@dataclass(frozen=True)
class _Packed:
    """A run to pack: its folder, its own entry, its scores and its manifest's settings."""

    folder: Path
    entry: Submission
    results: Results
    settings: Mapping[str, Any]

    @property
    def run(self) -> EntryRun:
        """Return its only run."""
        return self.entry.runs[0]


def pack(runs: Sequence[Path], slug: str, output: Path, details: Details) -> Path:
    """Make an entry of output folders of ``harness eval``, and return its folder.

    Args:
        runs: The folders, of one row: they may differ in seed alone, and after intermediate
            training in the checkpoint, since each run may have one of its own.
        slug: Name of the entry.
        output: Folder of entries.
        details: What the submitter says of it.

    Raises:
        HarnessError: A folder is not of ``harness eval``, two differ in more than the seed, or
            are one and the same run, or the slug is taken.
    """
    if not 1 <= len(runs) <= MOST_RUNS:
        raise HarnessError(f"{len(runs)} runs: an entry has 1 to {MOST_RUNS}")
    check_new(output, slug)
    every = [_read(folder) for folder in runs]
    first = every[0]
    for other in every[1:]:
        if differences := list(_differences(first, other)):
            raise HarnessError(
                f"{other.folder} differs from {first.folder} in more than the seed: "
                + "; ".join(differences)
                + "; pack them as entries of their own"
            )
    every = _named(every)
    made = tuple(one.run for one in every)
    entry = _detailed(replace(first.entry, slug=slug), details)
    benchmark = registry.benchmark(entry.benchmark)
    entry = replace(
        entry,
        model=_model(every, entry),
        runs=made,
        date=max(one.entry.date for one in every),
        claims=claims_of([one.results for one in every]),
        partial=partial_text(entry.partial, gaps_of(benchmark, made)),
    )
    sources = {
        one.run.id: {path: one.folder / PREDICTIONS / path for path in one.run.files}
        for one in every
    }
    return write_entry(entry, sources, output)


def _read(folder: Path) -> _Packed:
    """Read an output folder of ``harness eval``, in format 2 or 1.

    Raises:
        HarnessError: It is not one, or its predictions are not those that it was scored on.
    """
    value = _value(folder)
    place = folder / PREDICTIONS
    hashes = {
        file.relative_to(place).as_posix(): digest(file)
        for file in sorted(place.glob("*/test-*"))
        if file.is_file()
    }
    if value["format"] == 1:
        value = converted(value, slug_of(folder.resolve().name), hashes)
    try:
        entry = Submission.of(value)
        (run,) = entry.runs
    except (KeyError, TypeError, ValueError) as error:
        path = folder / SUBMISSION
        raise HarnessError(f"{path}: not as harness eval writes it; name its output") from error
    for name in sorted({*run.files, *hashes}):
        if run.files.get(name) != hashes.get(name):
            raise HarnessError(f"{place / name} is not what {SUBMISSION} says; evaluate it again")
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict):
        raise HarnessError(f"{folder / MANIFEST}: not what harness eval writes; evaluate it again")
    device = manifest.get("device")
    kept = {k: v for k, v in device.items() if k not in OF_A_RUN} if type(device) is dict else {}
    if isinstance(identity := kept.get("identity"), dict):
        kept["identity"] = {k: v for k, v in identity.items() if k not in OF_A_RUN}
    settings = {key: manifest.get(key) for key in ("recipe", "limit", "max_steps")}
    packed = _Packed(folder, entry, read_results(folder), settings | {"device": kept})
    return _of_the_benchmark(packed)


def _value(folder: Path) -> Any:
    """Return the values of a folder's submission.json.

    Raises:
        HarnessError: There is none, it is not strict JSON, or it does not fit its schema.
    """
    path = folder / SUBMISSION
    if not path.is_file():
        raise HarnessError(f"{folder}: no {SUBMISSION}; name folders that harness eval wrote")
    try:
        value = strict_json.loads(read_file(folder, SUBMISSION, str(path)).raw)
        validate(value)
    except strict_json.Refused as error:
        message = f"{path}:{error.line}: {error.found}; expected {error.expected}"
        raise HarnessError(message) from error
    except HarnessError as error:
        raise HarnessError(f"{path}: {error}; evaluate it again") from error
    return value


def _of_the_benchmark(one: _Packed) -> _Packed:
    """Return a run without the tasks that are not in its benchmark.

    Raises:
        HarnessError: Nothing is left.
    """
    names = registry.benchmark(one.entry.benchmark).task_names()
    files = {path: sha for path, sha in one.run.files.items() if path.split("/")[0] in names}
    if not files:
        raise HarnessError(f"{one.folder}: no predictions of a task of {one.entry.benchmark}")
    entry = replace(one.entry, runs=(replace(one.run, files=files),))
    tasks = {name: task for name, task in one.results.tasks.items() if name in names}
    return replace(one, entry=entry, results=replace(one.results, tasks=tasks))


def _named(runs: Sequence[_Packed]) -> list[_Packed]:
    """Return the runs under names of their own.

    Raises:
        HarnessError: Two have one seed and go on from one checkpoint.
    """
    names: dict[str, int] = {}
    seen: dict[object, Path] = {}
    named = []
    for one in runs:
        again = (one.run.seed, one.run.intermediate_run)
        if again in seen:
            raise HarnessError(
                f"{one.folder} and {seen[again]} have one seed, {one.run.seed}; runs differ in it"
            )
        seen[again] = one.folder
        name = run_id(one.run.seed)
        names[name] = count = names.get(name, 0) + 1
        run = replace(one.run, id=f"{name[:21]}-{count}" if count > 1 else name)
        named.append(replace(one, entry=replace(one.entry, runs=(run,))))
    return named


def _differences(one: _Packed, other: _Packed) -> Iterator[str]:
    """Yield in what two runs differ besides the seed, with both values."""
    trained = bool(one.entry.intermediate and other.entry.intermediate)
    yield from _unlike("", _settings(one, trained), _settings(other, trained))


def _settings(one: _Packed, trained: bool) -> dict[str, Any]:
    """Return what runs of one entry have in common.

    Args:
        one: A run.
        trained: Whether all of them went through intermediate training.
    """
    entry = one.entry
    model = entry.model.as_dict()
    if trained:  # each run may go on from an intermediate training of its own
        model = {key: value for key, value in model.items() if key not in OF_A_CHECKPOINT}
    manifest = {key: value for key, value in entry.manifest.items() if key not in ("git", "python")}
    return {
        "benchmark": entry.benchmark,
        "partial": entry.partial,
        "model": model,
        "intermediate": [stage.as_dict() for stage in entry.intermediate],
        "training": entry.training.as_dict(),
        "retrieval": entry.retrieval,
        "predictions": sorted(one.run.files),
        "manifest": manifest,
        **one.settings,
    }


def _unlike(name: str, one: Any, other: Any) -> Iterator[str]:
    """Yield where JSON values differ, the innermost place."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            inner = f"{name}.{key}" if name else str(key)
            yield from _unlike(inner, one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and name == "predictions":
        if unpaired := sorted({*one} ^ {*other}):
            yield f"{name} of {', '.join(unpaired[:3])} are in one of them only"
    elif one != other:
        yield f"{name} is {shown(other)}, not {shown(one)}"


def _model(runs: Sequence[_Packed], entry: Submission) -> Any:
    """Return the model of all runs, without what only one of several checkpoints has."""
    models = [one.entry.model for one in runs]
    model = entry.model
    if len({one.fingerprint for one in models}) > 1:
        model = replace(model, fingerprint=None)
    if len({one.name for one in models}) > 1:
        tasks = ["+".join(task.name for task in stage.tasks) for stage in entry.intermediate]
        model = replace(model, name=f"{model.base}, {', then '.join(tasks)}"[:255])
    return model


def _detailed(entry: Submission, details: Details) -> Submission:
    """Return an entry with what the submitter says of it.

    Raises:
        HarnessError: A baseline is named for a row without intermediate training.
    """
    if details.baseline and not entry.intermediate:
        raise HarnessError(
            f"--baseline {details.baseline}: the runs have no intermediate training, so they are"
            " a baseline themselves; leave it out"
        )
    base = details.base or entry.model.base
    return replace(
        entry,
        title=title_of(details.title or entry.title),
        submitter=title_of(details.submitter or entry.submitter or ANONYMOUS),
        licence=details.licence or entry.licence,
        model=replace(entry.model, base=base),
        training=replace(entry.training, tried=details.tried),
        baseline=details.baseline or entry.baseline,
        notes=details.notes or entry.notes,
    )
