"""Findings as text, JSON and annotations, and the escaping of what others wrote.

What comes from an entry may be hostile: control characters steer a terminal, ``::`` starts a
command of a workflow, HTML and ``@`` do harm in Markdown.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from harness.submission.findings import ERROR, NOTE, WARNING, Finding
from harness.submission.validate import Report

_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}
_MARKUP = {ord(sign): f"&#{ord(sign)};" for sign in "&<>`|@*_~[]()#!\\\"'$:"}


def escape_terminal(text: str) -> str:
    r"""Return a text in one line without control and invisible characters: ``\x1b`` for ESC."""
    if text.isprintable():
        return text
    return "".join(
        sign
        if sign.isprintable()
        else sign.encode("unicode_escape").decode()
        if not "\ud800" <= sign <= "\udfff"
        else f"\\u{ord(sign):04x}"
        for sign in text
    )


def escape_markdown(text: str) -> str:
    """Return a text that Markdown shows as it is: no HTML, link, mention, code or cell's end."""
    return escape_terminal(text).translate(_MARKUP).replace("www.", "www&#46;")


def escape_annotation(text: str, *, is_property: bool = False) -> str:
    """Return a text for an annotation of a workflow, as GitHub's runner decodes it.

    Args:
        text: The text.
        is_property: Whether it is ``file``, ``line`` or ``title``, not the message.
    """
    plain = escape_terminal(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    if is_property:
        return plain.replace(":", "%3A").replace(",", "%2C")
    return re.sub(":(?=:)", ": ", plain)


def message_of(one: Finding) -> str:
    """Return what a finding says, without its place."""
    parts = [one.found]
    if one.expected:
        parts.append(f"expected {one.expected}")
    if one.remedy:
        parts.append(one.remedy)
    if one.near and one.near not in one.remedy:
        parts.append(f"did you mean {one.near}?")
    return "; ".join(parts)


def finding_line(one: Finding) -> str:
    """Return a finding in one line, for a terminal."""
    place = f"{one.file}:{one.line}" if one.line else one.file
    place += f" {one.pointer}" if one.pointer else ""
    return escape_terminal(f"{one.severity.value} {one.code} {place}: {message_of(one)}")


def report_text(report: Report) -> str:
    """Return a line for each finding, and a line that counts them."""
    lines = [finding_line(one) for _, one in report]
    counts = [
        f"{count} {severity.value}{'' if count == 1 else 's'}"
        for severity in (ERROR, WARNING, NOTE)
        if (count := report.count(severity))
    ]
    noun = "entry" if len(report.entries) == 1 else "entries"
    lines.append(f"{len(report.entries)} {noun}: {', '.join(counts) or 'nothing found'}")
    return "\n".join(lines)


def report_json(report: Report) -> str:
    """Return the findings as JSON."""
    value: dict[str, Any] = {
        "entries": [entry.folder.name for entry in report.entries],
        "ok": report.ok,
        "findings": [one.as_dict() for _, one in report],
    }
    return json.dumps(value, indent=1)


def report_annotations(report: Report) -> str:
    """Return the findings as annotations of a workflow, files named from the working folder."""
    return "\n".join(
        annotation_of(one, Path(os.path.relpath(folder.parent / one.file)).as_posix())
        for folder, one in report
    )


def annotation_of(one: Finding, file: str) -> str:
    """Return a finding as an annotation of a workflow.

    Args:
        one: The finding.
        file: Its file, from the top of the repository.
    """
    place = {
        "file": file,
        "line": str(one.line or ""),
        "title": f"{one.code} {one.pointer}".strip(),
    }
    given = ",".join(
        f"{key}={escape_annotation(text, is_property=True)}" for key, text in place.items() if text
    )
    return f"::{_LEVELS[one.severity]} {given}::{escape_annotation(message_of(one))}"
