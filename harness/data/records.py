"""Data sets in files of their own (JSON lines, CSV, TSV), read into the layouts' columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data.files import HALF, Report, parse_json, read_lines, strict
from harness.data.layout import COLUMNS, Columns
from harness.declarations import Column
from harness.errors import HarnessError

CHOICES = range(2, 6)  # options that a multiple-choice question may have
DEFAULTS: Mapping[str, Any] = {"label": None, "tags": None, "context": "", "question": ""}
"""Columns that a declaration may leave out, and what stands there then."""

NO_LABEL = ("", "-", "-1", "None")
"""What data sets write for a label that is not known or not given away."""

Row = Mapping[str, Any]


def read_records(
    path: Path,
    layout: str,
    columns: Mapping[str, Column],
    values: Mapping[int | str, str],
    labels: Sequence[str],
) -> Columns:
    """Read one file of records.

    Args:
        path: A ``.jsonl`` file, or ``.csv`` or ``.tsv`` with a header.
        layout: The layout to give (``harness.data.layout.COLUMNS``).
        columns: Our column to theirs.
        values: Their label value to our label, where they differ.
        labels: The label set; a row with one of NO_LABEL (SNLI's ``-``) is unlabelled.

    Raises:
        HarnessError: A row is malformed or lacks a declared column; names file and line.
    """
    report = strict(path)
    found: Columns = {name: [] for name in COLUMNS[layout]}
    for number, row in _rows(path, report):
        try:
            values_of = {ours: picked(row, theirs) for ours, theirs in columns.items()}
        except (KeyError, TypeError, IndexError) as error:
            report(number, f"no column {error}; the row has {', '.join(list(row)[:12])}")
            continue
        if isinstance(values_of.get("label"), (list, dict)):
            report(number, f"the label is no plain value but {values_of['label']!r:.60}")
            continue
        for name in found:
            value = values_of.get(name, DEFAULTS.get(name))
            if name == "label":
                theirs, value = value, known_label(value, values, labels)
                if value is None and str(theirs).strip() not in NO_LABEL:
                    report(number, f"label {theirs!r:.60} is none of {_said(values, labels)}")
            found[name].append(value)
        _check_row(layout, values_of, labels, report, number)
    return found


def _check_row(layout: str, row: Row, labels: Sequence[str], report: Report, number: int) -> None:
    """Report a row whose texts are none, or that has another number of options than the set."""
    for name, value in row.items():
        if COLUMNS[layout][name] == "string" and name != "label" and not isinstance(value, str):
            report(number, f"{name} is no text but {value!r:.60}")
    choices = row.get("choices")
    if layout == "choices" and (
        not isinstance(choices, list)
        or len(choices) != len(labels)
        or not all(isinstance(choice, str) for choice in choices)
    ):
        said = len(choices) if isinstance(choices, list) else repr(choices)[:60]
        report(number, f"expected {len(labels)} options of text, found {said}")


def picked(row: Row, column: Column) -> Any:
    """Return a column's value; a dotted name reaches into structs and along lists of structs."""
    if isinstance(column, tuple):
        return [picked(row, name) for name in column]
    value: Any = row
    for name in column.split("."):
        value = [item[name] for item in value] if isinstance(value, list) else value[name]
    return value


def known_label(value: Any, values: Mapping[int | str, str], labels: Iterable[str]) -> str | None:
    """Return our label for theirs, None where theirs stands for no label."""
    value = values.get(value, values.get(str(value), value))
    return str(value) if str(value) in labels else None


def _said(values: Mapping[int | str, str], labels: Sequence[str]) -> str:
    """Return what a label may be, in their words."""
    return ", ".join(str(value) for value in values or labels)


def _rows(path: Path, report: Report) -> Iterable[tuple[int, Row]]:
    """Yield line numbers and rows."""
    if path.suffix == ".jsonl":
        for number, line in enumerate(read_lines(path, report), 1):
            if line.strip():
                yield number, _object(line, number, report)
        return
    lines = read_lines(path, report)
    if path.suffix == ".tsv":
        cells: Iterable[tuple[int, list[str]]] = (
            (i, line.split("\t")) for i, line in enumerate(lines, 1)
        )
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
        elif any(fields):  # QQP has a few such lines; without a label they drop out, counted
            yield number, dict.fromkeys(header, "")


def _csv(lines: Sequence[str], report: Report) -> Iterable[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO("\n".join(lines) + "\n", newline=""), strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        report(reader.line_num, f"no valid CSV ({error})")


def _object(line: str, number: int, report: Report) -> Row:
    try:
        value = parse_json(line)
    except UnicodeEncodeError:
        report(number, HALF)
        return {}
    except (ValueError, RecursionError) as error:
        report(number, f"no valid JSON ({error!s:.80})")
        return {}
    if not isinstance(value, dict):
        report(number, "not a JSON object")
        return {}
    return value
