"""Opening a Source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness import places
from harness.data.folder import FolderSource, open_folder
from harness.data.hub import HubSource
from harness.data.memory import Memory
from harness.data.source import Source
from harness.declarations import Benchmark


def open_source(
    data: Path | None,
    labels: Path | None,
    benchmark: Benchmark,
    memory: Memory,
    *,
    offline: bool = False,
) -> Source:
    """Return the source of examples.

    Args:
        data: Folder in XTREME's layout; None for the benchmark's own, else the hub.
        labels: Folder of test labels; None for the one next to ``data``.
        benchmark: May have its own data.
        memory: Remembers the hashes of files.
        offline: Fetch nothing.

    Raises:
        HarnessError: A folder is missing or empty.
    """
    if data is not None:
        return replace(open_folder(data, labels), memory=memory, every=benchmark.languages)
    if benchmark.data is not None:
        return FolderSource(*benchmark.data(), memory=memory, every=benchmark.languages)
    return HubSource(places.hub(), offline=offline)
