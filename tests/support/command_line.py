"""The command line, run in this process."""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from harness import cli, places

Call = Callable[..., tuple[int, str, str]]


def in_process(*words: object) -> tuple[int, str, str]:
    """Run the command line here: exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["harness", *map(str, words)])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def use_cache(cache: Path, patch: pytest.MonkeyPatch) -> None:
    """Let all commands keep their cache elsewhere."""
    patch.setattr(places, "cache", lambda: cache)
