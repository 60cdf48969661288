"""Git as data: what it says, and every way in which it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.git import Git, repository

from harness.errors import HarnessError
from harness.submission import git_tree
from harness.submission.git_tree import LINK, SUBMODULE, Change, Item, open_repository

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository with one commit on main and one on topic, which is checked out."""
    git = repository(tmp_path / "r")
    (git.root / "a b.txt").write_text("one\n")
    (git.root / "d").mkdir()
    (git.root / "d" / "é\n\t.txt").write_text("two\n")
    git.commit()
    git("switch", "-q", "-c", "topic")
    (git.root / "a b.txt").write_text("three\n")
    (git.root / "d" / "é\n\t.txt").unlink()
    (git.root / "link").symlink_to("/etc/passwd")
    git.commit()
    return git


def one_line(code: int, out: str, err: str) -> str:
    assert (code, out) == (2, ""), (code, out, err)
    assert err.startswith("error: ") and err.count("\n") == 1, err
    return err


def test_changes_trees_and_bytes(git: Git) -> None:
    found = open_repository(git.root / "d" / "..")
    main, topic = found.commit("main"), found.commit("HEAD")
    assert found.merge_base(main, topic) == main
    changes = found.changes(main, topic)
    assert [one.path for one in changes] == ["a b.txt", "d/é\n\t.txt", "link"]
    changed, removed, added = changes
    assert changed.before and changed.after and changed.before != changed.after
    assert isinstance(removed, Change) and not removed.after and not added.before
    tree = found.tree(topic, "", 10)
    assert tree["link"].mode == LINK and tree["link"].size == len("/etc/passwd")
    assert list(found.blobs([tree["a b.txt"]])) == [b"three\n"]
    assert found.tree(main, "d", 10).keys() == {"é\n\t.txt"}
    assert found.tree(main, "nowhere", 10) == {} and len(found.tree(topic, "", 1)) == 1
    assert found.names(main, "") == ["a b.txt", "d"] and found.names(main, "nowhere") == []
    sizes = found.sizes(main, ["a b.txt", "d", "nowhere", "d/é\n\t.txt"])
    assert {path: one.size for path, one in sizes.items()} == {"a b.txt": 4}
    assert found.ever_had(topic, ["d", "nowhere"]) == {"d": topic}
    assert found.ever_had(topic, ["nowhere"]) == found.ever_had(topic, []) == {}


def test_a_submodule_has_no_bytes(git: Git) -> None:
    commit = git("rev-parse", "HEAD")
    git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},{commit},inner")
    git("commit", "-q", "-m", "a submodule")
    found = open_repository(git.root)
    item = found.tree(found.commit("HEAD"), "", 10)["inner"]
    assert item == Item(SUBMODULE, commit, 0)
    with pytest.raises(HarnessError, match="is not there; clone the repository whole"):
        list(found.blobs([item]))


def test_nothing_of_the_surroundings_is_used(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a repository's own programs nor the user's variables and replaced objects."""
    trap = tmp_path / "sprung"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trap}\n")
    program.chmod(0o755)
    for key in ("diff.external", "core.fsmonitor", "core.pager", "diff.t.textconv", "core.editor"):
        git("config", key, str(program))
    (git.root / ".gitattributes").write_text("*.txt diff=t filter=t\n")
    git("config", "filter.t.smudge", str(program))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    found = open_repository(git.root)
    main, topic = found.commit("main"), found.commit("topic")
    item = found.tree(topic, "", 10)["a b.txt"]
    other = git("hash-object", "-w", "--stdin", given=b"changed\n")
    git("replace", item.id, other)
    assert len(found.changes(main, topic)) == 3
    assert list(found.blobs([item])) == [b"three\n"]
    assert not trap.exists()


@pytest.mark.parametrize("name", ["-p", "--output=x", "", "a\nb", "a\0b"])
def test_a_revision_that_is_none(git: Git, name: str, run: Run) -> None:
    with pytest.raises(HarnessError, match="is not a revision; name a branch"):
        open_repository(git.root).commit(name)
    said = one_line(*run("submission", "review", f"--base={name}", "--root", git.root))
    assert "is not a revision" in said
    assert not (git.root / "x").exists()


@pytest.mark.parametrize("name", ["nowhere", "HEAD:a b.txt", "main^9", "f" * 40])
def test_an_unknown_revision(git: Git, name: str, run: Run) -> None:
    said = one_line(*run("submission", "review", "--base", name, "--root", git.root))
    assert f"no commit is named {name}; fetch it" in said
    words = ("--base", "main", "--head", name, "--root", git.root)
    assert "no commit is named" in one_line(*run("submission", "review", *words))


def test_no_commit_in_common(git: Git, run: Run) -> None:
    git("switch", "-q", "--orphan", "alone")
    git.commit()
    said = one_line(*run("submission", "review", "--base", "main", "--root", git.root))
    assert "have no commit in common; begin the branch at the base" in said


def test_a_shallow_clone(git: Git, tmp_path: Path, run: Run) -> None:
    git("clone", "-q", "--depth", "1", f"file://{git.root}", str(tmp_path / "shallow"))
    said = one_line(*run("submission", "review", "--base", "HEAD", "--root", tmp_path / "shallow"))
    assert "run `git fetch --unshallow`" in said


def test_no_repository(tmp_path: Path, run: Run) -> None:
    said = one_line(*run("submission", "review", "--base", "main", "--root", tmp_path))
    assert "is not in a git repository" in said and "; name a clone of your own" in said
    said = one_line(*run("submission", "review", "--base", "main", "--root", tmp_path / "no"))
    assert "no such folder" in said


def test_no_git(git: Git, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = one_line(*run("submission", "review", "--base", "main", "--root", git.root))
    assert said == "error: git is not installed, or not on PATH; install it\n"


def test_a_repository_without_commits(tmp_path: Path, run: Run) -> None:
    git = repository(tmp_path / "empty")
    said = one_line(*run("submission", "review", "--base", "HEAD", "--root", git.root))
    assert "no commit is named HEAD" in said


def test_a_bare_repository_will_do(git: Git, tmp_path: Path) -> None:
    git("clone", "-q", "--bare", str(git.root), str(tmp_path / "bare"))
    found = open_repository(tmp_path / "bare")
    assert len(found.changes(found.commit("main"), found.commit("topic"))) == 3


def test_too_many_files(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_tree, "MOST_CHANGES", 2)
    found = open_repository(git.root)
    with pytest.raises(HarnessError, match="more than 2 files and is not reviewed"):
        found.changes(found.commit("main"), found.commit("topic"))


def test_a_partial_clone_fetches_nothing(git: Git, tmp_path: Path) -> None:
    git("config", "uploadpack.allowFilter", "true")
    place = tmp_path / "partial"
    git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{git.root}", str(place))
    found = open_repository(place)
    whole = open_repository(git.root)
    item = whole.tree(whole.commit("topic"), "", 10)["a b.txt"]
    with pytest.raises(HarnessError):
        list(found.blobs([item]))


def test_a_tree_whose_blob_is_missing(git: Git) -> None:
    line = b"100644 gone\0" + bytes.fromhex("ab" * 20)
    tree = git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=line)
    repository = open_repository(git.root)
    items = repository.tree(git("commit-tree", tree, "-m", "x"), "", 10)
    assert items["gone"].size == 0  # git's word for the size is BAD
    with pytest.raises(HarnessError, match="is not there; clone the repository whole"):
        list(repository.blobs(items.values()))
