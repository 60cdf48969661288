"""Pictures of the board: what is drawn, what is said, and that nothing is cut or on another."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.entries import MNLI, Value, load, save, write_baseline, write_transfer
from support.figures_made import LONG, TARGETS, cell, family, large, setting

from harness.declarations import Language
from harness.leaderboard.baselines import GROUPINGS, families_of, table_of
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import read_board
from harness.leaderboard.colours import DARK, LIGHT, STEPS, Palette, contrast
from harness.leaderboard.figures import figures_of, legend, page_rules, pictures_of
from harness.leaderboard.figures.figure_rows import (
    FigureSize,
    figure_families,
    figure_sizes,
    with_rows,
)
from harness.leaderboard.figures.figure_style import set_size
from harness.leaderboard.figures.forest import (
    ALL_ALIKE,
    APART,
    MOST_LEVELS,
    forest,
    forest_of_targets,
    stacked,
)
from harness.leaderboard.figures.language_map import OWN_INK, grouped, language_map
from harness.leaderboard.figures.picture import Drawing, Picture, place
from harness.leaderboard.figures.scale import counts_scale, differences_scale, scores_scale
from harness.leaderboard.figures.scatter import gaps, sizes
from harness.leaderboard.figures.text_width import fitted, printable, width_of
from harness.leaderboard.figures.variance_bars import variance_bars
from harness.submission.verify import verify

TEXT, GRAPHICS = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
PLAIN = {"text", "name", "cell", "head", "mid", "end", "line", "dash", "dot"}  # of no colour
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>{{7*7}}&\x01\ud800"


def size(name: str, parameters: int, score: float, **more: object) -> FigureSize:
    return FigureSize(name, parameters, cell(score, **more))  # type: ignore[arg-type]


def pictures() -> dict[str, Picture | None]:
    """Pictures of all kinds: large, empty, of one row, of strange names and of strange values."""
    odd = family(
        setting("Far", 2, 90),
        replace(setting("Far runs", 1), runs={"xnli": (-50.0, -50.0, 1.0, 1.0, 1.0)}),
        setting("Alike", 2, 0),
        setting("שם " * 22, 0, 0.0, kind="fixed"),
        setting("😀" * 80, 0, 0.0, kind="fixed"),
        setting(f"{LONG} {LONG} – PARTIAL", -60),
        setting(HOSTILE, 0.4, kind="items only"),
        setting("A paper's", 1.0, None),
    )
    some = {"large": large(), "odd": odd, "one": family(setting("MNLI", 1.8)), "none": family()}
    return {
        **{f"forest {name}": forest(one) for name, one in some.items()},
        **{f"forests {name}": forest_of_targets(one) for name, one in some.items()},
        **{f"bars {name}": variance_bars(one) for name, one in some.items()},
        "heat": language_map(large()),
        "heat, few": language_map(large(2, 5)),
        "heat, all names turned": language_map(large(2, 2)),
        "heat by script": language_map(large(), "", "script"),
        "heat by class": language_map(large(), "", "resources"),
        "gaps": gaps(large()),
        "sizes": sizes("XTREME", [size(f"{LONG} {n}", 10**8, 60 + n / 50) for n in range(45)]),
        "sizes, one": sizes(HOSTILE, [size(HOSTILE, 22_000_000, 60.0)]),
    }


ALL = pictures()


def texts(picture: Picture) -> Iterator[tuple[str, float, float, str]]:
    """Yield classes, place and words of each text that is not turned."""
    for group in ET.fromstring(picture.standalone()).iter(f"{SVG}g"):
        for text in group.iter(f"{SVG}text"):
            if "transform" not in text.attrib:
                y = float(text.attrib["y"])
                for part in [*text] or [text]:
                    yield group.attrib["class"], float(part.attrib["x"]), y, part.text or ""


def extent(kind: str, x: float, words: str) -> tuple[float, float]:
    wide = width_of(words, set_size(kind))
    left = x - wide if "end" in kind else x - wide / 2 if "mid" in kind else x
    return left, left + wide


def words_of(picture: Picture) -> list[str]:
    return [words for _, _, _, words in texts(picture)]


def path(picture: Picture, kind: str) -> str:
    """The path of some classes, "" without it."""
    found = re.search(rf'<path class="{kind}" d="([^"]*)"', picture.standalone())
    return found[1] if found else ""


def dots(picture: Picture, kind: str) -> list[tuple[float, float]]:
    """The places of the dots of some classes."""
    places: list[tuple[float, float]] = []
    for sign, x, y in re.findall(r"([Mm])(-?[\d.]+) (-?[\d.]+)h0", path(picture, kind)):
        left, top = places[-1] if sign == "m" else (0.0, 0.0)
        places.append((left + float(x), top + float(y)))
    return places


def title(picture: Picture) -> str:
    found = ET.fromstring(picture.standalone()).find(f"{SVG}title")
    assert found is not None
    return re.sub("[\u2068\u2069]", "", found.text or "")


# Of all pictures


@pytest.mark.parametrize("name", ALL)
def test_both_forms_are_well_formed_and_say_what_they_find(name: str) -> None:
    picture = ALL[name]
    assert picture is not None
    for text in (picture.standalone(), picture.inline()):
        root = ET.fromstring(text)
        assert root.attrib["role"] == "img"
        assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
        assert root[0].text
        assert re.search("table “(What helps|Board|Languages)”|second table", root[1].text or "")
        assert " style=" not in text
        assert "<script" not in text
        for attribute in ("x", "y"):
            for value in re.findall(rf' {attribute}="([^"]*)"', text):
                assert re.fullmatch(r"-?\d+(\.[1-9])?", value), value
        for drawn in re.findall(' d="([^"]*)"', text):
            assert not re.search(r"nan|\.0|-0(?!\.)|[^\d .,MmHhVvLlz-]", drawn), drawn
    assert "<style>" in picture.standalone() and "var(" not in picture.standalone()
    assert 'tabindex="0"' in picture.inline() and "tabindex" not in picture.standalone()
    inline = re.sub("&#[0-9]+;", "", picture.inline())
    assert "<style>" not in inline and "#" not in inline


@pytest.mark.parametrize("name", ALL)
def test_no_text_is_outside_or_on_another(name: str) -> None:
    picture = ALL[name]
    assert picture is not None
    lines: dict[float, list[tuple[float, float, str]]] = {}
    for kind, x, y, words in texts(picture):
        left, right = extent(kind, x, words)
        assert left >= 0 and right <= picture.width, words
        assert 0 < y < picture.height, words
        lines.setdefault(y, []).append((left, right, words))
    for line in lines.values():
        line.sort()
        for (_, right, words), (left, _, other) in pairwise(line):
            assert right <= left + 0.1, (words, other)


def test_bytes_do_not_depend_on_the_order_of_rows() -> None:
    first = large()
    again = with_rows(first, list(reversed(first.rows)))
    for draw in (forest, forest_of_targets, variance_bars):
        assert draw(first).standalone() == draw(again).standalone()
    rows = [size("A", 10**8, 60), size("B", 10**8, 60), size("C", 10**9, 61)]
    one, other = sizes("X", rows), sizes("X", rows[::-1])
    assert one and other and one.standalone() == other.standalone()


def test_sizes_in_bytes() -> None:
    heat = language_map(large())
    assert heat is not None
    assert heat.standalone().count("<tspan") >= 400
    assert len(heat.standalone().encode()) <= 30_000
    bare = large(runs=0)
    short = [replace(row, name=f"Setting {n}") for n, row in enumerate(bare.rows)]
    assert len(forest_of_targets(with_rows(bare, short)).inline().encode()) <= 9_200
    assert len(forest_of_targets(large()).inline().encode()) <= 14_000


def test_page_rules_have_no_colour_of_their_own() -> None:
    rules = page_rules()
    assert "#" not in rules
    assert "@media screen{.figure{max-width:none}}" in rules  # no text below its own size
    assert set(re.findall(r"var\((--[\w-]+)\)", rules)) <= LIGHT.properties().keys()
    assert all(
        rule.startswith(".figure") for rule in re.sub(r"@media \w+{|}}$", "", rules).split("}")
    )


def test_classes_have_rules() -> None:
    """Each class that a picture has is in its style, and in the page's."""
    for picture in ALL.values():
        assert picture is not None
        text = picture.standalone()
        for kinds in re.findall('<[gp][^>]*class="([^"]*)"', text):
            for kind in kinds.split():
                assert f".figure .{kind}{{" in text and f".figure .{kind}{{" in page_rules()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ALL)
def test_files_are_read_in_light_and_dark(name: str, palette: Palette) -> None:
    """Text on the ground and on fills has 4.5 : 1, lines and shapes have 3 : 1, in both."""
    picture = ALL[name]
    assert picture is not None
    colours = colours_of(picture, dark=palette is DARK)
    assert colours.pop(".paper")["fill"] == palette.paper
    ink = colours.pop("")["fill"]
    assert contrast(ink, palette.paper) >= TEXT
    assert not picture.drawing.classes - {kind[1:] for kind in colours} - PLAIN
    for kind, one in colours.items():
        step = re.fullmatch(r"\.on-(.+)", kind)
        if step:
            fill = colours.get(f".fill-{step[1]}") or colours[f".of-{step[1]}"]
            assert contrast(one["fill"], fill["fill"]) >= TEXT
        elif re.fullmatch(r"\.pale-\d", kind):
            assert contrast(ink, one["fill"]) >= TEXT
        elif kind in (".tick", ".note", ".group"):
            assert contrast(one["fill"], palette.paper) >= TEXT
        elif kind not in (".grid", ".hole"):
            seen = one.get("stroke", one.get("fill", ""))
            assert contrast(seen, palette.paper) >= GRAPHICS, kind


def colours_of(picture: Picture, *, dark: bool) -> dict[str, dict[str, str]]:
    """Class to its colours in a file, as one sees them who asks for dark or light."""
    style = ET.fromstring(picture.standalone()).find(f"{SVG}style")
    assert style is not None and style.text
    light, darker = style.text.split("@media screen and (prefers-color-scheme:dark){")
    found: dict[str, dict[str, str]] = {}
    for css in (light, *([darker.removesuffix("}")] if dark else [])):
        for kind, rule in re.findall(r"\.figure *([^{]*){([^}]*)}", css):
            some = dict(re.findall("(fill|stroke):(#[0-9a-f]{6})", rule))
            if some:
                found.setdefault(kind, {}).update(some)
    return found


def test_all_colours_of_a_file_change_in_the_dark() -> None:
    """No class is left in its light colour on the dark ground."""
    for picture in ALL.values():
        assert picture is not None
        light, dark = (colours_of(picture, dark=one) for one in (False, True))
        assert light.keys() == dark.keys()
        for kind, colours in light.items():
            assert all(dark[kind][name] != colour for name, colour in colours.items()), kind


def test_a_hole_is_on_its_dot() -> None:
    """Dots are drawn on lines, and holes on all dots, whatever was drawn first."""
    drawing = Drawing()
    for shape, kind in (("dot", "hole"), ("dot", "dot base"), ("interval", "line base")):
        drawing.add(shape, kind, 1, 2, 3)
    assert [kind for (_, kind), _ in drawing.layers] == ["line base", "dot base", "hole"]


# Widths


@pytest.mark.parametrize(
    ("words", "advance"),
    [
        ("+12.3", 3.06),
        ("-0.5 ±1.2 ▲", 5.78),
        ("XLM-R Large, MNLI first", 11.66),
        ("SQuAD 2.0, then MNLI – PARTIAL", 16.24),
        ("Atlantic-Congo", 7.35),
        ("abcdefghijklmnopqrstuvwxyz", 14.65),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 17.47),
        ("0123456789", 6.36),
        ("Привет мир", 6.18),
        ("نص عربي", 3.7),
        ("日本語", 3.0),
    ],
)
def test_widths_are_at_least_those_of_a_wide_font(words: str, advance: float) -> None:
    """Advances measured in DejaVu Sans; 日本語 in any font is three squares."""
    assert advance <= width_of(words, 1.0) <= 2 * advance
    assert width_of(words, 12.0) == pytest.approx(12 * width_of(words, 1.0))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=90), st.floats(20, 400), st.sampled_from([10.0, 12.0]))
def test_a_text_is_cut_to_its_box(text: str, box: float, points: float) -> None:
    shown = fitted(printable(text), box, points)
    assert width_of(shown, points) <= box + 1e-6
    if width_of(printable(text), points) <= box:
        assert shown == printable(text)
    ET.fromstring(f"<a>{shown.translate({38: None, 60: None, 62: None})}</a>")


def test_a_cut_keeps_both_ends() -> None:
    shown = fitted(f"{LONG} {LONG} – PARTIAL", 200, 12)
    assert shown.startswith("Commonsense") and shown.endswith("PARTIAL") and "…" in shown


# Scales


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-100, 100), max_size=40))
def test_scales_of_differences(values: list[float]) -> None:
    scale = differences_scale([[value] for value in values], 10, 210)
    assert 10 < scale.at(0) < 210
    assert 2 <= len(scale.ticks) <= 14
    places = [scale.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(10 <= one <= 210 for one in places)
    assert sum(scale.beyond(value) != 0 for value in values) <= len(values) / 2


def test_far_values_are_beyond_and_near_ones_are_not() -> None:
    scale = differences_scale([[0.5], [1], [-1, 2], [-0.3], [60, 59, 4], []], 0, 100)
    assert scale.beyond(60) == scale.beyond(59) == 1 and scale.at(60) == 100
    assert scale.beyond(2) == scale.beyond(-1) == scale.beyond(4) == 0
    for together in ([60, 55, 65], [1, 60, 60], [2, 7.9], [0.1, 0.01, 3.9], [-60]):
        whole = differences_scale([[value] for value in together], 0, 100)
        assert not any(map(whole.beyond, together))
    two = differences_scale([[1.0], [0.5], [60], [-70]], 0, 100)
    assert (two.beyond(60), two.beyond(-70), two.beyond(1)) == (1, -1, 0)


def test_an_interval_of_twice_the_others_is_whole() -> None:
    """As of the sample study: −9.0 to +1.4 beside ±1.0 and −3.2 to +0.6."""
    scale = differences_scale([[-1.0, 1.1], [-3.2, 0.6], [-9.0, 1.4]], 0, 400)
    assert not scale.beyond(-9.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 60), max_size=9))
def test_no_run_covers_another(places: list[float]) -> None:
    stack = stacked(places)
    assert [at for at, _ in stack] == sorted(places)
    assert stack == stacked(places[::-1])
    for number, (at, level) in enumerate(stack):
        assert 0 <= level < MOST_LEVELS
        for other, beside in stack[:number]:
            assert abs(at - other) >= APART or level != beside or len(places) > MOST_LEVELS


def test_equal_runs_are_all_seen() -> None:
    row = replace(setting("MNLI", 1.0), runs={"xnli": (1.0,) * 5})
    made = family(row, setting("QQP", 0))
    picture = forest(made)
    places = dots(picture, "runs")
    assert len(places) == 5 + 3 + 1 and len({*places}) == 5 + 3 + 1
    assert min(abs(a[1] - b[1]) for a, b in pairwise(places[:5])) >= APART
    names = {words: y for kind, _, y, words in texts(picture) if kind == "name"}
    assert places[4][1] < names["QQP"] - 10  # in their own line


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=20))
def test_scales_of_counts(values: list[int]) -> None:
    scale = counts_scale([float(v) for v in values], 0, 400)
    places = [scale.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert places[0] > 0 and places[-1] < 400
    assert all(scale.low <= tick <= scale.high for tick in scale.ticks)


def test_a_scale_of_equal_scores_has_room() -> None:
    scale = scores_scale([60.0, 60.0], 0, 100)
    assert scale.at(60) == pytest.approx(50) and len(scale.ticks) > 2


def test_a_place_has_one_decimal_and_no_minus_zero() -> None:
    assert [place(v) for v in (-0.04, 0.25, 12.0, -3.25)] == ["0", "0.2", "12", "-3.2"]


# Forests


def test_a_title_says_the_finding() -> None:
    picture = forest(family(setting("HellaSwag", 0.2), setting("MNLI", 1.8)))
    assert title(picture) == (
        "Difference to Base model on XNLI: MNLI +1.8, HellaSwag not told apart."
    )
    assert [w for w in words_of(picture) if w.startswith("+1.8")] == ["+1.8 ±1.0 ▲"]
    assert (
        words_of(picture)[0].strip("\u2068\u2069") == "Difference to \u2068Base model\u2069 on XNLI"
    )
    several = forest(family(*(setting(f"S{n}", 9 - n) for n in range(9)), targets=TARGETS))
    assert title(several).startswith("Difference to Base model, mean over 9 targets: S0 +9.0, ")
    assert title(several).endswith("S5 +4.0, and 3 more.")


def test_settings_are_sorted_by_their_difference_and_the_unknown_is_last() -> None:
    made = family(setting("B", -2), setting("A", 3), replace(setting("C", 0), differences={}))
    names = [words for kind, *_, words in texts(forest(made)) if kind == "name"]
    assert names == ["A", "B", "C"]
    assert "not known" in words_of(forest(made))


def test_each_kind_of_interval_has_its_shape() -> None:
    made = family(
        setting("several runs", 3),
        setting("one run", -3, kind="items only", verdict="one seed"),
        setting("spread of the others", 0.5, kind="one seed"),
        setting("a paper", 1, None),
    )
    made = with_rows(made, [replace(row, published=row.name == "a paper") for row in made.rows])
    picture = forest(made)
    assert path(picture, "line more").count("M") == 2  # and in the legend
    assert path(picture, "line plain dash").count("M") == 2
    assert path(picture, "hole").count("h0") == 2
    assert path(picture, "solid").count("z") == 2
    assert len(dots(picture, "runs")) == 3 * 3 + 1
    assert "published, without interval" in words_of(picture)
    assert "a paper +1.0 published, without interval" in title(picture)
    plain = forest(family(setting("several runs", 3)))
    assert path(plain, "hole") == path(plain, "solid") == ""
    assert not {"beyond the scale", "one run, spread of the others"} & {*words_of(plain)}


def test_the_line_is_the_interval() -> None:
    """Ends and dot are where the scale has them, and runs stand below."""
    picture = forest(family(setting("MNLI", 1.8, 0.9)))
    ticks = {w: x for kind, x, _, w in texts(picture) if kind == "tick mid"}
    unit = ticks["+1"] - ticks["0"]
    start, end = map(float, re.findall(r"M([\d.]+) [\d.]+H([\d.]+)", path(picture, "line more"))[0])
    assert start == pytest.approx(ticks["0"] + 0.9 * unit, abs=0.2)
    assert end == pytest.approx(ticks["0"] + 2.7 * unit, abs=0.2)
    dot = float(path(picture, "dot more").split()[0][1:])
    assert dot == pytest.approx(ticks["0"] + 1.8 * unit, abs=0.2)
    runs = [x for x, _ in dots(picture, "runs")]
    for x, value in zip(runs, (1.6, 1.8, 2.0), strict=False):
        assert x == pytest.approx(ticks["0"] + value * unit, abs=0.2)


def test_what_is_beyond_the_scale_is_an_arrow_with_its_number() -> None:
    rows = [setting(f"S{n}", n / 10) for n in range(8)]
    wide = setting("Wide", 1, 31)
    lost = replace(setting("Lost", -0.5), runs={"xnli": (0.0, -50.0)})
    one_run = setting("Down", -70, kind="items only", verdict="one seed")
    picture = forest(family(*rows, setting("Far", 60), one_run, wide, lost))
    numbers = {w for kind, *_, w in texts(picture) if kind.startswith("tick")}
    beyond = {"+60.0", "to +60.2", "−70.0", "to −70.2", "−30.0", "+32.0", "−50.0"}
    assert beyond == {one for one in numbers if "." in one}
    assert path(picture, "solid").count("z") == len(beyond) + 1
    assert len(dots(picture, "dot more")) == 1 + 1  # beside its arrow, and the legend's
    assert len(dots(picture, "hole")) == 1 + 1
    assert len(dots(picture, "runs")) == 8 * 3 + 3 + 1 + 1 + 1 + 1 + 1
    assert "beyond the scale, with its number" in words_of(picture)


def test_runs_that_are_all_alike_are_not_the_surest() -> None:
    """A square, not a dot with a line, and words where a column has nothing else."""
    picture = forest(family(setting("Alike", 2, 0), setting("Other", 1)))
    assert path(picture, "box").count("z") == 1 + 1
    assert path(picture, "line more") == "" and path(picture, "line plain").count("M") == 1 + 2
    assert path(picture, "dot more") == path(picture, "line more") == ""
    assert "+2.0 □" in words_of(picture) and "+1.0 ±1.0" in words_of(picture)
    assert "Alike +2.0 in all runs alike" in title(picture)
    assert legend.ALIKE.words in words_of(picture)
    fixed = family(*(setting(n, 0, 0, verdict="fixed", share_runs=None) for n in "AB"))
    for drawn in (forest(fixed), forest_of_targets(fixed)):
        assert {*ALL_ALIKE} < {*words_of(drawn)}
        assert path(drawn, "box") == path(drawn, "runs") == path(drawn, "grid") == ""
        assert len(dots(drawn, "dot plain")) == 1  # the legend's
    assert title(forest_of_targets(fixed)).endswith("XNLI: all runs give the same score.")
    assert "±0.0" not in "".join(words_of(variance_bars(fixed)))
    assert words_of(variance_bars(fixed)).count("all runs give the same score") == 1


def test_a_target_that_no_setting_has_is_said() -> None:
    picture = forest_of_targets(family(setting("MNLI", 1), targets=("xnli", "panx")))
    assert words_of(picture).count("not known") == 1


def test_equal_differences_and_no_rows() -> None:
    equal = forest(family(*(setting(f"S{n}", 1.0) for n in range(3))))
    ticks = {w: x for kind, x, _, w in texts(equal) if kind == "tick mid"}
    places = [x for x, _ in dots(equal, "dot plain")]
    assert len(places) == 4 and {*places[:3]} == {ticks["+1"]}
    empty = forest(family())
    assert "no setting is compared with it yet" in title(empty)
    assert "no setting yet" in words_of(empty)


def test_one_run_everywhere_is_said() -> None:
    rows = [setting(f"S{n}", 5, kind="items only", verdict="one seed") for n in range(2)]
    picture = forest(family(*rows))
    assert any(words.startswith("One run everywhere") for words in words_of(picture))
    assert path(picture, "line more") == path(picture, "dot more") == ""
    assert "S0 +5.0 in one run only" in title(picture)
    assert "XNLI: one run only, nothing marked" in title(forest_of_targets(family(*rows)))


def test_panels_have_marks_and_scales_of_their_own() -> None:
    rows = setting("MNLI", 5), setting("QQP", -5)
    made = family(*rows, targets=("xnli", "mean"))
    picture = forest_of_targets(made)
    marks = path(picture, "ink")
    assert marks.count("l4-7") == marks.count("l4 7") == 2
    assert words_of(picture).count("0") == 2
    assert "XNLI: MNLI +5.0, QQP −5.0" in title(picture)


# Languages


def test_fills_are_steps_and_pale_where_0_is_covered() -> None:
    made = large(1, 4)
    codes = [one.code for one in made.languages]
    values = dict(zip(codes, [(5.0, 1.0), (5.0, 6.0), (-1.5, 0.5), (-0.2, 1.0)], strict=True))
    row = replace(
        made.rows[0],
        differences={f"language/{code}": cell(*value) for code, value in values.items()},
    )
    picture = language_map(with_rows(made, [row]))
    assert picture is not None
    counts = {kind: path(picture, kind).count("z") for kind in ("fill-8", "pale-8", "fill-2")}
    assert counts == {"fill-8": 2, "pale-8": 2, "fill-2": 2}  # one each, and the legend's
    assert path(picture, "pale-4").count("z") == 1
    shown = [words for kind, *_, words in texts(picture) if kind.startswith("cell mid")]
    assert {"+5.0", "−1.5", "−0.2"} <= {*shown}
    assert "of 4 cells 1 above 0 and 1 below it by their own interval" in title(picture)


def test_chance_is_said_and_english_stands_first() -> None:
    made = large(9)
    picture = language_map(made)
    assert picture is not None
    said = "Each cell alone at 95 %: of 240 such cells 12 would be outside by chance."
    assert said in words_of(picture)  # three of the nine have one run, whose intervals say less
    assert "of 240 cells" in title(picture)
    for grouping in GROUPINGS:
        groups = grouped(made.languages, grouping)
        assert [one.code for one in groups[0].languages] == ["en"]
        assert sum(len(group.languages) for group in groups[1:]) == 39
        assert len({group.name for group in groups}) == len(groups) > 4


def test_groups_of_languages() -> None:
    """Families and scripts by size, classes downwards; the unknown last."""
    made = large(3)
    unknown = Language("xx", "Xx")
    some = [*made.languages, unknown]
    names = {way: [group.name for group in grouped(some, way)] for way in GROUPINGS}
    assert names["resources"] == ["English", *(f"class {n}" for n in (5, 4, 3, 2, 1)), "other"]
    assert names["script"][:2] == ["English", "Latn"] and names["script"][-1] == "other"
    assert names["family"][:2] == ["English", "Indo-European"]
    sizes_of = [len(group.languages) for group in grouped(some, "family")[1:-1]]
    assert sizes_of == sorted(sizes_of, reverse=True)
    for way, words in (("script", "script"), ("resources", "resource class")):
        picture = language_map(made, "", way)
        assert picture is not None
        assert f"base, quick; languages by {words}" in words_of(picture)
        shown = {words for kind, *_, words in texts(picture) if kind == "group"}
        shown |= {text.words for text in picture.drawing.turned["group"]}
        assert shown == {*names[way]} - {"other"}


@pytest.mark.parametrize("more", [{"kind": "items only"}, {"half": 0.0}])
def test_what_says_nothing_of_other_runs_is_pale(more: dict[str, object]) -> None:
    made = large(1, 4)
    codes = [one.code for one in made.languages]
    cells = {f"language/{code}": cell(9.0, **more) for code in codes}  # type: ignore[arg-type]
    picture = language_map(with_rows(made, [replace(made.rows[0], differences=cells)]))
    assert picture is not None
    assert path(picture, "pale-8").count("z") == 4 + 1 and path(picture, "fill-8").count("z") == 1
    assert not any("by chance" in words for words in words_of(picture))
    assert any("pale" in words for words in words_of(picture)[1:4])
    assert title(picture).endswith("4 cells, none with an interval that covers other runs.")


def test_a_map_of_nothing_is_none() -> None:
    assert language_map(family(setting("MNLI", 1))) is None
    assert gaps(family(setting("MNLI", 1))) is None


def test_numbers_are_read_on_all_fills() -> None:
    """Where a picture keeps the page's ink on a fill, that is read there too."""
    for step in {*range(STEPS)} - {*OWN_INK}:
        for one in (LIGHT, DARK):
            assert contrast(one.ink, one.tones[step].fill) >= 4.5


# Scores against sizes, gaps, bars


def test_larger_is_further_right_and_better_is_higher() -> None:
    picture = sizes("XTREME", [size("Small", 22_000_000, 50), size("Large", 303_000_000, 60)])
    assert picture is not None
    (large_x, large_y), (small_x, small_y) = dots(picture, "dot plain")[:2]
    assert large_x > small_x and large_y < small_y
    lines = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", path(picture, "line plain"))
    x, high, low = map(float, lines[0])
    assert x == large_x
    assert low - large_y == pytest.approx((small_y - large_y) / 10, abs=0.2)
    assert large_y - high == pytest.approx((small_y - large_y) / 10, abs=0.2)
    assert "1 Large" in words_of(picture) and "2 Small" in words_of(picture)
    assert "Large 60.0 with 303 M, Small 50.0 with 22 M" in title(picture)


def test_published_scores_are_diamonds() -> None:
    assert sizes("XTREME", []) is None
    picture = sizes("XTREME", [FigureSize("A paper", 10**8, BoardCell(60.0))])
    assert picture is not None
    assert path(picture, "solid").count("z") == 2
    assert path(picture, "line plain").count("V") == 0


def test_gaps_are_crosses_and_the_baseline_is_told_from_the_others() -> None:
    made = large(2)
    base = replace(made.baseline, scores={"xnli/en": cell(70.0), "xnli/gap": cell(9.5)})
    picture = gaps(replace(made, baseline=base))
    assert picture is not None
    assert path(picture, "line base").count("V") == 1
    assert picture.standalone().count('class="line base"') == 2  # up and across
    assert "the baseline's 9.5" in title(picture)
    assert "1 HellaSwag" in words_of(picture) and "2 MNLI" in words_of(picture)
    numbers = [w for kind, *_, w in texts(picture) if kind == "tick" and w in "12"]
    assert sorted(numbers) == ["1"] * 7 + ["2"] * 7


def test_gaps_of_one_run_are_hollow_the_baselines_too() -> None:
    one = {"xnli/en": cell(70.0, kind="items only"), "xnli/gap": cell(9.5, kind="items only")}
    other = {"xnli/en": cell(60.0, kind="items only"), "xnli/gap": cell(5.0, kind="items only")}
    made = family(replace(setting("MNLI", 1), scores=one))
    picture = gaps(replace(made, baseline=replace(made.baseline, scores=other)))
    assert picture is not None
    filled = dots(picture, "dot plain") + dots(picture, "dot base")
    holes = dots(picture, "hole")
    assert len(holes) == 2 + 1  # and the legend's
    assert len({*filled} & {*holes}) == 3
    text = picture.standalone()
    assert text.index('class="hole"') > text.index('class="dot base"')


def test_gaps_that_are_all_alike() -> None:
    """Squares without lines, and words where there is nothing else."""
    same = {"xnli/en": cell(33.3, 0.0), "xnli/gap": cell(0.0, 0.0)}
    other = {"xnli/en": cell(60.0), "xnli/gap": cell(5.0)}
    made = family(replace(setting("MNLI", 1), scores=same))
    mixed = gaps(replace(made, baseline=replace(made.baseline, scores=other)))
    assert mixed is not None
    assert path(mixed, "box").count("z") == 1 + 1 and path(mixed, "line plain").count("V") == 0
    words = gaps(replace(made, baseline=replace(made.baseline, scores=same)))
    assert words is not None
    assert "all runs give the same score" in words_of(words)
    assert "English 33.3, gap 0.0" in words_of(words)
    assert path(words, "box") == path(words, "grid") == ""


def test_bars_are_the_shares() -> None:
    made = family(setting("A", 1, share_runs=0.2), setting("B", 1, share_runs=0.6))
    picture = variance_bars(made)
    assert "40 %" in words_of(picture) and "60 %" in words_of(picture)
    bars = path(picture, "of-runs"), path(picture, "of-items")
    runs, items = (float(re.findall(r"h([\d.]+)v", bar)[0]) for bar in bars)
    assert runs / (runs + items) == pytest.approx(0.4, abs=0.002)
    assert "XNLI 40 %" in title(picture)
    alone = variance_bars(family(setting("A", 1, share_runs=None, kind="items only")))
    assert "one run only: the runs' share is not known" in words_of(alone)
    assert "XNLI not known" in title(alone)


# Of entries


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """A board of verified entries and one of a paper's numbers."""
    root = tmp_path_factory.mktemp("entries")
    write_baseline(root)
    folder = write_transfer(root)
    verify(root, every=True, workers=1)
    paper = root / "a-paper"
    value: Value = {
        **{name: one for name, one in load(folder).items() if name not in ("runs", "manifest")},
        "slug": "a-paper",
        "title": "A paper",
        "kind": "published",
        "intermediate": MNLI,
        "claims": {"xnli": {"mean": {"accuracy": 80.0}}, "overall": 70.0},
        "source": {"citation": "A 2020", "where": "Table 1", "url": "https://example.org/a"},
    }
    value["model"]["parameters_body"] = 1_000_000
    save(paper, value)
    rows, notes = read_board(root)
    assert not notes
    made = [(one, table_of(one)) for one in families_of(rows)]
    return Board(tuple(rows), tuple(made), {})


def test_runs_are_scores_less_the_baselines_mean(board: Board) -> None:
    """Their mean is the difference that the statistics have, in all columns."""
    (shown,) = figure_families(board)
    row = next(one for one in shown.rows if not one.published)
    assert set(row.runs) == {*shown.targets, "mean"}
    for column, values in row.runs.items():
        assert len(values) == 3
        assert fmean(values) == pytest.approx(row.differences[column].estimate, abs=1e-5)


def test_published_numbers_have_a_difference_without_interval(board: Board) -> None:
    (shown,) = figure_families(board)
    paper = next(one for one in shown.rows if one.published)
    base = shown.baseline.scores["xnli"].estimate
    assert paper.differences == {"xnli": BoardCell(80.0 - base)}
    assert shown.rows[-1] == paper  # no mean
    assert paper.name == "A paper"


def test_rows_are_called_by_their_intermediate_task(board: Board) -> None:
    (shown,) = figure_families(board)
    assert shown.baseline.name == "no intermediate task"
    assert [row.name for row in shown.rows if not row.published] == ["MNLI"]
    (picture,) = [one for name, one in pictures_of(board).items() if name.startswith("forest-")]
    over = f"mean over {len(shown.targets)} targets"
    assert title(picture).startswith(f"Difference to no intermediate task, {over}: MNLI ")


def test_names_of_files(board: Board) -> None:
    figures = figures_of(board)
    kinds = ("forest", "forests", "gap", "heat", "runs")
    assert {f"{kind}-plain-encoder.svg" for kind in kinds} < figures.keys()
    ways = ("by-script", "by-resources", "xnli")
    assert {f"heat-plain-encoder.{way}.svg" for way in ways} < figures.keys()
    assert "parameters-mini.svg" in figures
    bare = replace(board, rows=tuple(row for row in board.rows if row.slug != "a-paper"))
    assert "parameters-mini.svg" not in figures_of(bare)
    assert figures == figures_of(board)
    assert {f"{name}.svg" for name in pictures_of(board)} == figures.keys()
    assert "A paper 70.0 with 1 M" in figures["parameters-mini.svg"].replace("\u2069", "").replace(
        "\u2068", ""
    )


def test_sizes_leave_out_withdrawn_rows_and_other_regimes(board: Board) -> None:
    (row,) = [one for one in board.rows if one.slug == "a-paper"]
    assert [one.name for one in figure_sizes(board)["mini"]] == ["A paper"]
    translated = {**row.entry.training, "regime": "translate-train"}
    for entry in (
        replace(row.entry, withdrawn="a fault"),
        replace(row.entry, training=translated),
        replace(row.entry, overall=None),
    ):
        other = replace(board, rows=(replace(row, entry=entry),))
        assert figure_sizes(other) == {"mini": []}
