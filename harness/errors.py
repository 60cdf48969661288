"""The one error a user is meant to see."""

import difflib
import errno
import os
from collections.abc import Iterable

BEFORE = "a step before it failed"  # why another has no result


class HarnessError(Exception):
    """Something the user can mend, said in one line that names the place and the remedy."""


class NotFinite(HarnessError):
    """What comes of a model is infinite or no number; names the row, callers add the task."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` for the closest known names, or nothing.

    Args:
        word: What was asked for.
        known: The names there are.
    """
    close = difflib.get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def unknown(kind: str, word: str, known: Iterable[str], also: str = "") -> HarnessError:
    """Return the error for a name that is none of those there are.

    Args:
        kind: What it should have been, e.g. ``task``.
        word: What was asked for.
        known: The names there are.
        also: What else to say of them.
    """
    names = list(known)
    rest = f"; {also}" if also else ""
    return HarnessError(
        f"unknown {kind} {word!r:.60}{nearest(word, names)} (known: {', '.join(names)}{rest})"
    )


def disk_trouble(error: Exception) -> str:
    """Return what a full or forbidden disk says, by whatever library's error; "" of any other."""
    if isinstance(error, OSError) and error.errno in (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EACCES,
        errno.EROFS,
    ):
        return f"{error.strerror}" + (f" at {error.filename}" if error.filename else "")
    for number in (errno.ENOSPC, errno.EDQUOT):  # safetensors, tokenizers, shutil.copytree
        if os.strerror(number) in str(error):
            return os.strerror(number)
    if "PytorchStreamWriter failed writing" in str(error):  # torch.save keeps the reason to itself
        return f"{os.strerror(errno.ENOSPC)} (or it cannot be written)"
    return ""
