"""Mewsli-X as it is released, laid out as XTREME's preparation does.

The release (mewsli-x_20220518_6) is five files of JSON lines. The hub's ``izhx/mewsli-x`` has them
in ``raw.tar.gz``, under the same names in ``raw/`` (its process.py reads them there); its others
hold ready-made texts without the spans, which cannot be laid out. Archives are read as a stream:
nothing is unpacked, no link is followed, and what is read is bounded.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from harness.data.files import one_line, parse_json, writable, write_json
from harness.data.json_values import object_of
from harness.data.mewsli_rows import Mention, Parsed, document_of, entity_of, pair_of
from harness.errors import HarnessError

CANDIDATES = "candidate_set_entities.jsonl"
PAIRS = ("wikipedia_pairs-train.jsonl", "wikipedia_pairs-dev.jsonl")
MENTIONS = {"wikinews_mentions-dev.jsonl": "dev", "wikinews_mentions-test.jsonl": "test"}
RELEASED = (CANDIDATES, *PAIRS, *MENTIONS)
ARCHIVE = "raw.tar.gz"
READY_MADE = ("candidate_entities.jsonl.tar.gz", "wikipedia_pairs")  # of izhx/mewsli-x: texts alone

MOST_BYTES = 4 << 30  # unpacked, of a whole archive; the release has about 1.3 GB
MOST_MEMBERS = 1_000
MOST_LANGUAGES = 60  # that mentions are in; the release has 11
UNREADABLE = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error)  # of a spoilt archive
LONGEST = 8 << 20  # bytes of a line, and of what an archive is asked for at once
LANGUAGE = re.compile("[a-z]{2,3}")
MENTION = ("example_id", "mention_span")  # what XTREME's layout has of one, and its entity


@dataclass
class LaidOut:
    """What was written.

    Attributes:
        folder: The folder for ``--data``.
        candidates: How many candidates there are.
        pairs: How many pairs of each file.
        mentions: Split to language to the number of its mentions.
        labelled: Test mentions whose entity is known.
    """

    folder: Path
    candidates: int = 0
    pairs: dict[str, int] = field(default_factory=dict)
    mentions: dict[str, dict[str, int]] = field(default_factory=dict)
    labelled: int = 0

    def __str__(self) -> str:
        """Return it in a few lines."""
        pairs = " + ".join(f"{count:,}" for _, count in sorted(self.pairs.items(), reverse=True))
        lines = [f"written: {self.folder}/xtreme/mewslix, {self.folder}/labels/mewslix"]
        lines.append(f"{self.candidates:,} candidates, {pairs} English pairs")
        for split, counts in sorted(self.mentions.items()):
            each = " ".join(f"{code} {count}" for code, count in sorted(counts.items()))
            lines.append(f"{split}: {sum(counts.values()):,} mentions ({each})")
        lines.append(f"test mentions with their entity: {self.labelled:,}, in labels/")
        lines.append("The release was sampled anew in 2022: never beside the paper's numbers.")
        return "\n".join(lines)


def lay_out(source: Path, output: Path) -> LaidOut:
    """Lay the release out below a folder, whole or not at all.

    Args:
        source: A folder with the release's files (or ``raw/`` with them, or ``raw.tar.gz``), or the
            archive itself.
        output: The folder; ``xtreme/mewslix`` and ``labels/mewslix`` are written there.

    Raises:
        HarnessError: A file is missing, malformed or over a bound, or there is one already.
    """
    targets = [output / name / "mewslix" for name in ("xtreme", "labels")]
    for target in targets:
        if os.path.lexists(target):
            raise HarnessError(f"{target} is there already; remove it, or name another folder")
    writable(output)
    aside = output / f".mewslix.{os.getpid()}.part"
    written = LaidOut(output)
    try:
        (aside / "xtreme").mkdir(parents=True)
        seen: set[str] = set()
        for name, shown, stream in _files(source):
            if name in seen:
                raise HarnessError(f"{source}: two files are named {name}; keep one")
            seen.add(name)
            _write(name, shown, stream, aside, written)
        for name in RELEASED:
            if name not in seen:
                raise HarnessError(f"{source}: no {name}; {_remedy(source)}")
        _into_place({aside / target.parent.name: target for target in targets})
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return written


def _into_place(moves: Mapping[Path, Path]) -> None:
    """Rename the folders that are there, all or none."""
    moves = {made: target for made, target in moves.items() if made.is_dir()}
    done: list[tuple[Path, Path]] = []
    try:
        for target in moves.values():  # before the first is renamed: this fails, too
            target.parent.mkdir(parents=True, exist_ok=True)
        for made, target in moves.items():
            made.rename(target)
            done.append((made, target))
    except OSError as error:
        for made, target in done:
            target.rename(made)
        places = " and ".join(str(target.parent) for target in moves.values())
        what = f"cannot be written ({one_line(error)}); nothing was laid out"
        raise HarnessError(f"{places}: {what}") from error


def _remedy(source: Path) -> str:
    """Return where the release's files are to be had."""
    if source.is_dir() and any((source / name).exists() for name in READY_MADE):
        return f"its other files hold texts without spans: fetch {ARCHIVE} of izhx/mewsli-x too"
    return f"name the folder of the release, or {ARCHIVE} of izhx/mewsli-x"


def _files(source: Path) -> Iterator[tuple[str, str, IO[bytes]]]:
    """Yield the release's files: name, what messages call it, and its bytes as a stream."""
    if not source.is_dir():
        yield from _members(source)
        return
    for folder in (source, source / "raw"):
        there = [folder / name for name in RELEASED if os.path.lexists(folder / name)]
        for path in there:
            if path.is_symlink() or not path.is_file():
                raise HarnessError(f"{path}: not a plain file; put the file itself there")
            with path.open("rb") as stream:
                yield path.name, str(path), stream
        if there:
            return
    if (source / ARCHIVE).is_file() and not (source / ARCHIVE).is_symlink():
        yield from _members(source / ARCHIVE)


class _Bounded:
    """An archive's unpacked bytes, of which no more is read than is allowed."""

    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self._stream, self._path = stream, path

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        if not 0 <= size <= LONGEST:  # a header may claim any size
            raise HarnessError(f"{self._path}: a header of {size:,} bytes; download it again")
        data = self._stream.read(size)
        self._check(self._stream.tell())
        return data

    def seek(self, place: int) -> int:
        """Go on to a place."""
        self._check(place)
        return self._stream.seek(place)

    def tell(self) -> int:
        """Return the place."""
        return self._stream.tell()

    def _check(self, place: int) -> None:
        if place > MOST_BYTES:
            raise HarnessError(f"{self._path}: over {MOST_BYTES >> 30} GiB unpacked; not read")


def _members(path: Path) -> Iterator[tuple[str, str, IO[bytes]]]:
    """Yield the release's files in a ``.tar.gz``; other members are passed over."""
    if not path.is_file():
        raise HarnessError(f"{path}: no such file; {_remedy(path)}")
    try:
        with gzip.open(path) as packed:
            stream: Any = _Bounded(packed, path)
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                for number, member in enumerate(archive):
                    if number >= MOST_MEMBERS:
                        raise HarnessError(f"{path}: over {MOST_MEMBERS:,} members; not read")
                    name, shown = PurePosixPath(member.name).name, f"{path}:{member.name:.200}"
                    if name not in RELEASED:
                        continue
                    if not member.isreg() or member.issparse():
                        raise HarnessError(f"{shown}: not a plain file; it is not followed")
                    inner = archive.extractfile(member)
                    assert inner is not None
                    yield name, shown, inner
    except (*UNREADABLE, OSError, ValueError, OverflowError) as error:
        what = f"no readable .tar.gz archive ({one_line(error)}); download it again"
        raise HarnessError(f"{path}: {what}") from error


def _write(name: str, shown: str, stream: IO[bytes], aside: Path, written: LaidOut) -> None:
    """Write one of the release's files in XTREME's layout."""
    if name in MENTIONS:
        _write_mentions(MENTIONS[name], shown, stream, aside, written)
        return
    count = 0
    seen: set[str] = set()
    with (aside / "xtreme" / name).open("wb") as file:
        for count, (raw, row) in enumerate(_rows(stream, shown), 1):
            place = f"{shown}:{count}"
            if name == CANDIDATES:
                entity = _parsed(entity_of, row, place)
                if entity.id in seen:
                    raise HarnessError(f"{place}: {entity.id!r:.80} is there twice")
                seen.add(entity.id)
            else:
                _parsed(pair_of, row, place)
            file.write(raw.rstrip(b"\r\n") + b"\n")
    if not count:
        raise HarnessError(f"{shown}: holds no rows; download it again")
    if name == CANDIDATES:
        written.candidates = count
    else:
        written.pairs[name] = count


def _write_mentions(
    split: str, shown: str, stream: IO[bytes], aside: Path, written: LaidOut
) -> None:
    """Write a file of mentions by language; test mentions without their entities, which are labels.

    Of a test mention only what XTREME's layout has is kept.
    """
    counts: dict[str, int] = {}
    gold: dict[str, dict[str, list[str]]] = {}
    seen: set[str] = set()
    (aside / "xtreme" / "wikinews_mentions").mkdir(exist_ok=True)
    with ExitStack() as stack:
        files: dict[str, IO[str]] = {}
        for number, (_, row) in enumerate(_rows(stream, shown), 1):
            place = f"{shown}:{number}"
            language, mentions = _mentions(row, place)
            if language not in files:
                if len(files) >= MOST_LANGUAGES:
                    raise HarnessError(f"{place}: over {MOST_LANGUAGES} languages; not read")
                path = aside / "xtreme" / "wikinews_mentions" / f"{split}-{language}.jsonl"
                files[language] = stack.enter_context(path.open("w", encoding="utf-8"))
            for one in mentions:
                if one.id in seen:
                    raise HarnessError(f"{place}: {one.id!r:.80} is there twice")
                seen.add(one.id)
                if one.entity and split == "test":
                    gold.setdefault(language, {})[one.id] = [one.entity]
            if split == "test":
                kept = [{k: one[k] for k in MENTION} | {"entity_id": ""} for one in row["mentions"]]
                row = row | {"mentions": kept}
            files[language].write(json.dumps(row, ensure_ascii=False) + "\n")
            counts[language] = counts.get(language, 0) + len(mentions)
    if not counts:
        raise HarnessError(f"{shown}: holds no rows; download it again")
    written.mentions[split] = counts
    for language, labels in gold.items():
        write_json(labels, aside / "labels" / f"test-{language}.json")
        written.labelled += len(labels)


def _mentions(row: Any, place: str) -> tuple[str, list[Mention]]:
    """Return the language and the mentions of a row.

    Raises:
        HarnessError: The row is not a document with its mentions, or its text was left out.
    """
    context = _parsed(lambda row: object_of(row["context"], "context"), row, place)
    language = context.get("language")
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        raise HarnessError(
            f"{place}: context.language is {language!r:.40}; expected a code like de"
        )
    if not context.get("text"):
        raise HarnessError(
            f"{place}: the document has no text; restore it with the release's own downloader"
            " (get-mewsli-x.sh)"
        )
    return language, _parsed(document_of, row, place).mentions


def _parsed(parse: Callable[[Mapping[str, Any]], Parsed], row: Any, place: str) -> Parsed:
    """Return what is in a row; what could not be read where it is laid out is refused.

    Raises:
        HarnessError: The row is not what it should be.
    """
    try:
        return parse(object_of(row, "the row"))
    except KeyError as error:
        what = f"no {error}; not Mewsli-X's form, name its release"
        raise HarnessError(f"{place}: {what}") from error
    except ValueError as error:
        remedy = "" if ";" in str(error) else "; download it again"
        raise HarnessError(f"{place}: {error}{remedy}") from error


def _rows(stream: IO[bytes], shown: str) -> Iterator[tuple[bytes, Any]]:
    """Yield the lines of a stream with their values.

    Raises:
        HarnessError: A line is too long or is not JSON; names it.
    """
    total = 0
    for number in range(1, MOST_BYTES):
        try:
            raw = stream.readline(LONGEST + 1)
        except UNREADABLE as error:
            what = f"cannot be read on ({one_line(error)}); download it again"
            raise HarnessError(f"{shown}:{number}: {what}") from error
        total += len(raw)
        if not raw:
            return
        if len(raw) > LONGEST or total > MOST_BYTES:
            raise HarnessError(f"{shown}:{number}: too long; expected a row a line")
        try:
            yield raw, parse_json(raw.decode())
        except (ValueError, RecursionError) as error:
            what = f"no valid JSON ({one_line(error)}); download it again"
            raise HarnessError(f"{shown}:{number}: {what}") from error
