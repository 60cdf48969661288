"""The verb of MultiCheckList."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.multichecklist.error_rates import ErrorRates
    from harness.pipeline.engines.schedule import Progress
    from harness.recipes import Recipe

Where = str | PathLike[str]


def checklist(
    checkpoint: Where,
    *,
    data: Where | None = None,
    templates: Where | None = None,
    suites: Where | None = None,
    languages: Sequence[str] = (),
    cases: int = 200,
    recipe: Where | Recipe = "xtreme",
    seed: int = 42,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 0,
    max_steps: int = 0,
    output: Where | None = None,
    store: str | None = None,
    offline: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> ErrorRates:
    """Fine-tune a checkpoint on English SQuAD v1.1 and run MultiCheckList's six tests.

    The training is the one of XQuAD and MLQA: a store that has it repeats nothing.

    Args:
        checkpoint: The one to start from, as ``evaluate`` takes it.
        data: Folder in XTREME's layout, for SQuAD; None for the hub.
        templates: The templates, a TSV; None for the one in a folder ``multichecklist`` with the
            data.
        suites: Folder of the official suites (``XX_squad_suite.json``), to be read by the
            templates; None for cases made from these.
        languages: Codes, on the command line parted by commas; () means all that there are.
        cases: Cases of each test where they are made here; fewer than 200 mark the rates partial.
        seed: Decides the cases that are made here, and seeds the training.
        output: Folder to write; None for ``results/checklist-CHECKPOINT-RECIPE-SEED``.

    The other arguments are those of ``evaluate``.

    Returns:
        Error rates by test and language, which print as the command's table.

    Raises:
        HarnessError: Something named is missing or does not fit; nothing has run.
    """
    from harness import recipes, registry
    from harness.data.files import writable
    from harness.data.folder import open_folder
    from harness.display.progress import Bars
    from harness.multichecklist import checklist_run
    from harness.multichecklist.templates import read_templates
    from harness.pipeline.engines.run_plan import EngineChoice
    from harness.pipeline.request import Compute, DataPlace, check_numbers, open_request

    check_numbers(cases=cases, seed=seed)
    choice = EngineChoice(workers)
    inner = open_folder(Path(data), None).data if data is not None else None
    named = Path(templates) if templates is not None else None
    read = read_templates(checklist_run.templates_file(named, inner))
    read.check_languages(languages)
    kept, request = open_request(
        fspath(checkpoint),
        registry.benchmark("xtreme-r"),
        recipe if isinstance(recipe, recipes.Recipe) else recipes.load(fspath(recipe)),
        DataPlace(data, None, offline),
        Compute(device, precision, threads, workers),
        store,
        seed=seed,
        max_steps=max_steps,
        tracker="none",
    )
    name = f"checklist-{request.checkpoint.name}-{request.recipe.name}-{seed}"
    folder = (Path(output) if output is not None else Path("results") / name).absolute()
    writable(folder)
    display = progress or Bars()
    if suites is not None:
        made = checklist_run.official(Path(suites), read, languages)
    else:
        made = checklist_run.made_here(read, languages, seed, cases, folder / checklist_run.SUITES)
    return checklist_run.run_checklist(request, made, kept, folder, display, choice)
