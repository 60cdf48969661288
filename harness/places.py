"""Where the harness keeps its files on this machine; the environment is read at each call."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """Return the folder of files that can be fetched or made again (``XDG_CACHE_HOME``)."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "xtreme-harness"


def store() -> str:
    """Return the folder or URL of finished steps (``HARNESS_STORE``)."""
    return os.environ.get("HARNESS_STORE") or str(cache() / "store")


def mirrors() -> Path:
    """Return the folder of this machine's copies of stores at URLs."""
    return cache() / "mirror"


def memory() -> Path:
    """Return the file of facts about data and checkpoints."""
    return cache() / "memory.json"


def hub() -> Path:
    """Return the folder of files fetched from the hub's data sets."""
    return cache() / "hub"


def checkpoints() -> Path:
    """Return the folder of the benchmarks' own encoders."""
    return cache() / "checkpoints"
