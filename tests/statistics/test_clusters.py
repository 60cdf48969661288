"""Clusters of test examples, and the sums by cluster and their file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from support.statistics_made import drawn, language, run

from harness.errors import HarnessError
from harness.statistics import Run
from harness.statistics.clusters import Clusters, Keys, _joined, cluster
from harness.statistics.sums import Tally, refuse_other_scores, summed
from harness.statistics.sums_file import load, save

KEYS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 4)), max_size=12)


def components(languages: dict[str, list[tuple[int, int, int]]]) -> dict[str, list[int]]:
    """Clusters by plain search: examples linked by an item, or by a passage in their language."""
    nodes = [(code, i) for code, rows in languages.items() for i in range(len(rows))]

    def linked(left: tuple[str, int], right: tuple[str, int]) -> bool:
        one, other = languages[left[0]][left[1]], languages[right[0]][right[1]]
        same = left[0] == right[0] and bool({*one[1:]} & {*other[1:]})
        return one[0] == other[0] or same

    group: dict[tuple[str, int], int] = {}
    for node in nodes:
        if node in group:
            continue
        todo = [node]
        while todo:
            at = todo.pop()
            group[at] = nodes.index(node)
            todo += [other for other in nodes if other not in group and linked(at, other)]
    return {code: [group[code, i] for i in range(len(rows))] for code, rows in languages.items()}


@given(st.dictionaries(st.sampled_from(["en", "de", "sw"]), KEYS, min_size=1))
def test_examples_are_together_if_keys_link_them(
    languages: dict[str, list[tuple[int, int, int]]],
) -> None:
    keys = {
        code: Keys(
            [str(row[0]) for row in rows],
            ([str(row[1]) for row in rows], [str(row[2]) for row in rows]),
        )
        for code, rows in languages.items()
    }
    found, expected = cluster(keys), components(languages)
    flat = [(code, i) for code, rows in languages.items() for i in range(len(rows))]
    crossing = any(expected[a][i] == expected[b][j] for a, i in flat for b, j in flat if a != b)
    assert found.joint == crossing
    for a, i in flat:
        for b, j in flat:
            if a == b or crossing:
                same = found.rows[a][i] == found.rows[b][j]
                assert same == (expected[a][i] == expected[b][j])
            if expected[a][i] == expected[b][j]:
                assert found.halves[a][i] == found.halves[b][j]


def test_halves_depend_on_keys_alone() -> None:
    names = [f"q{i}" for i in range(200)]
    whole = cluster({"en": Keys(names)})
    part = cluster({"de": Keys(names[50:]), "en": Keys(names[::-1])})
    assert (whole.halves["en"] == part.halves["en"][::-1]).all()
    assert 70 < whole.halves["en"].sum() < 130


def test_clusters_survive_their_file(tmp_path: Path) -> None:
    clusters = cluster({"en": Keys(["a", "b", "a"], names=["x", "y", "z"]), "de": Keys(["b"])})
    clusters.save(tmp_path / "c.safetensors")
    again = Clusters.load(tmp_path / "c.safetensors")
    assert again.joint is clusters.joint is True
    for code in ("en", "de"):
        assert again.rows[code].tolist() == clusters.rows[code].tolist()
        assert again.halves[code].tolist() == clusters.halves[code].tolist()
    assert again.names["en"].tolist() == clusters.names["en"].tolist()


def test_sums_add_up_by_cluster(tmp_path: Path) -> None:
    clusters = cluster({"en": Keys(["a", "b", "a"]), "de": Keys(["b", "c", "c"])})
    tallies = {
        "en": Tally(np.array([1.0, 0.25, 0.5]), np.ones(3)),
        "de": Tally(np.array([0.0, 1.0, 1.0]), np.ones(3)),
    }
    sums = summed(tallies, clusters, {"en": "1", "de": "2"})
    assert sums.languages["en"].a.tolist() == [1.5, 0.25]
    assert sums.languages["en"].score == pytest.approx(100 * 1.75 / 3, abs=1e-12)
    assert sums.languages["de"].numbers is not None
    assert sums.languages["de"].numbers.tolist() == [1, 2]
    save({"x": sums}, tmp_path / "s", {"seed": 3})
    again, about = load(tmp_path / "s")
    assert about == {"seed": 3}
    for code, part in again["x"].languages.items():
        assert part.a.tolist() == sums.languages[code].a.tolist()
        assert part.data == sums.languages[code].data
        assert part.score == sums.languages[code].score
    assert again["x"].languages["de"].a.dtype == np.uint8
    assert again["x"].languages["en"].a.dtype == np.float64  # to 1e-9, as the official score


def test_named_examples_are_found_by_name_and_others_refused() -> None:
    names = ["de-1", "de-2", "de-3"]
    clusters = cluster({"de": Keys(passages=(names,), names=names)})
    tally = Tally(np.array([2.0, 0.0]), np.array([2.0, 1.0]), ["de-3", "de-1"])
    part = summed({"de": tally}, clusters, {"de": ""}).languages["de"]
    assert part.numbers is not None
    assert (part.numbers.tolist(), part.a.tolist(), part.clusters) == ([0, 2], [0, 2], 3)
    stray = Tally(np.ones(1), np.ones(1), ["de-9"])
    with pytest.raises(HarnessError, match="the test set has no sentence 'de-9'"):
        summed({"de": stray}, clusters, {"de": ""})


def test_another_number_of_examples_is_refused() -> None:
    clusters = cluster({"en": Keys(["a", "b"])})
    with pytest.raises(HarnessError, match="3 scored examples of 2"):
        summed({"en": Tally(np.ones(3), np.ones(3))}, clusters, {"en": ""})


def test_a_limit_scores_the_first_examples() -> None:
    clusters = cluster({"en": Keys(["a", "b", "a", "c"])})
    part = summed({"en": Tally(np.ones(3), np.ones(3))}, clusters, {"en": ""}, limit=3)
    assert (part.languages["en"].a.tolist(), part.languages["en"].clusters) == ([2, 1], 2)


def test_sums_of_another_score_are_refused_by_name() -> None:
    sums = drawn(1, 0.5).sums["xnli"]
    scores = {code: part.score for code, part in sums.languages.items()}
    refuse_other_scores(sums, scores, "score xnli")
    with pytest.raises(HarnessError, match="score xnli: the statistics of de add up to"):
        refuse_other_scores(sums, scores | {"de": scores["de"] + 0.01}, "score xnli")
    with pytest.raises(HarnessError, match="score xnli: the statistics of de add up to"):
        refuse_other_scores(sums, scores | {"de": float("nan")}, "score xnli")
    with pytest.raises(HarnessError, match="score xnli: statistics and scores are of different"):
        refuse_other_scores(sums, scores | {"sw": 1.0}, "score xnli")


def head(*, joint: bool = True, **languages: object) -> dict[str, str]:
    value = {"targets": {"x": {"joint": joint, "languages": languages}}, "about": {}}
    return {"statistics": json.dumps(value)}


GOOD = {"clusters": 2, "data": "", "predictions": ""}
PARTS = {
    "x/en/a": np.array([1, 0], np.uint8),
    "x/en/b": np.array([1, 1], np.uint8),
    "x/en/halves": np.zeros(1, np.uint8),
}


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        (PARTS, {}),
        (PARTS, {"statistics": "[]"}),
        (PARTS, {"statistics": "{"}),
        (PARTS, head(en=GOOD | {"clusters": 3})),
        (PARTS, head(en=GOOD | {"clusters": "2"})),
        (PARTS, head(en={"data": ""})),
        (PARTS, head(en=GOOD, de=GOOD)),
        (PARTS | {"x/en/a": np.array([2, 0], np.uint8)}, head(en=GOOD)),
        (PARTS | {"x/en/a": np.array([np.nan, 0])}, head(en=GOOD)),
        (PARTS | {"x/en/a": np.array([1, 0, 0], np.uint8)}, head(en=GOOD)),
        (PARTS | {"x/en/a": np.array([[1, 0]], np.uint8)}, head(en=GOOD)),
        (
            PARTS | {"x/en/a": np.array([1e308, 1e308]), "x/en/b": np.array([1e308] * 2)},
            head(en=GOOD),
        ),
        (PARTS, head(en=GOOD | {"clusters": 10**400})),
        (PARTS, {"statistics": "[" * 100_000}),
        (PARTS | {"x/en/numbers": np.array([0, 9], np.int32)}, head(en=GOOD, joint=False)),
        (PARTS | {"x/en/numbers": np.array([1, 0], np.int32)}, head(en=GOOD)),
        (PARTS | {"x/en/numbers": np.array([-1, 0], np.int32)}, head(en=GOOD)),
    ],
)
def test_a_file_that_is_no_statistics_is_one_line(
    tmp_path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]
) -> None:
    path = tmp_path / "statistics.safetensors"
    save_file(tensors, path, metadata)
    with pytest.raises(HarnessError, match=r"not statistics that the harness wrote .*evaluate"):
        load(path)


def test_a_whole_file_is_read_and_others_named(tmp_path: Path) -> None:
    path = tmp_path / "statistics.safetensors"
    save_file(PARTS, path, head(en=GOOD))
    assert load(path)[0]["x"].languages["en"].score == 50
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(HarnessError, match="not statistics"):
        load(path)
    with pytest.raises(HarnessError, match="no such file"):
        load(tmp_path / "other")
    with path.open("wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(HarnessError, match="larger than 32 MiB"):
        load(path)


def test_a_run_says_its_seed_and_what_was_trained(tmp_path: Path) -> None:
    made = drawn(7, 0.5, unit="abc")
    made.save(tmp_path / "run")
    again = Run.load(tmp_path / "run")
    assert (again.seed, again.trained, again.unit) == (7, frozenset({"xnli"}), "abc")
    for about in ({}, {"seed": "7"}, {"seed": 7, "trained": []}, {"seed": 7, "trained": "xnli"}):
        save(made.sums, tmp_path / "other", about)
        with pytest.raises(HarnessError, match="does not say which"):
            Run.load(tmp_path / "other")


def test_a_language_without_gold_and_predictions_scores_nothing() -> None:
    one = run(1, {"x": {"en": language([0, 0, 0], [0, 0, 0])}})
    assert one.sums["x"].languages["en"].score == 0


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=8), min_size=1, max_size=3))
def test_a_single_passage_gives_the_same_the_short_way(passages: list[list[str]]) -> None:
    keys = {f"l{i}": Keys(passages=(some,), names=some) for i, some in enumerate(passages)}
    short = cluster(keys)
    long = _joined(keys, short.names)
    assert short.joint == long.joint
    for code in keys:
        for left, right in ((short.rows, long.rows), (short.halves, long.halves)):
            assert left[code].dtype == right[code].dtype
            assert np.array_equal(left[code], right[code])
