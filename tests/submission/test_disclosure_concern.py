"""The concern of disclosure: what is said of the training, and what the board says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.entries import MNLI, look
from support.entry_folders import PUBLISHED, VALUE, make_entry

from harness.submission.checks.disclosure import HOLDINGS, DisclosureConcern
from harness.submission.findings import ERROR, NOTE, WARNING

CONCERN = DisclosureConcern()
RUN = VALUE["runs"][0]
TWO = [RUN, RUN | {"id": "seed-2", "seed": 2}]


def told(root: Path, **values: Any) -> list[str]:
    """Return the codes that an entry of two runs with some other values gets."""
    return [one.code for one in look(CONCERN, make_entry(root, **{"runs": TWO} | values))]


def training(**values: Any) -> dict[str, Any]:
    return VALUE["training"] | values


def stage(name: str, *languages: str) -> list[dict[str, Any]]:
    """Return one stage of training on one task."""
    task = {"name": name, "languages": list(languages or ("en",)), "translated": False}
    return [{"tasks": [task | {"examples": None}]}]


@pytest.mark.parametrize(
    ("languages", "regime", "expected"),
    [
        (["en"], "zero-shot", []),
        ([], "zero-shot", []),
        (["en", "en-GB"], "zero-shot", []),
        (["en", "de"], "zero-shot", ["D601"]),
        (["enf"], "zero-shot", ["D601"]),  # another language's code
        (["en", "de"], "translate-train", []),
        (["en", "de"], "few-shot", []),
    ],
)
def test_zero_shot_is_english_alone(
    languages: list[str], regime: str, expected: list[str], tmp_path: Path
) -> None:
    values = {"training": training(languages=languages, regime=regime)}
    assert told(tmp_path, **values) == expected


@pytest.mark.parametrize(
    ("language", "regime", "expected"),
    [("en", "zero-shot", []), ("de", "zero-shot", ["D601"]), ("de", "translate-train", [])],
)
def test_extra_data_are_training_on_the_targets(
    language: str, regime: str, expected: list[str], tmp_path: Path
) -> None:
    extra = [{"name": "x", "languages": [language], "translated": True, "examples": 5}]
    values = {"training": training(regime=regime, extra=extra)}
    assert told(tmp_path, **values) == expected


def test_intermediate_training_in_other_languages_is_zero_shot(tmp_path: Path) -> None:
    """It is one of the questions that the harness is there for."""
    runs = [one | {"intermediate_run": f"a-{one['seed']}"} for one in TWO]
    values = {"runs": runs, "baseline": "other", "intermediate": stage("mnli", "sw", "de")}
    assert told(tmp_path, **values) == []


@pytest.mark.parametrize("selection", ["english-dev", "last", "target-dev", "test", "unknown"])
def test_a_choice_by_targets_is_a_badge(selection: str, tmp_path: Path) -> None:
    folder = make_entry(tmp_path, runs=TWO, training=training(selection=selection))
    found = look(CONCERN, folder)
    assert [one.code for one in found] == ["D602"] * (selection in ("target-dev", "test"))
    assert all(one.severity is WARNING and "the board marks" in one.remedy for one in found)


@pytest.mark.parametrize(
    ("name", "benchmark", "target"),
    [
        ("squad-dev", "mini", "xquad"),
        ("SQuAD v2.0 (dev)", "xtreme", "xquad"),
        ("XQuAD", "xtreme", "xquad"),
        ("tydiqa-dev", "xtreme", "tydiqa"),
        ("TyDi QA GoldP dev", "xtreme", "tydiqa"),
        ("xnli", "xtreme", "xnli"),
        ("XNLI dev", "xtreme", "xnli"),
        ("mlqa", "xtreme", "mlqa"),
        ("paws-x test", "xtreme", "pawsx"),
        ("xcopa", "xtreme-r", "xcopa"),
        ("bucc 2018 train", "xtreme", "bucc2018"),
        ("tatoeba", "xtreme", "tatoeba"),
        ("xcopa", "xtreme", ""),  # not a task of it
        ("paws-x test", "xtreme-r", ""),
        ("squad", "xtreme", ""),
        ("squad-train", "xtreme", ""),
        ("tydiqa-goldp train", "xtreme", ""),
        ("xnli-translate-train", "xtreme", ""),
        ("mnli", "xtreme", ""),
        ("device tests", "xtreme", ""),
        ("", "xtreme", ""),
    ],
)
def test_sets_that_hold_test_items(name: str, benchmark: str, target: str, tmp_path: Path) -> None:
    runs = [one | {"intermediate_run": f"a-{one['seed']}"} for one in TWO]
    values = {"runs": runs, "benchmark": benchmark, "baseline": "other"}
    folder = make_entry(tmp_path, intermediate=[*MNLI, *stage(name)], **values)
    found = [one for one in look(CONCERN, folder) if one.code != "D608"]  # XTREME-R asks for more
    assert [one.code for one in found] == ["D603"] * bool(target)
    for one in found:
        assert one.found.startswith(f"{name} → {target}") and one.severity is WARNING
        assert one.pointer == "/intermediate/1/tasks/0/name"


def test_every_holding_is_found_by_its_own_words() -> None:
    for one in HOLDINGS:
        assert one.names(" ".join(one.words)) and not one.names("mnli") and one.tasks


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"runs": [RUN]}, ["D605"]),
        ({"training": training(tried=2)}, ["D606"]),
        ({"licence": ""}, ["D607"]),
        ({"intermediate": MNLI, "baseline": "other"}, ["D604"]),
        (
            {"intermediate": MNLI, "runs": [one | {"intermediate_run": "a"} for one in TWO]},
            ["D604"],
        ),
        ({"intermediate": MNLI, "runs": [RUN | {"intermediate_run": "a"}]}, ["D605"]),
        ({"runs": ..., **PUBLISHED}, []),
    ],
)
def test_notes_say_what_the_board_will_say(
    values: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    found = look(CONCERN, make_entry(tmp_path, **{"runs": TWO} | values))
    assert [one.code for one in found] == expected
    assert all(one.severity is NOTE and "the board says: " in one.remedy for one in found)


def test_target_training_in_a_target_language_is_an_error(tmp_path: Path) -> None:
    folder = make_entry(tmp_path, runs=TWO, training=training(languages=["en", "sw", "yo"]))
    (one,) = look(CONCERN, folder)
    assert one.severity is ERROR and "sw, yo" in one.found
