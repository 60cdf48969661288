"""Search of a pool in memory-mapped files: CPU seconds, and memory apart from the maps.

python benchmarks/pool_search.py [--rows 1000000] [--queries 1500] [--threads 1]; 1.5 GB on disk.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch

from harness.search.parts import ROWS, nearest_of_parts

WIDTH, K, CHECKED = 384, 20, 5


def rows_of(draw: np.random.Generator, count: int) -> np.ndarray:
    """Return random rows of norm 1."""
    rows = draw.standard_normal((count, WIDTH), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def own_memory() -> float:
    """Return the megabytes that this process holds, files that are mapped apart."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def measure(parts: list[np.ndarray], queries: np.ndarray, threads: int) -> None:
    """Search, print what it takes, and hold some answers against all products."""
    before, peak, done = own_memory(), [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            peak.append(own_memory())

    watching = threading.Thread(target=watch)
    watching.start()
    wall, cpu = time.time(), time.process_time()
    found = nearest_of_parts(queries, parts, K, threads=threads)
    wall, cpu = time.time() - wall, time.process_time() - cpu
    done.set()
    watching.join()
    print(f"{cpu:.1f} CPU s, {wall:.1f} s, {max(peak) - before:.0f} MB above {before:.0f}")
    for query, rows in zip(queries[:CHECKED], found.rows, strict=False):
        scores = np.concatenate([part @ query for part in parts])
        assert np.argsort(-scores, kind="stable")[:K].tolist() == rows.tolist()


def main() -> None:
    """Write the pool to a temporary folder and search it."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("rows", 1_000_000), ("queries", 1500), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    draw = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{start}.npy" for start in range(0, options.rows, ROWS)]
        for path in paths:
            np.save(path, rows_of(draw, min(ROWS, options.rows - int(path.stem))))
        parts = [np.load(path, mmap_mode="r") for path in paths]
        measure(parts, rows_of(draw, options.queries), options.threads)


if __name__ == "__main__":
    main()
