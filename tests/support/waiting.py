"""Waiting for what a process does, never for a time."""

import subprocess
import time
from pathlib import Path
from typing import Any

LONG = 900  # seconds after which a process hangs, on whatever machine; nothing is measured by it


def events(store: Path) -> int:
    """How many steps have been begun in a store (their locks) and finished (their manifests)."""
    return len(list(store.glob("locks/*"))) + len(list(store.glob("steps/*/*/step.json")))


def until(process: subprocess.Popen[Any], store: Path, count: int) -> bool:
    """Wait for a run to come so far in its store, however slow it is; say if it still runs."""
    while process.poll() is None and events(store) < count:
        time.sleep(0.01)
    return process.poll() is None
