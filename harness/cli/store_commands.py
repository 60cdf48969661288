"""``harness store``: look through the store of finished steps, and thin it."""

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

    kept = open_store(store)
    found = look_through(kept)
    print(findings_text(found, place_text(kept)))
    if found.broken:
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
    kept = plans[0][1]
    steps = {step.key: step for whole, _ in plans for step in whole.steps}
    found = prunable(list(steps.values()), kept)
    if apply:
        for step, _ in found.going:
            prune(step, kept)
    print(f"in {place_text(kept)}:\n{pruning_text(found, apply=apply)}")
