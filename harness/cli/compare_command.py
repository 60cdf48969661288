"""``harness compare``: differences between runs that are on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from harness import api
from harness.cli.arguments import Argument, Option, options_of
from harness.cli.options import AsJson, PerLanguage, show
from harness.errors import HarnessError, unknown


@options_of(api.compare, "common")
def compare_command(
    folders: Annotated[list[Path], Argument("The baseline first.", metavar="FOLDER")],
    target: Annotated[str, Option(help="Only this target.")] = "",
    per_language: PerLanguage = False,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Compare runs with the first one: folders that eval wrote, or folders of several such runs."""
    from harness.results import read_runs

    again = [str(folder) for i, folder in enumerate(folders) if folder in folders[:i]]
    if again:
        raise HarnessError(f"{again[0]}: named twice; a row is compared with others")
    rows = {str(folder): read_runs(folder) for folder in folders}
    if target:
        names = {name for runs in rows.values() for one in runs for name in one.tasks}
        if target not in names:
            raise unknown("target", target, names)
        rows = {
            name: [
                replace(one, tasks={n: t for n, t in one.tasks.items() if n == target})
                for one in runs
            ]
            for name, runs in rows.items()
        }
    table = api.compare(rows, str(folders[0]), **options)
    if as_json:
        print(json.dumps(table.as_dict(), indent=1, ensure_ascii=False))
        return
    show(table, per_language=per_language)
