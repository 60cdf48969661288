"""A picture: what is drawn, and its two ways out: a file of its own, and a part of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness.leaderboard.figures.figure_style import file_rules, set_size
from harness.leaderboard.figures.text_width import fitted, printable

MARGIN = 12.0


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
        """Return the picture as a file of its own, with its styles in light colours inside."""
        used = {name for _, kind in self.drawing.shapes for name in kind.split()}
        used |= {name for kind in self.drawing.texts for name in kind.split()}
        return _svg(self, file_rules(used))

    def inline(self) -> str:
        """Return the picture for a page that has ``figure_style.page_rules`` in its style."""
        return _svg(self, "")


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
        "size": lambda value: place(value).removesuffix(".0"),
        "printable": printable,
    }
    return environment.get_template("macros.svg.j2").module


def place(value: float) -> str:
    """Return a coordinate as it is written: one decimal, and no minus before 0."""
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


def moved(point: tuple[float, float], before: tuple[float, ...] | None) -> str:
    """Return where a shape begins: from the one before it on its line, which is shorter.

    Args:
        point: The place.
        before: The shape before it, which begins with its place; None without one.
    """
    x, y = point
    if before and before[1] == y:
        return f"m{place(x - before[0])} 0"
    return f"M{place(x)} {place(y)}"
