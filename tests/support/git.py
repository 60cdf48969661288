"""A git repository with entries, for tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Git:
    """A repository with a working folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.entries = root / "submissions"

    def __call__(self, *words: str, given: bytes = b"") -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *words],
            env={"PATH": os.environ["PATH"], **WHO},
            input=given,
            capture_output=True,
            check=True,
        )
        return os.fsdecode(done.stdout).strip()

    def commit(self, message: str = "change") -> str:
        self("add", "-A", "-f")
        self("commit", "-q", "--allow-empty", "-m", message)
        return self("rev-parse", "HEAD")


def repository(root: Path) -> Git:
    root.mkdir(parents=True, exist_ok=True)
    git = Git(root)
    git("init", "-q", "-b", "main")
    return git
