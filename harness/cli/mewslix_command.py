"""``harness data mewslix``: Mewsli-X as released, laid out as XTREME does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness.cli.arguments import Argument


def mewslix_command(
    source: Annotated[Path, Argument("Folder of the release, or raw.tar.gz of izhx/mewsli-x.")],
    output: Annotated[Path, Argument("Folder for xtreme/mewslix and labels/mewslix.")],
) -> None:
    """Lay Mewsli-X's released files out as XTREME does, for --data."""
    from harness.data.mewsli_release import lay_out

    print(lay_out(source, output))
