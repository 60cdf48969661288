"""The verbs: what the command line and a notebook both call.

Nothing heavy is imported before it is needed, so that ``import harness`` takes a moment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from harness import places, registry
from harness.data.files import writable, write_json, write_text
from harness.declarations import Benchmark, Task
from harness.display.progress import Bars
from harness.errors import HarnessError, unknown
from harness.models.device import first_process

if TYPE_CHECKING:
    from harness.comparison import Comparison
    from harness.pipeline.engines.schedule import Progress
    from harness.pipeline.export import Trained
    from harness.pipeline.store.store import Store
    from harness.recipes import Recipe
    from harness.results import Results
    from harness.studies.expand import StudyPlan

Where = str | PathLike[str]


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
    precision: str = "auto",
    deterministic: bool = False,
    threads: int = 0,
    limit: int = 0,
    max_steps: int = 0,
    layer: float | str = "",
    output: Where | None = None,
    store: str | None = None,
    tracker: str = "none",
    intermediate: str = "",
    about: Where | None = None,
    offline: bool = False,
    workers: int = 1,
    ray: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Fine-tune a checkpoint on English, predict every language, score.

    What is finished is kept in the store: interrupted and called again, it goes on. A step that
    fails does not stop the others; the results are then marked partial and say what failed.

    Args:
        checkpoint: A folder, what ``train`` returned, a hub id (``owner/name[@revision]``), or
            ``packaged`` for the benchmark's own (``mini`` has one).
        data: Folder in XTREME's layout; None for the benchmark's own, else the hub.
        labels: Folder of test labels; None for the one beside the data.
        benchmark: ``xtreme``, ``xtreme-r``, ``mini`` or a plug-in's; in Python also a Benchmark.
        recipe: ``xtreme``, ``x-stilts``, ``quick`` or the path of a TOML file; in Python also a
            Recipe.
        tasks: Tasks, on the command line parted by commas; () means all that have data.
        languages: Codes, in the same way; () means all.
        seed: Seeds head, dropout and order of training.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps`` …
        precision: ``fp32``, ``bf16`` or ``fp16`` (autocast), or ``auto``: bf16 on an accelerator
            that computes in it, else fp32, never fp16.
        deterministic: Use deterministic kernels alone on an accelerator; slower. A CPU always does.
        threads: CPU threads of a step; 0 divides the machine's threads among the workers.
        limit: Test examples per language, at most; 0 means all. Marks the results partial.
        max_steps: Updates of a training, at most; 0 means the recipe's. Marks them partial, too.
        layer: Hidden state for retrieval: a number, a share of the depth (0.5), ``last``,
            ``xtreme``, ``usual``, or ``auto``: the best on dev data; "" for the recipe's.
        output: Folder to write; None for ``results/CHECKPOINT-RECIPE-SEED``.
        store: Folder or fsspec URL of finished steps; None for ``HARNESS_STORE`` or the user's own.
        tracker: Experiment tracker: ``none``, ``tensorboard``, ``wandb`` …
        intermediate: What the checkpoint was trained on, if its files do not say.
        about: TOML file of what only you know of the model, for the submission: its pre-training
            data, data beyond English (docs/submitting.md).
        offline: Fetch nothing.
        workers: Worker processes on this machine; 1 runs the steps in this process.
        ray: Address of a Ray cluster to run on, ``auto`` for the one of this machine.
        dry_run: Report the plan and stop; the results are then empty.
        progress: Receives the plan and each step's progress; None for bars on standard error.

    Raises:
        HarnessError: Something named is missing or does not fit; nothing has run.
    """
    from harness.display.plan_text import plan_text
    from harness.pipeline.engines.run_plan import EngineChoice
    from harness.pipeline.evaluate import evaluate as run
    from harness.pipeline.plan import make_plan
    from harness.pipeline.request import Compute, DataPlace, open_request, with_layer
    from harness.results import Results
    from harness.submission.about import NOTHING_SAID, About

    said = NOTHING_SAID if about is None else About.read(Path(about))
    choice, chosen = EngineChoice(workers, ray), _benchmark(benchmark)
    kept, request = open_request(
        fspath(checkpoint),
        chosen,
        with_layer(_recipe(recipe), layer),
        DataPlace(data, labels, offline),
        Compute(device, precision, threads, workers, deterministic),
        store,
        intermediate,
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
    plan, display = make_plan(request), progress or Bars()
    request.memory.save()
    if first_process():
        display.planned(plan_text(request, plan, kept))
    if dry_run:
        return Results(chosen, {}, name=request.checkpoint.name)
    return run(request, plan, kept, folder, display, choice, said)


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
    precision: str = "auto",
    deterministic: bool = False,
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
        checkpoint: The one to start from, as ``evaluate`` takes it.
        output: Folder to write the checkpoint into.
        sampling: Of several sets: ``uniform``, ``proportional``, ``capped``, or the weight of
            each; "" for the recipe's.
        mlm: Share of all batches that are masked language modelling.

    The other arguments are those of ``evaluate``.

    Returns:
        The checkpoint; it can be used as the path of its folder.

    Raises:
        HarnessError: Something named is missing or does not fit, or the training failed.
    """
    from harness.pipeline.engines.run_plan import EngineChoice, run_plan
    from harness.pipeline.export import Trained, check_output, export
    from harness.pipeline.plan_training import Intermediate, intermediate_step, sampling_of
    from harness.pipeline.request import Compute, DataPlace, check_numbers, open_request
    from harness.pipeline.steps.runtime import Runtime

    names = (sets,) if isinstance(sets, str) else tuple(dict.fromkeys(sets))
    for name in names:
        registry.training(name)  # cheap checks come first
    check_numbers(mlm=mlm)
    folder, choice = Path(output), EngineChoice(workers, ray)
    kind, weights = sampling_of(sampling, names)
    kept, request = open_request(
        fspath(checkpoint),
        _benchmark(benchmark),
        _recipe(recipe),
        DataPlace(data, None, offline),
        Compute(device, precision, threads, workers, deterministic),
        store,
        seed=seed,
        max_steps=max_steps,
        tracker=tracker,
    )
    settings = {"sampling": kind} if kind else {}
    one = Intermediate("+".join(names), names, weights, mlm, settings=settings)
    for place in (folder, folder.absolute().parent):
        writable(place)
    check_output(folder, request.checkpoint.path)
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", f"{folder}-logs")
    notes: list[str] = []
    step = intermediate_step(request, one, notes)
    request.memory.save()
    display = progress or Bars()
    if first_process():
        lines = [f"note: {note}" for note in (*request.checkpoint.notes, *notes)]
        display.planned("\n".join([*lines, step.name]))
    runtime = Runtime(kept, request.source, request.device)
    report = run_plan([step], runtime, display, choice)
    for outcome in report.failed:
        raise HarnessError(f"{outcome.step.name}: {outcome.error}")
    if not first_process():
        return Trained(folder, 0, 0, {})
    return export(step, kept, request, folder)


def score(
    predictions: Where,
    labels: Where,
    *,
    benchmark: str | Benchmark = "xtreme",
    official: bool = False,
) -> Results:
    """Score a folder of predictions in XTREME's layout as the official scorer does.

    Args:
        predictions: Folder with a sub-folder for each task, e.g. the output of ``evaluate``.
        labels: Folder of labels in the same layout.
        benchmark: Which tasks and languages are meant, as ``evaluate`` takes it.
        official: Group the tasks as the benchmark's official script does.

    Raises:
        HarnessError: A folder is missing or empty, or a file is malformed.
    """
    from harness.submission.score import score_folder

    results = score_folder(Path(predictions), Path(labels), _benchmark(benchmark))
    return replace(results, official=official)


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
    """Run what is not done yet of a study, go on past what fails, and compare with its baseline.

    Args:
        file: The study's TOML file.
        data: Data folder in place of the file's.
        output: Folder for the table; None for ``results/STUDY``.

    The other arguments are those of ``evaluate``.

    Raises:
        HarnessError: The file, or something it names, is missing or does not fit.
    """
    from harness.display.plan_text import study_text
    from harness.pipeline.engines.run_plan import EngineChoice, run_plan
    from harness.pipeline.steps.runtime import Runtime
    from harness.studies.study_results import as_dict, comparison_of

    choice = EngineChoice(workers, ray)
    whole, kept = planned_study(file, data=data, store=store, workers=workers, offline=offline)
    folder = Path(output) if output is not None else Path("results") / whole.study.name
    writable(folder)
    display = progress or Bars()
    display.planned(study_text(whole, kept, workers))
    runtime = Runtime(kept, whole.request.source, whole.request.device)
    report = run_plan(whole.steps, runtime, display, choice)
    names = {step.key: step.name for step in whole.steps}
    failed = {names[key]: why for key, why in report.reasons().items()}
    table = replace(comparison_of(whole, kept), failed=failed, folder=folder)
    write_text(f"{table}\n", folder / "table.txt")
    write_json(as_dict(whole, table), folder / "table.json")
    return table


def planned_study(
    file: Where,
    *,
    data: Where | None = None,
    store: str | None = None,
    workers: int = 1,
    offline: bool = False,
) -> tuple[StudyPlan, Store]:
    """Read and plan a study; open its store.

    Args:
        file: The study's TOML file.
        data: Data folder in place of the file's.
        store: Folder or fsspec URL of finished steps; None for the user's own.
        workers: Worker processes on this machine; 1 runs the steps in this process.
        offline: Fetch nothing.

    Raises:
        HarnessError: The file, or something it names, is missing or does not fit.
    """
    from harness.data.folder import open_folder
    from harness.data.memory import Memory
    from harness.pipeline.store.remote import open_store
    from harness.studies.expand import plan_study
    from harness.studies.study_file import read_study

    one = read_study(Path(file))
    if data is not None:
        open_folder(Path(data), one.labels)  # what is wrong with it is not the file's fault
        one = replace(one, data=Path(data))
    kept = open_store(store or places.store())
    return plan_study(one, Memory(places.memory()), workers=workers, offline=offline), kept


def compare(
    runs: Sequence[Results] | Mapping[str, Results | Sequence[Results]],
    baseline: Results | str,
    *,
    common: bool = False,
) -> Comparison:
    """Compare results with one of them, target by target, with 95 % intervals.

    Args:
        runs: The results, by the names the table is to have, several runs of a row in a list; of
            a list of results their own names count, each a row of its own.
        baseline: The row that the others are compared with, or its name.
        common: Compare the common languages where rows have different ones.

    Returns:
        A table of differences that prints, and gives ``.to_latex()`` and ``.to_frame()``.

    Raises:
        HarnessError: There is no such baseline, or the results cannot be compared.
    """
    from harness.comparison import compared
    from harness.results import Results

    rows: dict[str, Results | Sequence[Results]] = {}
    for one in [] if isinstance(runs, Mapping) else runs:
        again = sum(name == one.name or name.startswith(f"{one.name} (") for name in rows)
        rows[f"{one.name} ({again + 1})" if again else one.name or "run"] = one
    rows = dict(runs) if isinstance(runs, Mapping) else rows
    named = {name: [one] if isinstance(one, Results) else list(one) for name, one in rows.items()}
    if isinstance(baseline, str):
        if baseline not in named:
            raise unknown("baseline", baseline, named)
        return compared(named, baseline, common=common)
    name = next(
        (name for name, some in named.items() if any(one is baseline for one in some)), "baseline"
    )
    return compared({name: [baseline], **named}, name, common=common)


def load(folder: Where) -> Results:
    """Return the results in a folder that ``evaluate`` or ``Results.save`` has written.

    Raises:
        HarnessError: There is no scores.json, or it is not what the harness writes.
    """
    from harness.results import read_results

    return read_results(Path(folder))


def tasks() -> dict[str, Task]:
    """Return the installed tasks by name; a broken plug-in is a warning."""
    return {task.name: task for task in registry.tasks()}


def _benchmark(benchmark: str | Benchmark) -> Benchmark:
    return registry.benchmark(benchmark) if isinstance(benchmark, str) else benchmark


def _recipe(recipe: Where | Recipe) -> Recipe:
    from harness import recipes

    return recipe if isinstance(recipe, recipes.Recipe) else recipes.load(fspath(recipe))
