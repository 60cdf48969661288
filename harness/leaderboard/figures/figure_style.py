"""The rules that colour a picture: custom properties in the page, plain colours in a file.

A file has the light colours, and the dark ones for whoever asks for these on a screen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from harness.leaderboard.colours import DARK, LIGHT, STEPS, Palette

SIZES = {"head": 14, "text": 12, "name": 12, "note": 11, "tick": 10, "cell": 10, "group": 10}
BOLD = 1.14  # times as wide as plain text
_ALWAYS = ("&", "path", ".paper")
_TONES = {"less": 0, "plain": 4, "more": 8}
_FAMILY = "system-ui,sans-serif"


def set_size(kind: str) -> float:
    """Return the size that the width of a text is estimated at.

    Args:
        kind: Its classes, of which the first gives the size.
    """
    name = kind.split(maxsplit=1)[0]
    return SIZES[name] * (BOLD if name == "head" else 1.0)


def page_rules() -> str:
    """Return the rules for pictures inside the page, which has the custom properties.

    On a screen they keep their size, so that their texts are read: their boxes scroll.
    """
    return f"{_joined(_RULES)}@media screen{{.figure{{max-width:none}}}}"


def file_rules(used: Collection[str]) -> str:
    """Return the rules with plain colours, for programs that know no custom property.

    Those that know no media query keep to the light ones.

    Args:
        used: The classes that the picture has.
    """
    rules = [rule for rule in _RULES if rule[0] in _ALWAYS or rule[0][1:] in used]
    dark = [(one, coloured) for one, css in rules if (coloured := _coloured(css))]
    return (
        f"{_plain(_joined(rules), LIGHT)}"
        f"@media screen and (prefers-color-scheme:dark){{{_plain(_joined(dark), DARK)}}}"
    )


def _coloured(css: str) -> str:
    """Return of declarations those that name a colour."""
    return ";".join(one for one in css.split(";") if "var(" in one)


def _plain(css: str, palette: Palette) -> str:
    colours = palette.properties()
    return re.sub(r"var\((--[a-z0-9-]+)\)", lambda found: colours[found[1]], css)


def _joined(rules: Iterable[tuple[str, str]]) -> str:
    return "".join(f".figure {one}{{{css}}}".replace(" &", "") for one, css in rules)


def _rules() -> Iterator[tuple[str, str]]:
    """Yield selectors below ``.figure`` (``&`` is the picture itself) and what they set."""
    yield "&", f"fill:var(--ink);font-family:{_FAMILY}"
    yield "path", "fill:none"
    yield ".paper", "fill:var(--paper)"
    for name, size in SIZES.items():
        yield f".{name}", f"font-size:{size}px"
    yield ".head", "font-weight:600"
    for name in ("tick", "note", "group"):
        yield f".{name}", "fill:var(--quiet)"
    yield ".mid", "text-anchor:middle"
    yield ".end", "text-anchor:end"
    yield ".grid", "stroke:var(--grid)"
    yield ".axis", "stroke:var(--rule)"
    for name, step in _TONES.items():
        yield f".{name}", f"stroke:var(--edge-{step})"
    yield ".base", "stroke:var(--ink)"
    yield ".line", "stroke-width:1.6"
    yield ".dash", "stroke-dasharray:5 3"
    yield ".runs", "stroke:var(--quiet);stroke-width:4;stroke-linecap:round"
    yield ".dot", "stroke-width:9;stroke-linecap:round"
    yield ".hole", "stroke:var(--paper);stroke-width:5.6;stroke-linecap:round"
    yield ".box", "fill:var(--paper);stroke:var(--edge-4);stroke-width:1.4"
    yield ".ink", "fill:var(--ink)"
    yield ".solid", "fill:var(--edge-4)"
    for name, step in (("runs", STEPS - 1), ("items", STEPS - 4)):
        yield f".of-{name}", f"fill:var(--fill-{step});stroke:var(--edge-{step})"
        yield f".on-{name}", f"fill:var(--ink-{step})"
    for step in range(STEPS):
        yield f".fill-{step}", f"fill:var(--fill-{step});stroke:var(--edge-{step})"
        yield f".pale-{step}", f"fill:var(--pale-{step})"
        yield f".on-{step}", f"fill:var(--ink-{step})"


_RULES = tuple(_rules())
