"""The one error a user is meant to see."""

import difflib
from collections.abc import Iterable


class HarnessError(Exception):
    """Something the user can mend, said in one line that names the place and the remedy."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` for the closest known names, or nothing.

    Args:
        word: What was asked for.
        known: The names there are.
    """
    close = difflib.get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""
