"""What lies in a folder from outside is told, never followed."""

import os
import socket
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.submission import listing
from harness.submission.listing import list_folder, read_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "entry"
    (path / "predictions" / "xnli").mkdir(parents=True)
    (path / "submission.json").write_text("{}")
    (path / "predictions" / "xnli" / "test-zh.tsv").write_text("neutral\n")
    return path


def codes(folder: Path) -> list[tuple[str, str]]:
    return [(one.code, one.file) for one in list_folder(folder).findings]


def test_plain_files_are_listed_with_their_sizes(folder: Path) -> None:
    found = list_folder(folder)
    assert found.files == {"predictions/xnli/test-zh.tsv": 8, "submission.json": 2}
    assert found.findings == ()
    assert found.below("predictions").files == {"xnli/test-zh.tsv": 8}


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one, chdir(path.parent):  # a socket's path is short
        one.bind(path.name)


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda p: p.symlink_to("submission.json"), "X101", "a symbolic link"),
        (lambda p: p.symlink_to("/etc", target_is_directory=True), "X101", "a symbolic link"),
        (lambda p: p.symlink_to("nowhere"), "X101", "a symbolic link"),
        (os.mkfifo, "X101", "a pipe"),
        (make_socket, "X101", "a socket"),
        (lambda p: p.with_suffix(".tar.gz").touch(), "X108", "an archive"),
        (lambda p: p.with_name("UPPER").mkdir(), "X102", "UPPER"),
        (lambda p: p.with_name("a b").touch(), "X102", "a b"),
        (lambda p: p.with_name("é").touch(), "X102", "é"),
        (lambda p: p.with_name("n" * 65).touch(), "X102", "nnn"),
        (lambda p: p.with_name("new\nline").touch(), "X102", "new\\nline"),
        (
            lambda p: (p / "b/c/d/e").mkdir(parents=True) or (p / "b/c/d/e/f").touch(),
            "X102",
            "deep",
        ),
    ],
)
def test_what_is_not_a_plain_file(
    folder: Path, make: Callable[[Path], object], code: str, words: str
) -> None:
    make(folder / "a")
    (one,) = list_folder(folder).findings
    assert one.code == code and words in one.found and one.expected


def test_a_hard_link_is_told_of_both(folder: Path) -> None:
    os.link(folder / "submission.json", folder / "a")
    assert codes(folder) == [("X101", "entry/a"), ("X101", "entry/submission.json")]


def test_a_link_as_the_entry_itself(folder: Path) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)
    assert codes(link) == [("X101", "link")]


def test_names_that_differ_in_case_alone(folder: Path) -> None:
    (folder / "predictions" / "XNLI").mkdir()
    (one, _) = list_folder(folder).findings
    assert (one.code, one.file) == ("F304", "entry/predictions/XNLI")
    assert one.found == "'XNLI' beside 'xnli'"


def test_sizes(folder: Path) -> None:
    os.truncate(folder / "submission.json", 1 << 20)
    os.truncate(folder / "predictions/xnli/test-zh.tsv", 32 << 20)  # sparse: no bytes on the disk
    assert codes(folder) == []
    os.truncate(folder / "submission.json", (1 << 20) + 1)
    os.truncate(folder / "predictions/xnli/test-zh.tsv", (32 << 20) + 1)
    for number in range(16):
        (folder / f"predictions/{number}").touch()
        os.truncate(folder / f"predictions/{number}", 32 << 20)
    assert codes(folder) == [
        ("X103", "entry/predictions/xnli/test-zh.tsv"),
        ("X103", "entry/submission.json"),
        ("X103", "entry"),
    ]
    with pytest.raises(HarnessError, match="larger than 1 MiB"):
        read_file(folder, "submission.json", "s")


def test_too_many_files_end_the_walk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_FILES", 50)
    for number in range(49):
        (folder / f"{number}").touch()
    (one,) = list_folder(folder).findings
    assert one.code == "X103" and "more than 50" in one.found
    (folder / "0").unlink()
    assert codes(folder) == []


def test_of_very_many_files_few_are_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_FILES", 50)
    for number in range(500):
        (folder / f"{number}").touch()
    walk = listing._Walk("entry")
    with listing._opened(folder) as descriptor, pytest.raises(listing._TooManyError):
        walk.look_in(descriptor, "")
    assert walk.seen == 101 and not walk.files


def test_a_folder_that_cannot_be_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refusing(path: object, flags: int, *args: object, **more: object) -> int:
        if path in ("xnli", "submission.json"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, *args, **more)

    monkeypatch.setattr(os, "open", refusing)  # the tests may run as root, who may read all
    (one,) = list_folder(folder).findings
    assert (one.code, one.file) == ("X101", "entry/predictions/xnli")
    assert "Permission denied" in one.found
    with pytest.raises(HarnessError, match=r"s: cannot be read .Permission denied.; permit it"):
        read_file(folder, "submission.json", "s")


def test_a_folder_that_is_swapped_for_a_link_while_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def swapping(path: object, flags: int, *args: object, **more: object) -> int:
        if path == "xnli":
            (folder / "predictions/xnli").rename(folder.with_name("aside"))
            (folder / "predictions/xnli").symlink_to("/etc")
        return real(path, flags, *args, **more)

    monkeypatch.setattr(os, "open", swapping)
    found = list_folder(folder)
    assert [one.code for one in found.findings] == ["X101"] and len(found.files) == 1


def test_a_folder_that_vanishes(folder: Path) -> None:
    assert codes(folder.with_name("gone")) == [("X101", "gone")]


def test_a_file_is_read_once(folder: Path) -> None:
    file = read_file(folder, "predictions/xnli/test-zh.tsv", "shown")
    assert (str(file), file.raw) == ("shown", b"neutral\n")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("none", "no such file"),
        ("predictions/none/a", "no such file"),
        ("predictions/../submission.json", "no such file"),
        ("/etc/passwd", "no such file"),
        ("predictions", "not a plain file"),
        ("pipe", "not a plain file"),
        ("link", "not a plain file"),
        ("links/passwd", "not a plain file"),
        ("hard", "hard link"),
        ("submission.json/x", "not a plain file"),
    ],
)
def test_what_is_not_read(folder: Path, path: str, words: str) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("submission.json")
    (folder / "links").symlink_to("/etc")
    (folder / "one").touch()
    os.link(folder / "one", folder / "hard")
    with pytest.raises(HarnessError, match=f"^shown: .*{words}"):
        read_file(folder, path, "shown")


def test_a_file_that_grows_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "submission.json"
    real = os.read

    def growing(descriptor: int, count: int) -> bytes:
        chunk = real(descriptor, count)
        if chunk == b"{}":
            path.write_text("{}x")
        return chunk

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(HarnessError, match="changed while it was read"):
        read_file(folder, "submission.json", "s")
