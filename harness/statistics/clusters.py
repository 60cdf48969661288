"""Clusters of test examples that cannot be taken as drawn independently."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError


@dataclass(frozen=True)
class Keys:
    """What ties a language's test examples to others, example by example.

    Attributes:
        items: The same example has the same key in all languages; () where no two languages
            have an example in common.
        passages: Keys within the language, one or several sequences, all of one kind: examples
            with a key in common are on one passage.
        names: What predictions call the examples, if they do not go in the examples' order.
    """

    items: Sequence[str] = ()
    passages: tuple[Sequence[str], ...] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of a target's test examples.

    Attributes:
        rows: Language to the cluster of each example, int32 (examples,); numbers of a language
            of their own if no cluster holds two languages.
        joint: Whether a cluster holds two languages, so that all of them are one stratum.
        halves: Language to each example's half of the clusters, bool (examples,): the last bit
            of the SHA-256 of the cluster's least key.
        names: Language to the SHA-256 prefixes of the examples' names, uint64 (examples,); {}
            where predictions go in the examples' order.
    """

    rows: Mapping[str, NDArray[np.int32]]
    joint: bool
    halves: Mapping[str, NDArray[np.bool_]]
    names: Mapping[str, NDArray[np.uint64]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the clusters as safetensors."""
        from safetensors.numpy import save_file

        tensors: dict[str, NDArray[Any]] = {f"rows/{code}": one for code, one in self.rows.items()}
        tensors |= {f"halves/{code}": np.packbits(one) for code, one in self.halves.items()}
        tensors |= {f"names/{code}": one for code, one in self.names.items()}
        head = {"joint": self.joint, "languages": list(self.rows)}
        save_file(tensors, path, {"clusters": json.dumps(head)})

    @classmethod
    def load(cls, path: Path) -> Clusters:
        """Read clusters that ``save`` has written."""
        from safetensors import safe_open

        with safe_open(path, "numpy") as file:
            head = json.loads(file.metadata()["clusters"])
            present = set(file.keys())
            rows = {code: file.get_tensor(f"rows/{code}") for code in head["languages"]}
            halves = {
                code: np.unpackbits(file.get_tensor(f"halves/{code}"), count=len(rows[code]))
                for code in rows
            }
            names = {
                code: file.get_tensor(f"names/{code}")
                for code in rows
                if f"names/{code}" in present
            }
        return cls(rows, head["joint"], {c: h.astype(bool) for c, h in halves.items()}, names)


def cluster(keys: Mapping[str, Keys]) -> Clusters:
    """Return the clusters of examples that share an item or a passage, directly or through others.

    Args:
        keys: Language to the keys of its examples.
    """
    names = {code: hashes(one.names) for code, one in keys.items() if one.names}
    if all(not one.items and len(one.passages) == 1 for one in keys.values()):
        alone = {code: _by_passage(code, one.passages[0]) for code, one in keys.items()}
        rows = {code: part for code, (part, _) in alone.items()}
        halves = {code: part for code, (_, part) in alone.items()}
        return Clusters(rows, joint=False, halves=halves, names=names)
    return _joined(keys, names)


def _by_passage(
    language: str, passages: Sequence[str]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the clusters of examples that nothing but one passage ties to others, and halves.

    As ``_joined``; BUCC has a million sentences.
    """
    order: dict[str, int] = {}
    rows = np.array([order.setdefault(key, len(order)) for key in passages], np.int32)
    half = [hashlib.sha256(f"{language} {key}".encode()).digest()[-1] & 1 for key in order]
    return rows, np.array(half, bool)[rows]


def _joined(keys: Mapping[str, Keys], names: Mapping[str, NDArray[np.uint64]]) -> Clusters:
    """Return the clusters of examples that items and several passages tie together."""
    parents: list[int] = []
    numbers: dict[tuple[str, str], int] = {}
    first: dict[str, list[int]] = {}
    for language, one in keys.items():
        scoped = [("", one.items)] if one.items else []
        scoped += [(f"{language} ", passage) for passage in one.passages]
        first[language] = []
        for same in zip(*(sequence for _, sequence in scoped), strict=True):
            touched = []
            for (scope, _), key in zip(scoped, same, strict=True):
                number = numbers.setdefault((scope, key), len(parents))
                if number == len(parents):
                    parents.append(number)
                touched.append(_root(parents, number))
            least = min(touched)
            for root in touched:
                parents[root] = least
            first[language].append(least)
    least_key: dict[int, str] = {}
    for (scope, key), number in numbers.items():
        root, name = _root(parents, number), scope + key
        least_key[root] = min(name, least_key.get(root, name))
    half = {root: hashlib.sha256(k.encode()).digest()[-1] & 1 for root, k in least_key.items()}
    roots = {code: [_root(parents, number) for number in some] for code, some in first.items()}
    members = [set(some) for some in roots.values()]
    joint = len(set().union(*members)) < sum(map(len, members))
    order: dict[int, int] = {}
    rows = {}
    for code, some in roots.items():
        order = order if joint else {}
        numbered = [order.setdefault(root, len(order)) for root in some]
        rows[code] = np.array(numbered, np.int32)
    return Clusters(
        rows=rows,
        joint=joint,
        halves={code: np.array([half[r] for r in some], bool) for code, some in roots.items()},
        names=names,
    )


def hashes(names: Iterable[str]) -> NDArray[np.uint64]:
    """Return the first eight bytes of the SHA-256 of each name (names,)."""
    digests = [hashlib.sha256(name.encode()).digest()[:8] for name in names]
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


def _root(parents: list[int], number: int) -> int:
    """Return the representative of a number; shorten the way to it."""
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def places(clusters: Clusters, language: str, names: Sequence[str]) -> NDArray[np.intp]:
    """Return the numbers of the examples that predictions call by name.

    Raises:
        HarnessError: There is no such example.
    """
    known = clusters.names[language]
    order = np.argsort(known)
    wanted = hashes(names)
    found = order[np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)]
    for i in np.flatnonzero(known[found] != wanted)[:1]:
        raise HarnessError(f"{language}: the test set has no sentence {names[i]!r:.60}")
    return found
