"""The concern of predictions: copies, one label everywhere, scores that need no model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.entries import (
    LABELS,
    MNLI,
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
from support.entry_folders import make_entry

from harness.data.files import Snapshot
from harness.submission import entries as entries_module
from harness.submission.checks import findings_of
from harness.submission.checks.predictions import PredictionsConcern
from harness.submission.entries import incoming_of
from harness.submission.entry import Entry
from harness.submission.findings import AT_MOST, Finding, capped
from harness.submission.incoming import Incoming
from harness.submission.labels import open_labels
from harness.submission.reading import one_label, predictions_of

CONCERN = PredictionsConcern()
LONG = "NOUN\nVERB\n\n" * 100  # more than a few bytes


def codes(findings: list[Finding]) -> list[str]:
    return [one.code for one in findings]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["a"] * 49, False),  # too few to tell
        (["a"] * 50, True),
        (["a"] * 99 + ["b"], True),
        (["a"] * 98 + ["b"] * 2, False),
        ([["a", "a"]] * 25, True),
        ([["a", "b"]] * 100, False),
        ([], False),
    ],
)
def test_one_label_nearly_everywhere(labels: list[str], told: bool) -> None:
    assert codes(list(one_label(labels, Snapshot("x/test-de.tsv", b"")))) == ["P409"] * told


def test_a_file_of_very_many_bad_lines_is_told_in_twenty(tmp_path: Path) -> None:
    folder = make_entry(tmp_path, {"xnli/test-en.tsv": "no\n" * 40_000})
    (file,) = predictions_of(Incoming(folder))
    assert file.answers is None and len(file.findings) == 40_000
    assert len({id(one) for one in file.findings}) == AT_MOST  # no more memory than a list's
    told = findings_of(Incoming(folder))
    assert [one.found for one in told if one.code == "P402"][-1] == "and 39980 more"
    assert codes(told).count("P402") == AT_MOST + 1


def test_broken_json_is_a_finding(tmp_path: Path) -> None:
    folder = make_entry(tmp_path, {"xquad/test-en.json": '{\n"a": "b"'})
    (file,) = predictions_of(Incoming(folder))
    assert file.answers is None and codes(list(file.findings)) == ["P406"]
    assert file.findings[0].found.startswith("no valid JSON") and file.findings[0].line == 2


def test_small_files_may_be_equal(tmp_path: Path) -> None:
    """Ten labels are equal by chance; neither they nor another task's are told."""
    ten = "neutral\nentailment\n" * 5
    folder = make_entry(tmp_path, {"xnli/test-en.tsv": ten, "xnli/test-de.tsv": ten})
    assert look(CONCERN, folder) == []
    files = {f"udpos/test-{code}.tsv": LONG for code in ("en", "de", "es")}
    told = look(CONCERN, make_entry(tmp_path, files, slug="copies"))
    assert codes(told) == ["P410"] * 2
    assert {one.found.rpartition(" ")[2] for one in told} == {"udpos/test-de.tsv"}
    assert told[0].file == "copies/predictions/seed-1/udpos/test-en.tsv"


def runs_of(folder: Path, *seeds: int, **values: object) -> Path:
    """Give an entry some more runs with the same predictions."""
    value = load(folder)
    first = value["runs"][0]
    value["runs"] = [first | {"id": f"seed-{n}", "seed": n} for n in seeds]
    save(folder, value | values)
    for seed in seeds[1:]:
        place = folder / "predictions"
        shutil.copytree(place / "seed-1", place / f"seed-{seed}")
    restate(folder)
    return folder


def test_twenty_runs_of_one_training(tmp_path: Path) -> None:
    folder = runs_of(make_entry(tmp_path, {"udpos/test-en.tsv": LONG}), *range(1, 21))
    told = look(CONCERN, folder)
    assert codes(told) == ["P411"] * 19
    assert {one.pointer for one in told} == {f"/runs/{number}" for number in range(1, 20)}
    change(folder, lambda value: [run.update(seed=1) for run in value["runs"]])
    assert {"S203"} == set(codes(findings_of(Incoming(folder)))) - {"D604", "D605"}


def test_an_untrained_encoder_retrieves_the_same_in_every_run(tmp_path: Path) -> None:
    files = {"bucc2018/test-de.tsv": "".join(f"de-{i}\ten-{i}\n" for i in range(100))}
    folder = runs_of(make_entry(tmp_path, files), 1, 2)
    assert look(CONCERN, folder) == []
    change(folder, lambda value: value.update(intermediate=MNLI, baseline="other"))
    assert codes(look(CONCERN, folder)) == ["P411"]


def test_predictions_of_another_entry(tmp_path: Path) -> None:
    retrieved = "".join(f"de-{i}\ten-{i}\n" for i in range(100))
    files = {"bucc2018/test-de.tsv": retrieved, "udpos/test-en.tsv": LONG, "xnli/test-de.tsv": "a"}
    one = make_entry(tmp_path, files, slug="one")
    same = make_entry(tmp_path, files, slug="same")
    (told,) = look(CONCERN, same, [one])[-1:]
    assert told.code == "P412"
    assert told.found.startswith("1 of 3 prediction files are also in one, as udpos/test-en.tsv")
    change(same, lambda value: value["model"].update(base="example/other"))
    (told,) = look(CONCERN, same, [one])[-1:]
    assert told.found.startswith("2 of 3 prediction files are also in one, as bucc2018/")
    change(one, lambda value: value.update(benchmark="xtreme"))
    assert "P412" not in codes(look(CONCERN, same, [one, same]))
    unreadable = Incoming(same, {"one": None})
    assert "P412" not in codes(list(CONCERN.look(unreadable)))


def test_entries_that_share_nothing_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.submission.entries._REMEMBERED", 0)  # nothing is kept for long
    read = []
    real = entries_module.parsed
    monkeypatch.setattr(entries_module, "parsed", lambda one: read.append(one.slug) or real(one))
    files = {"udpos/test-en.tsv": LONG}
    folders = [make_entry(tmp_path, files | {"a/b": f"{n}"}, slug=f"e{n}") for n in range(3)]
    folders += [make_entry(tmp_path, {"xnli/test-en.tsv": f"f{n}"}, slug=f"f{n}") for n in range(9)]
    found = [codes(list(CONCERN.look(incoming_of(folder)))) for folder in folders]
    assert [one.count("P412") for one in found] == [2] * 3 + [0] * 9
    assert max(read.count(f"f{number}") for number in range(9)) == 1
    files = load(folders[0])["runs"][0]["files"]
    change(folders[-1], lambda value: value["runs"][0].update(files=files))
    found = codes(list(CONCERN.look(incoming_of(folders[0]))))
    assert found.count("P412") == 3


def test_predictions_that_lie_elsewhere_are_compared_by_their_hashes(tmp_path: Path) -> None:
    one = make_entry(tmp_path, {"udpos/test-en.tsv": LONG}, slug="one")
    away = make_entry(tmp_path, {"udpos/test-en.tsv": LONG}, slug="away")
    shutil.rmtree(away / "predictions")
    assert codes(look(CONCERN, away, [one])) == ["P412"]


def test_more_than_the_majority_is_more_than_chance(tmp_path: Path) -> None:
    """A floor is passed by one right answer more; a label that gold lacks is below chance."""
    labels = open_labels("mini", None, None)
    folder = write_entry(tmp_path / "one", ["seed-1"])
    gold = (LABELS / "pawsx" / "test-de.tsv").read_text().split()
    most = max(set(gold), key=gold.count)
    zero = ["0" if label == "1" else "1" for label in gold]
    for guess, told in (
        ([most] * len(gold), True),
        ([most] * (len(gold) - 1) + [gold[-1]], gold[-1] == most),
        (gold, False),
        (zero, True),
    ):
        rewrite(folder, "pawsx/test-de.tsv", lambda _, g=guess: "".join(f"{x}\n" for x in g))
        found = [one for one in look(CONCERN, folder, (), labels) if one.code == "P413"]
        assert bool(found) == told, guess
        assert all(one.file.endswith("pawsx/test-de.tsv") for one in found)


def test_faults_keep_scores_from_being_judged(tmp_path: Path) -> None:
    folder = write_entry(tmp_path / "one", ["seed-1"])
    rewrite(folder, "xnli/test-de.tsv", lambda text: text.replace("neutral", "nothing"))
    rewrite(
        folder, "xquad/test-de.json", lambda text: json.dumps(dict.fromkeys(json.loads(text), "§"))
    )
    found = look(CONCERN, folder, (), open_labels("mini", None, None))
    assert set(codes(found)) == {"P402"}


def test_good_entries_are_not_told_of_each_other(tmp_path: Path) -> None:
    one, other = write_baseline(tmp_path), write_transfer(tmp_path)
    assert look(CONCERN, other, [one]) == look(CONCERN, one, [other]) == []
    assert len(Entry.of(load(one)).runs) == 3


def test_capped_counts_what_it_leaves_out() -> None:
    many = [Finding("P402", "a", str(number)) for number in range(25)]
    assert [one.found for one in capped(many)][-2:] == ["19", "and 5 more"]
