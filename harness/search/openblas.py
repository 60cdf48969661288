"""The OpenBLAS that numpy's and faiss's wheels bring: its kernel and its threads."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

LOADED = Path("/proc/self/maps")  # this process's libraries, by file; Linux
NAMES = ("openblas_{}", "openblas_{}64_", "scipy_openblas_{}", "scipy_openblas_{}64_")


class Held:
    """A process's number of threads, one while anybody holds it.

    Calls may overlap: the first in saves the number, the last out restores it.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = Lock()
        self._holders = 0
        self._before = 1

    @contextmanager
    def at_one(
        self, count: Callable[[], int], change: Callable[[int], object], *, own: bool
    ) -> Iterator[None]:
        """Let the number be one.

        Args:
            count: Gives the number.
            change: Sets it.
            own: Whether the caller's thread has a number of its own, which is restored when the
                caller leaves, even if it is not the last.
        """
        with self._lock:
            if not self._holders:
                self._before = count()
            self._holders += 1
            change(1)
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if own or not self._holders:
                    change(self._before)


_OF_LIBRARIES: dict[str, Held] = {}


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
        count = self._function("get_num_threads", ctypes.c_int)
        path = str(self.library._name)  # noqa: SLF001 – no public name gives this
        held = _OF_LIBRARIES.setdefault(path, Held())
        with held.at_one(count, change, own=False):
            yield

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
