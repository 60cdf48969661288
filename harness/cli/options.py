"""What several commands have in common."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from harness.cli.arguments import Option
from harness.errors import BEFORE

if TYPE_CHECKING:
    from harness.comparison import Comparison
    from harness.results import Results

IN_REPOSITORY = 64 << 20  # bytes of an entry's predictions
PerLanguage = Annotated[bool, Option(help="Also print every language.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON instead of tables.")]


def show(scores: Results | Comparison, *, per_language: bool) -> None:
    """Print a table of scores, and every language's where that is asked for."""
    print(scores)
    if per_language:
        print(f"\n{scores.by_language()}")


def tell_entry(folder: Path) -> None:
    """Say which entry was written, and what comes next."""
    sizes = [path.stat().st_size for path in folder.glob("predictions/*/*/*")]
    print(f"written: {folder}/submission.json, predictions/ ({len(sizes)} files)")
    if sum(sizes) > IN_REPOSITORY:
        print(
            f"predictions: {sum(sizes) >> 20} MiB; a repository takes {IN_REPOSITORY >> 20} MiB an"
            " entry: put them elsewhere and name the place in links.predictions"
        )
    print(f"next: harness submission validate {folder}")


def end_with(failed: Mapping[str, str]) -> None:
    """Say what failed, if anything did, and end with exit code 1 then."""
    if not failed:
        return
    reasons = {name: why for name, why in failed.items() if why != BEFORE}
    for name, why in reasons.items():
        print(f"failed: {name}: {why}", file=sys.stderr)
    if others := len(failed) - len(reasons):
        print(f"not begun since a step before them failed: {others} steps", file=sys.stderr)
    print("what is finished is kept; run the same command again for the rest", file=sys.stderr)
    raise SystemExit(1)
