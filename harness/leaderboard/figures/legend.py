"""The lines under a picture that say what its shapes mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.leaderboard.figures.figure_style import SIZES
from harness.leaderboard.figures.picture import Drawing
from harness.leaderboard.figures.text_width import width_of

LINE = 17.0
SAMPLE = 28.0  # width of a sample with the room after it
BETWEEN = 14.0


@dataclass(frozen=True)
class Key:
    """A sample shape and its meaning.

    Attributes:
        words: What it means.
        shapes: What is drawn, each as (macro, classes): in the middle of the sample's place.
    """

    words: str
    shapes: tuple[tuple[str, str], ...] = ()


INTERVAL = Key("95 % interval", (("interval", "line plain"),))
LARGE = Key("difference", (("interval", "line plain"), ("dot", "dot plain")))
SCORE = Key("score", (("interval", "line plain"), ("dot", "dot plain")))
SETTING = Key("a setting", (("interval", "line plain"), ("dot", "dot plain")))
BASE = Key("the baseline", (("interval", "line base"), ("dot", "dot base")))
RUNS = Key("each run, minus the baseline's mean", (("dot", "runs"),))
HOLLOW = Key(
    "one run: interval covers the test items only",
    (("interval", "line plain"), ("dot", "dot plain"), ("dot", "hole")),
)
DASHED = Key(
    "one run, spread of the others", (("interval", "line plain dash"), ("dot", "dot plain"))
)
DIAMOND = Key("published, without interval", (("diamond", "solid"),))
MORE = Key("told apart, more ▲", (("interval", "line more"), ("dot", "dot more")))
LESS = Key("told apart, less ▼", (("interval", "line less"), ("dot", "dot less")))
BEYOND = Key("beyond the scale, with its number", (("arrow", "solid"),))
ALIKE = Key("all runs give the same score: not known how sure", (("square", "box"),))


def draw_keys(
    drawing: Drawing, keys: Sequence[Key], left: float, top: float, width: float
) -> float:
    """Draw keys in as many lines as they need, and return where the last one ends.

    Args:
        drawing: What to draw on.
        keys: The keys.
        left: Where lines begin.
        top: Where the first line begins.
        width: How wide a line may be.
    """
    x, y = left, top + LINE / 2
    for key in keys:
        sample = SAMPLE if key.shapes else 0.0
        wide = sample + width_of(key.words, SIZES["note"])
        if x > left and x + wide > left + width:
            x, y = left, y + LINE
        for shape, kind in key.shapes:
            drawing.add(shape, kind, *_sample(shape, x, y))
        drawing.write("note", (x + sample, y + 4), key.words, left + width - x - sample)
        x += wide + BETWEEN
    return y + LINE / 2


def _sample(shape: str, x: float, y: float) -> tuple[float, ...]:
    """Return the place of a sample shape, 22 wide."""
    if shape == "interval":
        return x, x + 22, y
    if shape == "arrow":
        return x + 8, y, 1
    if shape == "cell":
        return x + 2, y - 6, 20, 12
    return x + 11, y
