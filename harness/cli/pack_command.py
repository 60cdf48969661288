"""``harness submission pack``: an entry of runs of ``harness eval``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness.cli.arguments import Argument, Option
from harness.cli.options import tell_entry


def pack_command(
    runs: Annotated[list[Path], Argument("Output folders of harness eval.", metavar="RUN")],
    slug: Annotated[str, Option(help="Name of the entry: a-z, 0-9 and -.")],
    output: Annotated[Path, Option(help="Folder of entries.")] = Path("submissions"),
    title: Annotated[str, Option(help="What the board calls it [the checkpoint's name].")] = "",
    submitter: Annotated[str, Option(help="Your name, or your group's [anonymous].")] = "",
    licence: Annotated[str, Option(help="SPDX id of what you hand in, as CC-BY-4.0.")] = "",
    base: Annotated[str, Option(help="What the model began as, if the runs do not know.")] = "",
    baseline: Annotated[str, Option(help="Slug of the entry it is compared with.")] = "",
    tried: Annotated[int, Option(help="Configurations whose test scores you looked at.")] = 1,
    notes: Annotated[str, Option(help="What a reader should know.")] = "",
) -> None:
    """Make an entry of one to twenty outputs of eval that differ in their seed alone."""
    from harness.submission.pack import Details, pack

    details = Details(title, submitter, licence, base, baseline, notes, tried)
    tell_entry(pack(runs, slug, output, details))
