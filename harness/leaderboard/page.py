"""The page: one HTML file that holds everything, from the board."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from harness.leaderboard.board import Board
from harness.leaderboard.board_pairs import MOST
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.colours import DARK, LIGHT
from harness.leaderboard.figures import page_rules, pictures_of
from harness.leaderboard.foot_marks import FOOT_NOTES, foot_notes
from harness.leaderboard.views.board_view import BoardTable, board_tables_of
from harness.leaderboard.views.compare_view import compared_of
from harness.leaderboard.views.entry_view import DataSet, EntryView, data_sets_of, entry_view_of
from harness.leaderboard.views.languages_view import LanguageTable, language_tables_of
from harness.leaderboard.views.what_helps import WhatHelps, title_of, what_helps_of
from harness.submission.verified import Provenance

if TYPE_CHECKING:
    from markupsafe import Markup

PICTURES_ROOM = 150_000  # bytes of all pictures on the page
LONGEST = 80  # characters shown of an entry's text
SECTIONS = (
    ("helps", "What helps"),
    ("board", "Board"),
    ("languages", "Languages"),
    ("compare", "Compare"),
    ("entries", "Entries"),
    ("read", "How to read this"),
)
PICTURES = {
    "forest": "helps",
    "forests": "helps",
    "runs": "helps",
    "heat": "languages",
    "gap": "languages",
    "parameters": "board",
}
"""What the names of pictures begin with, to their section; all others stand in the board."""


@dataclass(frozen=True)
class Pictures:
    """SVG pictures by the section that they stand in."""

    helps: tuple[Markup, ...] = ()
    board: tuple[Markup, ...] = ()
    languages: tuple[Markup, ...] = ()


@dataclass(frozen=True)
class Page:
    """All values of the page's template.

    Attributes:
        count: Number of entries on the board.
        notes: What a reader should know.
        helps: The section What helps.
        boards: The tables of the board.
        languages: The tables by language.
        entries: All that is known of each entry.
        data_sets: The data that entries were scored on.
        versions: Versions of what the numbers are made with.
        digest: SHA-256 over the entries.
        pictures: The pictures.
        sections: Anchor and title of each section.
        feet: What the foot marks mean.
    """

    count: int
    notes: tuple[str, ...]
    helps: WhatHelps
    boards: tuple[BoardTable, ...]
    languages: tuple[LanguageTable, ...]
    entries: tuple[EntryView, ...]
    data_sets: tuple[DataSet, ...]
    versions: tuple[tuple[str, int], ...]
    digest: str
    pictures: Pictures
    sections: tuple[tuple[str, str], ...] = field(default=SECTIONS)
    feet: tuple[str, ...] = field(default=tuple(foot_notes(FOOT_NOTES)))


def page_file(board: Board) -> dict[str, str]:
    """Return the page as a file, with its pictures: those of the first families where it is long.

    The language maps of single targets are tables on the page and pictures for papers only.
    """
    inside: dict[str, str] = {}
    room = PICTURES_ROOM
    for name, picture in pictures_of(board).items():
        text = "" if "." in name else picture.inline()
        room -= len(text)
        if text and room > 0:
            inside[name] = text
    return {"index.html": page_of(board, inside, page_rules())}


def page_of(board: Board, figures: Mapping[str, str] | None = None, rules: str = "") -> str:
    """Return the page, whole: style, script and data are inside, and nothing is fetched.

    Args:
        board: The board.
        figures: Name to the SVG of each picture, as it stands inside a page (no style of its
            own); without any the page is whole, too.
        rules: The pictures' rules for the page's style sheet.
    """
    rows = _first(board)
    shown = {row.slug: row for row in rows}
    languages = language_tables_of(board, shown)
    page = Page(
        count=len(board.rows),
        notes=(*board.notes, *_left_out(board, rows)),
        helps=what_helps_of(board, shown),
        boards=board_tables_of(board, rows),
        languages=languages,
        entries=tuple(entry_view_of(row) for row in rows),
        data_sets=data_sets_of(rows),
        versions=tuple(board.versions.items()),
        digest=board.digest,
        pictures=_pictures(figures or {}),
    )
    return _rendered(page, compared_of(board, rows, languages).as_dict(), rules)


def _first(board: Board) -> list[BoardRow]:
    """Return the rows that are on the page: ranked, then recomputed, then the rest, by slug."""

    def order(row: BoardRow) -> tuple[bool, bool, str]:
        return row.slug not in board.ranks, row.provenance is not Provenance.RECOMPUTED, row.slug

    return sorted(sorted(board.rows, key=order)[:MOST], key=lambda row: row.slug)


def _left_out(board: Board, rows: Sequence[BoardRow]) -> list[str]:
    """Return the sentence on the entries that are not on the page."""
    if len(rows) == len(board.rows):
        return []
    return [
        f"{len(board.rows):,} entries are on the board, and {len(rows):,} of them on this page: "
        "the ranked ones, then the recomputed ones. All are in leaderboard.csv and "
        "leaderboard.json."
    ]


def _pictures(figures: Mapping[str, str]) -> Pictures:
    """Return the pictures by section, as markup of our own."""
    from markupsafe import Markup

    places: dict[str, list[Markup]] = {"helps": [], "board": [], "languages": []}
    for name in sorted(figures):
        place = PICTURES.get(name.partition("-")[0], "board")
        places[place].append(Markup(figures[name]))  # noqa: S704 - our own SVG
    return Pictures(**{place: tuple(some) for place, some in places.items()})


def _rendered(page: Page, data: Mapping[str, Any], rules: str) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("harness.leaderboard", "site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["short"] = short
    environment.filters["title_of"] = title_of
    environment.tests["https"] = is_https
    environment.tests["plain"] = str.isascii
    script, style = _site("page.js"), f"{_style()}{rules}"
    return environment.get_template("page.html.j2").render(
        page=page,
        policy=_policy(script, style),
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        data=Markup(script_json(data)),  # noqa: S704 - escaped there
    )


def short(text: str) -> str:
    """Return at most ``LONGEST`` characters of an entry's text, ended by … where it is cut."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def is_https(url: str) -> bool:
    """Return whether an address may be a link."""
    return url.startswith("https://") and url.isprintable() and " " not in url


def script_json(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in, nor a line of a script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _site(name: str) -> str:
    return (files("harness.leaderboard") / "site" / name).read_text("utf-8")


def _style() -> str:
    """Return the style sheet: the colours, light and dark, then the rules."""
    return (
        f":root{{color-scheme:light;{LIGHT.css()}}}\n"
        "@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light])"
        f"{{color-scheme:dark;{DARK.css()}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{DARK.css()}}}}}\n"
        + "".join(
            f".s{step}{{background:var(--fill-{step});color:var(--ink-{step})}}"
            f".w{step}{{background:var(--pale-{step});color:var(--ink)}}"
            for step in range(len(LIGHT.tones))
        )
        + f"\n{_site('page.css')}"
    )


def _policy(script: str, style: str) -> str:
    """Return the content security policy: this script, this style, and nothing from elsewhere."""
    return (
        f"default-src 'none'; script-src '{_source(script)}'; style-src '{_source(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{b64encode(digest).decode()}"
