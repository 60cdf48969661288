"""Which numbers and words a user or a file may give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The numbers that are allowed, and words allowed in their place.

    Attributes:
        low: The lower bound.
        high: The upper bound.
        whole: Whether only whole numbers are allowed.
        above: Whether the lower bound itself is refused.
        below: Whether the upper bound itself is refused.
        words: Words that are allowed in place of a number.
    """

    low: float
    high: float
    whole: bool = True
    above: bool = False
    below: bool = False
    words: tuple[str, ...] = ()

    def __contains__(self, value: object) -> bool:
        """Return whether a value is allowed; a text must be one of the words."""
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        low = self.low < value if self.above else self.low <= value
        return low and (value < self.high if self.below else value <= self.high)

    def __str__(self) -> str:
        """Return what is allowed, in words."""
        number = "a whole number" if self.whole else "a number"
        low = f"{'above' if self.above else 'from'} {self.low:.12g}"
        high = f"{'to below' if self.below else 'to'} {self.high:.12g}"
        return " or ".join([f"{number} {low} {high}", *self.words])


@dataclass(frozen=True)
class Choice:
    """The words that are allowed.

    Attributes:
        words: The words.
    """

    words: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        """Return whether a value is one of the words."""
        return isinstance(value, str) and value in self.words

    def __str__(self) -> str:
        """Return what is allowed, in words."""
        return f"one of {', '.join(self.words)}"


@dataclass(frozen=True)
class Switch:
    """True or false.

    Attributes:
        words: None, since true and false are not texts in TOML.
    """

    words: tuple[str, ...] = ()

    def __contains__(self, value: object) -> bool:
        """Return whether a value is true or false."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        """Return what is allowed, in words."""
        return "true or false"


@dataclass(frozen=True)
class Either:
    """What one of several kinds of bounds allows.

    Attributes:
        kinds: The bounds.
    """

    kinds: tuple[Bounds, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words that are allowed in place of a number."""
        return tuple(word for one in self.kinds for word in one.words)

    def __contains__(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return any(value in one for one in self.kinds)

    def __str__(self) -> str:
        """Return what is allowed, in words."""
        return " or ".join(map(str, self.kinds))


Expected = Bounds | Choice | Switch | Either
MANY = 10**9  # an upper bound for counts, far above those of any training
COUNT = Bounds(0, MANY)
SEED = Bounds(0, 2**32 - 1)  # the largest seed that numpy accepts
THREADS = Bounds(0, 1024)
PROCESSES = Bounds(1, 1024)
SHARE = Bounds(0, 1, whole=False, below=True)
LAYER = Either(
    (
        Bounds(0, 1000, words=("usual", "last", "xtreme", "auto")),
        Bounds(0, 1, whole=False, above=True, below=True),  # a share of the depth
    )
)
NEIGHBOURS = Bounds(1, 50_000)
LENGTH = Bounds(8, 2**20)  # tokens in one input; no encoder reads as many
WEIGHT = Bounds(1e-6, 1e6, whole=False)
BOUNDS = {
    "seed": SEED,
    "threads": THREADS,
    "limit": COUNT,
    "max_steps": COUNT,
    "workers": PROCESSES,
    "mlm": SHARE,
    "cases": Bounds(1, 10_000),
    "tried": Bounds(1, 10**6),  # as the schema of submissions has them
    "parameters": Bounds(0, 10**18),
    "neighbours": NEIGHBOURS,
    "max_length": LENGTH,
    "threshold": Bounds(-1e6, 1e6, whole=False),
    "seed_sd": Bounds(0, 100, whole=False, above=True),
}
"""What the numbers among the arguments may be."""


def shown(value: object) -> str:
    """Return the beginning of a value's ``repr``, for a message."""
    try:
        return f"{value!r:.60}"
    except ValueError:  # Python prints no integer of more than 4,300 digits; TOML may hold one
        return "a number of thousands of digits"
