"""A picture: what is drawn, and its two ways out: a file of its own, and a part of the page."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness.leaderboard.figures.figure_style import file_rules, set_size
from harness.leaderboard.figures.text_width import fitted, printable, width_of

MARGIN = 12.0
LEAST_WIDTH, WIDEST_HEAD = 600.0, 1100.0  # that the lines of text need
LINES = ("interval", "upright", "leader", "cell")  # what dots stand on


@dataclass(frozen=True)
class Text:
    """A text at its place."""

    x: float
    y: float
    words: str


@dataclass
class Drawing:
    """Shapes and texts in the order in which they are drawn, those of one kind together.

    Attributes:
        shapes: Name of a macro and classes, to the macro's arguments for each shape.
        texts: Classes to the texts that have them; the first class gives the size.
        turned: The same of texts that are read from below upwards.
    """

    shapes: dict[tuple[str, str], list[tuple[float, ...]]] = field(default_factory=dict)
    texts: dict[str, list[Text]] = field(default_factory=dict)
    turned: dict[str, list[Text]] = field(default_factory=dict)

    @property
    def layers(self) -> list[tuple[tuple[str, str], list[tuple[float, ...]]]]:
        """Return the shapes in the order in which they are drawn: dots on lines, holes on dots."""
        return sorted(self.shapes.items(), key=lambda one: _layer(*one[0]))

    @property
    def classes(self) -> set[str]:
        """Return all classes of shapes and texts."""
        kinds = [*(kind for _, kind in self.shapes), *self.texts, *self.turned]
        return {name for kind in kinds for name in kind.split()}

    def add(self, shape: str, kind: str, *place: float) -> None:
        """Draw a shape.

        Args:
            shape: The name of its macro.
            kind: Its classes.
            place: The macro's arguments.
        """
        self.shapes.setdefault((shape, kind), []).append(place)

    def write(self, kind: str, place: tuple[float, float], words: str, box: float) -> None:
        """Write a text, cut if it is wider than its box.

        Args:
            kind: Its classes; ``mid`` and ``end`` say what of it is at the place.
            place: Where it stands, x and y.
            words: The text.
            box: How wide it may be.
        """
        shown = fitted(printable(words), box, set_size(kind))
        self.texts.setdefault(kind, []).append(Text(*place, shown))

    def write_turned(self, kind: str, place: tuple[float, float], words: str, box: float) -> None:
        """Write a text that is read from below upwards, cut if it is longer than its box."""
        shown = fitted(printable(words), box, set_size(kind))
        self.turned.setdefault(kind, []).append(Text(*place, shown))


def _layer(shape: str, kind: str) -> int:
    return 0 if shape in LINES else 2 if kind == "hole" else 1


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture.

    Attributes:
        width: Its width.
        height: Its height.
        title: What it finds, in words.
        description: Where its numbers stand.
        drawing: What is drawn.
    """

    width: float
    height: float
    title: str
    description: str
    drawing: Drawing

    def standalone(self) -> str:
        """Return the picture as a file of its own, with its styles inside, light and dark."""
        return _svg(self, file_rules(self.drawing.classes))

    def inline(self) -> str:
        """Return the picture for a page that has ``figure_style.page_rules`` in its style."""
        return _svg(self, "")


def wide_enough(width: float, head: str) -> float:
    """Return the width of a picture that has room for its lines of text, too.

    Args:
        width: What is drawn needs this.
        head: The heading.
    """
    needed = min(WIDEST_HEAD, math.ceil(width_of(head, set_size("head"))) + 2.0)
    return max(width, LEAST_WIDTH, needed + 2 * MARGIN)


def _svg(picture: Picture, rules: str) -> str:
    from markupsafe import Markup

    return str(_macros().svg(picture, Markup(rules)))  # noqa: S704 - the rules are our own


@cache
def _macros() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(Path(__file__).parent)
    )
    environment.filters |= {
        "xy": place,
        "moved": moved,
        "printable": printable,
    }
    return environment.get_template("macros.svg.j2").module


def place(value: float) -> str:
    """Return a coordinate as it is written: one decimal unless it is 0, no minus before 0."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def moved(point: tuple[float, float], before: tuple[float, ...] | None) -> str:
    """Return where a shape begins: from the one before it on its line or below, which is shorter.

    Args:
        point: The place.
        before: The shape before it, which begins with its place; None without one.
    """
    x, y = point
    if before and before[1] == y:
        return f"m{place(x - before[0])} 0"
    if before and before[0] == x:
        return f"m0 {place(y - before[1])}"
    return f"M{place(x)} {place(y)}"
