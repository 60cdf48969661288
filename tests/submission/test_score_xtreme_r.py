"""``harness score`` of XTREME-R's three new tasks: to the last digit, and what is odd is said."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import reference_scorer as reference
from support.names import XTREME_R_ALONE
from support.passages import write_json, write_lareqa, write_lines, write_mewslix

from harness import registry
from harness.data.folder import FolderSource

Call = Callable[..., tuple[int, str, str]]
Gold = Mapping[str, list[str]]
MOCK = {  # google-research/xtreme, mock_test_data: a mention's id, the right one, and its place
    "ar": ("8e18e51eced73e6495df0043192edbfe", "Q46930", 16),
    "de": ("4be5a1742223cc3a8c01e6bf9c6e3f27", "Q156913", 2),
    "en": ("64ca9e2f229acf8e39c2a3d2e45f81e7", "Q720285", 12),
    "es": ("4a2d7fd3e4791f09bc3c804a15d647ef", "Q786", 12),
    "fa": ("d35cc57a7869168ddeb8143c1b2260f3", "Q76", 4),
    "ja": ("d0e7a9dd0359610c53bba176d702dfce", "Q174691", 14),
    "pl": ("64232b8a3c3ee67f76f96ccd963b78f7", "Q1362561", 19),
    "ro": ("ebd92132adbb679fdd090503cd925f81", "Q185007", 6),
    "ta": ("12760cb39680a822c3cd0c8495cf1b4b", "Q11468", 13),
    "tr": ("9f39acb0fef259aaf24224fe41954f6c", "Q258", 8),
    "uk": ("9f4dba86a6d21cfd246353403da46abd", "Q1899", 9),
}


@pytest.fixture
def score(run: Call, tmp_path: Path) -> Call:
    """``harness score`` of the folder p against a folder of labels."""

    def call(labels: Path, *words: str) -> tuple[int, str, str]:
        where = ("score", tmp_path / "p", "--labels", labels, "--benchmark", "xtreme-r")
        return run(*where, *words)

    return call


def write_data(data: Path, seed: int) -> None:
    """Write examples and labels of the three tasks; those of XCOPA and Mewsli-X by chance."""
    rng = random.Random(seed)
    write_lareqa(data / "xtreme", paragraphs=9)
    for code in registry.task("xcopa").languages:
        rows = [{"label": rng.randrange(2)} for _ in range(rng.randrange(30, 60))]
        write_lines(data / f"labels/xcopa/test-{code}.jsonl", rows)
    for code in registry.task("mewslix").languages:
        gold = {f"{code}-{n}": [f"Q{rng.randrange(30)}"] for n in range(rng.randrange(20, 90))}
        write_json(data / f"labels/mewslix/test-{code}.json", gold)


def ranked(rng: random.Random, gold: Gold, known: list[str]) -> dict[str, list[str]]:
    """Return lists with right ones, repeated ones and some over twenty; a query may be absent."""
    answers = {}
    for name, right in gold.items():
        some = rng.sample(known, 17) + rng.sample(right, min(len(right), rng.randrange(6)))
        rng.shuffle(some)
        answers[name] = some + rng.sample(known, rng.randrange(6))
    del answers[next(iter(answers))]
    return answers


def predict(data: Path, folder: Path, seed: int) -> dict[str, dict[str, float]]:
    """Write predictions by chance for the three tasks; return what they score officially."""
    rng, found = random.Random(seed), {}
    source = FolderSource(data / "xtreme", data / "labels")
    for name in XTREME_R_ALONE:
        task = registry.task(name)
        found[name] = {}
        pool = [one for one, _ in source.pool(task)] if name == "lareqa" else []
        others = [] if pool else [f"none-{n}" for n in range(20)]
        for code in task.languages:
            path, target = data / "labels" / name / task.file(code), folder / name / task.file(code)
            if name == "xcopa":
                lines = path.read_text("utf-8").splitlines()
                right = [str(json.loads(line)["label"]) for line in lines]
                guesses = [rng.choice([one, "0", "1"]) for one in right]
                write_lines(target, [{"label": int(one)} for one in guesses])
                found[name][code] = reference.accuracy(right, guesses)["accuracy"]
                continue
            if name == "lareqa":  # right ones by test_pools.py, against the official code's numbers
                gold, official = source.gold(task, code), reference.lareqa_score
            else:
                gold, official = json.loads(path.read_text("utf-8")), reference.mewslix_score
            assert gold
            known = pool or sorted({one for right in gold.values() for one in right})
            answers = ranked(rng, gold, [*known, *others])
            write_json(target, answers)
            found[name][code] = official(gold, answers)
    return found


def equal(score: Call, labels: Path, expected: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Score and compare, to the last digit; return the scores."""
    code, out, err = score(labels, "--json")
    assert code == 0, err
    scores: dict[str, Any] = json.loads(out)["tasks"]
    for name, languages in expected.items():
        metric = registry.task(name).format.metric
        assert {c: one[metric] for c, one in scores[name]["languages"].items()} == languages
        assert scores[name]["score"] == sum(languages.values()) / len(languages)
        assert scores[name]["complete"] and 5 < scores[name]["score"] < 90
    return scores


@pytest.mark.parametrize("seed", range(3))
def test_random_files_score_as_officially_to_the_last_digit(
    score: Call, tmp_path: Path, seed: int
) -> None:
    write_data(tmp_path / "data", seed)
    expected = predict(tmp_path / "data", tmp_path / "p", seed)
    equal(score, tmp_path / "data/labels", expected)


def test_the_samples_files_score_as_officially_to_the_last_digit(
    score: Call, real_data: Path, tmp_path: Path
) -> None:
    expected = predict(real_data, tmp_path / "p", 1)
    scores = equal(score, real_data / "labels", expected)
    source = FolderSource(real_data / "xtreme")
    each = []
    for code in (task := registry.task("lareqa")).languages:
        answers = json.loads((tmp_path / "p/lareqa" / task.file(code)).read_text("utf-8"))
        each += reference.average_precisions(source.gold(task, code) or {}, answers)
    assert len(each) == 2475  # officially the mean of all questions
    assert scores["lareqa"]["score"] == pytest.approx(float(np.mean(each)) * 100, rel=1e-14)


def test_the_official_mock_data(score: Call, tmp_path: Path) -> None:
    for code, (mention, right, place) in MOCK.items():
        some = [f"Q{n}" for n in range(1, 21)]
        some[place - 1] = right
        write_json(tmp_path / f"p/mewslix/test-{code}.json", {mention: some})
        write_json(tmp_path / f"labels/mewslix/test-{code}.json", {mention: [right]})
    _, out, err = score(tmp_path / "labels", "--json")
    # from Python 3.12 on, sum() keeps what it rounds off: the official script's last digit, too
    expected = 14.39025156130419 if sys.version_info < (3, 12) else 14.390251561304193
    assert (json.loads(out)["tasks"]["mewslix"]["score"], err) == (expected, "")


def mewslix_of(score: Call, tmp_path: Path, gold: Any, answers: Any) -> dict[str, Any]:
    """Score German mentions alone."""
    write_json(tmp_path / "labels/mewslix/test-de.json", gold)
    write_json(tmp_path / "p/mewslix/test-de.json", answers)
    code, out, err = score(tmp_path / "labels", "--json")
    assert code == 0, err
    task: dict[str, Any] = json.loads(out)["tasks"]["mewslix"]
    return task


@pytest.mark.parametrize(
    ("gold", "answers", "expected"),
    [
        ({"a": [" Q1 "], "b": ["Q2\n"]}, {"a": ["Q1"], "b": ["Q2"]}, 100.0),
        ({"a": ["Q1"], "b": [""]}, {"a": ["Q1"], "b": [""]}, 50.0),
        ({"a": ["Q1"], "b": [" "], "c": [], "d": []}, {"a": ["Q1"], "c": ["Q1"]}, 25.0),
        ({"a": ["Q1", "Q2"]}, {"a": ["Q2", "Q1"]}, 50.0),  # the first counts, as officially
        ({"a": ["Q1", "Q1"]}, {"a": ["Q1"]}, 100.0),
        ({"a": ["", "Q2"], "b": ["Q1"]}, {"a": ["Q2"], "b": ["Q1"]}, 50.0),
    ],
)
def test_labels_of_mewslix_are_read_as_officially(
    score: Call, tmp_path: Path, gold: Any, answers: Any, expected: float
) -> None:
    task = mewslix_of(score, tmp_path, gold, answers)
    assert task["languages"] == {"de": {"map_20": expected}}


def test_labels_that_are_all_blank_are_none(score: Call, tmp_path: Path) -> None:
    task = mewslix_of(score, tmp_path, {"a": [""], "b": [], "c": [" "]}, {"a": ["Q1"]})
    assert task["languages"] == {} and task["missing"]["de"] == "no labels"


def test_lareqa_has_many_right_ones_in_a_label_file(score: Call, tmp_path: Path) -> None:
    gold = {"q_de": ["de_1_0", " en_1_0 ", "de_1_0"], "r_de": [""]}
    write_json(tmp_path / "labels/lareqa/test-de.json", gold)
    write_json(tmp_path / "p/lareqa/test-de.json", {"q_de": ["x", "en_1_0", "de_1_0"]})
    _, out, _ = score(tmp_path / "labels", "--json")
    assert json.loads(out)["tasks"]["lareqa"]["languages"]["de"] == {
        "map_20": (1 / 2 + 2 / 3) / 2 / 2 * 100
    }


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Mewsli-X with odd predictions of German and English; the folder of its labels."""
    data = tmp_path / "data"
    write_mewslix(data / "xtreme")
    ids = [f"Q{n}" for n in range(30)]
    for code in ("de", "en"):
        names = [f"{code}-{n}-{i}" for n in range(2) for i in range(2)]
        gold = {name: [ids[n]] for n, name in enumerate(names)}
        write_json(data / f"labels/mewslix/test-{code}.json", gold)
        answers = {names[0]: ids, names[1]: ["Q1", "Q1", "Q777"], "nobody": ["Q888"]}
        write_json(tmp_path / f"p/mewslix/test-{code}.json", answers)
    answers[names[2]] = ids[:21]
    write_json(tmp_path / "p/mewslix/test-en.json", answers)
    return data / "labels"


def test_what_is_odd_is_counted_and_said_under_the_table(score: Call, odd: Path) -> None:
    code, out, err = score(odd)
    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if line.startswith("mewslix: ")]
    ids = "a query without candidates has []; ids are those of the test file"
    expected = [
        "3 queries name more than 20 candidates (de 1, en 2); only the first 20 are scored",
        "2 queries name a candidate twice (de 1, en 1); it counts the first time",
        f"3 query ids are missing and score 0 (de 2, en 1); {ids}",
        f"2 query ids belong to no query and are left out (de 1, en 1); {ids}",
        "4 ids name no candidate (de 2, en 2); they count as wrong",
    ]
    assert lines[1:] == [f"mewslix: {line}" for line in expected]  # the first: no predictions
    code, out, err = score(odd, "--json")
    assert code == 0 and json.loads(out)["tasks"]["mewslix"]["languages"]["de"]["map_20"] == 50
    assert err.splitlines() == [f"note: mewslix: {line}" for line in expected]


def test_a_list_that_is_not_a_list_is_still_refused(score: Call, odd: Path, tmp_path: Path) -> None:
    path = tmp_path / "p/mewslix/test-de.json"
    write_json(path, {"de-0-0": ["Q1"] * 2, "de-0-1": "Q1"})
    code, _, err = score(odd)
    assert (code, err) == (
        2,
        f"error: {path}: the answer to de-0-1 is not a list of ids: 'Q1'\n",
    )


def test_a_broken_pool_does_not_keep_predictions_from_their_scores(score: Call, odd: Path) -> None:
    pool = odd.parent / "xtreme/mewslix/candidate_set_entities.jsonl"
    pool.write_text(pool.read_text("utf-8") + "{\n", "utf-8")
    code, out, _ = score(odd)
    assert code == 0 and f"mewslix: unknown ids are not counted: {pool}:31: " in out
    assert "name no candidate" not in out
    pool.unlink()
    code, out, _ = score(odd)
    assert code == 0 and "unknown ids" not in out and "name no candidate" not in out


def test_without_labels_the_file_that_is_looked_for_is_named(score: Call, tmp_path: Path) -> None:
    (tmp_path / "labels/xcopa").mkdir(parents=True)
    for code in ("de", "ar"):
        write_json(tmp_path / f"p/lareqa/test-{code}.json", {"q": ["de_1_0"]})
    _, out, err = score(tmp_path / "labels")
    expected = (
        "lareqa: no labels (ar de), 2 of 11 languages; neither lareqa/test-ar.json among the"
        " labels, nor xtreme/lareqa/xquad-r/ar.json beside their folder"
    )
    assert expected in out.splitlines() and err == ""
    write_lareqa(tmp_path / "xtreme")
    (tmp_path / "xtreme/lareqa/xquad-r/th.json").unlink()  # right ones lie in all languages
    assert "nor xtreme/lareqa/xquad-r/th.json beside their folder" in score(tmp_path / "labels")[1]
    write_lareqa(tmp_path / "xtreme")
    assert "no labels" not in score(tmp_path / "labels")[1]
