"""The file of a run's sums: safetensors, read whole or a language at a time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.statistics.sums import MANY, LanguageSums, Sums

LARGEST = 32 * 2**20  # bytes; a full XTREME run has about one MiB
WRONG = (KeyError, TypeError, ValueError, AttributeError, OSError, RecursionError)
KINDS: Mapping[str, type[Any]] = {
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "I32": np.int32,
    "F64": np.float64,
}
LENGTH = 8  # bytes at the start that say how long the header is
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Read = Callable[[int, int], bytes | memoryview]
"""Returns the bytes of a file from a place up to another."""
State = tuple[int, int, int, int]
"""Device, inode, size and time of a file."""


def save(sums: Mapping[str, Sums], path: Path, about: Mapping[str, Any] | None = None) -> None:
    """Write the sums of a run's targets as safetensors.

    Whole numbers are kept in 8, 16 or 32 bits; the F1 of questions in 64, for the sums must give
    the official score to 1e-9.

    Args:
        sums: Target to its sums.
        path: The file.
        about: What else the file says of the run, JSON values.
    """
    from safetensors.numpy import save_file

    tensors: dict[str, NDArray[Any]] = {}
    head: dict[str, Any] = {}
    for target, one in sums.items():
        facts: dict[str, Any] = {}
        for language, part in one.languages.items():
            place = f"{target}/{language}"
            tensors[f"{place}/a"], tensors[f"{place}/b"] = part.a, part.b
            tensors[f"{place}/halves"] = np.packbits(part.halves)
            if part.numbers is not None:
                tensors[f"{place}/numbers"] = part.numbers
            facts[language] = {
                "clusters": part.clusters,
                "data": part.data,
                "predictions": part.predictions,
            }
        head[target] = {"joint": one.joint, "languages": facts}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"targets": head, "about": dict(about or {})})
    save_file(tensors, path, {"statistics": text})


def load(path: Path) -> tuple[dict[str, Sums], dict[str, Any]]:
    """Read the sums of a run's targets, and what else the file says.

    Raises:
        HarnessError: The file is missing, too large, or not what ``save`` writes.
    """
    if not path.is_file():
        raise HarnessError(f"{path}: no such file; evaluate again with this version")
    if path.stat().st_size > LARGEST:
        raise HarnessError(f"{path}: larger than {LARGEST >> 20} MiB; not statistics of a run")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _wrong(path, error) from error
    head = parsed(raw, path)
    return head.whole(raw), dict(head.about)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an array lies in a file.

    Attributes:
        kind: Its type, as safetensors names it.
        start: Its first byte.
        stop: The byte after its last one.
    """

    kind: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a language's arrays lie in a file, and what the file says of it.

    Attributes:
        slots: Those of ``a``, ``b``, ``halves`` and, if there are any, ``numbers``.
        clusters: How many clusters it has.
        data: Hash of what was scored.
        predictions: Hash of the predictions.
        joint: Whether a cluster may hold several languages.
    """

    slots: tuple[Slot, ...]
    clusters: int
    data: str
    predictions: str
    joint: bool


@dataclass(frozen=True)
class Head:
    """What a file says before its arrays.

    Attributes:
        path: The file, for messages.
        targets: Target to its languages' places.
        joint: Target to whether its clusters may hold several languages.
        about: What else the file says of the run.
    """

    path: Path
    targets: Mapping[str, Mapping[str, Place]]
    joint: Mapping[str, bool]
    about: Mapping[str, Any]

    def whole(self, raw: bytes) -> dict[str, Sums]:
        """Return all sums, from the file's bytes.

        Raises:
            HarnessError: They cannot be sums.
        """
        view = memoryview(raw)

        def read(start: int, stop: int) -> memoryview:
            return view[start:stop]

        return {
            target: Sums(
                {c: _language(self.path, f"{target}/{c}", p, read) for c, p in places.items()},
                self.joint[target],
            )
            for target, places in self.targets.items()
        }

    def lazy(self, state: State) -> dict[str, Sums]:
        """Return sums that are read, a language at a time, each time they are asked for.

        Args:
            state: The file's, when it was found to be the right one (``state_of``).
        """
        return {
            target: Sums(LanguagesInFile(self.path, state, target, places), self.joint[target])
            for target, places in self.targets.items()
        }


class LanguagesInFile(Mapping[str, LanguageSums]):
    """A target's languages in a file; nothing of them is held.

    Raises:
        HarnessError: At reading: the file is another one by now, or they cannot be sums.
    """

    def __init__(self, path: Path, state: State, target: str, places: Mapping[str, Place]) -> None:
        """Keep where the languages lie."""
        self._file, self._state, self._target, self._places = path, state, target, places

    @property
    def size(self) -> int:
        """Return how many bytes the arrays of all languages take."""
        return sum(one.stop - one.start for place in self._places.values() for one in place.slots)

    def __getitem__(self, language: str) -> LanguageSums:
        """Return a language, read from the file."""
        place = self._places[language]
        with self._opened() as read:
            return _language(self._file, f"{self._target}/{language}", place, read)

    def held(self) -> dict[str, LanguageSums]:
        """Return all languages in memory, the file opened once.

        Raises:
            HarnessError: The file is another one by now, or they cannot be sums.
        """
        with self._opened() as read:
            return {
                code: _language(self._file, f"{self._target}/{code}", place, read)
                for code, place in self._places.items()
            }

    @contextmanager
    def _opened(self) -> Iterator[Read]:
        """Yield what reads the file.

        Raises:
            HarnessError: It is another one by now.
        """
        try:
            descriptor = os.open(self._file, _OPEN)
        except OSError as error:
            raise _wrong(self._file, error) from error
        try:
            if _state(os.fstat(descriptor)) != self._state:
                raise HarnessError(f"{self._file}: changed while it was read; run it again")
            yield lambda start, stop: os.pread(descriptor, stop - start, start)
        finally:
            os.close(descriptor)

    def __contains__(self, language: object) -> bool:
        """Return whether the file has a language."""
        return language in self._places

    def __iter__(self) -> Iterator[str]:
        """Return the languages."""
        return iter(self._places)

    def __len__(self) -> int:
        """Return how many languages there are."""
        return len(self._places)


def state_of(path: Path) -> State:
    """Return a file's state, by which it is known again."""
    return _state(path.lstat())


def _state(one: os.stat_result) -> State:
    return one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns


def parsed(raw: bytes, path: Path) -> Head:
    """Return what a file says before its arrays.

    Args:
        raw: The file's bytes.
        path: The file, for messages.

    Raises:
        HarnessError: It is not a file that ``save`` writes.
    """
    try:
        start = LENGTH + int.from_bytes(raw[:LENGTH], "little")
        if not LENGTH < start <= len(raw):
            raise ValueError("its header is longer than the file")
        tensors = json.loads(raw[LENGTH:start])
        head = json.loads(tensors["__metadata__"]["statistics"])
        targets, joint = {}, {}
        for target, facts in head["targets"].items():
            joint[target] = bool(facts["joint"])
            targets[target] = {
                code: _place(tensors, f"{target}/{code}", one, start, len(raw), joint[target])
                for code, one in facts["languages"].items()
            }
        return Head(path, targets, joint, dict(head["about"]))
    except WRONG as error:
        raise _wrong(path, error) from error


def _place(
    tensors: Mapping[str, Any],
    name: str,
    facts: Mapping[str, Any],
    start: int,
    end: int,
    joint: bool,
) -> Place:
    """Return where a language's arrays lie; ValueError or the like if they cannot lie there."""
    names = [f"{name}/{part}" for part in ("a", "b", "halves")]
    names += [f"{name}/numbers"] if f"{name}/numbers" in tensors else []
    slots = []
    for one in names:
        kind, (count,), (low, high) = (
            tensors[one][key] for key in ("dtype", "shape", "data_offsets")
        )
        width = np.dtype(KINDS[kind]).itemsize
        if not (0 <= low <= high <= end - start and high - low == count * width):
            raise ValueError(f"{one} does not lie in the file")
        slots.append(Slot(kind, start + low, start + high))
    clusters = facts["clusters"]
    if not isinstance(clusters, int) or not 0 <= clusters < 2**31:
        raise ValueError(f"{name} has {clusters!r:.20} clusters")
    data = sys.intern(str(facts["data"]))
    return Place(tuple(slots), clusters, data, str(facts["predictions"]), joint)


def _language(path: Path, name: str, place: Place, read: Read) -> LanguageSums:
    """Return a language's sums.

    Raises:
        HarnessError: They cannot be sums.
    """
    try:
        arrays = _arrays(place.slots, read)
        return _checked(name, place, *arrays)
    except WRONG as error:
        raise _wrong(path, error) from error


def _arrays(slots: tuple[Slot, ...], read: Read) -> list[NDArray[Any]]:
    """Return arrays of a file, read at once where they lie side by side."""
    low, high = min(one.start for one in slots), max(one.stop for one in slots)
    if high - low == sum(one.stop - one.start for one in slots):
        raw = read(low, high)
        if len(raw) != high - low:
            raise ValueError("it is cut off")
        return [
            np.frombuffer(raw, KINDS[s.kind], (s.stop - s.start) // WIDTHS[s.kind], s.start - low)
            for s in slots
        ]
    return [np.frombuffer(read(one.start, one.stop), KINDS[one.kind]) for one in slots]


WIDTHS = {kind: np.dtype(of).itemsize for kind, of in KINDS.items()}


def _checked(
    name: str,
    place: Place,
    a: NDArray[Any],
    b: NDArray[Any],
    halves: NDArray[Any],
    numbers: NDArray[Any] | None = None,
) -> LanguageSums:
    """Return a language's sums; ValueError if they cannot be sums."""
    clusters = place.clusters
    if a.shape != b.shape:
        raise ValueError(f"{name} has sums of other shapes")
    if numbers is None:
        placed = len(a) == clusters
    else:
        placed = numbers.shape == a.shape and len(a) <= clusters and numbers.dtype == np.int32
        placed = placed and bool((np.diff(numbers) > 0).all() and (numbers >= 0).all())
        placed = placed and (not len(numbers) or (place.joint or numbers[-1] < clusters))
    if not placed or len(halves) * 8 < len(a):
        raise ValueError(f"{name} has {len(a)} sums for {clusters} clusters")
    small = a.dtype.kind == b.dtype.kind == "u"  # neither below 0 nor above MANY
    if not ((a <= b).all() and (small or ((a >= 0).all() and (b <= MANY).all()))):  # nor nan
        raise ValueError(
            f"{name} has sums that are no numbers, or a numerator above its denominator"
        )
    sides = np.unpackbits(halves, count=len(a)).view(bool)
    return LanguageSums(a, b, numbers, clusters, sides, place.data, place.predictions)


def _wrong(path: Path, error: Exception) -> HarnessError:
    """Return the error for a file that cannot be read as sums."""
    return HarnessError(
        f"{path}: not statistics that the harness wrote ({error!s:.80}); evaluate again"
    )
