"""The numbers in a checkpoint's config.json, checked before transformers uses them.

transformers allocates memory and loops by them: a ``num_labels`` of 10^12 makes it spend half a
minute on names for labels, before it looks at any weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.bounds import Bounds, shown
from harness.errors import HarnessError

MOST_BYTES = 1 << 20  # of the file; the names of a large head's labels take some 10 KB
MOST_DEPTH = 50  # lists and tables in one another; ordinary files have 2 or 3
MOST_LABELS = 100_000
LABELS = Bounds(0, MOST_LABELS)
LAYERS = Bounds(-1, 10_000)  # some say -1 for all
OTHERS = Bounds(-(2**31), 2**31)
NAMES_OF_LABELS = ("id2label", "label2id")


def check_numbers(path: Path, config: Any) -> None:
    """Refuse a config.json that has impossible numbers or is too large.

    Args:
        path: The file.
        config: Its value as parsed.

    Raises:
        HarnessError: A number is out of bounds, the file is too large or nested too deeply, or
            there are too many names of labels; names file and key.
    """
    if path.stat().st_size > MOST_BYTES:
        raise HarnessError(f"{path}: larger than {MOST_BYTES >> 20} MiB, as no config is")
    for keys, value in _values(path, config):
        place, key = f"{path}: {'.'.join(keys):.80}", keys[-1] if keys else ""
        if isinstance(value, float) and not math.isfinite(value):
            raise HarnessError(f"{place} = {value}; expected a finite number")
        if isinstance(value, int) and not isinstance(value, bool) and value not in _bounds(key):
            raise HarnessError(f"{place} = {shown(value)}; expected {_bounds(key)}")
        if key in NAMES_OF_LABELS and isinstance(value, (dict, list)) and len(value) > MOST_LABELS:
            raise HarnessError(f"{place} has {len(value)} entries; expected {MOST_LABELS} at most")


def _bounds(key: str) -> Bounds:
    """Return what a whole number under a key may be."""
    if key == "num_labels":
        return LABELS
    return LAYERS if "layers" in key or key == "n_layer" else OTHERS


def _values(
    path: Path, value: Any, keys: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield a value and all that are in it, each with the keys and places that lead to it."""
    if len(keys) > MOST_DEPTH:
        raise HarnessError(f"{path}: nested more than {MOST_DEPTH} deep, as no config is")
    yield keys, value
    inner = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else inner:
        yield from _values(path, one, (*keys, str(key)))
