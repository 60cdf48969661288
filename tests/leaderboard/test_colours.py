"""The colours: steps, and contrast in light and dark."""

from __future__ import annotations

import pytest

from harness.leaderboard.colours import DARK, LIGHT, STEPS, Palette, contrast, step_of

TEXT, GRAPHICS = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast_of_all_nine_steps(palette: Palette) -> None:
    """Text is read on all nine fills, full and pale; lines and outlines are seen on the page."""
    assert len(palette.tones) == STEPS == 9
    for tone in palette.tones:
        assert contrast(tone.ink, tone.fill) >= TEXT
        assert contrast(palette.ink, tone.pale) >= TEXT
        assert contrast(tone.edge, palette.paper) >= GRAPHICS
    assert contrast(palette.ink, palette.paper) >= TEXT
    assert contrast(palette.quiet, palette.paper) >= TEXT
    assert contrast(palette.rule, palette.paper) >= GRAPHICS


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_stronger_steps_stand_out_more(palette: Palette) -> None:
    """Each step away from the middle stands out more from the page, and full more than pale."""
    seen = [contrast(tone.fill, palette.paper) for tone in palette.tones]
    assert seen[:5] == sorted(seen[:5], reverse=True)
    assert seen[4:] == sorted(seen[4:])
    for tone in palette.tones:
        assert contrast(tone.pale, palette.paper) < contrast(tone.fill, palette.paper)


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21; the grey #767676 is the lightest that is read on white."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    ("difference", "step"),
    [
        *[(-60, 0), (-4, 0), (-3.9, 1), (-1, 2), (-0.5, 3), (-0.49, 4)],
        *[(0, 4), (0.5, 5), (1.9, 6), (2, 7), (4, 8), (60, 8)],
    ],
)
def test_steps(difference: float, step: int) -> None:
    """Steps begin at half a point, 1, 2 and 4, alike both ways."""
    assert step_of(difference) == step
    assert step_of(-difference) == 8 - step


def test_custom_properties_are_named_once() -> None:
    """Both palettes give the same names, one colour each."""
    light, dark = LIGHT.properties(), DARK.properties()
    assert light.keys() == dark.keys()
    assert light["--fill-8"] == LIGHT.tones[8].fill
    assert LIGHT.css().count("--") == len(light)
