"""What a number, or a word in its place, may be that a user or a file gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The numbers that are taken, and the words.

    Attributes:
        low: The least number.
        high: The greatest.
        whole: Whether only whole numbers are taken.
        above: Whether the least number itself is refused.
        below: Whether the greatest one is.
        words: Words that are taken in place of a number.
    """

    low: float
    high: float
    whole: bool = True
    above: bool = False
    below: bool = False
    words: tuple[str, ...] = ()

    def __contains__(self, value: object) -> bool:
        """Say whether a value is taken; a text is one of the words or none."""
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        low = self.low < value if self.above else self.low <= value
        return low and (value < self.high if self.below else value <= self.high)

    def __str__(self) -> str:
        """Return what is taken, in words."""
        number = "a whole number" if self.whole else "a number"
        low = f"{'above' if self.above else 'from'} {self.low:.12g}"
        high = f"{'to below' if self.below else 'to'} {self.high:.12g}"
        return " or ".join([f"{number} {low} {high}", *self.words])


@dataclass(frozen=True)
class Choice:
    """The words that are taken, and nothing else.

    Attributes:
        words: The words.
    """

    words: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        """Say whether a value is one of the words."""
        return isinstance(value, str) and value in self.words

    def __str__(self) -> str:
        """Return what is taken, in words."""
        return f"one of {', '.join(self.words)}"


@dataclass(frozen=True)
class Switch:
    """True or false.

    Attributes:
        words: Words that are taken: none, in TOML they are no texts.
    """

    words: tuple[str, ...] = ()

    def __contains__(self, value: object) -> bool:
        """Say whether a value is true or false."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        """Return what is taken, in words."""
        return "true or false"


Expected = Bounds | Choice | Switch
MANY = 10**9  # of what is counted; no training set and no training is near it
COUNT = Bounds(0, MANY)
SEED = Bounds(0, 2**32 - 1)  # as high as numpy takes it
THREADS = Bounds(0, 1024)
PROCESSES = Bounds(1, 1024)
SHARE = Bounds(0, 1, whole=False, below=True)
WEIGHT = Bounds(1e-6, 1e6, whole=False)
BOUNDS = {
    "seed": SEED,
    "threads": THREADS,
    "limit": COUNT,
    "max_steps": COUNT,
    "workers": PROCESSES,
    "mlm": SHARE,
}
"""What the numbers among the arguments may be."""


def shown(value: object) -> str:
    """Return the beginning of a value as it is written, for a message."""
    try:
        return f"{value!r:.60}"
    except ValueError:  # Python writes no integer of more than 4,300 digits; TOML may hold one
        return "a number of thousands of digits"
