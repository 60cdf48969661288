"""The page as people use it: in the system's Chromium, from a file, without a network."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.entries import BASELINE, TRANSFER
from support.page_boards import board_with, changed, claimed, hostile

from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.page import page_of
from harness.leaderboard.views.shown_cells import signed
from harness.submission.verified import Provenance

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here; to install it: apt-get install -y chromium"
)
SORTED = "#helps table.sorted tbody:not([class]) th"


@dataclass
class Tab:
    """A page that is open, and all that it has complained of or asked for."""

    page: Any
    address: str
    log: list[str] = field(default_factory=list)

    def go(self, view: str) -> None:
        self.page.evaluate("hash => { location.hash = hash; }", view)
        self.page.wait_for_function("hash => location.hash.slice(1) === hash", arg=view)

    def hash(self) -> str:
        return str(self.page.evaluate("location.hash"))

    def texts(self, selector: str) -> list[str]:
        return [str(one) for one in self.page.locator(selector).all_inner_texts()]

    def line(self, section: str, slug: str) -> Any:
        """Return an entry's row in a section's first table."""
        return self.page.locator(f"{section} tr:has(th a[href='#entry-{slug}'])").first


Open = Callable[..., Tab]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, board: Board, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a board; at the end nothing was asked for and nothing complained of."""
    tabs: list[tuple[Any, Tab]] = []

    def opened(shown: Board = board, view: str = "", **context: Any) -> Tab:
        path = tmp_path / f"index-{len(tabs)}.html"
        path.write_text(page_of(shown), "utf-8")
        surroundings = browser.new_context(offline=True, **context)
        tab = Tab(surroundings.new_page(), path.as_uri())
        tab.page.on("console", lambda message: tab.log.append(message.text))
        tab.page.on("pageerror", lambda error: tab.log.append(str(error)))
        tab.page.on("request", lambda request: tab.log.append(request.url))
        tab.page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.log(e.violatedDirective))"
        )
        tab.page.goto(tab.address + view)
        tabs.append((surroundings, tab))
        return tab

    yield opened
    for surroundings, tab in tabs:
        surroundings.close()
        assert [one for one in tab.log if not one.startswith(tab.address)] == []


def test_sorting_has_three_states_and_leaves_the_baseline_first(open_page: Open) -> None:
    tab = open_page()
    button = tab.page.locator("#helps th[data-k=mean] button")
    first = tab.texts(SORTED)
    orders = []
    for state in ("descending", "ascending", None):
        button.click()
        assert tab.page.locator("#helps th[data-k=mean]").get_attribute("aria-sort") == state
        orders.append(tab.texts(SORTED))
    assert orders[0] == orders[1][::-1] and orders[2] == first
    assert orders[0][0] == "Qqp first"
    assert tab.texts("#helps tbody.first th") == ["no intermediate task"]


def test_what_is_missing_is_sorted_last_either_way(open_page: Open, board: Board) -> None:
    other = claimed(changed(board.by_slug[BASELINE], "Claimed", slug="claimed"))
    tab = open_page(board_with([*board.rows, other]), "#v=board&sort=-overall")
    body = "#board tbody:not([class]) tr th"
    assert tab.texts(body)[0] == "Qqp first" and tab.texts(body)[-1] == "Claimed"
    tab.go("v=board&sort=overall")
    assert tab.texts(body)[-1] == "Claimed"


def test_filters_hide_rows_everywhere_and_change_no_rank(open_page: Open, board: Board) -> None:
    qqp = [{"tasks": [{"name": "qqp", "languages": ["en"], "translated": False, "examples": 1}]}]
    rows = [changed(r, intermediate=qqp) if r.slug == "qqp-first" else r for r in board.rows]
    tab = open_page(board_with(rows))
    assert tab.page.get_by_label("Intermediate task").is_hidden()
    tab.page.locator("#filters summary").press("Enter")
    tab.page.get_by_label("Intermediate task").select_option("qqp")
    assert tab.hash() == "#f=inter:qqp"
    assert tab.page.locator("#filters summary").inner_text() == "Filter (1 active)"
    assert tab.page.locator("#count").inner_text().startswith("1 of 3 entries match")
    assert tab.line("#helps", TRANSFER).is_hidden()
    tab.page.get_by_role("link", name="Board", exact=True).click()
    assert tab.line("#board", TRANSFER).is_hidden()
    assert tab.line("#board", "qqp-first").locator("td").first.inner_text() == "1 to 3"
    tab.page.get_by_role("button", name="Reset").click()
    assert tab.line("#board", TRANSFER).is_visible()


def test_rows_that_are_not_complete_are_filtered(open_page: Open, board: Board) -> None:
    row = board.by_slug[TRANSFER]
    assert row.verified is not None
    summary = row.verified.summary
    tasks = {name: one for name, one in summary.tasks.items() if name != "xnli"}
    groups = {**summary.groups, "classification": None}
    cut = replace(summary, tasks=tasks, groups=groups, overall=None)
    rows = [replace(row, verified=replace(row.verified, summary=cut)), board.by_slug[BASELINE]]
    tab = open_page(replace(board, rows=tuple(rows)), "#v=board&f=whole:1")
    assert tab.line("#board", TRANSFER).is_hidden()
    assert tab.line("#board", BASELINE).is_visible()


def test_an_address_is_the_whole_view_and_goes_back_and_forward(open_page: Open) -> None:
    view = f"#v=languages&lang=script&sort=-l-de&cols=groups&cmp={BASELINE},{TRANSFER}&theme=dark"
    tab = open_page(view=view)
    assert tab.page.locator("#languages").is_visible() and tab.page.locator("#helps").is_hidden()
    spans = "#languages [data-target=mean] tr.spans th"
    assert tab.texts(spans) == ["English", "Arab", "Deva", "Hans", "Latn"]
    assert tab.page.locator("#languages [data-grouping=family]").is_hidden()
    assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"
    tab.page.get_by_label("Languages by").select_option("family")
    assert tab.hash() == view.replace("lang=script&", "")
    tab.page.go_back()
    assert tab.hash() == view
    assert tab.page.get_by_label("Languages by").input_value() == "script"
    tab.page.go_forward()
    assert tab.texts(spans)[1] == "Afro-Asiatic"


def test_columns_of_a_language_move_with_their_cells(open_page: Open, board: Board) -> None:
    tab = open_page(view="#v=languages")

    def by_column() -> dict[str, list[str]]:
        table = tab.page.locator("#languages table.heat").first
        heads = table.locator("thead tr").last.locator("th").all_inner_texts()
        rows = [one.split("\t") for one in table.locator("tbody tr").all_inner_texts()]
        return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))

    family = by_column()
    tab.go("v=languages&lang=resources")
    assert by_column() == family and list(by_column()) != list(family)


def test_one_target_by_language(open_page: Open) -> None:
    tab = open_page(view="#v=languages")
    assert tab.page.locator("[data-target=mean] table").is_visible()
    tab.page.get_by_label("Languages on").select_option("bucc2018")
    assert tab.hash() == "#v=languages&on=bucc2018"
    assert tab.page.locator("[data-target=mean] table").is_hidden()
    heads = tab.texts("[data-target=bucc2018] th[data-k^='l-']")
    assert sorted(heads) == ["ar", "de", "es", "hi", "sw", "zh"]


@pytest.mark.parametrize(
    "view",
    [
        "#v=nowhere&sort=-nothing&lang=1&f=prov:x,a,:,whole:2&cmp=a,b&cols=9&theme=pink&__proto__=1",
        "#v=%E0%A4%A&f=%",
        "#f=constructor:1,__proto__:x,toString:y",
        "#" + "v=board&" * 12_800,
    ],
)
def test_what_is_not_known_in_an_address_is_dropped(open_page: Open, view: str) -> None:
    tab = open_page(view=view)
    assert tab.page.locator("#helps").is_visible()
    assert tab.texts("#count") == ["3 entries"]


def compared(tab: Tab) -> dict[str, list[str]]:
    """Return what Compare shows: column to difference, half and p."""
    lines = [one.split("\t") for one in tab.texts("#comparison tbody tr")]
    return {title: cells for title, *cells in lines}


def as_shown(cell: BoardCell) -> list[str]:
    p = cell.p or 0.0
    level = "< 0.001" if round(1000 * p) == 0 else f"{p:.{3 if round(1000 * p) < 100 else 2}f}"
    return [signed(cell.estimate), f"{cell.half:.1f}", level]


def test_compare_begins_with_a_baseline_and_its_setting(open_page: Open, board: Board) -> None:
    tab = open_page(view="#v=compare")
    ((_, table),) = board.families
    first = tab.page.locator("#chosen select").first
    assert first.input_value() == BASELINE and tab.hash() == "#v=compare"
    for column, cells in (("overall", compared(tab)["overall"]), ("xnli", compared(tab)["XNLI"])):
        key = "mean" if column == "overall" else column
        assert cells == as_shown(table.differences[TRANSFER][key])
    tab.page.get_by_label("Second, minus the first").select_option("qqp-first")
    assert tab.hash() == f"#v=compare&cmp={BASELINE},qqp-first"
    assert compared(tab)["overall"] == as_shown(table.differences["qqp-first"]["mean"])


def test_any_two_entries_are_compared_with_intervals(open_page: Open, board: Board) -> None:
    (pair,) = (p for p in board.pairs if {p.first, p.second} == {TRANSFER, "qqp-first"})
    tab = open_page(view=f"#v=compare&cmp={pair.first},{pair.second}")
    shown = compared(tab)
    assert shown["overall"] == as_shown(pair.cells["mean"])
    assert shown["qa"] == as_shown(pair.cells["group/qa"])
    tab.go(f"v=compare&cmp={pair.second},{pair.first}")
    turned = signed(-pair.cells["mean"].estimate), shown["overall"][1]
    assert (*compared(tab)["overall"][:2],) == turned
    files = {f for run in board.by_slug[pair.first].entry.runs for f in run.files.items()}
    other = {f for run in board.by_slug[pair.second].entry.runs for f in run.files.items()}
    words = f"{len(files & other)} of the second’s {len(files)} different prediction files"
    assert words in tab.texts("#comparison")[0]


def test_pairs_that_are_not_on_the_page_have_a_command_or_a_reason(
    open_page: Open, board: Board
) -> None:
    known = [replace(f, pairs=()) for _, f in board.families]
    alone = replace(board, families=((board.families[0][0], known[0]),), ranked=())
    claims = {"xnli": {"mean": {"accuracy": 70.0}}}
    paper = changed(board.by_slug[BASELINE], slug="paper", kind="published", claims=claims)
    other = changed(board.by_slug[BASELINE], slug="elsewhere", benchmark="xtreme")
    rows = (*board.rows, claimed(paper, Provenance.PUBLISHED), claimed(other))
    tab = open_page(replace(alone, rows=rows), f"#v=compare&cmp={TRANSFER},qqp-first")
    assert f"harness compare {TRANSFER} qqp-first" in tab.texts("#comparison")[0]
    assert {cells[1] for cells in compared(tab).values()} == {"–"}
    tab.go(f"v=compare&cmp={TRANSFER},paper")
    assert "Not comparable: published numbers, without predictions" in tab.texts("#comparison")[0]
    assert [*compared(tab)] == ["XNLI"]
    tab.go(f"v=compare&cmp={TRANSFER},elsewhere")
    assert "two benchmarks, mini and xtreme" in tab.texts("#comparison")[0]
    tab.go(f"v=compare&cmp={TRANSFER},{TRANSFER}")
    assert "choose two" in tab.texts("#comparison")[0]


def test_an_entry_has_an_address(open_page: Open) -> None:
    tab = open_page(view=f"#entry-{TRANSFER}")
    assert tab.page.locator(f"#entry-{TRANSFER} dl").is_visible()
    assert tab.page.locator(f"#entry-{BASELINE} dl").is_hidden()
    tab.go("v=helps")
    tab.page.locator("#helps tbody.first a").click()
    assert tab.hash() == f"#v=entries&e={BASELINE}"
    assert tab.page.locator(f"#entry-{BASELINE} dl").is_visible()


def test_without_a_script_all_is_there(open_page: Open) -> None:
    tab = open_page(java_script_enabled=False)
    for section in ("helps", "board", "languages", "compare", "entries", "read"):
        assert tab.page.locator(f"#{section} h2").is_visible()
    assert tab.page.locator("#controls").is_hidden()
    tab.page.locator(f"#entry-{TRANSFER} summary").click()
    assert tab.page.locator(f"#entry-{TRANSFER} dl").is_visible()


def test_a_hostile_entry_runs_nothing(open_page: Open, board: Board) -> None:
    text = "</script><script>canary=1</script><img src=x onerror=canary=1>\u202e{{7*7}}"
    bad = changed(
        board.by_slug[TRANSFER], text, **hostile(text, board.by_slug[TRANSFER].entry.value)
    )
    tab = open_page(
        replace(board, rows=(bad, *board.rows[1:])), f"#v=compare&cmp={BASELINE},{TRANSFER}"
    )
    for view in ("helps", "board", "languages", f"entries&e={TRANSFER}"):
        tab.go(f"v={view}")
    assert tab.page.evaluate("typeof canary") == "undefined"
    assert tab.page.locator("img").count() == 0
    assert tab.page.locator("a[href^='javascript']").count() == 0
    assert text[:40] in tab.texts(f"#entry-{TRANSFER} summary")[0]


def test_on_a_telephone_the_page_does_not_scroll_sideways(open_page: Open) -> None:
    tab = open_page(viewport={"width": 360, "height": 740})
    for view in ("helps", "board", "languages", f"entries&e={TRANSFER}", "read"):
        tab.go(f"v={view}")
        assert tab.page.evaluate("document.documentElement.scrollWidth") == 360
    tab.go("v=board")
    box = tab.page.locator("#board .box").first
    box.evaluate("one => { one.scrollLeft = 300; }")
    assert box.evaluate("one => one.scrollLeft") == 300
    left = box.locator("tbody th[scope=row]").first.bounding_box()["x"]
    assert 0 <= left < 20


def test_print_shows_all_sections_and_no_controls(open_page: Open) -> None:
    tab = open_page(view="#v=board&theme=dark", viewport={"width": 1047, "height": 718})
    tab.page.emulate_media(media="print")  # as wide as A4 landscape less its margins
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 1047
    assert tab.page.locator("#helps h2").is_visible() and tab.page.locator("#read h2").is_visible()
    assert tab.page.locator("#controls").is_hidden()
    assert tab.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    pdf = tab.page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF") and b"/MediaBox [0 0 841" in pdf + _inflated(pdf)


def _inflated(pdf: bytes) -> bytes:
    """Return the packed parts of a PDF."""
    parts = []
    for piece in pdf.split(b"stream\n")[1:]:
        try:
            parts.append(zlib.decompressobj().decompress(piece))
        except zlib.error:
            continue
    return b"".join(parts)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_with_all_sections_shown(open_page: Open, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    view = f"#v=compare&cmp={BASELINE},{TRANSFER}"
    tab = open_page(view=view, color_scheme=theme)
    tab.page.evaluate(
        """() => {
          for (const one of document.querySelectorAll(".off")) one.classList.remove("off");
          for (const one of document.querySelectorAll("details")) one.open = true;
        }"""
    )
    found = Axe().run(tab.page)
    assert found.violations_count == 0, found.generate_report()


def test_in_forced_colours_marks_are_still_there(open_page: Open, board: Board) -> None:
    ((family, table),) = board.families
    cells = table.differences[TRANSFER]
    sure = replace(cells["xnli"], verdict="more")
    marked = replace(table, differences={**table.differences, TRANSFER: {**cells, "xnli": sure}})
    tab = open_page(replace(board, families=((family, marked),)), forced_colors="active")
    assert [one for one in tab.texts("#helps td") if one.endswith("▲")]
