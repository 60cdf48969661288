"""Colours of the page and its pictures: one table, light and dark, blue for more, orange for less.

A difference has one of nine steps (``step_of``). Sign and number are always written beside a
colour, so that nothing is said by colour alone.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

EDGES = (0.5, 1.0, 2.0, 4.0)  # points where the next stronger step begins, both ways
STEPS = 2 * len(EDGES) + 1
MIDDLE = len(EDGES)  # the step of differences below half a point


@dataclass(frozen=True)
class Tone:
    """The colours of one step.

    Attributes:
        fill: The cell, where its interval leaves 0 out.
        ink: Text on that fill, 4.5 : 1 at least.
        pale: The cell, where its interval covers 0; the page's own ink is read on it.
        edge: Outlines, lines and dots of the step on the page, 3 : 1 at least.
    """

    fill: str
    ink: str
    pale: str
    edge: str


@dataclass(frozen=True)
class Palette:
    """All colours of one way to show the page.

    Attributes:
        paper: The ground.
        ink: Text.
        quiet: Text that matters less, 4.5 : 1 too.
        rule: Axes and frames, 3 : 1 at least.
        grid: Faint lines that carry nothing alone.
        tones: The nine steps, from the most below 0 to the most above it.
    """

    paper: str
    ink: str
    quiet: str
    rule: str
    grid: str
    tones: tuple[Tone, ...]

    def properties(self) -> dict[str, str]:
        """Return the custom properties of CSS, e.g. ``--paper``, ``--fill-8`` and ``--ink-8``."""
        names = {f"--{name}": getattr(self, name) for name in _PLAIN}
        for step, tone in enumerate(self.tones):
            names |= {f"--{name}-{step}": getattr(tone, name) for name in _OF_STEP}
        return names

    def css(self) -> str:
        """Return the custom properties as declarations, to be put between braces."""
        return ";".join(f"{name}:{colour}" for name, colour in self.properties().items())


_PLAIN = ("paper", "ink", "quiet", "rule", "grid")
_OF_STEP = ("fill", "ink", "pale", "edge")

LIGHT = Palette(
    paper="#ffffff",
    ink="#1b1d21",
    quiet="#565b63",
    rule="#7a7f87",
    grid="#dfe2e6",
    tones=(
        Tone("#a84300", "#ffffff", "#fbe3d3", "#a84300"),
        Tone("#f0985a", "#1b1d21", "#fce9dc", "#b34a04"),
        Tone("#f7bd92", "#1b1d21", "#fdeee4", "#bf5510"),
        Tone("#fbd9c0", "#1b1d21", "#fef4ed", "#c4611f"),
        Tone("#eceef1", "#1b1d21", "#f7f8f9", "#6b7078"),
        Tone("#cfe1f5", "#1b1d21", "#f0f6fc", "#3f7cb8"),
        Tone("#a5c9ee", "#1b1d21", "#e8f1fa", "#2f70b0"),
        Tone("#6eaae2", "#1b1d21", "#e0ecf8", "#2565a6"),
        Tone("#1a5799", "#ffffff", "#d8e7f6", "#1a5799"),
    ),
)

DARK = Palette(
    paper="#15181c",
    ink="#e9ebee",
    quiet="#a9afb8",
    rule="#868d97",
    grid="#333840",
    tones=(
        Tone("#ffb070", "#15181c", "#3f2a1b", "#ffb070"),
        Tone("#e08a44", "#15181c", "#37271c", "#f29a55"),
        Tone("#8f4d1a", "#ffffff", "#30241c", "#e08a44"),
        Tone("#63381a", "#ffffff", "#29211c", "#d07c3a"),
        Tone("#34393f", "#ffffff", "#20242a", "#9aa1ab"),
        Tone("#1d4268", "#ffffff", "#1a2530", "#5b9bd6"),
        Tone("#255f96", "#ffffff", "#1b2a39", "#6fabe2"),
        Tone("#5ea4e4", "#15181c", "#1c2f43", "#86bbec"),
        Tone("#a3d0fa", "#15181c", "#1e344c", "#a3d0fa"),
    ),
)


def step_of(difference: float) -> int:
    """Return the step of a difference in points, 0 (4 and more below) to 8 (4 and more above)."""
    if difference < 0:
        return MIDDLE - bisect_right(EDGES, -difference)
    return MIDDLE + bisect_right(EDGES, difference)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours ``#rrggbb``, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
