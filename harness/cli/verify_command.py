"""``harness submission verify``: every number of entries recomputed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness.cli.arguments import Argument, Option


def verify_command(
    path: Annotated[Path, Argument(help="An entry; with --all a folder of entries.")],
    labels: Annotated[
        Path | None, Option(help="Folder of labels, or one with labels/ and xtreme/ in it.")
    ] = None,
    data: Annotated[
        Path | None, Option(help="Folder of test examples [default: xtreme/ beside the labels].")
    ] = None,
    predictions: Annotated[
        Path | None, Option(help="Folder of predictions that do not lie in the entry.")
    ] = None,
    check: Annotated[
        bool, Option(help="Write nothing; compare with the verified.json that is there.")
    ] = False,
    all: Annotated[bool, Option(help="Verify a folder of entries, those that changed.")] = False,
    statistics: Annotated[
        Path | None, Option(help="Folder for the sums by cluster [default: the entry's own].")
    ] = None,
) -> None:
    """Recompute an entry's scores from its predictions and write verified.json."""
    from harness.display.verify_text import outcome_text, summary_table
    from harness.submission.verify import verify

    outcomes = verify(path, labels, data, predictions, statistics, check=check, every=all)
    for outcome in outcomes:
        print(outcome_text(outcome))
    if table := summary_table(outcomes):
        print(f"\n{table}")
    if [one for one in outcomes if not one.ok]:
        raise SystemExit(1)
