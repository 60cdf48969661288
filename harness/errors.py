"""The one error a user is meant to see."""

import difflib
import errno
import os
from collections.abc import Iterable

BEFORE = "a step before it failed"  # the reason of a step that was skipped


class HarnessError(Exception):
    """An error that the user can fix; its message names the place and the remedy in one line."""


class NotFinite(HarnessError):
    """A model's output is infinite or NaN; the message names the row, callers add the task."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` for the closest known names, or nothing.

    Args:
        word: The unknown name.
        known: The known names.
    """
    close = closest(word, known)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def closest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known names, at most three, that are closest to an unknown one; best first."""
    return difflib.get_close_matches(word[:80], list(known), n=3, cutoff=0.5)


def unknown(kind: str, word: str, known: Iterable[str], also: str = "") -> HarnessError:
    """Return the error for an unknown name.

    Args:
        kind: What it should have been, e.g. ``task``.
        word: The unknown name.
        known: The known names.
        also: A further remark on the known names.
    """
    names = list(known)
    rest = f"; {also}" if also else ""
    return HarnessError(
        f"unknown {kind} {word!r:.60}{nearest(word, names)} (known: {', '.join(names)}{rest})"
    )


def disk_trouble(error: Exception) -> str:
    """Return the message of an error that means a full or forbidden disk, "" for other errors."""
    full = (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, OSError) and error.errno in (*full, errno.EACCES, errno.EROFS):
        return f"{error.strerror}" + (f" at {error.filename}" if error.filename else "")
    for number in full:  # safetensors, tokenizers, shutil.copytree
        if os.strerror(number) in str(error):
            return os.strerror(number)
    if "PytorchStreamWriter failed writing" in str(error):  # torch.save hides the reason
        return f"{os.strerror(errno.ENOSPC)} (or it cannot be written)"
    return ""
