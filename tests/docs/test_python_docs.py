"""The session of docs/python.md runs, and prints what the page says but for its numbers.

``DOCS=write pytest tests/docs`` writes what it prints now into the page.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import traceback
from pathlib import Path

import pytest
from support.places import ROOT

PAGE = ROOT / "docs" / "python.md"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLE = re.compile(r"^>>> (.*)\n((?:(?!>>> ).*\n)*)", re.MULTILINE)
"""A line of input, and the lines that it prints."""


def printed(source: str, names: dict[str, object]) -> str:
    """Run one example as the interactive interpreter would; return what it shows."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(source, "<docs>", "single"), names)
        except Exception as error:
            last = traceback.format_exception_only(error)[-1]
            return f"Traceback (most recent call last):\n    ...\n{last}"
    return out.getvalue()


def plain(text: str) -> str:
    """Leave out what differs from machine to machine: numbers, and the space and lines beside."""
    text = re.sub(r"[-+]?\d+(\.\d+)?", "#", text)
    return re.sub(r"[\s\-]+", " ", text).replace("+#", "#").strip()


@pytest.mark.slow
def test_the_session_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    page, differing = PAGE.read_text("utf-8"), []

    def rewritten(block: re.Match[str]) -> str:
        lines = []
        for source, want in EXAMPLE.findall(block[1]):
            shown = printed(source, names)
            if plain(shown) != plain(want):
                differing.append(f"{source}\nshows\n{shown}not\n{want}")
            gap = "\n" if source.startswith("recipe =") else ""
            lines.append(f"{gap}>>> {source}\n{shown}")
        return f"```python\n{''.join(lines)}\n```"

    new = BLOCK.sub(rewritten, page)
    if os.environ.get("DOCS") == "write":
        PAGE.write_text(new, "utf-8")
        pytest.skip("written anew, nothing compared")
    assert not differing, "\n".join(differing)
