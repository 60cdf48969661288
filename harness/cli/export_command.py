"""``harness submission export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness.cli.arguments import Argument, Option
from harness.errors import HarnessError


def export_command(
    path: Annotated[Path, Argument(help="An entry's folder, or a folder of entries.")],
    style: Annotated[
        str,
        Option(
            name="--format",
            help="eee (Every Eval Ever 0.3.0), model-index (the model card's block) or"
            " eval-results (.eval_results/*.yaml on the hub).",
        ),
    ],
    output: Annotated[
        Path | None, Option(help="Folder to write to [default: print the one file].")
    ] = None,
    dataset: Annotated[
        str, Option(help="eval-results: id of the data set registered on the hub.")
    ] = "",
    task_id: Annotated[
        str,
        Option(
            help="eval-results: the benchmark's task; the name of one of the entry's tasks gives"
            " that task's score, any other the overall score."
        ),
    ] = "",
) -> None:
    """Give an entry's scores in the form of other collections of results."""
    from harness.submission.export.export_files import exported, write

    files = exported(path, style, dataset, task_id)
    if output is not None:
        write(files, output)
        for one in files:
            print(output / one.path)
        return
    if len(files) > 1:
        raise HarnessError(f"{path} holds {len(files)} entries; name a folder with --output")
    print(files[0].text, end="")
