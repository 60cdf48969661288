"""``harness submission review``: what a change does to the entries of a repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from harness.cli.arguments import Option
from harness.errors import unknown

FORMATS = ("markdown", "json", "github")


def review_command(
    base: Annotated[str, Option(help="Revision that the change is meant for.")],
    head: Annotated[str, Option(help="Revision with the change; it is not checked out.")] = "HEAD",
    root: Annotated[Path, Option(help="A folder in the repository.")] = Path(),
    format: Annotated[
        str, Option(help="markdown, json, or github (annotations of a workflow).")
    ] = "markdown",
) -> None:
    """Say what a change does to the entries of a git repository; exit code 1 on an error."""
    from harness.display.findings_text import annotation_of
    from harness.display.review_text import review_markdown
    from harness.submission.review import review

    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    found = review(root, base, head)
    if format == "json":
        print(json.dumps(found.as_dict(), indent=1))
    elif format == "github":
        for one in found.every:
            print(annotation_of(one, one.file))
    else:
        print(review_markdown(found), end="")
    if not found.ok:
        raise SystemExit(1)
