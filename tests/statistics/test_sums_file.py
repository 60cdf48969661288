"""Sums read a language at a time, and what panels make of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.statistics_made import drawn, language, row, run

from harness.errors import HarnessError
from harness.statistics import Column, Panel, Row, Run, panels_of, strata
from harness.statistics.jackknife import covariances, left_out, spread
from harness.statistics.sums_file import LanguagesInFile, parsed, state_of

FIELDS = ("a", "b", "numbers", "clusters", "halves", "data", "predictions")


def lazy(made: Run, path: Path) -> Run:
    """The run, written and read again a language at a time."""
    made.save(path)
    return Run.lazy(path.read_bytes(), path, state_of(path))


def several() -> Run:
    """A run whose sums are of all types, and lie in the file in no order of languages."""
    parts = {
        "en": language([0.5, 1.0, 0.25], [1, 1, 1]),
        "de": language(np.array([1, 2], np.uint8), np.array([300, 2], np.uint16)),
        "sw": language([1, 0], [1, 1], numbers=np.array([0, 3], np.int32), clusters=4),
    }
    return run(3, {"x": parts, "y": {"en": language(np.array([1, 0], np.uint8))}}, joint=False)


def test_a_language_at_a_time_is_what_the_whole_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "run"
    one = lazy(several(), path)
    whole = Run.load(path)
    assert (one.seed, one.trained, one.unit) == (whole.seed, whole.trained, whole.unit)
    for target, sums in whole.sums.items():
        languages = one.sums[target].languages
        assert isinstance(languages, LanguagesInFile)
        assert list(languages) == list(sums.languages) and len(languages) == len(sums.languages)
        assert "en" in languages and "xx" not in languages
        assert one.sums[target].codes == sums.codes
        for code, expected in sums.languages.items():
            for found in (languages[code], languages.held()[code]):
                for name in FIELDS:
                    np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_a_file_that_changed_or_went_is_told(tmp_path: Path) -> None:
    path = tmp_path / "run"
    one = lazy(several(), path)
    moved = tmp_path / "moved"
    path.rename(moved)
    with pytest.raises(HarnessError, match=r"run: not statistics .*evaluate again"):
        one.sums["x"].languages["en"]
    path.write_bytes(moved.read_bytes())
    with pytest.raises(HarnessError, match="changed while it was read"):
        one.sums["x"].languages["en"]
    path.unlink()
    path.symlink_to(moved)
    with pytest.raises(HarnessError, match="not statistics"):
        one.sums["x"].languages["en"]


@pytest.mark.parametrize("offsets", [[0, 10**9], [-8, 16], [16, 0], [0, 2**70], [0, 23], "ab", 5])
def test_arrays_that_lie_elsewhere_are_refused(tmp_path: Path, offsets: object) -> None:
    path = tmp_path / "run"
    several().save(path)
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8:start])
    head["x/en/a"]["data_offsets"] = offsets
    text = json.dumps(head).encode()
    spoilt = len(text).to_bytes(8, "little") + text + raw[start:]
    with pytest.raises(HarnessError, match=r"run: not statistics that the harness wrote"):
        parsed(spoilt, path)
    for cut in (b"", raw[:7], (2**63).to_bytes(8, "little") + raw[8:], raw[: start - 1]):
        with pytest.raises(HarnessError, match="not statistics"):
            parsed(cut, path)


@pytest.mark.parametrize("joint", [True, False])
def test_panels_are_the_same_however_the_sums_are_read(
    joint: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(name, 0.5, joint=joint) for name in ("base", "mnli")]
    files = [
        Row(one.name, tuple(lazy(r, tmp_path / f"{one.name}-{r.seed}") for r in one.runs))
        for one in rows
    ]
    columns = [Column.of_target("xnli", ("en", "de")), Column.of_language("xnli", "de")]
    expected = list(panels_of(rows, columns))
    for most in (strata.HELD, 0):
        monkeypatch.setattr(strata, "HELD", most)
        for found, right in zip(panels_of(files, columns), expected, strict=True):
            assert isinstance(found, Panel) and isinstance(right, Panel)
            np.testing.assert_array_equal(found.items, right.items)
            np.testing.assert_array_equal(found.mixtures, right.mixtures)
            np.testing.assert_array_equal(np.stack(found.scores), np.stack(right.scores))


def test_weighted_sums_are_those_of_the_differences_by_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if each column's differences were added up first; rows and units in several chunks."""
    monkeypatch.setattr(strata, "AT_ONCE", 500)
    rows = [row("base", 0.5), row("mnli", 0.6, runs=4), row("qqp", 0.4, runs=1)]
    shared = Row("unit", (*row("a", 0.5, 2, unit="u").runs, drawn(77, 0.5)))
    rows.append(shared)
    weights = {"en": 1.0, "de": -0.5}
    column = Column("gap", {("xnli", code): weight for code, weight in weights.items()})
    (made,) = panels_of(rows, [column])
    assert isinstance(made, Panel)
    means, mixtures = [], []
    for one in rows:
        units = []
        for unit in one.units(column):
            parts = [
                sum(
                    100 * w * left_out(r.sums["xnli"].languages[c].a, r.sums["xnli"].languages[c].b)
                    for c, w in weights.items()
                )
                for r in unit
            ]
            units.append(np.mean(parts, axis=0))
        means.append(np.mean(units, axis=0))
        apart = np.stack(units) - means[-1]
        count = len(units) - 1
        mixtures.append(spread(apart, 60).sum() / count if count else np.nan)
    np.testing.assert_allclose(made.items[0], covariances(np.stack(means), 60), rtol=1e-10)
    np.testing.assert_allclose(made.mixtures, mixtures, rtol=1e-10)
    assert [len(scores) for scores in made.scores] == [3, 4, 1, 2]
