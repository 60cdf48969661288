"""The sessions of docs/submitting.md run, and print what the page says; its tables are whole.

``DOCS=write pytest tests/docs`` writes what they print now into the page.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from support.command_line import in_process
from support.entries import predictions
from support.places import MINI, ROOT

from harness.submission.findings import CODES

PAGE = ROOT / "docs" / "submitting.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
"""A command, perhaps over several lines, and the lines that it prints."""
COMMIT = re.compile("`[0-9a-f]{12}`")  # its entry has today's date
VARIABLE = {
    "GIT_AUTHOR_NAME": "Example Lab",
    "GIT_AUTHOR_EMAIL": "lab@example.org",
    "GIT_COMMITTER_NAME": "Example Lab",
    "GIT_COMMITTER_EMAIL": "lab@example.org",
    "GIT_AUTHOR_DATE": "2026-11-26T12:00:00Z",
    "GIT_COMMITTER_DATE": "2026-11-26T12:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(*words: str) -> str:
    """Run git here; return what it prints."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone of a repository of entries, and predictions of two seeds beside it."""
    for name, value in VARIABLE.items():
        monkeypatch.setenv(name, value)
    for seed in (1, 2):
        for path, raw in predictions(f"seed {seed}", "untrained").items():
            target = tmp_path / "predictions" / f"seed-{seed}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
    (tmp_path / "labels").symlink_to(MINI / "labels")
    repository = tmp_path / "repository"
    (repository / "submissions").mkdir(parents=True)
    (repository / "submissions" / "README.md").write_text("Entries, a folder each.\n")
    monkeypatch.chdir(repository)
    git("init", "--quiet", "--initial-branch", "main")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Begin")
    git("checkout", "--quiet", "-b", "my-entry")


def printed(command: str) -> str:
    """Run a command of the page; return what it prints."""
    words = shlex.split(command.replace("\\\n", " "))
    if words[0] == "rm":
        for name in words[1:]:
            Path(name).unlink()
        return ""
    if words[0] == "git":
        return git(*words[1:])
    _, out, err = in_process(*words[1:])
    return out + err


def test_the_sessions_print_what_the_page_says(clone: None) -> None:
    page, differing = PAGE.read_text("utf-8"), []

    def rewritten(block: re.Match[str]) -> str:
        lines = []
        for command, want in COMMAND.findall(block[1]):
            shown = printed(command)
            if COMMIT.sub("`#`", shown) != COMMIT.sub("`#`", want):
                differing.append(f"{command}\nshows\n{shown}not\n{want}")
            lines.append(f"$ {command}\n{shown}")
        return f"```console\n{''.join(lines)}```"

    new = BLOCK.sub(rewritten, page)
    if os.environ.get("DOCS") == "write":
        PAGE.write_text(new, "utf-8")
        pytest.skip("written anew, nothing compared")
    assert not differing, "\n".join(differing)


def test_every_code_has_its_line() -> None:
    rows = re.findall(
        r"^\| ([A-Z]\d{3}) \| ([EWN]) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE
    )
    told = {code: letter for code, letter, _, _ in rows}
    assert told == {code: severity.name[0] for code, (severity, _) in CODES.items()}
