"""``harness store``: check and prune the store of finished steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness import api
from harness.cli.arguments import Argument, Option
from harness.cli.options import STORE, Offline, StoreAt, Workers
from harness.cli.study_commands import DataAt


def check_store_command(store: StoreAt = STORE) -> None:
    """Hash every file of every step and name what is broken; of a URL, what is on this machine."""
    from harness.display.store_text import findings_text, place_text
    from harness.pipeline.store.open import open_store
    from harness.pipeline.store.upkeep import look_through

    step_store = open_store(store)
    findings = look_through(step_store)
    print(findings_text(findings, place_text(step_store)))
    if findings.broken:
        raise SystemExit(1)


def prune_command(
    files: Annotated[list[Path], Argument(metavar="STUDY", help="The studies' files.")],
    data: DataAt = None,
    store: StoreAt = STORE,
    workers: Workers = 1,
    offline: Offline = False,
    apply: Annotated[bool, Option("--apply", help="Remove them; else only list.")] = False,
) -> None:
    """Remove trained encoders that no unfinished step of the studies reads; results stay."""
    from harness.display.store_text import place_text, pruning_text
    from harness.pipeline.store.upkeep import prunable, prune

    plans = [api.planned_study(file, data, store, workers, offline=offline) for file in files]
    step_store = plans[0][1]
    steps = {step.key: step for whole, _ in plans for step in whole.steps}
    pruning = prunable(list(steps.values()), step_store)
    if apply:
        for step, _ in pruning.going:
            prune(step, step_store)
    print(f"in {place_text(step_store)}:\n{pruning_text(pruning, apply=apply)}")
