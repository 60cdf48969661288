"""From the sums of runs to a table of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.comparison.row_runs import RowRuns
from harness.comparison.table import AVERAGE, Comparison, Row
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.results import Results
    from harness.statistics import Run
    from harness.statistics.power import Spreads

EXPLAINED = (
    "The first row: mean over languages, in percent. The others: points more or less than it."
    " ± is half of the 95 % interval, for fresh runs and fresh test items of the same kind. ▲ ▼"
    " told apart from the first row, 5 % of these marks false (mean: Holm)."
)

UNSUMMED = "Not compared: {}. The score is no ratio of sums over examples, so there is no interval."


def rows_of(
    entries: Sequence[RowRuns], targets: Sequence[str], baseline: str
) -> tuple[list[Row], dict[str, dict[str, dict[str, Any]]], list[str]]:
    """Return the rows of entries that share a group, the best of each target, and notes.

    Args:
        entries: The rows' runs.
        targets: The targets of the table.
        baseline: Name of the row that the others are compared with.

    Raises:
        HarnessError: Rows were scored on different data, or the runs of one are copies.
    """
    from harness.comparison.group import Group

    rows = [Row(e.group, e.name, {}, {}, e.partial) for e in entries if not e.runs]
    best: dict[str, dict[str, dict[str, Any]]] = {}
    notes: dict[str, None] = {}
    for members in _groups(entries):
        group = Group(members, targets, baseline)
        rows += group.rows()
        best[members[0].group] = group.best()
        notes |= dict.fromkeys(group.notes)
    unsummed = dict.fromkeys([name for entry in entries for name in entry.unsummed])
    if unsummed:
        notes[UNSUMMED.format(", ".join(unsummed))] = None
    order = {(entry.group, entry.name): i for i, entry in enumerate(entries)}
    rows.sort(key=lambda row: order[row.group, row.name])
    return rows, {group: targets for group, targets in best.items() if targets}, list(notes)


def spreads_of(
    entries: Sequence[RowRuns], targets: Sequence[str], baseline: str
) -> dict[str, Spreads]:
    """Return what the runs and items of targets vary by, of those whose runs are there.

    Args:
        entries: Rows of one or several groups.
        targets: The targets.
        baseline: Name of the row that the others are compared with.
    """
    from harness.comparison.group import Group

    found: dict[str, Spreads] = {}
    for members in _groups(entries):
        group = Group(members, targets, baseline)
        for name in group.targets:
            spreads = group.spreads(name)
            if spreads is not None:
                found.setdefault(name, spreads)
    return found


def _groups(entries: Sequence[RowRuns]) -> list[list[RowRuns]]:
    """Return the entries with runs, by group."""
    groups: dict[str, list[RowRuns]] = {}
    for entry in entries:
        if entry.runs:
            groups.setdefault(entry.group, []).append(entry)
    return list(groups.values())


def compared(
    runs: Mapping[str, Sequence[Results]], baseline: str, *, common: bool = False
) -> Comparison:
    """Compare rows of runs with one of them.

    Args:
        runs: Name of each row to its runs.
        baseline: Name of the row that the others are compared with.
        common: Whether to compare the common languages where the rows have different ones.

    Raises:
        HarnessError: Results have no sums, some are partial and others not, or rows have other
            languages or were scored on other data.
    """
    names = list(dict.fromkeys([baseline, *runs]))
    partial = {name: sorted({one.partial for one in runs[name] if one.partial}) for name in names}
    if any(partial.values()) and not all(partial.values()):
        part = next(name for name in names if partial[name])
        whole = next(name for name in names if not partial[name])
        raise HarnessError(f"{part} is partial ({partial[part][0]}), {whole} is not")
    targets = list(dict.fromkeys([n for name in names for one in runs[name] for n in one.tasks]))
    rows = {name: [_run(one, name) for one in runs[name]] for name in names}
    notes = [EXPLAINED]
    for target in targets:
        shared = _common(rows, target, common=common)
        if shared is not None:
            notes.append(f"{target}: only {', '.join(sorted(shared))}, which all rows have.")
            rows = {n: [run.only(target, shared) for run in some] for n, some in rows.items()}
    entries = [
        RowRuns(
            name,
            tuple(rows[name]),
            unsummed=tuple(n for n in targets if not any(n in run.sums for run in rows[name])),
        )
        for name in names
    ]
    made, best, more = rows_of(entries, targets, baseline)
    if not any(name in row.scores for name in targets for row in made):
        raise HarnessError(more[0] if more else f"{', '.join(targets)}: no interval")
    notes += [*more, *(f"PARTIAL: {name}: {why}" for name in names for why in partial[name])]
    columns = (*targets, *([AVERAGE] if any(AVERAGE in row.scores for row in made) else []))
    return Comparison(tuple(made), columns, "row", baseline, tuple(notes), best)


def _run(results: Results, row: str) -> Run:
    """Return the sums of results.

    Raises:
        HarnessError: They have none.
    """
    if results.run is None:
        raise HarnessError(
            f"{row}: no statistics.safetensors, so no interval; evaluate again (scoring predictions"
            " alone does not tell which examples belong together)"
        )
    return results.run


def _common(
    rows: Mapping[str, Sequence[Run]], target: str, *, common: bool
) -> frozenset[str] | None:
    """Return the languages that all runs have of a target; None if they have the same.

    Raises:
        HarnessError: They have others, and the common ones are not asked for or there are none.
    """
    sets = [
        (name, frozenset(run.sums[target].languages))
        for name, runs in rows.items()
        for run in runs
        if target in run.sums
    ]
    if len({languages for _, languages in sets}) < 2:
        return None
    shared = frozenset.intersection(*(languages for _, languages in sets))
    if common and shared:
        return shared
    (first, languages), *others = sets
    other, theirs = next(pair for pair in others if pair[1] != languages)
    remedy = "or compare the common ones (--common)" if shared else "none is common"
    raise HarnessError(
        f"{target}: {first} and {other} have other languages"
        f" ({', '.join(sorted(languages ^ theirs))}); evaluate the same, {remedy}"
    )
