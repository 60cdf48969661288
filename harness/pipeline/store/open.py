"""Opening a store: a folder, or an fsspec URL."""

from __future__ import annotations

from pathlib import Path

from harness import places
from harness.pipeline.store.store import Store


def open_store(where: str) -> Store:
    """Return the store in a folder, or at an fsspec URL with a mirror on this machine.

    Raises:
        HarnessError: Another version of the harness wrote it, or it cannot be reached.
    """
    if "://" in where:
        from harness.pipeline.store.remote import open_mirror

        return open_mirror(where, places.mirrors())
    return Store(Path(where).absolute()).checked()
