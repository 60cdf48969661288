"""The concern of claims: against the predictions, against each other, and runs side by side."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.entries import (
    LABELS,
    change,
    load,
    look,
    restate,
    rewrite,
    save,
    write_baseline,
    write_entry,
    write_transfer,
)
from support.entry_folders import PUBLISHED, make_entry

from harness import registry
from harness.data.folder import FolderSource
from harness.submission.checks.claims import (
    ClaimsConcern,
    claimed_numbers,
    mean_scores,
    numbers_of,
)
from harness.submission.entry import Entry
from harness.submission.findings import ERROR, WARNING, Finding
from harness.submission.incoming import Incoming
from harness.submission.labels import Labels, open_labels
from harness.submission.recompute import recompute
from harness.submission.score import score_folder

CONCERN = ClaimsConcern()
MINI = registry.benchmark("mini")
Numbers = Mapping[tuple[str, ...], float]
LANGUAGES = ("en", "de", "es", "zh", "ar", "hi", "sw")


@pytest.fixture(scope="module")
def labels() -> Labels:
    return open_labels("mini", None, None)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An entry of three runs; copy it before changing a file."""
    return write_baseline(tmp_path_factory.mktemp("three"))


@pytest.fixture(scope="module")
def numbers(three: Path, labels: Labels) -> Numbers:
    """All numbers that its predictions score."""
    return numbers_of(mean_scores(recompute(Incoming(three, {}, labels)).runs), MINI)


def claims_of(numbers: Mapping[tuple[str, ...], float]) -> dict[str, Any]:
    """Return numbers by place as claims."""
    claims: dict[str, Any] = {}
    for place, points in numbers.items():
        inner = claims
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
        inner[place[-1]] = points
    return claims


def told(folder: Path, labels: Labels | None = None) -> list[tuple[str, str]]:
    """Return code and pointer of what the concern finds."""
    return [(one.code, one.pointer) for one in look(CONCERN, folder, (), labels)]


def test_numbers_are_means_over_runs_of_what_the_scorer_says(three: Path, numbers: Numbers) -> None:
    """Against ``harness score`` of each run, every number."""
    each = [
        score_folder(three / "predictions" / run, LABELS, MINI)
        for run in ("seed-1", "seed-2", "seed-3")
    ]
    for place, points in numbers.items():
        if len(place) == 1:
            theirs = [one.summary.overall for one in each]
        elif place[0] == "groups":
            theirs = [one.summary.groups[place[1]] for one in each]
        elif place[1] == "mean":
            theirs = [
                fmean(m[place[2]] for m in one.tasks[place[0]].languages.values()) for one in each
            ]
        else:
            theirs = [one.tasks[place[0]][place[1]][place[2]] for one in each]
        assert points == pytest.approx(fmean(theirs), abs=1e-9), place
    assert {("overall",), ("groups", "qa"), ("xquad", "mean", "f1")} <= numbers.keys()


def test_true_claims_and_the_tolerance(
    three: Path, numbers: Numbers, labels: Labels, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(three, tmp_path / three.name))
    kinds = (lambda p: p, lambda p: p - 0.05, lambda p: round(p, 1), lambda p: p - 0.051)
    moved = {
        place: kinds[number % len(kinds)](points) if points < 100 else points
        for number, (place, points) in enumerate(numbers.items())
    }
    save(folder, load(folder) | {"claims": claims_of(moved)})
    assert claimed_numbers(Entry.of(load(folder))) == moved
    wrong = {place for place in numbers if abs(moved[place] - numbers[place]) > 0.0505}
    assert len(wrong) > 30
    found = [one for one in look(CONCERN, folder, (), labels) if one.code == "C501"]
    assert {one.pointer for one in found} == {"/claims/" + "/".join(place) for place in wrong}


def test_a_false_claim_shows_both_numbers(
    three: Path, numbers: Numbers, labels: Labels, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(three, tmp_path / three.name))
    save(folder, load(folder) | {"claims": {"xnli": {"de": {"accuracy": 99.25}}}})
    (one,) = look(CONCERN, folder, (), labels)
    assert one.severity is ERROR and one.pointer == "/claims/xnli/de/accuracy"
    assert "99.25" in one.found and f"{numbers['xnli', 'de', 'accuracy']:.2f}" in one.expected
    assert look(CONCERN, folder) == []  # without labels nothing is known of it


def test_a_claim_that_no_labels_can_check_is_a_warning(three: Path, tmp_path: Path) -> None:
    data = tmp_path / "labels"
    shutil.copytree(LABELS, data)
    (data / "tatoeba" / "test-de.tsv").unlink()
    labels = Labels(FolderSource(tmp_path / "none", data), examples=False)
    folder = Path(shutil.copytree(three, tmp_path / three.name))
    claims = {"tatoeba": {"de": {"accuracy": 80.0}}, "groups": {"retrieval": 80.0}, "overall": 7.0}
    save(folder, load(folder) | {"claims": claims})
    found = look(CONCERN, folder, (), labels)
    assert [(one.code, one.severity) for one in found] == [("C501", WARNING)] * 3
    change(folder, lambda value: value["claims"].update(xnli={"fr": {"accuracy": 1.0}}))
    (one,) = [one for one in look(CONCERN, folder, (), labels) if one.severity is ERROR]
    assert one.pointer == "/claims/xnli/fr/accuracy"  # no language of it: no labels are missing


def test_claims_without_predictions(labels: Labels, tmp_path: Path) -> None:
    """Numbers of a paper, and predictions that lie elsewhere: only their parts can be looked at."""
    claims = {"xnli": {c: {"accuracy": 70.0} for c in LANGUAGES} | {"mean": {"accuracy": 71.0}}}
    paper = make_entry(tmp_path, {}, slug="paper", runs=..., claims=claims, **PUBLISHED)
    assert told(paper, labels) == told(paper) == [("C502", "/claims/xnli/mean/accuracy")]
    links = {"predictions": "https://example.org/predictions.zip"}
    away = make_entry(tmp_path, slug="away", claims=claims, links=links)
    shutil.rmtree(away / "predictions")
    assert told(away, labels) == [("C502", "/claims/xnli/mean/accuracy")]


def claimed(root: Path, claims: Mapping[str, Any]) -> list[Finding]:
    return look(CONCERN, make_entry(root, {}, runs=..., claims=claims, **PUBLISHED))


@given(points=st.lists(st.floats(0, 100), min_size=7, max_size=7), off=st.sampled_from([0, 0.2]))
def test_a_rounded_mean_follows_from_rounded_parts(
    points: list[float], off: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mean = round(fmean(points), 1) + off
    parts = {code: {"accuracy": round(one, 1)} for code, one in zip(LANGUAGES, points, strict=True)}
    claims = {"xnli": {**parts, "mean": {"accuracy": mean}}}
    found = claimed(tmp_path_factory.mktemp("claims"), claims)
    assert [one.code for one in found] == ["C502"] * bool(off)


def test_groups_and_the_whole_follow_from_the_tasks(tmp_path: Path) -> None:
    """The whole is the mean of the nine tasks, and question answering the mean of EM and F1."""
    qa = {"mean": {"exact_match": 50.0, "f1": 70.0}}
    tasks: dict[str, Any] = dict.fromkeys(("xquad", "mlqa", "tydiqa"), qa)
    tasks |= {name: {"mean": {"accuracy": 80.0}} for name in ("xnli", "pawsx", "tatoeba")}
    tasks |= {name: {"mean": {"f1": 90.0}} for name in ("udpos", "panx", "bucc2018")}
    whole = (3 * 60 + 3 * 80 + 3 * 90) / 9
    groups = {"classification": 80.0, "tagging": 90.0, "qa": 60.0, "retrieval": 85.0}
    assert claimed(tmp_path, tasks | {"overall": whole, "groups": groups}) == []
    off = {name: points + 0.11 for name, points in groups.items()}
    of_groups = sum(groups.values()) / 4
    found = claimed(tmp_path, tasks | {"overall": of_groups, "groups": off})
    assert [one.pointer for one in found] == [
        *(f"/claims/groups/{name}" for name in groups),
        "/claims/overall",
    ]
    assert f"{whole:.2f}" in found[-1].expected and f"{of_groups:.2f}" in found[-1].found
    del tasks["panx"]  # nothing follows from a part of them, but for the groups that are whole
    found = claimed(tmp_path, tasks | {"overall": of_groups, "groups": off})
    assert [one.pointer for one in found] == [
        f"/claims/groups/{name}" for name in groups if name != "tagging"
    ]


def test_a_mean_of_one_metric_alone_is_looked_at(tmp_path: Path) -> None:
    parts = {code: {"f1": 60.0} for code in LANGUAGES}
    (one,) = claimed(tmp_path, {"xquad": {**parts, "mean": {"f1": 61.0}}})
    assert one.pointer == "/claims/xquad/mean/f1"
    del parts["sw"]
    assert claimed(tmp_path, {"xquad": {**parts, "mean": {"f1": 61.0}}}) == []


def wrong_by(folder: Path, run: str, count: int) -> None:
    """Give a run right PAWS-X labels but for the first ones of each language."""
    for code in LANGUAGES:
        path = f"pawsx/test-{code}.tsv"
        gold = (LABELS / path).read_text().split()
        lines = [str(1 - int(one)) if i < count else one for i, one in enumerate(gold)]
        rewrite(folder, path, lambda _, t=lines: "".join(f"{x}\n" for x in t), [run])


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ((3, 3, 3), ["/runs"]),  # all alike
        ((3, 4, 3), []),
        ((0, 1, 10), ["/runs/2"]),
        ((10, 0, 10), ["/runs/1"]),
        ((0, 10), []),  # of two, neither is the one that is off
    ],
)
def test_runs_side_by_side(
    wrong: tuple[int, ...], expected: list[str], labels: Labels, tmp_path: Path
) -> None:
    folder = write_transfer(tmp_path, runs=len(wrong))
    for number, count in enumerate(wrong, 1):
        for task in set(MINI.task_names()) - {"pawsx"}:
            shutil.rmtree(folder / "predictions" / f"seed-{number}" / task)
        wrong_by(folder, f"seed-{number}", count)
    assert told(folder, labels) == [("C504", pointer) for pointer in expected]


def test_what_is_not_trained_may_be_alike(labels: Labels, tmp_path: Path) -> None:
    folder = write_entry(tmp_path / "one", ["seed-1", "seed-2"])
    assert told(folder, labels) == []


def test_faulty_predictions_are_not_scored(three: Path, labels: Labels, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(three, tmp_path / three.name))
    save(folder, load(folder) | {"claims": {"overall": 99.0}})
    path = folder / "predictions" / "seed-1" / "xnli" / "test-de.tsv"
    path.write_text("neutral\n")
    restate(folder)
    assert told(folder, labels) == []
