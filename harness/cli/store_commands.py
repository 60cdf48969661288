"""``harness store``: look through the store of finished steps, and thin it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from harness import api, places
from harness.cli.arguments import Argument, Option, options_of
from harness.display.store_text import findings_text, place_text, pruning_text


@options_of(api.planned_study, "store")
def check_store_command(**options: Any) -> None:
    """Hash every file of every step and name what is broken; of a URL, what is on this machine."""
    from harness.pipeline.store.remote import open_store
    from harness.pipeline.store.upkeep import look_through

    kept = open_store(options["store"] or places.store())
    found = look_through(kept)
    print(findings_text(found, place_text(kept)))
    if found.broken:
        raise SystemExit(1)


@options_of(api.planned_study)
def prune_command(
    files: Annotated[list[Path], Argument(metavar="STUDY", help="The studies' files.")],
    apply: Annotated[bool, Option(help="Remove them; else only list.")] = False,
    **options: Any,
) -> None:
    """Remove trained encoders that no unfinished step of the studies reads; results stay."""
    from harness.pipeline.store.upkeep import prunable, prune

    plans = [api.planned_study(file, **options) for file in files]
    kept = plans[0][1]
    steps = {step.key: step for whole, _ in plans for step in whole.steps}
    found = prunable(list(steps.values()), kept)
    if apply:
        for step, _ in found.going:
            prune(step, kept)
    print(f"in {place_text(kept)}:\n{pruning_text(found, apply=apply)}")
