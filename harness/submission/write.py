"""Writing what a run leaves: predictions first, then scores, submission and manifest."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness import __version__
from harness.errors import HarnessError

PACKAGES = "torch transformers accelerate datasets tokenizers safetensors numpy faiss-cpu".split()


def validate(submission: dict[str, Any]) -> None:
    """Check a submission against its schema.

    Raises:
        HarnessError: It does not fit; names the field.
    """
    import jsonschema

    schema = json.loads((files("harness.submission") / "schema.json").read_text())
    try:
        jsonschema.validate(submission, schema)
    except jsonschema.ValidationError as error:
        place = ".".join(str(part) for part in error.absolute_path)
        raise HarnessError(
            f"the submission's {place or 'fields'} would not fit its schema: {error.message:.200}"
        ) from error


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
