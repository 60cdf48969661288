"""Data sets in formats of their own (JSON lines, CSV, TSV), read into the layouts' columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data.files import Report, read_lines
from harness.data.json_lines import rows_of
from harness.data.layouts.layout import STRINGS, Columns, Layout, Row
from harness.declarations import Column, Folder
from harness.errors import HarnessError

NO_LABEL = ("", "-", "-1", "None")
"""What data sets write for a label that is unknown or secret."""


def read_records(
    path: Path, layout: Layout, folder: Folder, labels: Sequence[str], report: Report
) -> Columns:
    """Read one file of records.

    Args:
        path: A ``.jsonl`` file, or ``.csv`` or ``.tsv`` with a header.
        layout: The layout of the result.
        folder: Maps our columns to theirs, and their label values to our labels.
        labels: The label set; a row with one of NO_LABEL (SNLI's ``-``) is unlabelled.
        report: Receives rows that are malformed or lack a declared column.
    """
    rows, numbers = [], []
    for number, row in _rows(path, report):
        try:
            rows.append({ours: picked(row, theirs) for ours, theirs in folder.columns.items()})
            numbers.append(number)
        except (KeyError, TypeError, IndexError) as error:
            report(number, f"no column {error}; the row has {', '.join(list(row)[:12])}")
    columns = {name: [row[name] for row in rows] for name in folder.columns}
    return laid_out(columns, layout, folder.values, labels, lambda i, w: report(numbers[i], w))


def laid_out(
    columns: Columns,
    layout: Layout,
    values: Mapping[int | str, str],
    labels: Sequence[str],
    report: Report,
) -> Columns:
    """Return the columns of a table in a layout, their labels mapped to ours.

    Args:
        columns: The columns picked from the table, by our names.
        layout: The layout of the result.
        values: Their label value to our label, where they differ.
        labels: The label set; () stands for any.
        report: Receives the number of a row, from 0, and what is wrong with it.
    """
    names = [name for name in columns if name in layout.columns]
    theirs = columns.get(layout.label) if layout.classes else None
    listed = layout.columns.get(layout.label) == STRINGS
    for i in range(len(columns[names[0]]) if names else 0):
        if theirs is not None:
            try:
                theirs[i] = _label(theirs[i], values, labels, listed=listed)
            except ValueError as error:
                report(i, str(error))
                theirs[i] = None
        problem = layout.problem({name: columns[name][i] for name in names}, labels)
        if problem:
            report(i, problem)
    return layout.arranged(columns)


def _label(
    value: Any, values: Mapping[int | str, str], labels: Sequence[str], *, listed: bool = False
) -> Any:
    """Return our label for theirs, None if theirs means no label; a list of these if ``listed``.

    Raises:
        ValueError: It is not one of the labels.
    """
    if listed and isinstance(value, list):
        return [_label(one, values, labels) for one in value]
    if isinstance(value, (list, dict)):
        raise ValueError(f"the label is no plain value but {value!r:.60}")
    ours = str(values.get(value, values.get(str(value), value)))
    if ours in labels or (not labels and ours not in NO_LABEL):
        return ours
    if str(value).strip() not in NO_LABEL:
        known = ", ".join(str(v) for v in values or labels)
        raise ValueError(f"label {value!r:.60} is none of {known}")
    return None


def picked(row: Row, column: Column) -> Any:
    """Return a column's value; a dotted name reaches into structs and along lists of structs."""
    if isinstance(column, tuple):
        return [picked(row, name) for name in column]
    value: Any = row
    for name in column.split("."):
        value = [item[name] for item in value] if isinstance(value, list) else value[name]
    return value


def _rows(path: Path, report: Report) -> Iterable[tuple[int, Row]]:
    """Yield line numbers and rows."""
    if path.suffix == ".jsonl":
        yield from rows_of(path, report)
        return
    lines = read_lines(path, report)
    cells: Iterable[tuple[int, list[str]]]
    if path.suffix == ".tsv":
        cells = enumerate((line.split("\t") for line in lines), 1)
    elif path.suffix == ".csv":
        cells = _csv(lines, report)
    else:
        raise HarnessError(f"{path}: expected a .jsonl, .csv or .tsv file")
    header: list[str] = []
    for number, fields in cells:
        if not header:
            header = fields
        elif len(fields) == len(header):
            yield number, dict(zip(header, fields, strict=True))
        elif any(fields) and path.suffix == ".csv":
            report(number, f"{len(fields)} columns, the header has {len(header)}")
        elif any(fields):  # QQP has a few; without a label they are dropped
            yield number, dict.fromkeys(header, "")


def _csv(lines: Sequence[str], report: Report) -> Iterable[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO("\n".join(lines) + "\n", newline=""), strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        report(reader.line_num, f"no valid CSV ({error})")
