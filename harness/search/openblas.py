"""The OpenBLAS that numpy's and faiss's wheels bring: its kernel and its threads."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LOADED = Path("/proc/self/maps")  # this process's libraries, by file; Linux
NAMES = ("openblas_{}", "openblas_{}64_", "scipy_openblas_{}", "scipy_openblas_{}64_")


@dataclass(frozen=True)
class OpenBlas:
    """A loaded OpenBLAS.

    Attributes:
        library: The library.
        name: How its functions are called, with a place for what they do.
    """

    library: ctypes.CDLL
    name: str

    def kernel(self) -> str:
        """Return the kernel that it has chosen for this processor, e.g. ``Haswell``."""
        return str(self._function("get_corename", ctypes.c_char_p)().decode())

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """Let it use one thread, and as many as before afterwards."""
        change = self._function("set_num_threads", None)
        before = self._function("get_num_threads", ctypes.c_int)()
        change(1)
        try:
            yield
        finally:
            change(before)

    def _function(self, what: str, gives: Any) -> Callable[..., Any]:
        found = getattr(self.library, self.name.format(what))
        found.restype = gives
        return found


@cache
def openblas_of(package: str) -> OpenBlas | None:
    """Return the OpenBLAS of a package that has been imported, None if its wheel brings none.

    Args:
        package: ``numpy`` or ``faiss``.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None or not LOADED.exists():
        return None
    folder = Path(spec.origin).parent.parent
    lines = LOADED.read_text("utf-8", "replace").splitlines()
    for place in sorted({line.split(maxsplit=5)[-1] for line in lines if "openblas" in line}):
        inside = Path(place).parent
        if inside.parent == folder and inside.name.startswith(package):
            library = ctypes.CDLL(place)
            for name in NAMES:
                if hasattr(library, name.format("get_corename")):
                    return OpenBlas(library, name)
    return None
