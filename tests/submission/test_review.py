"""Reviewing a change: every code of the series R, F306, and what is said of each entry."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.entries import (
    BASELINE,
    TRANSFER,
    Value,
    change,
    load,
    restate,
    rewrite,
    save,
    write_baseline,
    write_transfer,
)
from support.entry_folders import FORMAT_1
from support.git import Git, repository

from harness.display import review_text
from harness.display.review_text import review_markdown
from harness.submission.changes import Move
from harness.submission.findings import Finding, Severity, finding
from harness.submission.review import EntryReview, Review, review
from harness.submission.verify import verify

Run = Callable[..., tuple[int, str, str]]
PAPER = "of-a-paper"
FILES = 20  # of a run


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a verified baseline, an entry of two runs and one of a paper."""
    git = repository(tmp_path_factory.mktemp("review") / "start")
    verify(few(write_baseline(git.entries, runs=1)), None)
    few(write_transfer(git.entries, runs=2))
    value = load(git.entries / BASELINE)
    del value["runs"]
    value |= {"slug": PAPER, "kind": "published"}
    value["claims"] = {"xnli": {"de": {"accuracy": 70.0}, "en": {"accuracy": 80.0}}}
    url = "https://example.org/paper"
    value["source"] = {"citation": "A paper", "where": "Table 1", "url": url}
    save(git.entries / PAPER, value)
    (git.root / "code.py").write_text("pass\n")
    git.commit()
    return git.root


@pytest.fixture
def git(start: Path, tmp_path: Path) -> Git:
    """A copy of it, on a branch of its own."""
    git = Git(Path(shutil.copytree(start, tmp_path / "repository")))
    git("switch", "-q", "-c", "topic")
    return git


def few(folder: Path) -> Path:
    """Leave three tasks of an entry: with all of them these tests would take much longer."""
    for path in folder.glob("predictions/*/*"):
        if path.name not in ("xnli", "xquad", "tatoeba"):
            shutil.rmtree(path)
    change(folder, lambda value: value.update(partial="three tasks"))
    restate(folder)
    return folder


def reviewed(git: Git) -> Review:
    git.commit()
    return review(git.root, "main")


def codes(findings: tuple[Finding, ...]) -> list[str]:
    """The codes that a review adds to those of ``validate``; a warning has a question mark."""
    marks = {Severity.ERROR: "", Severity.WARNING: "?", Severity.NOTE: "."}
    ours = [one for one in findings if one.code[0] == "R" or one.code in ("F306", "S206", "X101")]
    return [one.code + marks[one.severity] for one in ours]


def alone(found: Review) -> EntryReview:
    """The only entry of a change."""
    (one,) = found.entries
    return one


def test_a_change_of_nothing(git: Git) -> None:
    found = reviewed(git)
    assert found.ok and found.entries == found.findings == ()
    assert ": 0 entries." in review_markdown(found)


def test_an_entry_is_added(git: Git) -> None:
    few(write_transfer(git.entries, "newcomer", runs=1))
    one = alone(reviewed(git))
    assert (one.slug, one.status, one.was) == ("newcomer", "added", "")
    assert one.provenance == ("", "claimed") and codes(one.findings) == []
    assert {finding.code for finding in one.findings} == {"F302", "D605"}  # validate's: one run


def test_the_docs_line_a_language_is_removed(git: Git, run: Run) -> None:
    folder = git.entries / TRANSFER
    for name in ("seed-1", "seed-2"):
        (folder / "predictions" / name / "xnli" / "test-de.tsv").unlink()
    restate(folder)
    git.commit()
    code, out, err = run("submission", "review", "--base", "main", "--root", git.root)
    assert (code, err) == (1, "")
    line = (
        "| error | R702 | submissions/mnli-first/submission.json | xnli&#58; language de is gone"
        " &#40;6 of 7 are left&#41;; expected what an entry has shown stays; put it back, or say"
        " why in withdrawn or notes |"
    )
    assert line in out.splitlines()


def test_a_language_of_one_run(git: Git) -> None:
    folder = git.entries / TRANSFER
    (folder / "predictions" / "seed-2" / "xnli" / "test-de.tsv").unlink()
    restate(folder)
    one = alone(reviewed(git))
    assert codes(one.findings) == ["R702"] and one.status == "changed"


def test_a_task_and_a_run_are_gone(git: Git) -> None:
    folder = git.entries / TRANSFER
    shutil.rmtree(folder / "predictions" / "seed-2")
    shutil.rmtree(folder / "predictions" / "seed-1" / "xquad")
    change(folder, lambda value: value["runs"].pop())
    restate(folder)
    told = [one.found for one in alone(reviewed(git)).findings if one.code == "R702"]
    assert told[0] == "run seed-2 is gone"
    assert told[1].startswith("task xquad is gone (") and len(told) == 2


def test_predictions_are_gone(git: Git) -> None:
    folder = git.entries / TRANSFER
    shutil.rmtree(folder / "predictions")
    one = alone(reviewed(git))
    assert "R704" in codes(one.findings)
    change(folder, lambda value: value.update(links={"predictions": "https://example.org/p"}))
    assert codes(alone(reviewed(git)).findings) == []  # they lie elsewhere now


def test_a_language_of_a_paper(git: Git) -> None:
    change(git.entries / PAPER, lambda value: value["claims"]["xnli"].pop("de"))
    one = alone(reviewed(git))
    assert codes(one.findings) == ["R702", "R703?"]
    (move,) = one.moves
    assert (move.task, move.before, move.after, move.by) == ("xnli", 75.0, 80.0, 5.0)


def test_a_reason_makes_it_a_warning(git: Git) -> None:
    def explain(value: Value) -> None:
        value["claims"]["xnli"].pop("de")
        value["notes"] = "Table 1 has no German."

    change(git.entries / PAPER, explain)
    found = reviewed(git)
    assert codes(alone(found).findings) == ["R702?", "R703?"] and found.ok


def test_an_entry_is_removed(git: Git) -> None:
    shutil.rmtree(git.entries / TRANSFER)
    one = alone(reviewed(git))
    assert (one.status, one.title) == ("removed", "Mnli first")
    assert codes(one.findings) == ["R702"]


def test_every_entry_is_removed_and_the_first_is_added(git: Git) -> None:
    shutil.rmtree(git.entries)
    found = reviewed(git)
    assert [one.status for one in found.entries] == ["removed"] * 3
    assert codes(found.findings) == ["R701"] * 3
    git("switch", "-q", "-c", "later")
    few(write_baseline(git.entries, "the-first", runs=1))
    git.commit()
    one = alone(review(git.root, "topic"))
    assert one.status == "added" and codes(one.findings) == [] and one.nearest is None


def test_a_baseline_is_removed(git: Git) -> None:
    shutil.rmtree(git.entries / BASELINE)
    found = reviewed(git)
    assert codes(found.findings) == ["S206"]
    assert found.findings[0].file == f"submissions/{TRANSFER}/submission.json"
    assert alone(found).provenance == ("recomputed", "")


def test_a_slug_of_a_removed_entry(git: Git) -> None:
    shutil.rmtree(git.entries / PAPER)
    git.commit()
    git("switch", "-q", "-C", "main")
    git("switch", "-q", "-c", "again")
    few(write_baseline(git.entries, PAPER, runs=1))
    one = alone(reviewed(git))
    assert one.status == "added" and codes(one.findings) == ["R702"]
    assert "was another entry's" in next(f.found for f in one.findings if f.code == "R702")


def test_a_taken_slug_is_found_from_a_folder_of_the_repository(git: Git) -> None:
    shutil.rmtree(git.entries / PAPER)
    git.commit()
    git("branch", "-f", "main")
    write_transfer(git.entries, PAPER, runs=1)
    git.commit()
    for folder in (git.root, git.entries, git.entries / PAPER):
        assert "R702" in codes(tuple(review(folder, "main").every)), folder


def test_too_many_entries(git: Git, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setattr("harness.submission.review.MAX_ENTRIES", 1)
    for name in (PAPER, TRANSFER):
        (git.entries / name / "more").write_text("x")
    git.commit()
    code, out, err = run("submission", "review", "--base", "main", "--root", git.root)
    assert (code, out) == (2, "") and "touches 2 entries, more than 1," in err


def test_a_rename(git: Git) -> None:
    (git.entries / TRANSFER).rename(git.entries / "mnli-second")
    change(git.entries / "mnli-second", lambda value: value.update(slug="mnli-second"))
    found = reviewed(git)
    one = alone(found)
    assert (one.slug, one.status, one.was) == ("mnli-second", "renamed", TRANSFER)
    assert found.ok and codes(one.findings) == []


def test_a_rename_of_a_paper_and_a_verified_entry(git: Git) -> None:
    (git.entries / PAPER).rename(git.entries / "a-paper")
    change(git.entries / "a-paper", lambda value: value.update(slug="a-paper"))
    assert alone(reviewed(git)).was == PAPER
    git("reset", "-q", "--hard", "main")
    (git.entries / BASELINE).rename(git.entries / "plain")
    change(git.entries / "plain", lambda value: value.update(slug="plain"))
    one = alone(reviewed(git))
    assert one.provenance == ("recomputed", "stale") and codes(one.findings) == []


def test_a_maintainers_files(git: Git) -> None:
    (git.entries / TRANSFER / "verified.json").write_text("{}")
    folder = git.entries / TRANSFER / "statistics"
    folder.mkdir()
    (folder / "seed-1.safetensors").write_bytes(b"0")
    one = alone(reviewed(git))
    assert codes(one.findings) == ["F306", "F306"]
    assert [f.found for f in one.findings if f.code == "F306"] == ["added by this change"] * 2
    git("reset", "-q", "--hard", "main")
    with (git.entries / BASELINE / "verified.json").open("a") as stream:
        stream.write(" ")
    assert codes(alone(reviewed(git)).findings) == ["F306"]


def test_verified_json_is_removed(git: Git) -> None:
    (git.entries / BASELINE / "verified.json").unlink()
    one = alone(reviewed(git))
    assert one.provenance == ("recomputed", "claimed") and codes(one.findings) == ["R704"]


def test_runs_become_published(git: Git) -> None:
    folder = git.entries / TRANSFER
    paper = load(git.entries / PAPER)
    change(
        folder,
        lambda value: (
            value.pop("runs"),
            value.update(kind="published", claims=paper["claims"], source=paper["source"]),
        ),
    )
    shutil.rmtree(folder / "predictions")
    assert "R704" in codes(alone(reviewed(git)).findings)


def test_a_changed_entry_is_stale_and_that_is_no_fall(git: Git) -> None:
    change(git.entries / BASELINE, lambda value: value.update(notes="More of it."))
    one = alone(reviewed(git))
    assert one.provenance == ("recomputed", "stale") and codes(one.findings) == []
    before = {move.task: move.before for move in one.moves}
    assert before.keys() == {"xnli", "xquad", "tatoeba"} and all(before.values())
    assert all(move.after is None and move.by is None for move in one.moves)


@pytest.mark.parametrize(("by", "told"), [(0.05, []), (-0.06, ["R703?"])])
def test_a_score_moves(git: Git, by: float, told: list[str]) -> None:
    def move(value: Value) -> None:
        for one in value["claims"]["xnli"].values():
            one["accuracy"] += by

    change(git.entries / PAPER, move)
    found = reviewed(git)
    assert codes(alone(found).findings) == told and found.ok


@pytest.mark.parametrize(
    ("text", "told"), [("–", ["R705"]), (" ", ["R705"]), ("It was wrong.", []), ("", [])]
)
def test_withdrawn(git: Git, text: str, told: list[str]) -> None:
    change(git.entries / PAPER, lambda value: value.update(withdrawn=text, licence="MIT"))
    assert codes(alone(reviewed(git)).findings) == told


@pytest.mark.parametrize(
    "path", ["code.py", "submissions/README.md", "submissions/Bad_Slug/x", ".github/workflows/x"]
)
def test_outside_of_entries(git: Git, path: str) -> None:
    (git.root / path).parent.mkdir(parents=True, exist_ok=True)
    (git.root / path).write_text("changed\n")
    found = reviewed(git)
    assert codes(found.findings) == ["R701"] and found.findings[0].file == path
    assert found.entries == ()


def test_many_files_outside_are_counted(git: Git) -> None:
    for number in range(30):
        (git.root / f"{number}.txt").write_text("x")
    found = reviewed(git).findings
    assert len(found) == 21 and found[-1].found == "and 10 more"


def test_several_new_entries_are_one_change(git: Git) -> None:
    few(write_baseline(git.entries, "one", runs=1))
    few(write_transfer(git.entries, "two", runs=1))
    change(git.entries / "two", lambda value: value.update(baseline="one"))
    found = reviewed(git)
    assert [one.status for one in found.entries] == ["added", "added"] and found.ok


def test_an_entry_that_was_there_and_another(git: Git) -> None:
    change(git.entries / PAPER, lambda value: value.update(notes="More."))
    few(write_baseline(git.entries, "one", runs=1))
    found = reviewed(git)
    assert codes(found.findings) == ["R701"]
    assert found.findings[0].file == f"submissions/{PAPER}"


def test_compared_with_the_merge_base(git: Git) -> None:
    """What others merged meanwhile is no part of the change."""
    few(write_baseline(git.entries, "mine", runs=1))
    git.commit()
    git("switch", "-q", "main")
    shutil.rmtree(git.entries / PAPER)
    (git.root / "code.py").write_text("changed\n")
    tip = git.commit()
    found = review(git.root, "main", "topic")  # which is not checked out
    assert alone(found).slug == "mine" and found.findings == () and found.base == tip
    assert found.merge_base != tip


def test_the_nearest_by_predictions(git: Git) -> None:
    copy = git.entries / "copied"
    shutil.copytree(git.entries / TRANSFER, copy)
    change(copy, lambda value: value.update(slug="copied"))
    one = alone(reviewed(git))
    assert str(one.nearest).startswith("mnli-first, 100.0 % of ")
    assert str(one.nearest).endswith(f" predictions equal; {FILES} of {FILES} files equal")
    for path in sorted((copy / "predictions" / "seed-1").glob("*/*.tsv")):
        name = path.relative_to(copy / "predictions" / "seed-1").as_posix()
        rewrite(copy, name, lambda text: text.partition("\n")[2] + text.partition("\n")[0] + "\n")
    one = alone(reviewed(git))
    assert one.nearest and one.nearest.slug == TRANSFER
    assert one.nearest.files < FILES / 2 and 0.2 < one.nearest.share < 1


def test_predictions_elsewhere_are_near_by_their_hashes(git: Git) -> None:
    copy = git.entries / "copied"
    shutil.copytree(git.entries / TRANSFER, copy)
    shutil.rmtree(copy / "predictions")
    links = {"predictions": "https://example.org/p"}
    change(copy, lambda value: value.update(slug="copied", links=links))
    assert str(alone(reviewed(git)).nearest) == f"mnli-first, {FILES} of {FILES} files equal"


# Hostile trees


def test_links_submodules_and_deep_paths(git: Git) -> None:
    folder = git.entries / TRANSFER
    link = folder / "predictions" / "seed-1" / "xnli" / "test-de.tsv"
    link.unlink()
    link.symlink_to("/etc/passwd")
    deep = folder.joinpath(*"abcdefghij")
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    git.commit()
    commit = git("rev-parse", "HEAD")
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},submissions/{TRANSFER}/inner")
    git("commit", "-q", "-m", "a submodule")
    found = alone(review(git.root, "main")).findings
    told = [(one.code, one.file.partition(f"{TRANSFER}/")[2]) for one in found]
    assert ("X101", "predictions/seed-1/xnli/test-de.tsv") in told and ("X101", "inner") in told
    assert "X102" in {code for code, _ in told}
    assert not [one for one in found if "harness-review-" in str(one)]  # no path of this machine


def test_a_tree_with_names_that_no_folder_holds(git: Git) -> None:
    def tree(*lines: bytes) -> str:
        return git(
            "hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=b"".join(lines)
        )

    def item(mode: bytes, name: bytes, what: str) -> bytes:
        return mode + b" " + name + b"\0" + bytes.fromhex(what)

    blob = git("hash-object", "-w", "--stdin", given=b"x")
    inner = tree(item(b"100644", b"..", blob), item(b"100644", b"n" * 300, blob))
    above = tree(item(b"40000", b"..", tree(item(b"40000", b"..", inner))))
    entries = tree(item(b"40000", b"hostile", above))
    top = tree(item(b"40000", b"submissions", entries))
    commit = git("commit-tree", top, "-p", "main", "-m", "hostile")
    found = review(git.root, "main", commit)
    told = [one for one in found.every if one.code == "X102" and "hostile" in one.file]
    assert len(told) >= 2 and not found.ok


def test_what_is_too_large_is_not_read(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    path = git.entries / TRANSFER / "predictions" / "seed-1" / "xnli" / "test-de.tsv"
    with path.open("wb") as stream:
        stream.truncate((32 << 20) + 1)
    monkeypatch.setattr("harness.submission.git_tree.Repository.blobs", _no_large_blob)
    told = alone(reviewed(git)).findings
    assert "X103" in {one.code for one in told}


def _no_large_blob(repository, items):
    for item in items:
        assert item.size <= 1 << 20
        yield repository._call("cat-file", "blob", item.id).encode()


def test_an_entry_that_cannot_be_read_at_all(git: Git) -> None:
    (git.entries / TRANSFER / "submission.json").write_text("[" * 1000)
    one = alone(reviewed(git))
    assert one.title == "" and one.moves == () and not one.ok
    assert "X107" in {told.code for told in one.findings}


def test_format_1_with_tasks_called_as_other_claims(git: Git) -> None:
    scores = {"languages": {"en": {"accuracy": 1}}, "score": 1, "metric": "m", "complete": True}
    folder = git.entries / "of-format-1"
    scores = {"overall": None, "groups": {}, "tasks": {"overall": scores, "groups": scores}}
    save(folder, FORMAT_1 | {"scores": scores})
    found = reviewed(git)
    assert "of-format-1" in review_markdown(found) and alone(found).moves == ()


# How it is told


def test_the_same_in_json_and_as_annotations(git: Git, run: Run) -> None:
    shutil.rmtree(git.entries / TRANSFER)
    git.commit()
    words = ("submission", "review", "--base", "main", "--root", git.root / "submissions")
    code, out, _ = run(*words, "--format", "json")
    value = json.loads(out)
    assert code == 1 and value == review(git.root, "main").as_dict() and not value["ok"]
    code, out, _ = run(*words, "--format", "github")
    assert code == 1 and out.startswith(
        "::error file=submissions/mnli-first,title=R702::entry mnli-first is gone; expected"
    )
    code, _, err = run(*words, "--format", "xml")
    assert code == 2 and "unknown format 'xml'" in err


def test_hostile_text_is_escaped(git: Git) -> None:
    title = "<img src=x> @all | [a](b) `c`"
    change(git.entries / PAPER, lambda value: value.update(title=title))
    (git.root / "a|<b>`\n::error::x").write_text("x")
    text = review_markdown(reviewed(git))
    assert not {"<img", "@all", "[a]", "<b>", "\n::error"} & {
        bad for bad in ("<img", "@all", "[a]", "<b>", "\n::error") if bad in text
    }
    assert "&#60;img" in text and "title: " in text


def test_a_rounding_is_not_a_fall() -> None:
    moved = (Move("xnli", 38.8889, 38.88888889), Move("pawsx", 50.0, 49.5))
    one = EntryReview("a", "changed", "", "A", ("claimed", "claimed"), moved, None, ())
    text = review_markdown(Review("a" * 40, "b" * 40, "c" * 40, (one,), ()))
    assert "| 38.89 | 38.89 | +0.00 |" in text and "| 50.00 | 49.50 | -0.50 |" in text


@pytest.mark.parametrize(("entries", "findings"), [(1, 2_000), (300, 50), (40_000, 0), (3, 1)])
def test_a_long_review_is_cut(entries: int, findings: int) -> None:
    one = finding("F304", "submissions/x/" + "<" * 500, "`" * 700, remedy="|" * 700)
    each = EntryReview("x", "added", "", "@" * 80, ("", "claimed"), (), None, (one,) * findings)
    good = replace(each, slug="good", findings=())
    outside = (one,) * (21 if findings > 1 else 0)
    text = review_markdown(Review("a" * 40, "b" * 40, "c" * 40, (good, *[each] * entries), outside))
    assert len(text) <= review_text.LONGEST
    assert ("left out here" in text) is (entries > 3 or findings > 1)
    if entries == 300:
        assert "more entries are left out here" in text and "### good" not in text  # errors first
