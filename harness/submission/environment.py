"""The environment of a run, for its manifest: versions, git revision, kind of machine."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.version import __version__

if TYPE_CHECKING:
    from harness.models.device import Device

PACKAGES = "torch transformers accelerate datasets tokenizers safetensors numpy faiss-cpu".split()


def environment() -> dict[str, Any]:
    """Return versions, the harness's git state, and the kind of machine."""
    versions = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return {
        "harness": __version__,
        "python": sys.version.split()[0],
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions,
        "git": _git(Path(__file__).parent),
    }


def manifest_of(device: Device, data: Mapping[str, str]) -> dict[str, Any]:
    """Return what an entry says of how it came about, without the harness's git state.

    Args:
        device: Where and how it was computed.
        data: Task and language (``xnli/de``) to a hash of the test examples.
    """
    identity = device.identity()
    return {
        "harness": __version__,
        "python": sys.version.split()[0],
        **{name: identity[name] for name in ("torch", "transformers", "device", "precision")},
        "data": dict(sorted(data.items())),
    }


def commit_of(git: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the git state of an environment as an entry says it."""
    return {"commit": git["revision"], "dirty": git["dirty"]} if git else None


def _git(folder: Path) -> dict[str, Any] | None:
    """Return the revision of the harness's git checkout and whether it is changed, else None."""
    try:
        _, revision, status = (
            subprocess.run(
                ["git", "-C", str(folder), *words],  # noqa: S607 - the user's git
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            ).stdout.strip()
            for words in (
                ["ls-files", "--error-unmatch", "__init__.py"],  # else it is another repository
                ["rev-parse", "HEAD"],
                ["status", "--porcelain"],
            )
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"revision": revision, "dirty": bool(status)}
