"""``harness checklist``: MultiCheckList's six tests on a model that has learnt SQuAD."""

from __future__ import annotations

from typing import Annotated, Any

from harness import checklist_api
from harness.cli.arguments import Argument, options_of
from harness.cli.options import end_with
from harness.display.progress import Bars


@options_of(checklist_api.checklist)
def checklist_command(
    checkpoint: Annotated[str, Argument(help="Folder or hub id (owner/name[@revision]).")],
    **options: Any,
) -> None:
    """Fine-tune on SQuAD v1.1 and run MultiCheckList's six tests."""
    rates = checklist_api.checklist(checkpoint, **options, progress=Bars(plans=True))
    if rates.rates:
        print(f"{rates}\n\nwritten: {rates.folder}/checklist.json, table.txt, predictions/")
    end_with(rates.failed)
