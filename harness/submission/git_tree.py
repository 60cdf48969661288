"""A git repository as data: commits compared and blobs read, nothing checked out, nothing run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.errors import HarnessError

LINK, SUBMODULE = "120000", "160000"  # modes of a tree
MOST_CHANGES = 100_000
_PATIENCE = 120  # seconds for one call of git
# Neither the user's nor the machine's settings are read, so the same commits give the same review;
# what a repository's own settings could run or fetch is switched off.
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = (
    "core.quotePath=false",
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "protocol.allow=never",
)


@dataclass(frozen=True)
class Item:
    """What a tree holds at a path.

    Attributes:
        mode: ``100644`` or ``100755`` for a file, ``LINK``, ``SUBMODULE``.
        id: Name of the object.
        size: Its size in bytes; 0 for a submodule, and for an object that is not there.
    """

    mode: str
    id: str
    size: int


@dataclass(frozen=True)
class Change:
    """A path that differs between two commits.

    Attributes:
        path: From the top of the repository.
        before: The object's name in the first commit, "" if the path is not there.
        after: The same in the second commit.
    """

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Repository:
    """A git repository.

    Attributes:
        root: A folder in it.
    """

    root: Path

    def commit(self, revision: str) -> str:
        """Return the name of the commit that a revision stands for.

        Raises:
            HarnessError: There is none.
        """
        if not revision or revision.startswith("-") or not revision.isprintable():
            raise HarnessError(f"{revision!r:.80} is not a revision; name a branch, tag or commit")
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = self._try(*words)
        if found is None:
            raise HarnessError(
                f"{self.root}: no commit is named {revision:.80}; fetch it, or name a branch, tag"
                " or commit that `git log` shows"
            )
        return found

    def merge_base(self, base: str, head: str) -> str:
        """Return the commit at which a head left its base.

        Args:
            base: Name of a commit.
            head: Name of another.

        Raises:
            HarnessError: They have no common ancestor.
        """
        found = self._try("merge-base", base, head)
        if found is None:
            raise HarnessError(
                f"{self.root}: {head:.12} and {base:.12} have no commit in common; begin the"
                " branch at the base, or fetch the whole history"
            )
        return found

    def changes(self, before: str, after: str) -> list[Change]:
        """Return the paths that differ between two commits, sorted; a rename is two of them.

        Raises:
            HarnessError: They are more than ``MOST_CHANGES``.
        """
        found = []
        words = ("diff-tree", "-r", "--raw", "--no-renames", "--no-abbrev", "-z", before, after)
        with self._started(*words) as process:
            fields = _fields(process)
            for state in fields:
                _, _, old, new, _ = state.removeprefix(":").split(" ")
                found.append(Change(next(fields), old.strip("0") and old, new.strip("0") and new))
                if len(found) > MOST_CHANGES:
                    raise HarnessError(
                        f"{self.root}: the change touches more than {MOST_CHANGES:,} files and is"
                        " not reviewed; hand in a smaller one"
                    )
        return sorted(found, key=lambda one: one.path)

    def names(self, commit: str, folder: str) -> list[str]:
        """Return the names in a folder of a commit; [] where it is not there."""
        with self._started(
            "ls-tree", "--full-tree", "-z", "--name-only", f"{commit}:{folder}"
        ) as p:
            return list(_fields(p, quiet=True))

    def tree(self, commit: str, folder: str, most: int) -> dict[str, Item]:
        """Return the files below a folder of a commit, paths from there.

        Args:
            commit: Name of the commit.
            folder: From the top of the repository.
            most: No more than these many are looked at.
        """
        items: dict[str, Item] = {}
        words = ("ls-tree", "--full-tree", "-r", "-l", "-z", f"{commit}:{folder}")
        with self._started(*words) as process:
            for line in _fields(process, quiet=True):
                if len(items) >= most:
                    break
                state, _, path = line.partition("\t")
                mode, _, name, size = state.split()
                items[path] = Item(mode, name, int(size) if size.isdecimal() else 0)
        return items

    def sizes(self, commit: str, paths: Iterable[str]) -> dict[str, Item]:
        """Return what files of a commit are; paths that are not there, or are folders, are absent.

        Args:
            commit: Name of the commit.
            paths: From the top of the repository.
        """
        found: dict[str, Item] = {}
        with self._started("cat-file", "--batch-check", feed=True) as process:
            for path in paths:
                if "\n" in path:
                    continue
                state = _ask(process, f"{commit}:{path}").split()
                if len(state) == 3 and state[1] == "blob":
                    found[path] = Item("100644", state[0], int(state[2]))
        return found

    def blobs(self, items: Iterable[Item]) -> Iterator[bytes]:
        """Yield the bytes of blobs, one at a time; the caller has looked at their sizes.

        Raises:
            HarnessError: One is not there, as in a partial clone.
        """
        with self._started("cat-file", "--batch", feed=True) as process:
            for item in items:
                state = _ask(process, item.id).split()
                if len(state) != 3 or state[1] != "blob" or int(state[2]) != item.size:
                    raise HarnessError(
                        f"{self.root}: the object {item.id:.12} is not there; clone the repository"
                        " whole, without --filter"
                    )
                assert process.stdout is not None
                yield process.stdout.read(item.size)
                process.stdout.read(1)

    def ever_had(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """Return those of some paths that a commit or an ancestor touches, with the last such."""
        words = ("rev-list", "--max-count=1", commit, "--")
        every = list(paths)
        if not every or not self._call(*words, *every):  # one walk where none was, as is usual
            return {}
        found = {path: self._call(*words, path) for path in every}
        return {path: name for path, name in found.items() if name}

    def _try(self, *words: str) -> str | None:
        """Return what git prints, None if it says no."""
        try:
            return self._call(*words)
        except _SaidNo:
            return None

    def _call(self, *words: str) -> str:
        """Return what git prints, which is short."""
        try:
            done = subprocess.run(
                self._words(words),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE,
                check=False,
            )
        except FileNotFoundError as error:
            raise _no_git() from error
        except subprocess.TimeoutExpired as error:
            message = f"{self.root}: git {words[0]} took more than {_PATIENCE} s; try again"
            raise HarnessError(message) from error
        if done.returncode:
            what = " ".join(os.fsdecode(done.stderr).split())
            raise _SaidNo(f"{self.root}: git {words[0]}: {what:.200}; mend the repository")
        return os.fsdecode(done.stdout).strip()

    @contextmanager
    def _started(self, *words: str, feed: bool = False) -> Iterator[subprocess.Popen[bytes]]:
        """Yield git at work; it is ended when the caller has seen enough."""
        try:
            process = subprocess.Popen(
                self._words(words),
                env=_environment(),
                stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            raise _no_git() from error
        try:
            yield process
        finally:
            process.kill()
            for stream in (process.stdin, process.stdout):
                if stream:
                    with suppress(OSError):  # what was not sent is not wanted any more
                        stream.close()
            process.wait()

    def _words(self, words: Iterable[str]) -> list[str]:
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        return ["git", "-C", str(self.root), "--no-pager", *settings, *words]


class _SaidNo(HarnessError):
    """Git ended with an error; the message is its own, in one line."""


def open_repository(root: Path) -> Repository:
    """Return the repository that a folder is in, from its top: there, git's paths are from the top.

    Raises:
        HarnessError: There is none, git is not installed, or the clone is shallow: then neither
            the merge base nor earlier entries are known.
    """
    if not root.is_dir():
        raise HarnessError(f"{root}: no such folder; name one in a git repository")
    repository = Repository(root)
    words = ("rev-parse", "--is-shallow-repository")
    try:
        shallow = repository._call(*words)  # noqa: SLF001 - of the same module
    except _SaidNo as error:
        raise HarnessError(
            f"{root} is not in a git repository that can be read ({_reason(error)}); name a clone"
            " of your own"
        ) from error
    if shallow == "true":
        raise HarnessError(
            f"{root}: a shallow clone does not hold the commits to compare; run `git fetch"
            " --unshallow`"
        )
    above = repository._call("rev-parse", "--show-cdup")  # noqa: SLF001 - "" in a bare one
    return Repository(root / above) if above else repository


def _reason(error: Exception) -> str:
    """Return what git said, without the remedy."""
    return str(error).partition(": git rev-parse: ")[2].removesuffix("; mend the repository")


def _no_git() -> HarnessError:
    return HarnessError("git is not installed, or not on PATH; install it")


def _environment() -> dict[str, str]:
    """Return git's surroundings: of the user's only where programs are."""
    return {"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT}


def _fields(process: subprocess.Popen[bytes], *, quiet: bool = False) -> Iterator[str]:
    """Yield what git prints between NULs, without holding all of it.

    Args:
        process: Git.
        quiet: Whether an error of git means that there is nothing.

    Raises:
        HarnessError: Git ended with an error.
    """
    assert process.stdout is not None
    yield from map(os.fsdecode, _split(process.stdout))
    if process.wait(_PATIENCE) and not quiet:
        raise HarnessError("git could not compare the commits; run `git fsck`")


def _split(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(1 << 16):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole


def _ask(process: subprocess.Popen[bytes], name: str) -> str:
    """Return git's line on an object."""
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(os.fsencode(name) + b"\n")
        process.stdin.flush()
    except BrokenPipeError as error:
        raise HarnessError("git could not read the repository; run `git fsck`") from error
    return os.fsdecode(process.stdout.readline())
