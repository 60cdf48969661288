"""``harness study``: plan, run and tabulate a study's file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from harness import places
from harness.cli.arguments import Argument, Option
from harness.cli.options import (
    STORE,
    AsJson,
    Offline,
    PerLanguage,
    StoreAt,
    Workers,
    writable,
)
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.pipeline.engines.schedule import Engine
    from harness.pipeline.store.store import Store
    from harness.studies.expand import StudyPlan

StudyFile = Annotated[Path, Argument(metavar="FILE", help="The study's .toml file.")]
DataAt = Annotated[Path | None, Option("--data", help="Data folder in place of the file's.")]


def plan_command(
    file: StudyFile,
    data: DataAt = None,
    store: StoreAt = STORE,
    workers: Workers = 1,
    offline: Offline = False,
) -> None:
    """Print the steps, what the store has of them, and how long the rest will take."""
    from harness.display.plan_text import study_text

    whole, kept = planned(file, data, store, workers, offline=offline)
    print(study_text(whole, kept, workers))


def run_command(
    file: StudyFile,
    data: DataAt = None,
    store: StoreAt = STORE,
    workers: Workers = 1,
    ray: Annotated[str, Option(help="Address of a Ray cluster, or auto.")] = "",
    output: Annotated[Path | None, Option(help="Folder for the table [results/STUDY].")] = None,
    offline: Offline = False,
) -> None:
    """Run what is not done yet, go on past what fails, print the table."""
    from harness.data.files import write_text
    from harness.display.plan_text import study_text
    from harness.display.study_text import Lines, failures, table_text
    from harness.pipeline.engines.schedule import opened, run_all, to_do
    from harness.studies.study_results import as_json, rows_of

    whole, kept = planned(file, data, store, workers, offline=offline)
    output = output or Path("results") / whole.study.name
    writable(output)
    print(study_text(whole, kept, workers), flush=True)
    todo = to_do(whole.steps, kept.sound)
    if todo:
        kept.sweep()
        try:
            with opened(_engine(whole, kept, workers, ray)) as engine:
                report = run_all(todo, kept, engine, Lines())
        except KeyboardInterrupt:
            done = len(whole.steps) - len(to_do(whole.steps, kept.has))
            said = f"interrupted: {done} of {len(whole.steps)} steps are finished and kept"
            print(f"{said}; run the same command again to go on", file=sys.stderr)
            raise
        print(failures(report))
    else:
        report = None
    columns, rows = rows_of(whole, kept)
    text = table_text(whole, columns, rows)
    print(f"\n{text}")
    write_text(text + "\n", output / "table.txt")
    write_text(as_json(whole, columns, rows) + "\n", output / "table.json")
    print(f"\nwritten: {output}/table.txt, table.json")
    if report is not None and report.failed:
        raise SystemExit(1)


def table_command(
    file: StudyFile,
    data: DataAt = None,
    store: StoreAt = STORE,
    workers: Workers = 1,
    per_language: PerLanguage = False,
    as_json: AsJson = False,
    offline: Offline = False,
) -> None:
    """Print the differences to the baseline, of what is done so far."""
    from harness.display.study_text import languages_text, table_text
    from harness.studies import study_results as results

    whole, kept = planned(file, data, store, workers, offline=offline)
    columns, rows = results.rows_of(whole, kept)
    if as_json:
        print(results.as_json(whole, columns, rows))
        return
    print(table_text(whole, columns, rows))
    if per_language:
        print(f"\n{languages_text(columns, rows)}")


def planned(
    file: Path, data: Path | None, store: str, workers: int, *, offline: bool
) -> tuple[StudyPlan, Store]:
    """Read and plan a study; open its store."""
    from dataclasses import replace

    from harness.data.folder import open_folder
    from harness.data.memory import Memory
    from harness.pipeline.store.store import open_store
    from harness.studies.expand import plan_study
    from harness.studies.study_file import read_study

    study = read_study(file)
    if data is not None:
        open_folder(data, study.labels)  # what is wrong with it is not the file's fault
        study = replace(study, data=data)
    kept = open_store(store)
    memory = Memory(places.memory())
    return plan_study(study, memory, workers=workers, offline=offline), kept


def _engine(whole: StudyPlan, store: Store, workers: int, ray: str) -> Engine:
    """Return the engine that the options ask for."""
    from harness.models.device import gpus
    from harness.pipeline.engines.workers import Site

    device = whole.request.device
    site = Site(store, whole.request.source, device)
    if ray:
        from harness.pipeline.engines.ray_cluster import RayEngine

        if workers > 1:
            raise HarnessError("--ray and --workers: a cluster's slots are its own; choose one")
        return RayEngine(site, ray)
    if workers == 1:
        from harness.pipeline.engines.in_process import InProcessEngine

        return InProcessEngine(site)
    from harness.pipeline.engines.workers import WorkersEngine

    each: list[str] = []
    if device.kind == "cuda":
        all_, share = gpus(), device.processes
        each = [",".join(all_[i * share : (i + 1) * share]) for i in range(workers)]
        if not all(each) or len(all_) < workers * share:
            raise HarnessError(f"--workers {workers}: only {len(all_)} GPUs here, {share} a slot")
    return WorkersEngine(site, workers, each)
