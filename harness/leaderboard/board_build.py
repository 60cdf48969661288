"""Building the leaderboard: entries in, all of its files out."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import registry
from harness.data.files import Snapshot, digest, read_bytes, writable, write_text
from harness.errors import HarnessError
from harness.leaderboard import outputs
from harness.leaderboard.board import Board, board_of
from harness.leaderboard.board_changes import changes
from harness.leaderboard.figures import figures_of
from harness.leaderboard.kept import kept
from harness.leaderboard.page import page_file
from harness.leaderboard.text_tables import main_table
from harness.scoring import VERSION as SCORER
from harness.submission.entries import entries_in
from harness.submission.entry import SUBMISSION, VERIFIED
from harness.submission.listing import list_folder, read_file
from harness.version import STATISTICS

Writer = Callable[[Board], Mapping[str, str]]
"""Makes some of the files of a board: path below the output folder to text."""

WRITERS: Sequence[Writer] = (
    outputs.json_file,
    outputs.csv_file,
    outputs.markdown_file,
    outputs.latex_files,
    page_file,
)
FIGURES: Sequence[Writer] = (figures_of,)
"""Those of the pictures, which go into a folder of their own."""

OWN = re.compile(r"index\.html|leaderboard\.(json|csv|md)|tables/[a-z0-9._-]+\.tex")
OWN_FIGURE = re.compile(r"[a-z0-9._-]+\.svg")
MOST_FILES = 20_000


@dataclass(frozen=True)
class Built:
    """What came of a build.

    Attributes:
        written: The files, written or, with ``check``, compared.
        text: The main table of each family, for a terminal.
        notes: What a reader should know.
        differences: With ``check`` what differs from what lies there, in words.
    """

    written: tuple[Path, ...]
    text: str
    notes: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def build(
    submissions: Path,
    output: Path,
    figures: Path | None = None,
    notes: Sequence[str] = (),
    *,
    check: bool = False,
) -> Built:
    """Write all files of the board of a folder of entries, or compare them with what is there.

    What was made of the same entries before is taken from the user's cache.

    Args:
        submissions: The folder of entries.
        output: Folder of the files; what an earlier build wrote there is replaced.
        figures: Folder of the pictures as standalone SVG; None for none.
        notes: What a reader should know besides.
        check: Write nothing; say what would differ.

    Raises:
        HarnessError: There is no entry, or a folder has files in it that no build writes.
    """
    if figures is not None and figures.absolute() == output.absolute():
        raise HarnessError(f"{figures}: figures go into a folder of their own; name another")
    folders = [_Folder(output, OWN, "files", figures)]
    if figures is not None:
        folders.append(_Folder(figures, OWN_FIGURE, "figures"))
    there = [folder.there() for folder in folders]  # refused, if at all, before any work
    made_of = [*inputs_of(submissions), list(notes)]
    made = kept(made_of, lambda: _made(board_of(submissions), notes), "last")
    differences: list[str] = []
    for folder, old in zip(folders, there, strict=True):
        new = made[folder.kind]
        if check:
            before = {name: read_bytes(folder.path / name) for name in old}
            differences += changes(before, {name: text.encode() for name, text in new.items()})
        else:
            folder.write(old, new)
    paths = [folder.path / name for folder in folders for name in made[folder.kind]]
    return Built(tuple(paths), made["text"], tuple(made["notes"]), tuple(differences))


def _made(board: Board, notes: Sequence[str]) -> dict[str, Any]:
    """Return all files of a board as JSON values."""
    whole = replace(board, notes=(*board.notes, *notes))
    tables = [main_table(whole, *one) for one in whole.families if one[0].rows]
    return {
        "files": {name: text for writer in WRITERS for name, text in writer(whole).items()},
        "figures": {name: text for writer in FIGURES for name, text in writer(whole).items()},
        "text": "\n\n".join(table.terminal() for table in tables),
        "notes": list(whole.notes),
    }


def inputs_of(submissions: Path) -> list[Any]:
    """Return JSON values of all that a board's files are made of: entries, benchmarks and code.

    Of an entry submission.json and verified.json count, which have the hashes of all else, and
    what lies beside them; below that a build with an empty cache looks for links and the like.

    Args:
        submissions: The folder of entries.

    Raises:
        HarnessError: There is no entry.
    """
    entries = []
    for folder in entries_in([submissions]):
        with os.scandir(folder) as inside:
            names = sorted([one.name, one.is_symlink()] for one in inside)
        entries.append([folder.name, names, _hashes(folder)])
    benchmarks = [registry.benchmark(name) for name in registry.benchmark_names()]
    tasks = [registry.task(name) for name in registry.task_names()]
    facts = [[one.name, one.groups, one.languages, [*map(repr, one.facts)]] for one in benchmarks]
    metrics = [[one.name, one.languages, one.format.metric] for one in tasks]
    return [SCORER, STATISTICS, _code(), entries, facts, metrics]


def _hashes(folder: Path) -> list[str]:
    """Return the SHA-256 of an entry's own files, "" for one that cannot be read.

    Format 1 does not state the hashes of its predictions, so these are read, too.
    """
    paths = [SUBMISSION, VERIFIED]
    read: list[Snapshot | None] = []
    for path in paths:
        try:
            read.append(read_file(folder, path, path))
        except HarnessError:
            read.append(None)
        if path == VERIFIED and not (read[0] and _STATES_HASHES.search(read[0].raw)):
            paths += [name for name in list_folder(folder).files if name not in paths]
    return ["" if one is None else one.sha256 for one in read]


_STATES_HASHES = re.compile(rb'"format"\s*:\s*2\b')


def _code() -> list[str]:
    """Return the hashes of the files that make the board's: code, templates, schema."""
    root = Path(__file__).parent
    return [digest(path) for path in sorted(root.rglob("*")) if path.suffix not in ("", ".pyc")]


@dataclass(frozen=True)
class _Folder:
    """A folder that is written as a whole.

    Attributes:
        path: Where it is.
        own: What the files that lie in it are called.
        kind: Which files of a board these are.
        apart: A folder that may lie in it and is none of its own; None for none.
    """

    path: Path
    own: re.Pattern[str]
    kind: str
    apart: Path | None = field(default=None)

    def there(self) -> list[str]:
        """Return the names of the files that an earlier build has left.

        Raises:
            HarnessError: There are other files, links or folders; nothing of theirs is removed.
        """
        writable(self.path)
        names = list(_below(self.path, "", self.apart)) if self.path.exists() else []
        strangers = [name for name, plain in names if not (plain and self.own.fullmatch(name))]
        if strangers:
            more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
            raise HarnessError(
                f"{self.path}: {strangers[0][:100]!r}{more} is not a file that the build writes;"
                " name an empty folder, or move it away"
            )
        return [name for name, _ in names]

    def write(self, old: Sequence[str], new: Mapping[str, str]) -> None:
        """Write the files, and remove those of an earlier build that are made no more."""
        for name, text in new.items():
            write_text(text, self.path / name)
        for name in old:
            if name not in new:
                (self.path / name).unlink()


def _below(folder: Path, above: str, apart: Path | None) -> Iterator[tuple[str, bool]]:
    """Yield what lies below a folder, by name, and whether it is a plain file.

    Raises:
        HarnessError: There is far more than a build writes.
    """
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda one: one.name)
    if len(found) > MOST_FILES:
        raise HarnessError(f"{folder}: {len(found):,} files; name an empty folder")
    for one in found:
        name, path = f"{above}{one.name}", Path(one.path)
        mode = one.stat(follow_symlinks=False).st_mode
        if apart is not None and path.absolute() == apart.absolute():
            continue
        if stat.S_ISDIR(mode) and not above:
            yield from _below(path, f"{one.name}/", apart)  # an empty folder is in nobody's way
        else:
            yield name, stat.S_ISREG(mode)
