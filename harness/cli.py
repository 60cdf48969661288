"""The command line: parse, call, print."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from harness import registry
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.pipeline.plan import Plan, Request
    from harness.pipeline.store import Store


class _Light:
    """A command that does not convert a ``--help`` nobody gave: typer imports pydantic for it.

    That would be a third of the time ``harness tasks`` takes. For the same reason its NAME is
    read from the context, not from a typed argument.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option with a default that needs no conversion."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.default = False
        return option


class _LightGroup(_Light, TyperGroup):
    pass


class _LightCommand(_Light, TyperCommand):
    pass


app = typer.Typer(
    name="harness",
    cls=_LightGroup,
    help="Cross-lingual transfer on XTREME: train on English, predict every language, score.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data = typer.Typer(help="Look at data folders.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data, name="data")

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xtreme-harness"
STORE = Path(os.environ.get("HARNESS_STORE") or CACHE / "store")

DataDir = Annotated[
    Path | None, typer.Option("--data", help="Folder in XTREME's layout; else the hub.")
]
LabelsDir = Annotated[
    Path | None, typer.Option("--labels", help="Folder of test labels [default: beside --data].")
]
BenchmarkName = Annotated[str, typer.Option("--benchmark", help="xtreme, xtreme-r or mini.")]
PerLanguage = Annotated[bool, typer.Option("--per-language", help="Also print every language.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Recipe = Annotated[str, typer.Option(help="xtreme, x-stilts, quick, or a .toml file.")]
Seed = Annotated[int, typer.Option(help="Seeds head, dropout and order of every training.", min=0)]
DeviceName = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps …")]
Precision = Annotated[str, typer.Option(help="fp32, bf16 or fp16 (autocast).")]
Threads = Annotated[int, typer.Option(help="CPU threads; 0 means all there are.", min=0)]
Tasks = Annotated[str, typer.Option(help="Comma-separated tasks [default: the benchmark's].")]
Languages = Annotated[str, typer.Option(help="Comma-separated languages [default: all].")]
Limit = Annotated[int, typer.Option(help="Test examples a language; marks the run partial.", min=0)]
MaxSteps = Annotated[
    int, typer.Option(help="Updates a training, at most; marks the run partial.", min=0)
]
Layer = Annotated[
    str, typer.Option(help="Hidden state for retrieval: a number, last or xtreme [recipe's].")
]
Output = Annotated[
    Path | None, typer.Option(help="Folder to write [default: results/CHECKPOINT-RECIPE-SEED].")
]
StoreDir = Annotated[Path, typer.Option("--store", help="Folder of finished steps.")]
Offline = Annotated[bool, typer.Option("--offline", help="Fetch nothing from the hub.")]
Tracker = Annotated[str, typer.Option(help="Experiment tracker: none, tensorboard, wandb …")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Stop after the plan.")]


@app.command("eval")
def evaluate_command(
    checkpoint: Annotated[str, typer.Argument(help="Folder or hub id (owner/name[@revision]).")],
    data: DataDir = None,
    labels: LabelsDir = None,
    benchmark: BenchmarkName = "xtreme",
    recipe: Recipe = "xtreme",
    tasks: Tasks = "",
    languages: Languages = "",
    seed: Seed = 42,
    device: DeviceName = "auto",
    precision: Precision = "fp32",
    threads: Threads = 0,
    limit: Limit = 0,
    max_steps: MaxSteps = 0,
    layer: Layer = "",
    output: Output = None,
    store: StoreDir = STORE,
    tracker: Tracker = "none",
    per_language: PerLanguage = False,
    offline: Offline = False,
    dry_run: DryRun = False,
) -> None:
    """Fine-tune on each target's English data, predict every language, score."""
    from harness.pipeline.options import Options

    request = Options(
        checkpoint=checkpoint,
        cache=CACHE,
        data=data,
        labels=labels,
        benchmark=benchmark,
        recipe=recipe,
        tasks=_listed(tasks),
        languages=_listed(languages),
        seed=seed,
        device=device,
        precision=precision,
        threads=threads,
        limit=limit,
        max_steps=max_steps,
        layer=layer,
        tracker=tracker,
        offline=offline,
    ).resolve()
    output = output or Path("results") / f"{request.checkpoint.name}-{request.recipe.name}-{seed}"
    _evaluate(request, store, output, per_language=per_language, dry_run=dry_run)


@app.command("demo")
def demo_command(
    output: Output = None,
    store: StoreDir = STORE,
    seed: Seed = 42,
    threads: Threads = 0,
    per_language: PerLanguage = False,
    dry_run: DryRun = False,
) -> None:
    """Evaluate the packaged encoder on the packaged sentences (mini)."""
    from harness.pipeline.options import Options

    mini = registry.benchmark("mini")
    assert mini.encoder is not None
    checkpoint = mini.encoder(CACHE / "checkpoints")
    request = Options(
        checkpoint=str(checkpoint),
        cache=CACHE,
        benchmark="mini",
        recipe="quick",
        seed=seed,
        device="cpu",
        threads=threads,
        offline=True,
    ).resolve()
    output = output or Path("results") / f"demo-{seed}"
    _evaluate(request, store, output, per_language=per_language, dry_run=dry_run)
    print(
        "The encoder is multilingual-e5-small at 4 bits, dequantised, with the word table pruned"
        " to these texts; the sentences are the project's own. Not comparable with published rows."
    )


@app.command("score")
def score_command(
    predictions: Annotated[Path, typer.Argument(help="Folder of predictions in XTREME's layout.")],
    labels: Annotated[Path, typer.Option(help="Folder of labels in the same layout.")],
    benchmark: BenchmarkName = "xtreme",
    per_language: PerLanguage = False,
    as_json: AsJson = False,
) -> None:
    """Score a folder of predictions as the official scorer does."""
    from harness.display.tables import language_table, missing_lines, score_table
    from harness.scoring import Summary
    from harness.submission.scores import partial_run, score_folder, scores_json, summary_of

    chosen = registry.benchmark(benchmark)
    scores = score_folder(predictions, labels, chosen)
    partial = partial_run(predictions)
    if as_json:
        print(json.dumps(scores_json(chosen, scores, partial), indent=1))
        return
    summary = Summary({}, None) if partial else summary_of(chosen, scores)
    print(score_table(chosen, scores, summary, partial))
    for line in missing_lines(scores):
        print(line)
    if per_language:
        print(f"\n{language_table(scores)}")


@app.command(
    "tasks",
    cls=_LightCommand,
    options_metavar="[NAME] [OPTIONS]",
    context_settings={"allow_extra_args": True},
)
def tasks_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List the installed tasks, or show one."""
    from harness.display import catalogue

    if len(context.args) > 1:
        raise HarnessError(f"tasks: one name at a time, not {' '.join(context.args)}")
    name = next(iter(context.args), "")
    chosen = [registry.task(name)] if name else [registry.task(n) for n in registry.task_names()]
    benchmarks = [registry.benchmark(n) for n in registry.benchmark_names()]
    if as_json:
        values = [catalogue.as_dict(task, benchmarks) for task in chosen]
        print(json.dumps(values[0] if name else values, indent=1))
    elif name:
        print(catalogue.card(chosen[0], benchmarks))
    else:
        print(catalogue.listing(chosen, benchmarks))


@data.command("check")
def check_command(
    folder: Annotated[Path, typer.Argument(help="Folder in XTREME's layout.")],
    labels: LabelsDir = None,
    benchmark: BenchmarkName = "xtreme",
    tasks: Tasks = "",
    per_language: PerLanguage = False,
) -> None:
    """Say what a data folder holds, task by task and language by language."""
    from harness.data.check import check_folder
    from harness.data.folder import open_folder
    from harness.display.catalogue import findings_table

    chosen = registry.benchmark(benchmark)
    names = _listed(tasks) or tuple(n for n in chosen.task_names() if n in registry.task_names())
    source = open_folder(folder, labels)
    found = list(check_folder(source, chosen, [registry.task(name) for name in names]))
    print(findings_table(found, per_language=per_language))
    problems = [line for finding in found for line in finding.problems]
    for line in problems:
        print(line, file=sys.stderr)
    if problems:
        _fail(f"{len(problems)} malformed places in {folder}; mend the lines named above")


def _evaluate(
    request: Request, root: Path, output: Path, *, per_language: bool, dry_run: bool
) -> None:
    """Plan, run and print an evaluation."""
    from harness.display.progress import Bars
    from harness.display.tables import language_table, missing_lines, score_table
    from harness.models.device import first_process
    from harness.pipeline.evaluate import estimate, evaluate
    from harness.pipeline.plan import make_plan
    from harness.pipeline.store import Store
    from harness.scoring import Summary
    from harness.submission.scores import summary_of

    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(output / "logs"))
    first = first_process()
    for folder in (root, output):
        _writable(folder)
    store = Store(root)
    plan = make_plan(request)
    if first:
        _print_plan(request, plan, store, estimate(request, plan, store))
    if dry_run:
        return
    try:
        scores = evaluate(request, plan, store, output, Bars())
    except KeyboardInterrupt:
        done = sum(store.find(step) is not None for step in plan.steps)
        message = f"interrupted: {done} of {len(plan.steps)} steps are finished and kept in {root}"
        print(f"{message}; run the same command again to go on", file=sys.stderr)
        raise
    if not first:
        return
    summary = Summary({}, None) if request.partial else summary_of(request.benchmark, scores)
    print(f"\n{score_table(request.benchmark, scores, summary, request.partial)}")
    for line in missing_lines(scores):
        print(line)
    if per_language:
        print(f"\n{language_table(scores)}")
    print(f"\nwritten: {output}/submission.json, scores.json, manifest.json, predictions/")


def _writable(folder: Path) -> None:
    """Refuse, before any work, a folder that cannot be made or written to."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise HarnessError(f"{folder}: {there} is not a folder; name another place")
    if not os.access(there, os.W_OK):
        raise HarnessError(f"{folder}: {there} cannot be written to; permit it or name another")


def _print_plan(request: Request, plan: Plan, store: Store, seconds: float) -> None:
    from harness.display.catalogue import plan_table

    for note in request.checkpoint.notes:
        print(f"note: {request.checkpoint.name}: {note}")
    print(plan_table(request, plan, store))
    for why in plan.skipped.values():
        print(f"skipped: {why}")
    print(f"estimate: {_duration(seconds)} on {request.device.name}, a guess\n", flush=True)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "nothing to do"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """Run the command line; what the user can mend ends in one line and exit code 2."""
    try:
        code = app(standalone_mode=False)  # typer gives 130 for Ctrl-C, None when all is well
    except HarnessError as error:
        _fail(" ".join(str(error).split()))
    except (KeyboardInterrupt, typer.Abort):
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's usage errors, of a class it keeps private
            _usage(error)
        trouble = _disk_trouble(error)
        if not trouble:
            raise
        _fail(
            f"{trouble}; free or permit it and run the same command again: no finished step is lost"
        )
    if code:
        raise SystemExit(code)


def _disk_trouble(error: Exception) -> str:
    """Return what a full or forbidden disk says, by whatever library's error; "" of any other."""
    import errno

    if isinstance(error, OSError) and error.errno in (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EACCES,
        errno.EROFS,
    ):
        return f"{error.strerror}" + (f" at {error.filename}" if error.filename else "")
    for number in (errno.ENOSPC, errno.EDQUOT):  # safetensors, tokenizers, shutil.copytree
        if os.strerror(number) in str(error):
            return os.strerror(number)
    if "PytorchStreamWriter failed writing" in str(error):  # torch.save keeps the reason to itself
        return f"{os.strerror(errno.ENOSPC)} (or it cannot be written)"
    return ""


def _usage(error: Any) -> NoReturn:
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message)
        raise SystemExit(2)
    _fail(f"{message} (see {error.ctx.command_path if error.ctx else 'harness'} --help)")
