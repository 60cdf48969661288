"""``harness study``: plan a study, run it, print its table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness import api
from harness.cli.arguments import Argument, Option
from harness.cli.options import (
    STORE,
    AsJson,
    Offline,
    PerLanguage,
    RayAddress,
    StoreAt,
    Workers,
    end_with,
)

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

    plan, step_store = api.planned_study(file, data, store, workers, offline=offline)
    print(study_text(plan, step_store, workers))


def run_command(
    file: StudyFile,
    data: DataAt = None,
    store: StoreAt = STORE,
    workers: Workers = 1,
    ray: RayAddress = "",
    output: Annotated[Path | None, Option(help="Folder for the table [results/STUDY].")] = None,
    offline: Offline = False,
) -> None:
    """Run what is not done yet, go on past what fails, print the table."""
    from harness.display.progress import Bars

    output = output or Path("results") / file.stem
    table = api.study(
        file,
        data=data,
        store=store,
        workers=workers,
        ray=ray,
        output=output,
        offline=offline,
        progress=Bars(plans=True),
    )
    print(f"\n{table}\n\nwritten: {output}/table.txt, table.json")
    end_with(table.failed)


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
    from harness.studies import study_results

    plan, step_store = api.planned_study(file, data, store, workers, offline=offline)
    table = study_results.comparison_of(plan, step_store)
    if as_json:
        print(study_results.as_json(plan, table))
        return
    print(table)
    if per_language:
        print(f"\n{table.by_language()}")
