"""``harness submission validate``: whether entries are well formed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness.cli.arguments import Argument, Option
from harness.errors import unknown


def validate_command(
    paths: Annotated[list[Path], Argument("Entries, or folders of entries.", metavar="PATH")],
    format: Annotated[str, Option(help="text, json, or github (annotations).")] = "text",
    strict: Annotated[bool, Option(help="Make warnings errors.")] = False,
) -> None:
    """Say what is wrong with entries of the leaderboard; no labels are needed."""
    from harness.display import findings_text
    from harness.submission.validate import validate

    writers = {
        "text": findings_text.report_text,
        "json": findings_text.report_json,
        "github": findings_text.report_annotations,
    }
    if format not in writers:
        raise unknown("format", format, writers)
    report = validate(paths, strict=strict)
    if text := writers[format](report):
        print(text)
    if not report.ok:
        raise SystemExit(1)
