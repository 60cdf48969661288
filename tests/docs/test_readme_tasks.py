"""README's table of tasks is what ``harness tasks`` prints.

``DOCS=write pytest tests/docs`` writes what it prints now into the page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from support.places import ROOT

PAGE = ROOT / "README.md"
TABLE = re.compile(r"^    task +group .*\n(?:    .*\n)+", re.MULTILINE)


def test_the_table_is_what_the_command_prints(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("tasks")
    assert (code, err) == (0, "")
    lines = out.partition("\n\n")[0].splitlines()
    printed = "".join(f"    {line}".rstrip() + "\n" for line in lines)
    text = PAGE.read_text("utf-8")
    (table,) = TABLE.findall(text)
    if os.environ.get("DOCS") == "write":
        PAGE.write_text(text.replace(table, printed), "utf-8")
    assert table == printed
