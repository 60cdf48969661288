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

from harness.leaderboard.baselines import families_of, table_of
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import read_board
from harness.leaderboard.colours import DARK, LIGHT, STEPS, contrast
from harness.leaderboard.figures import figures_of, page_rules, pictures_of
from harness.leaderboard.figures.figure_rows import (
    FigureSize,
    figure_families,
    figure_sizes,
    with_rows,
)
from harness.leaderboard.figures.figure_style import set_size
from harness.leaderboard.figures.forest import forest, forest_of_targets
from harness.leaderboard.figures.language_map import OWN_INK, grouped, language_map
from harness.leaderboard.figures.picture import Picture, place
from harness.leaderboard.figures.scale import counts_scale, differences_scale, scores_scale
from harness.leaderboard.figures.scatter import gaps, sizes
from harness.leaderboard.figures.text_width import fitted, printable, width_of
from harness.leaderboard.figures.variance_bars import variance_bars
from harness.submission.verify import verify

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>{{7*7}}&\x01\ud800"


def size(name: str, parameters: int, score: float, **more: object) -> FigureSize:
    return FigureSize(name, parameters, cell(score, **more))  # type: ignore[arg-type]


def pictures() -> dict[str, Picture | None]:
    """Pictures of all kinds: large, empty, of one row, of strange names and of strange values."""
    odd = family(
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
        "gaps": gaps(large()),
        "sizes": sizes("XTREME", [size(f"{LONG} {n}", 10**8, 60 + n / 50) for n in range(45)]),
        "sizes, none": sizes("XTREME", []),
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
                assert re.fullmatch(r"-?\d+\.\d", value), value
        assert "nan" not in text and "-0.0" not in text
    assert "<style>" in picture.standalone() and "var(" not in picture.standalone()
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
    assert sizes("X", rows).standalone() == sizes("X", rows[::-1]).standalone()


def test_sizes_in_bytes() -> None:
    heat = language_map(large())
    assert heat is not None
    assert heat.standalone().count("<tspan") >= 400
    assert len(heat.standalone().encode()) <= 30_000
    bare = large(runs=0)
    short = [replace(row, name=f"Setting {n}") for n, row in enumerate(bare.rows)]
    assert len(forest_of_targets(with_rows(bare, short)).inline().encode()) <= 10_400
    assert len(forest_of_targets(large()).inline().encode()) <= 16_000


def test_page_rules_have_no_colour_of_their_own() -> None:
    rules = page_rules()
    assert "#" not in rules
    assert set(re.findall(r"var\((--[\w-]+)\)", rules)) <= LIGHT.properties().keys()
    assert all(rule.startswith(".figure") for rule in rules.split("}")[:-1])


def test_classes_have_rules() -> None:
    """Each class that a picture has is in its style, and in the page's."""
    for picture in ALL.values():
        assert picture is not None
        text = picture.standalone()
        for kinds in re.findall('<[gp][^>]*class="([^"]*)"', text):
            for kind in kinds.split():
                assert f".figure .{kind}{{" in text and f".figure .{kind}{{" in page_rules()


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
    scale = differences_scale(values, 10, 210)
    assert 10 < scale.at(0) < 210
    assert 2 <= len(scale.ticks) <= 14
    places = [scale.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(10 <= one <= 210 for one in places)
    assert sum(scale.beyond(value) != 0 for value in values) <= len(values) / 2


def test_far_values_are_beyond_and_near_ones_are_not() -> None:
    scale = differences_scale([0.5, 1, -1, 2, -0.3, 60], 0, 100)
    assert scale.beyond(60) == 1 and scale.at(60) == 100
    assert scale.beyond(2) == scale.beyond(-1) == 0
    assert differences_scale([60, 55, 65], 0, 100).beyond(65) == 0


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
    assert [place(v) for v in (-0.04, 0.25, 12.0, -3.25)] == ["0.0", "0.2", "12.0", "-3.2"]


# Forests


def test_a_title_says_the_finding() -> None:
    picture = forest(family(setting("HellaSwag", 0.2), setting("MNLI", 1.8)))
    assert title(picture) == (
        "Difference to Base model, xnli: MNLI +1.8, HellaSwag not told apart."
    )
    assert [w for w in words_of(picture) if w.startswith("+1.8")] == ["+1.8 ±1.0 ▲"]
    several = forest(family(*(setting(f"S{n}", 9 - n) for n in range(9)), targets=TARGETS))
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
    assert path(picture, "runs").count("h0") == 3 * 3 + 1
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
    first = float(path(picture, "runs").split()[0][1:])
    assert first == pytest.approx(ticks["0"] + 1.6 * unit, abs=0.2)


def test_what_is_beyond_the_scale_is_an_arrow_with_its_number() -> None:
    rows = [setting(f"S{n}", n / 10) for n in range(8)]
    picture = forest(family(*rows, setting("Far", 60), setting("Down", -60)))
    assert {"+60.0", "−60.0"} <= {w for kind, *_, w in texts(picture) if kind.startswith("tick")}
    assert path(picture, "solid").count("z") >= 3
    assert "beyond the scale" in words_of(picture)


def test_equal_differences_and_no_rows() -> None:
    equal = forest(family(*(setting(f"S{n}", 1.0) for n in range(3))))
    ticks = {w: x for kind, x, _, w in texts(equal) if kind == "tick mid"}
    dots = re.findall(r"M([\d.]+) [\d.]+h0", path(equal, "dot plain"))
    assert len(dots) == 4 and {float(dot) for dot in dots[:3]} == {ticks["+1"]}
    empty = forest(family())
    assert "no setting is compared with it yet" in title(empty)
    assert "no setting yet" in words_of(empty)


def test_one_run_everywhere_is_said() -> None:
    rows = [setting(f"S{n}", 5, kind="items only", verdict="one seed") for n in range(2)]
    picture = forest(family(*rows))
    assert any(words.startswith("One run everywhere") for words in words_of(picture))
    assert path(picture, "line more") == path(picture, "dot more") == ""
    assert "S0 +5.0 in one run only" in title(picture)
    assert "xnli: one run only, nothing marked" in title(forest_of_targets(family(*rows)))


def test_panels_have_marks_and_scales_of_their_own() -> None:
    rows = setting("MNLI", 5), setting("QQP", -5)
    made = family(*rows, targets=("xnli", "mean"))
    picture = forest_of_targets(made)
    marks = path(picture, "ink")
    assert marks.count("l4-7") == marks.count("l4 7") == 2
    assert words_of(picture).count("0") == 2
    assert "xnli: MNLI +5.0, QQP −5.0" in title(picture)


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
    said = "Each cell alone at 95 %: of 360 such cells 18 would be outside by chance."
    assert said in words_of(picture)
    groups = list(grouped(made.languages))
    assert [one.code for one in groups[0]] == ["en"]
    lengths = [len(group) for group in groups[1:]]
    assert lengths == sorted(lengths, reverse=True)
    assert sum(lengths) == 39


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
    dots = re.findall(r"M([\d.]+) ([\d.]+)h0", path(picture, "dot plain"))
    (large_x, large_y), (small_x, small_y) = [(float(x), float(y)) for x, y in dots[:2]]
    assert large_x > small_x and large_y < small_y
    lines = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", path(picture, "line plain"))
    x, high, low = map(float, lines[0])
    assert x == large_x
    assert low - large_y == pytest.approx((small_y - large_y) / 10, abs=0.2)
    assert large_y - high == pytest.approx((small_y - large_y) / 10, abs=0.2)
    assert "1 Large" in words_of(picture) and "2 Small" in words_of(picture)
    assert "Large 60.0 with 303 M, Small 50.0 with 22 M" in title(picture)


def test_published_scores_are_diamonds() -> None:
    picture = sizes("XTREME", [FigureSize("A paper", 10**8, BoardCell(60.0))])
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


def test_bars_are_the_shares() -> None:
    made = family(setting("A", 1, share_runs=0.2), setting("B", 1, share_runs=0.6))
    picture = variance_bars(made)
    assert "40 %" in words_of(picture) and "60 %" in words_of(picture)
    bars = path(picture, "of-runs"), path(picture, "of-items")
    runs, items = (float(re.findall(r"h([\d.]+)v", bar)[0]) for bar in bars)
    assert runs / (runs + items) == pytest.approx(0.4, abs=0.002)
    assert "xnli 40 %" in title(picture)
    alone = variance_bars(family(setting("A", 1, share_runs=None, kind="items only")))
    assert "one run only: the runs' share is not known" in words_of(alone)
    assert "xnli not known" in title(alone)


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


def test_names_of_files(board: Board) -> None:
    figures = figures_of(board)
    kinds = ("forest", "forests", "gap", "heat", "runs")
    assert {f"{kind}-plain-encoder.svg" for kind in kinds} < figures.keys()
    assert "heat-plain-encoder.xnli.svg" in figures and "parameters-mini.svg" in figures
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
