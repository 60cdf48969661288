"""The long table: a row for each entry and column, which leaderboard.csv holds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.comparison.table import AVERAGE, DIGITS
from harness.data.files import Snapshot, at, read_bytes
from harness.declarations import headline
from harness.errors import HarnessError
from harness.leaderboard.baselines import OF_GROUP
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.rounding import exact
from harness.submission.entry import MEAN

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from harness.leaderboard.board import Board
    from harness.leaderboard.board_rows import BoardRow
    from harness.submission.summary import EntrySummary, Points

CSV = "leaderboard.csv"
SCORE, DIFFERENCE = "score", "difference"
FORMULA = tuple("=+-@\t\r'")  # what a spreadsheet takes for the beginning of a formula, and ours


@dataclass(frozen=True)
class LongRow:
    """A score of an entry in one column, or its difference from its baseline.

    Attributes:
        slug: The entry.
        name: What the board calls it.
        benchmark: Name of the benchmark.
        kind: ``score`` or ``difference``.
        column: A task, ``TASK/LANGUAGE``, ``TASK/gap``, ``TASK/zero-shot``, ``mean``, ``group/…``,
            ``language/…``, ``family/…``, ``script/…`` or ``resources/…``.
        estimate: Points.
        low: Lower end of its 95 % interval; None where there is none.
        high: Upper end.
        df: Degrees of freedom of the interval.
        q: Of a difference the p-value adjusted for all that are looked at together.
        k: Runs of the entry; 0 of numbers that nobody recomputed.
        provenance: How the numbers are known.
    """

    slug: str
    name: str
    benchmark: str
    kind: str
    column: str
    estimate: float
    low: float | None
    high: float | None
    df: float | None
    q: float | None
    k: int
    provenance: str


FIELDS = tuple(field.name for field in fields(LongRow))
TEXTS = ("slug", "name", "benchmark", "kind", "column", "provenance")
NUMBERS = ("low", "high", "df", "q")  # that may be missing


class LongTable(list[LongRow]):
    """The long table: a list of its rows."""

    def to_pandas(self) -> pd.DataFrame:
        """Return it as a pandas DataFrame.

        Raises:
            HarnessError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise HarnessError("pandas is not installed: pip install pandas") from error
        return pd.DataFrame([asdict(row) for row in self], columns=list(FIELDS))

    def to_polars(self) -> pl.DataFrame:
        """Return it as a polars DataFrame.

        Raises:
            HarnessError: polars is not installed.
        """
        try:
            import polars as pl
        except ImportError as error:
            raise HarnessError("polars is not installed: pip install polars") from error
        kinds = {"estimate": pl.Float64, "k": pl.Int64}
        kinds |= dict.fromkeys(TEXTS, pl.String) | dict.fromkeys(NUMBERS, pl.Float64)
        columns = {name: [getattr(row, name) for row in self] for name in FIELDS}
        return pl.DataFrame(columns, schema={name: kinds[name] for name in FIELDS})

    def text(self) -> str:
        """Return the table as CSV: six decimals, nothing where a number is not known.

        Text that a spreadsheet would take for a formula gets a ``'`` before it.
        """
        values = attrgetter(*FIELDS)
        lines = [",".join(FIELDS), *(",".join(map(_written, values(row))) for row in self)]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def read(cls, file: Path | Snapshot) -> LongTable:
        """Read what ``text`` has written.

        Raises:
            HarnessError: The file is missing, or a line is not one of the table.
        """
        try:
            text = read_bytes(file).decode()
            reader = csv.reader(io.StringIO(text, newline=""), strict=True)
            lines = [(reader.line_num, line) for line in reader]
        except (UnicodeDecodeError, csv.Error) as error:
            raise HarnessError(f"{file}: not a long table ({error}); build it again") from error
        if not lines or tuple(lines[0][1]) != FIELDS:
            raise HarnessError(at(file, 1, f"expected the columns {', '.join(FIELDS)}; build it"))
        return cls(_parsed(line, at(file, number, "")) for number, line in lines[1:])


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = f"'{value}" if value.startswith(FORMULA) else value
        # csv.writer leaves a carriage return as it is, which ends a line for others
        return '"{}"'.format(text.replace('"', '""')) if _QUOTED.search(text) else text
    return f"{value:.{DIGITS}f}" if isinstance(value, float) else str(value)


_QUOTED = re.compile('[",\r\n]')


def _parsed(line: Sequence[str], place: str) -> LongRow:
    """Return the row that a line of the CSV holds.

    Raises:
        HarnessError: It is not one.
    """
    values: dict[str, Any] = {}
    try:
        for name, cell in zip(FIELDS, line, strict=True):
            if name in TEXTS:
                values[name] = cell.removeprefix("'")
            elif name in NUMBERS:
                values[name] = float(cell) if cell else None
            else:
                values[name] = int(cell) if name == "k" else float(cell)
    except ValueError as error:
        raise HarnessError(f"{place}not a row of the long table ({error}); build it") from error
    return LongRow(**values)


def load(folder: Path | str) -> LongTable:
    """Return the long table of a folder that ``harness leaderboard build`` has written.

    Args:
        folder: The folder, or its leaderboard.csv.

    Raises:
        HarnessError: There is none, or it is not what the harness has written.
    """
    path = Path(folder)
    return LongTable.read(path / CSV if path.is_dir() else path)


def long_table(board: Board) -> LongTable:
    """Return all scores and differences of a board, by entry.

    Scores come from the table of the entry's family where it is in one, else from what was
    recomputed of the entry alone, else from what is claimed of it, without intervals.

    Args:
        board: The board.
    """
    scores: dict[str, Mapping[str, BoardCell]] = {}
    differences: dict[str, Mapping[str, BoardCell]] = {}
    for _, table in board.families:
        scores |= table.scores
        differences |= table.differences
    rows = LongTable()
    for row in board.rows:
        own = scores.get(row.slug) or dict(alone(row))
        for kind, cells in ((SCORE, own), (DIFFERENCE, differences.get(row.slug, {}))):
            facts = (row.slug, row.name, row.entry.benchmark, kind)
            known = row.provenance.value
            rows += [
                LongRow(*facts, column, c.estimate, c.low, c.high, c.df, c.q, c.k, known)
                for column, c in cells.items()
            ]
    return rows


def alone(row: BoardRow) -> Iterator[tuple[str, BoardCell]]:
    """Yield the scores of an entry that is in no family, by column.

    Args:
        row: The entry.
    """
    if row.verified is None:
        yield from _claimed(row)
    else:
        yield from _recomputed(row.verified.summary, len(row.entry.runs))


def _recomputed(summary: EntrySummary, runs: int) -> Iterator[tuple[str, BoardCell]]:
    """Yield the columns of an entry's own summary."""
    found: list[tuple[str, Points | None]] = []
    for name, task in summary.tasks.items():
        found.append((name, task.score))
        found += [(f"{name}/{code}", one) for code, one in task.languages.items()]
        found.append((f"{name}/gap", task.gap))
    found += [(f"{OF_GROUP}/{name}", one) for name, one in summary.groups.items()]
    for column, one in (*found, (AVERAGE, summary.overall)):
        if one is not None:
            yield column, _cell(one, runs)


def _cell(one: Points, runs: int) -> BoardCell:
    """Return the cell of a score that was recomputed by itself."""
    low = None if one.half is None else exact(one.score - one.half)
    high = None if one.half is None else exact(one.score + one.half)
    return BoardCell(exact(one.score) or 0.0, low, high, k=runs, kind=one.kind or "")


def _claimed(row: BoardRow) -> Iterator[tuple[str, BoardCell]]:
    """Yield what is claimed of headline scores; a claim of a part of one is not the score."""
    known = registry.task_names()
    for name in row.benchmark.task_names():
        languages = row.entry.claims.get(name, {})
        metric = registry.task(name).format.metric if name in known else ""
        for code, metrics in languages.items():
            if metric and metrics.keys() >= set(metric.split("+")):
                column = name if code == MEAN else f"{name}/{code}"
                yield column, BoardCell(exact(headline(metric, metrics)) or 0.0)
    for group, score in row.entry.groups.items():
        yield f"{OF_GROUP}/{group}", BoardCell(exact(score) or 0.0)
    if row.entry.overall is not None:
        yield AVERAGE, BoardCell(exact(row.entry.overall) or 0.0)
