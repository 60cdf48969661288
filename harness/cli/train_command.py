"""``harness train``: train a checkpoint on intermediate tasks and export the result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from harness import api
from harness.cli.arguments import Argument, Option, options_of
from harness.display.progress import Bars
from harness.errors import HarnessError
from harness.models.device import first_process

SAMPLING = "Of several: uniform, proportional, capped, or weights as mnli=2,qqp=1 [recipe's]."


@options_of(api.train)
def train_command(
    sets: Annotated[list[str], Argument("mnli, squad, mnli[de], mlm …", metavar="TASK")],
    checkpoint: Annotated[str, Option("--from", help="Folder or hub id to start from.")],
    output: Annotated[Path, Option(help="Folder to write the checkpoint into.")],
    sampling: Annotated[str, Option(help=SAMPLING)] = "",
    **options: Any,
) -> None:
    """Train on intermediate tasks and write a checkpoint."""
    weights = _weights(sampling) if "=" in sampling else sampling
    options |= {"sampling": weights, "progress": Bars(plans=True)}
    trained = api.train(sets, checkpoint, output, **options)
    if first_process():
        print(trained)


def _weights(text: str) -> dict[str, float]:
    """Return the weights in ``--sampling``."""
    weights = {}
    for part in text.split(","):
        name, _, number = part.rpartition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError as error:
            raise HarnessError(f"--sampling: {part!r} is no weight like mnli=2") from error
    return weights
