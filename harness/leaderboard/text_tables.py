"""Tables of text: the main table of each family and the board, for Markdown, LaTeX and a terminal.

Markdown and LaTeX are written here and not by tabulate, whose padding depends on whether wcwidth
is installed: the files are to be the same bytes everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.comparison.table import AVERAGE, LATEX
from harness.leaderboard.baselines import OF_GROUP, Family, FamilyTable
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.foot_marks import ALIKE, foot_notes, foot_of, shown_half
from harness.leaderboard.long_table import alone
from harness.leaderboard.rounding import points

MISSING = "–"
UP, DOWN = "k̂ up", "k̂ down"
SHORT = 3  # of the slugs in a set of settings, how many are named before the others are counted


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are text.

    Attributes:
        name: What a file of it is called.
        title: What stands above it.
        head: The columns' names.
        lines: The rows, each as long as the head.
        notes: What stands below it.
        texts: How many columns, from the left, hold text rather than numbers.
    """

    name: str
    title: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    texts: int = 1

    def terminal(self) -> str:
        """Return the table for a terminal, by tabulate."""
        from tabulate import tabulate

        align = ["left" if i < self.texts else "right" for i in range(len(self.head))]
        body = tabulate(
            self.lines,
            self.head,
            "simple",
            disable_numparse=True,
            colalign=align,
            maxcolwidths=[None if i < self.texts else 24 for i in range(len(self.head))],
        )
        return "\n\n".join([self.title, body, *self.notes])

    def markdown(self) -> str:
        """Return the table as Markdown under a heading, all text escaped."""
        rule = ["---" if i < self.texts else "---:" for i in range(len(self.head))]
        body = [_piped([marked(one) for one in line]) for line in (self.head, *self.lines)]
        table = "\n".join([body[0], _piped(rule), *body[1:]])
        return "\n\n".join([f"## {marked(self.title)}", table, *map(marked, self.notes)])

    def latex(self) -> str:
        """Return the table as a LaTeX tabular (booktabs; the marks need amssymb)."""
        align = "l" * self.texts + "r" * (len(self.head) - self.texts)
        lines = [" & ".join(map(_tex, line)) + r" \\" for line in (self.head, *self.lines)]
        comments = [f"% {_tex(text)}" for text in (self.title, *self.notes)]
        parts = [*comments, rf"\begin{{tabular}}{{{align}}}", r"\toprule", lines[0], r"\midrule"]
        return "\n".join([*parts, *lines[1:], r"\bottomrule", r"\end{tabular}", ""])


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|!~&$@]|:(?=/)|(?<=www)\.", re.IGNORECASE)
_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "–": "--",
    "k̂": r"$\hat{k}$",
    **LATEX,
    ALIKE: "$^3$",
}
_TEX_SIGNS = re.compile("|".join(map(re.escape, _TEX)))


def marked(text: str) -> str:
    """Return text so that Markdown shows it as it is, in one line, no address made a link.

    Args:
        text: The text.
    """
    return _MARKDOWN.sub(lambda sign: f"&#{ord(sign[0])};", " ".join(text.split()))


def _tex(text: str) -> str:
    """Return text so that LaTeX shows it as it is; a number's hyphen becomes a minus."""
    escaped = _TEX_SIGNS.sub(lambda sign: _TEX[sign[0]], " ".join(text.split()))
    return re.sub(r"^-(?=\d)", "$-$", escaped)


# The main table


def main_table(board: Board, family: Family, table: FamilyTable) -> TextTable:
    """Return what helps: the baseline's scores, the other rows' differences, what is best.

    Args:
        board: The board.
        family: The family.
        table: Its cells.
    """
    columns = [*table.targets, AVERAGE]
    names = {slug: row.name for slug, row in board.by_slug.items()}
    base = family.baseline.slug
    lines = [(names[base], *(_cell(table.scores[base].get(c)) for c in columns), "", "")]
    for row in family.rows:
        differences = table.differences.get(row.slug, {})
        counts = (str(table.up.get(row.slug, 0)), str(table.down.get(row.slug, 0)))
        lines.append((row.name, *(_cell(differences.get(c), plus=True) for c in columns), *counts))
    if table.best:
        lines += [
            (called, *(_best(table.best.get(column), key, names) for column in columns), "", "")
            for key, called in BEST.items()
        ]
    cells = [c for one in (*table.differences.values(), table.scores[base]) for c in _of(one)]
    feet = foot_notes(foot_of(cell.kind, cell.half) for cell in cells)
    left_out = [f"{names[slug]}: no difference, {why}." for slug, why in family.left_out.items()]
    title = f"What helps: {family.title} ({family.baseline.entry.benchmark})"
    return TextTable(
        f"helps-{base}",
        title,
        ("intermediate", *columns, UP, DOWN),
        tuple(lines),
        (*feet, *_settled({cell.kind for cell in cells}, family), *table.notes, *left_out),
    )


BEST = {"set": "may be the best", "naive": "best, optimistic", "honest": "best, honest"}


def _of(cells: Mapping[str, BoardCell]) -> list[BoardCell]:
    """Return the cells of whole targets and their mean."""
    return [cell for column, cell in cells.items() if "/" not in column]


def _settled(kinds: set[str], family: Family) -> list[str]:
    """Return the sentence for a family in which nothing can be told apart."""
    if family.rows and "items only" in kinds and not kinds & {"runs", "one seed"}:
        return ["One run a row: nothing is known of another seed, so nothing is marked."]
    return []


def _cell(cell: BoardCell | None, *, plus: bool = False) -> str:
    """Return a score or a difference with half of its interval: ``+1.8 ±0.9 ▲``."""
    if cell is None:
        return MISSING
    half = shown_half(cell.half)
    text = points(cell.estimate, plus=plus)
    text += ("" if half is None else f" ±{points(half)}") + foot_of(cell.kind, cell.half)
    return f"{text} {cell.mark}" if cell.mark and plus else text


def _best(facts: Mapping[str, object] | None, key: str, names: Mapping[str, str]) -> str:
    """Return what is said of a target's best setting, a dash where nothing is."""
    value = facts.get(key) if facts else None
    if isinstance(value, list):
        some = ", ".join(names[slug] for slug in value[:SHORT])
        return some + (f" and {len(value) - SHORT} more" if len(value) > SHORT else "")
    return points(value, plus=True) if isinstance(value, float) else MISSING


# The board


def board_tables(board: Board) -> list[TextTable]:
    """Return the ranked rows of each benchmark and regime, and the other rows with the reason.

    Args:
        board: The board.
    """
    places = sorted({(row.entry.benchmark, row.regime) for row in board.rows})
    return [
        _board_table(board, [r for r in board.rows if (r.entry.benchmark, r.regime) == place])
        for place in places
    ]


def _board_table(board: Board, rows: Sequence[BoardRow]) -> TextTable:
    """Return the table of the rows of one benchmark and regime."""
    first = rows[0]
    groups, tasks = list(first.benchmark.groups), first.benchmark.task_names()
    columns = [AVERAGE, *(f"{OF_GROUP}/{name}" for name in groups), *tasks]
    ranked = [row for row in rows if row.slug in board.ranks]
    ranked.sort(key=lambda row: (board.ranks[row.slug], row.slug))
    others = [row for row in rows if row.slug not in board.ranks]
    lines = []
    for row in (*ranked, *others):
        low, high = board.ranks.get(row.slug, (0, 0))
        cells = dict(alone(row))
        lines.append(
            (
                f"{low}–{high}" if low else f"unranked: {row.unranked}",
                row.name,
                row.entry.base,
                intermediate_of(row),
                completeness_of(row),
                row.provenance.value,
                str(len(row.entry.runs)),
                str(row.entry.training["tried"]),
                *(_cell(cells.get(column)) for column in columns),
            )
        )
    head = ("rank", "name", "base", "intermediate", "complete", "provenance", "runs", "tried")
    return TextTable(
        f"board-{first.entry.benchmark}-{first.regime}",
        f"Board: {first.entry.benchmark}, {first.regime}",
        (*head, "overall", *groups, *tasks),
        tuple(lines),
        texts=6,
    )


def intermediate_of(row: BoardRow) -> str:
    """Return the intermediate stages of an entry in words: ``mnli, squad; then mlm``.

    Args:
        row: The entry.
    """
    stages = []
    for stage in row.entry.intermediate:
        names = [str(task["name"]) for task in stage["tasks"]]
        stages.append(", ".join([*names, "mlm"] if stage.get("mlm") else names))
    return "; then ".join(stages) or "none"


def completeness_of(row: BoardRow) -> str:
    """Return how much of the benchmark is scored: ``7/9 tasks, 38/40 languages``.

    Args:
        row: The entry.
    """
    counts = row.tasks.values()
    whole = sum(there == of > 0 for there, of in counts)
    there, of = sum(one for one, _ in counts), sum(one for _, one in counts)
    return f"{whole}/{len(counts)} tasks, {there}/{of} languages"
