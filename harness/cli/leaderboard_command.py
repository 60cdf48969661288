"""``harness leaderboard build``: the board of a folder of entries, or of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from harness import api
from harness.cli.arguments import Option, options_of
from harness.errors import HarnessError


@options_of(api.planned_study, "data", "store")
def build_command(
    output: Annotated[Path, Option(help="Folder of the files that are written.")],
    submissions: Annotated[Path | None, Option(help="Folder of entries.")] = None,
    study: Annotated[Path | None, Option(help="A study's file; its rows are the entries.")] = None,
    figures: Annotated[Path | None, Option(help="Folder for the pictures as SVG.")] = None,
    check: Annotated[
        bool, Option(help="Write nothing; say what differs from what is there.")
    ] = False,
    **options: Any,
) -> None:
    """Write the leaderboard of a folder of entries, or of what is done of a study."""
    from harness.leaderboard.board_build import build
    from harness.leaderboard.study_entries import study_entries

    if study is not None and submissions is None:
        with study_entries(*api.planned_study(study, **options)) as made:
            built = build(made.folder, output, figures, made.notes, check=check)
    elif study is None and submissions is not None:
        built = build(submissions, output, figures, check=check)
    else:
        raise HarnessError("name the entries (--submissions DIR) or a study (--study FILE)")
    if check:
        print("\n".join(built.differences) or f"{output} is as it would be built")
        if built.differences:
            raise SystemExit(1)
        return
    for text in (built.text, *built.notes, f"written: {output}, {len(built.written)} files"):
        if text:
            print(text)
