"""``harness study``: plan, run and tabulate a study's file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from harness import api
from harness.cli.arguments import Argument, Option, listed, options_of
from harness.cli.options import AsJson, PerLanguage, end_with, show, tell_entry
from harness.display.progress import Bars
from harness.errors import HarnessError

StudyFile = Annotated[Path, Argument(help="The study's .toml file.")]


@options_of(api.planned_study)
def plan_command(file: StudyFile, **options: Any) -> None:
    """Print the steps, what the store has of them, and how long the rest will take."""
    from harness.display.plan_text import study_text
    from harness.studies.design import power_of

    whole, kept = api.planned_study(file, **options)
    print(study_text(whole, kept, options["workers"]))
    print(power_of(whole.study, whole, kept).line)


@options_of(api.study)
def run_command(file: StudyFile, **options: Any) -> None:
    """Run what is not done yet, go on past what fails, print the table."""
    table = api.study(file, **options, progress=Bars(plans=True))
    print(f"\n{table}\n\nwritten: {table.folder}/table.txt, table.json")
    end_with(table.failed)


@options_of(api.planned_study)
def table_command(
    file: StudyFile, per_language: PerLanguage = False, as_json: AsJson = False, **options: Any
) -> None:
    """Print the differences to the baseline, of what is done so far."""
    from harness.studies import study_results

    whole, kept = api.planned_study(file, **options)
    table = study_results.comparison_of(whole, kept)
    if as_json:
        print(json.dumps(study_results.as_dict(whole, table), indent=1, ensure_ascii=False))
        return
    show(table, per_language=per_language)


@options_of(api.planned_study, "data", "store")
def power_command(
    file: StudyFile,
    seed_sd: Annotated[float, Option(help="Points, where the store has no runs.")] = 0.6,
    **options: Any,
) -> None:
    """Print the smallest true effect that the study would show, with 80 % power."""
    from harness.studies.design import power_of
    from harness.studies.study_file import read_study

    study = read_study(file)
    whole = kept = None
    if study.data is not None or options["data"] is not None:
        whole, kept = api.planned_study(file, offline=True, **options)
    print(power_of(study, whole, kept, seed_sd))


@options_of(api.planned_study, "data", "store")
def submit_command(
    file: StudyFile,
    output: Annotated[Path, Option(help="Folder of entries to write into.")] = Path("submissions"),
    tasks: Annotated[str, Option(help="Only these, parted by commas [all of the study].")] = "",
    submitter: Annotated[str, Option(help="Your name, or your group's.")] = "anonymous",
    licence: Annotated[str, Option(help="SPDX id of what you hand in, as CC-BY-4.0.")] = "",
    slug: Annotated[str, Option(help="What the slugs begin with [the study's name].")] = "",
    about: Annotated[str, Option(help="TOML file of what only you know of the models.")] = "",
    **options: Any,
) -> None:
    """Make an entry of each row of a study that has finished runs, its baseline linked."""
    from harness.studies.study_submit import Handing, submit
    from harness.submission.about import NOTHING_SAID, About

    said = About.read(Path(about)) if about else NOTHING_SAID
    whole, kept = api.planned_study(file, **options)
    handing = Handing(output, listed(tasks), submitter, licence, slug, said)
    handed = submit(whole, kept, handing)
    for line in handed.left_out:
        print(f"left out: {line}", file=sys.stderr)
    for folder in handed.written:
        tell_entry(folder)
    if not handed.written:
        raise HarnessError(f"{file}: no row has a finished run; harness study run makes them")
