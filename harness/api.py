"""The functions that the command line and notebooks call.

Heavy modules are imported inside functions, so that ``import harness`` is fast.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import places, registry
from harness.bounds import SHARE, WEIGHT, shown
from harness.declarations import Benchmark, Task
from harness.errors import HarnessError, unknown

if TYPE_CHECKING:
    from harness.comparison import Comparison
    from harness.pipeline.engines.schedule import Progress
    from harness.pipeline.export import Trained
    from harness.pipeline.request import Request
    from harness.pipeline.store.store import Store
    from harness.recipes import Recipe
    from harness.results import Results
    from harness.studies.expand import StudyPlan

Where = str | PathLike[str]
SAMPLINGS = ("uniform", "proportional", "capped")


def evaluate(
    checkpoint: Where,
    *,
    data: Where | None = None,
    labels: Where | None = None,
    benchmark: str | Benchmark = "xtreme",
    recipe: Where | Recipe = "xtreme",
    tasks: Sequence[str] = (),
    languages: Sequence[str] = (),
    seed: int = 42,
    device: str = "auto",
    precision: str = "fp32",
    threads: int = 0,
    limit: int = 0,
    max_steps: int = 0,
    layer: int | str = "",
    output: Where | None = None,
    store: str | None = None,
    tracker: str = "none",
    intermediate: str = "",
    offline: bool = False,
    workers: int = 1,
    ray: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Fine-tune a checkpoint on English, predict every language, score.

    Finished steps are kept in the store, so that an interrupted call goes on when repeated. A step
    that fails does not stop the others; the results are then marked partial and say what failed.

    Args:
        checkpoint: A folder, what ``train`` returned, a hub id (``owner/name[@revision]``), or
            ``packaged`` for the benchmark's own (``mini`` has one).
        data: Folder in XTREME's layout; None for the benchmark's own, else the hub.
        labels: Folder of test labels; None for the one next to ``data``.
        benchmark: Name (``xtreme``, ``xtreme-r``, ``mini``, a plug-in's), or a Benchmark.
        recipe: Name (``xtreme``, ``x-stilts``, ``quick``), the path of a TOML file, or a Recipe.
        tasks: Names of tasks; () means all of the benchmark that have data.
        languages: Codes; () means all.
        seed: Seeds head, dropout and order of training.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps`` …
        precision: ``fp32``, ``bf16`` or ``fp16`` (autocast).
        threads: CPU threads of a step; 0 divides the machine's threads among the workers.
        limit: Test examples per language, at most; 0 means all. Marks the results partial.
        max_steps: Updates of a training, at most; 0 means the recipe's. Marks them partial, too.
        layer: Hidden state for retrieval: a number, ``last`` or ``xtreme``; "" for the recipe's.
        output: Folder to write; None for ``results/CHECKPOINT-RECIPE-SEED``.
        store: Folder or fsspec URL of finished steps; None for the user's own.
        tracker: Experiment tracker: ``none``, ``tensorboard``, ``wandb`` …
        intermediate: What the checkpoint was trained on, if its files do not say.
        offline: Fetch nothing.
        workers: Worker processes on this machine; 1 runs the steps in this process.
        ray: Address of a Ray cluster to run on, ``auto`` for the one of this machine.
        dry_run: Report the plan and stop; the results are then empty.
        progress: Receives the plan and each step's progress; None for bars on standard error.

    Raises:
        HarnessError: Something named is missing or does not fit; nothing has run.
    """
    from harness.data.files import writable
    from harness.display.plan_text import plan_text
    from harness.models.device import first_process
    from harness.pipeline.engines.run_plan import EngineChoice
    from harness.pipeline.evaluate import evaluate as run
    from harness.pipeline.plan import make_plan
    from harness.results import Results

    suite = _benchmark(benchmark)
    step_store, request = _open(
        checkpoint,
        suite,
        _with_layer(_recipe(recipe), str(layer)),
        data=data,
        labels=labels,
        store=store,
        offline=offline,
        compute=(device, precision, _threads(threads, workers)),
        intermediate=intermediate,
        tasks=tuple(tasks),
        languages=tuple(languages),
        seed=seed,
        limit=limit,
        max_steps=max_steps,
        tracker=tracker,
    )
    name = f"{request.checkpoint.name}-{request.recipe.name}-{seed}"
    folder = Path(output) if output is not None else Path("results") / name
    writable(folder)
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(folder / "logs"))
    plan, display = make_plan(request), progress or _bars()
    request.memory.save()
    if first_process():
        display.planned(plan_text(request, plan, step_store))
    if dry_run:
        return Results(suite, {}, name=request.checkpoint.name)
    return run(request, plan, step_store, folder, display, EngineChoice(workers, ray))


def train(
    sets: str | Sequence[str],
    checkpoint: Where,
    output: Where,
    *,
    data: Where | None = None,
    benchmark: str | Benchmark = "xtreme",
    recipe: Where | Recipe = "x-stilts",
    sampling: str | Mapping[str, float] = "",
    mlm: float = 0.0,
    seed: int = 42,
    device: str = "auto",
    precision: str = "fp32",
    threads: int = 0,
    max_steps: int = 0,
    store: str | None = None,
    tracker: str = "none",
    offline: bool = False,
    workers: int = 1,
    ray: str = "",
    progress: Progress | None = None,
) -> Trained:
    """Train a checkpoint on intermediate tasks and write an ordinary transformers checkpoint.

    Args:
        sets: Name of a training set or several: ``mnli``, ``mnli[de]``, ``mlm`` …
        checkpoint: The one to start from, as in ``evaluate``.
        output: Folder to write the checkpoint into.
        data: As in ``evaluate``, with ``intermediate/`` next to it.
        benchmark: A benchmark that may have its own data.
        recipe: As in ``evaluate``.
        sampling: How to sample several sets: ``uniform``, ``proportional``, ``capped``, or the
            weight of each; "" for the recipe's.
        mlm: Share of all batches that are masked language modelling.
        seed: Seeds head, dropout and order of training.
        device: As in ``evaluate``.
        precision: As in ``evaluate``.
        threads: As in ``evaluate``.
        max_steps: As in ``evaluate``.
        store: As in ``evaluate``.
        tracker: As in ``evaluate``.
        offline: As in ``evaluate``.
        workers: As in ``evaluate``.
        ray: As in ``evaluate``.
        progress: As in ``evaluate``.

    Returns:
        The checkpoint; it can be used as the path of its folder.

    Raises:
        HarnessError: Something named is missing or does not fit, or the training failed.
    """
    from harness.data.files import writable
    from harness.models.device import first_process
    from harness.pipeline.engines.run_plan import EngineChoice, run_plan
    from harness.pipeline.export import Trained, check_output, export
    from harness.pipeline.intermediate import Intermediate, intermediate_step
    from harness.pipeline.steps.runtime import Runtime

    names = (sets,) if isinstance(sets, str) else tuple(dict.fromkeys(sets))
    for name in names:
        registry.training(name)  # cheap checks come first
    if mlm not in SHARE:
        raise HarnessError(f"mlm {shown(mlm)}: expected {SHARE}")
    folder = Path(output)
    kind, weights = _sampling(sampling, names)
    step_store, request = _open(
        checkpoint,
        _benchmark(benchmark),
        _recipe(recipe),
        data=data,
        labels=None,
        store=store,
        offline=offline,
        compute=(device, precision, _threads(threads, workers)),
        seed=seed,
        max_steps=max_steps,
        tracker=tracker,
    )
    setting = Intermediate(
        name="+".join(names),
        train=names,
        weights=weights,
        mlm=mlm,
        settings={"sampling": kind} if kind else {},
    )
    for place in (folder, folder.absolute().parent):
        writable(place)
    check_output(folder, request.checkpoint.path)
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", f"{folder}-logs")
    notes: list[str] = []
    step = intermediate_step(request, setting, notes)
    request.memory.save()
    display = progress or _bars()
    if first_process():
        all_notes = [*request.checkpoint.notes, *notes]
        display.planned("\n".join([*(f"note: {note}" for note in all_notes), step.name]))
    runtime = Runtime(step_store, request.source, request.device)
    report = run_plan([step], runtime, display, EngineChoice(workers, ray))
    for outcome in report.failed:
        raise HarnessError(f"{outcome.step.name}: {outcome.error}")
    if not first_process():
        return Trained(folder, 0, 0, {})
    return export(step, step_store, request, folder)


def score(predictions: Where, labels: Where, *, benchmark: str | Benchmark = "xtreme") -> Results:
    """Score a folder of predictions in XTREME's layout as the official scorer does.

    Args:
        predictions: Folder with a sub-folder for each task, e.g. the output of ``evaluate``.
        labels: Folder of labels in the same layout.
        benchmark: Name, or a Benchmark: which tasks and languages to score.

    Raises:
        HarnessError: A folder is missing or empty, or a file is malformed.
    """
    from harness.submission.score import score_folder

    return score_folder(Path(predictions), Path(labels), _benchmark(benchmark))


def study(
    file: Where,
    *,
    data: Where | None = None,
    store: str | None = None,
    workers: int = 1,
    ray: str = "",
    output: Where | None = None,
    offline: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Run a study's unfinished steps, go on after failures, and compare with its baseline.

    Args:
        file: The study's TOML file.
        data: Data folder in place of the file's.
        store: Folder or fsspec URL of finished steps; None for the user's own.
        workers: Worker processes on this machine; 1 runs the steps in this process.
        ray: Address of a Ray cluster to run on, ``auto`` for the one of this machine.
        output: Folder for the table; None for ``results/STUDY``.
        offline: Fetch nothing.
        progress: Receives the plan and each step's progress; None for bars on standard error.

    Raises:
        HarnessError: The file, or something it names, is missing or does not fit.
    """
    from harness.data.files import writable, write_text
    from harness.display.plan_text import study_text
    from harness.pipeline.engines.run_plan import EngineChoice, run_plan
    from harness.pipeline.steps.runtime import Runtime
    from harness.studies.study_results import as_json, comparison_of

    plan, step_store = planned_study(file, data, store, workers, offline=offline)
    folder = Path(output) if output is not None else Path("results") / plan.study.name
    writable(folder)
    display = progress or _bars()
    display.planned(study_text(plan, step_store, workers))
    runtime = Runtime(step_store, plan.request.source, plan.request.device)
    report = run_plan(plan.steps, runtime, display, EngineChoice(workers, ray))
    names = {step.key: step.name for step in plan.steps}
    failed = {names[key]: why for key, why in report.reasons().items()}
    table = replace(comparison_of(plan, step_store), failed=failed)
    write_text(f"{table}\n", folder / "table.txt")
    write_text(as_json(plan, table) + "\n", folder / "table.json")
    return table


def planned_study(
    file: Where, data: Where | None, store: str | None, workers: int, *, offline: bool
) -> tuple[StudyPlan, Store]:
    """Read and plan a study, and open its store; the arguments are those of ``study``."""
    from harness.data.folder import open_folder
    from harness.data.memory import Memory
    from harness.pipeline.store.open import open_store
    from harness.studies.expand import plan_study
    from harness.studies.study_file import read_study

    spec = read_study(Path(file))
    if data is not None:
        open_folder(Path(data), spec.labels)  # its errors must not blame the study file
        spec = replace(spec, data=Path(data))
    place = open_store(store or places.store())
    return plan_study(spec, Memory(places.memory()), workers=workers, offline=offline), place


def compare(runs: Sequence[Results] | Mapping[str, Results], baseline: Results | str) -> Comparison:
    """Compare results with one of them, target by target.

    Args:
        runs: The results by the names to print, or a list of results with names of their own.
        baseline: The results that the others are compared with, or their name.

    Returns:
        A table of differences that prints, with ``.to_latex()`` and ``.to_frame()``.

    Raises:
        HarnessError: No run has the baseline's name.
    """
    from harness.comparison import compare as compared

    by_name: dict[str, Results] = {}
    for one in [] if isinstance(runs, Mapping) else runs:
        repeats = sum(name == one.name or name.startswith(f"{one.name} (") for name in by_name)
        by_name[f"{one.name} ({repeats + 1})" if repeats else one.name or "run"] = one
    by_name = dict(runs) if isinstance(runs, Mapping) else by_name
    if isinstance(baseline, str):
        if baseline not in by_name:
            raise unknown("baseline", baseline, by_name)
        return compared(by_name, baseline)
    name = next((name for name, one in by_name.items() if one is baseline), "baseline")
    return compared({name: baseline, **by_name}, name)


def load(folder: Where) -> Results:
    """Return the results in a folder that ``evaluate`` or ``Results.save`` has written.

    Raises:
        HarnessError: scores.json is missing, or not what the harness writes.
    """
    from harness.results import read_results

    return read_results(Path(folder))


def tasks() -> dict[str, Task]:
    """Return the installed tasks by name; warn of broken plug-ins."""
    return {task.name: task for task in registry.tasks()}


def _open(
    checkpoint: Where,
    benchmark: Benchmark,
    recipe: Recipe,
    *,
    data: Where | None,
    labels: Where | None,
    store: str | None,
    offline: bool,
    compute: tuple[str, str, int],
    intermediate: str = "",
    **options: Any,
) -> tuple[Store, Request]:
    """Check the arguments, the cheap ones first; return the store and a request.

    Args:
        checkpoint: As in ``evaluate``.
        benchmark: The benchmark.
        recipe: The recipe.
        data: The data folder.
        labels: The labels folder.
        store: The store.
        offline: Fetch nothing.
        compute: Device, precision, CPU threads.
        intermediate: What the checkpoint was trained on.
        options: Further fields of Request, by name.
    """
    from harness.data.files import writable
    from harness.data.memory import Memory
    from harness.data.open_source import open_source
    from harness.models.checkpoint import open_checkpoint
    from harness.models.device import choose_device, hush
    from harness.pipeline.request import Request, checkpoint_place
    from harness.pipeline.store.open import open_store

    for name in options.get("tasks", ()):
        registry.task(name)
    place = store or places.store()
    step_store = open_store(place)
    writable(place)
    memory = Memory(places.memory())
    folders = [None if folder is None else Path(folder) for folder in (data, labels)]
    source = open_source(folders[0], folders[1], benchmark, memory, offline=offline)
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    _check_tracker(options["tracker"])
    where = checkpoint_place(fspath(checkpoint), benchmark)
    encoder = open_checkpoint(where, offline=offline, memory=memory)
    if intermediate:
        notes = encoder.notes
        if encoder.intermediate:
            notes += (f"it says itself that it was trained on {encoder.intermediate}",)
        encoder = replace(encoder, intermediate=intermediate[:300], notes=notes)
    hush()
    request = Request(
        checkpoint=encoder,
        benchmark=benchmark,
        source=source,
        recipe=recipe,
        device=choose_device(*compute),
        memory=memory,
        **options,
    )
    return step_store, request


def _bars() -> Progress:
    from harness.display.progress import Bars

    return Bars()


def _benchmark(benchmark: str | Benchmark) -> Benchmark:
    return registry.benchmark(benchmark) if isinstance(benchmark, str) else benchmark


def _recipe(recipe: Where | Recipe) -> Recipe:
    from harness import recipes

    return recipe if isinstance(recipe, recipes.Recipe) else recipes.load(fspath(recipe))


def _with_layer(recipe: Recipe, layer: str) -> Recipe:
    """Return the recipe with another hidden state for retrieval, if one is named."""
    from harness.recipes import SETTINGS

    if not layer:
        return recipe
    choice: int | str = int(layer) if re.fullmatch("[0-9]{1,9}", layer) else layer
    expected = SETTINGS["layer"].expected
    if choice not in expected:
        raise HarnessError(f"--layer {shown(layer)}: expected {expected}")
    formats = {
        name: {key: value for key, value in changes.items() if key != "layer"}
        for name, changes in recipe.formats.items()
    }
    return replace(recipe, default=replace(recipe.default, layer=choice), formats=formats)


def _threads(threads: int, workers: int) -> int:
    """Return the CPU threads of a step; by default the cores divided by the workers."""
    from harness.models.device import cores

    return threads or max(1, cores() // max(1, workers))


def _check_tracker(name: str) -> None:
    if name == "none":
        return
    from transformers.integrations import get_available_reporting_integrations

    known = ("none", *get_available_reporting_integrations())
    if name not in known:
        raise unknown("tracker", name, known, "these are installed here")


def _sampling(
    sampling: str | Mapping[str, float], sets: Sequence[str]
) -> tuple[str, dict[str, float]]:
    """Return the kind of sampling, and the weights if they are given."""
    if isinstance(sampling, str):
        if sampling and sampling not in SAMPLINGS:
            raise unknown("sampling", sampling, SAMPLINGS, "or weights like mnli=2,qqp=1")
        return sampling, {}
    for name in sampling:
        if name not in sets:
            raise unknown("training set here", name, sets)
    if set(sampling) != set(sets) or not all(weight in WEIGHT for weight in sampling.values()):
        raise HarnessError(f"--sampling: give each of {', '.join(sets)} a weight, {WEIGHT}")
    return "weights", dict(sampling)
