"""``harness mine``: translation pairs of two text files of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from harness import array_api
from harness.cli.arguments import Argument, Option, options_of
from harness.display.progress import Bars


@options_of(array_api.mine_files)
def mine_command(
    source: Annotated[Path, Argument("A text file, a sentence a line.", metavar="SOURCE")],
    target: Annotated[Path, Argument("The text file to find translations in.", metavar="TARGET")],
    checkpoint: Annotated[str, Option("--from", help="Folder or hub id of an encoder.")],
    output: Annotated[Path, Option(help="File for the pairs.")] = Path("pairs.tsv"),
    **options: Any,
) -> None:
    """Mine translation pairs from two text files with an encoder."""
    print(array_api.mine_files(source, target, checkpoint, output, **options, progress=Bars()))
