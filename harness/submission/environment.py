"""Writing what a run leaves: predictions first, then scores, submission and manifest."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.version import __version__

PACKAGES = "torch transformers accelerate datasets tokenizers safetensors numpy faiss-cpu".split()


def environment() -> dict[str, Any]:
    """Return versions, git revision and dirtiness of the harness, and the machine's kind."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "harness": __version__,
        "python": sys.version.split()[0],
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions,
        "git": _git(Path(__file__).parent),
    }


def _git(folder: Path) -> dict[str, Any] | None:
    """Return revision and dirtiness of the checkout that the harness runs from, if it is one."""
    try:
        _, revision, status = (
            subprocess.run(
                ["git", "-C", str(folder), *words],  # noqa: S607 - whichever git the user has
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            ).stdout.strip()
            for words in (
                ["ls-files", "--error-unmatch", "__init__.py"],  # else it is somebody else's
                ["rev-parse", "HEAD"],
                ["status", "--porcelain"],
            )
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"revision": revision, "dirty": bool(status)}
