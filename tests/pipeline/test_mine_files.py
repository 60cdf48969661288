"""``harness mine``: two text files of the user's own, in parts that are kept."""

import bz2
import errno
import gzip
import lzma
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness.data.sentence_file import LONGEST, SentenceFile
from harness.errors import HarnessError
from harness.models.model import Model
from harness.pipeline import mine_files

Call = Callable[..., tuple[int, str, str]]
NOUNS = "river stone boat night bread winter garden letter bridge window teacher music".split()
SENTENCES = [f"The {a} is not the {b}." for a in NOUNS[:6] for b in NOUNS[6:]]


@pytest.fixture
def mine(run: Call, tiny: Path, tmp_path: Path) -> Call:
    def call(source: object, target: object, *words: object) -> tuple[int, str, str]:
        return run(
            "mine", source, target, "--from", tiny, "--output", tmp_path / "pairs.tsv",
            "--store", tmp_path / "store", "--threads", 1, "--device", "cpu", *words,
        )  # fmt: skip

    return call


def written(path: Path, lines: Sequence[str]) -> Path:
    path.write_bytes("\n".join(lines).encode() + b"\n")
    return path


def rows(path: Path) -> list[list[str]]:
    head, *lines = path.read_text("utf-8").splitlines()
    assert head == mine_files.HEAD
    return [line.split("\t") for line in lines]


def test_a_sentence_finds_itself(mine: Call, tmp_path: Path) -> None:
    """Each sentence's nearest is the same sentence, in whatever line that stands."""
    source = written(tmp_path / "source.txt", SENTENCES)
    target = written(tmp_path / "target.txt", SENTENCES[::-1])
    code, out, err = mine(source, target)
    assert code == 0, err
    assert out.startswith(f"{len(SENTENCES)} pairs of 36 and 36 distinct sentences")
    found = rows(tmp_path / "pairs.tsv")
    margins = [float(margin) for margin, *_ in found]
    assert margins == sorted(margins, reverse=True)
    for _, left, right, source_text, target_text in found:
        assert source_text == target_text == SENTENCES[int(left) - 1]
        assert int(right) == len(SENTENCES) + 1 - int(left)


def test_empty_and_repeated_lines_keep_their_numbers(mine: Call, tmp_path: Path) -> None:
    lines = ["", SENTENCES[0], SENTENCES[0], "  ", SENTENCES[7], SENTENCES[14]]
    source = written(tmp_path / "source.txt", lines)
    target = written(tmp_path / "target.txt", [f"\ufeff{SENTENCES[7]}", *SENTENCES[:1], "x\ty"])
    code, out, err = mine(source, target)
    assert code == 0 and "of 3 and 3 distinct" in out, err
    pairs = {(int(left), int(right)) for _, left, right, *_ in rows(tmp_path / "pairs.tsv")}
    assert {(5, 1), (2, 2)} <= pairs
    assert all(len(row) == 5 for row in rows(tmp_path / "pairs.tsv"))


def test_a_killed_run_goes_on_where_it_was(
    mine: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path / "source.txt", SENTENCES)
    target = written(tmp_path / "target.txt", SENTENCES[::-1])
    assert mine(source, target)[0] == 0
    whole = rows(tmp_path / "pairs.tsv")
    (tmp_path / "pairs.tsv").unlink()
    monkeypatch.setattr(mine_files, "PART", 10)
    embed, seen = Model.embed_layers, []

    def until(most: int) -> Callable[..., Any]:
        def counting(self: Model, texts: Sequence[str], *rest: Any) -> Any:
            seen.append(len(texts))
            if len(seen) > most:
                raise KeyboardInterrupt
            return embed(self, texts, *rest)

        return counting

    monkeypatch.setattr(Model, "embed_layers", until(3))
    code, _, err = mine(source, target)
    assert code == 130 and "interrupted: 3 of 8 steps are finished and kept" in err
    assert not (tmp_path / "pairs.tsv").exists()
    seen.clear()
    monkeypatch.setattr(Model, "embed_layers", until(99))
    code, _, err = mine(source, target)
    assert code == 0, err
    assert len(seen) == 5 and sum(seen) == 10 + 6 + 10 + 10 + 6
    assert [row[1:] for row in sorted(rows(tmp_path / "pairs.tsv"))] == [
        row[1:] for row in sorted(whole)
    ]


def test_the_threshold_and_the_number_of_neighbours(mine: Call, tmp_path: Path) -> None:
    source = written(tmp_path / "source.txt", SENTENCES[:20])
    target = written(tmp_path / "target.txt", SENTENCES[10:])
    assert mine(source, target)[0] == 0
    every = rows(tmp_path / "pairs.tsv")
    above, below = (float(every[place][0]) for place in (0, -1))
    least = (above + below) / 2
    assert above > below and mine(source, target, "--threshold", least)[0] == 0
    assert rows(tmp_path / "pairs.tsv") == [row for row in every if float(row[0]) > least]
    code, _, err = mine(source, target, "--neighbours", 0)
    assert code == 2 and "expected a whole number from 1" in err
    code, _, err = mine(source, target, "--margin", "ration")
    assert code == 2 and "did you mean ratio" in err
    code, _, err = mine(source, target, "--layer", 3)
    assert code == 2 and "layer 3: tiny-xlmr has 2 layers" in err
    code, _, err = mine(source, target, "--threshold", "nan")
    assert code == 2 and "expected a number from" in err
    code, _, err = mine(source, target, "--layer", "first")
    assert code == 2 and "--layer 'first': expected" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "no sentence; expected one a line"),
        (b"\n  \n\n", "no sentence; expected one a line"),
        (b"good\nbad \xff\n", ":2: not UTF-8"),
        (b"good\n" + b"x" * (LONGEST + 1), f":2: over {LONGEST:,} bytes"),
    ],
)
def test_what_is_no_file_of_sentences_is_one_line(
    content: bytes | None, said: str, mine: Call, tmp_path: Path
) -> None:
    good = written(tmp_path / "good.txt", SENTENCES[:3])
    bad = tmp_path / "bad.txt"
    if content is not None:
        bad.write_bytes(content)
    for pair in ((good, bad), (bad, good)):
        code, _, err = mine(*pair)
        assert code == 2 and err.count("\n") == 1 and str(bad) in err and said in err


def test_a_file_that_changes_meanwhile_leaves_nothing_in_the_store(
    mine: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was embedded of other lines must not stand under the key of these."""
    source = written(tmp_path / "source.txt", SENTENCES)
    target = written(tmp_path / "target.txt", SENTENCES[::-1])
    assert mine(source, target)[0] == 0
    before = (tmp_path / "pairs.tsv").read_bytes()
    run, content = mine_files.run_plan, source.read_bytes()

    def changing(*words: Any) -> Any:
        source.write_bytes(content.replace(b"river", b"rover"))
        return run(*words)

    monkeypatch.setattr(mine_files, "run_plan", changing)
    code, _, err = mine(source, target, "--store", tmp_path / "other")
    assert code == 2 and "it has changed while it was read; run again" in err
    monkeypatch.undo()
    source.write_bytes(content)
    assert mine(source, target, "--store", tmp_path / "other")[0] == 0
    assert (tmp_path / "pairs.tsv").read_bytes() == before


def test_lines_are_read_once_a_pass(tmp_path: Path) -> None:
    """Each chunk begins where the one before it ended."""
    lines = [f"\ufeff{text}" if i % 7 == 0 else f"  {text}\r" for i, text in enumerate(SENTENCES)]
    file = SentenceFile.open(written(tmp_path / "a.txt", lines), 10)
    assert [(one.start, one.count) for one in file.chunks] == [(0, 10), (10, 10), (20, 10), (30, 6)]
    assert list(file.chunks[2].lines()) == SENTENCES[20:30]
    assert list(file.lines()) == SENTENCES


def test_outputs_that_must_not_be_written(mine: Call, tmp_path: Path) -> None:
    source = written(tmp_path / "source.txt", SENTENCES[:3])
    target = written(tmp_path / "target.txt", SENTENCES[:4])
    (tmp_path / "link.txt").symlink_to(source)
    (tmp_path / "hard.txt").hardlink_to(target)
    (tmp_path / "folder").mkdir()
    (tmp_path / "pipe").symlink_to("/dev/null")
    for name in ("source.txt", "target.txt", "link.txt", "hard.txt", "folder", "pipe"):
        code, _, err = mine(source, target, "--output", tmp_path / name)
        assert code == 2 and err.count("\n") == 1 and "name another place" in err, name
    code, _, err = mine(source, target, "--output", "")
    assert code == 2 and "name one for the pairs" in err
    code, _, err = mine(source, target, "--output", tmp_path / "source.txt" / "below")
    assert code == 2 and err.count("\n") == 1
    assert source.read_text() == "\n".join(SENTENCES[:3]) + "\n"
    assert not (tmp_path / "store").exists()


def test_sentences_with_ends_of_lines_of_other_kinds_stay_in_one(
    mine: Call, tmp_path: Path
) -> None:
    odd = ["one\rtwo", "three\x85four\u2028five", "six\x0bseven"]
    source = written(tmp_path / "source.txt", odd)
    assert mine(source, source)[0] == 0
    assert len(rows(tmp_path / "pairs.tsv")) == 3


def test_one_sentence_on_a_side(mine: Call, tmp_path: Path) -> None:
    source = written(tmp_path / "source.txt", SENTENCES[:1])
    target = written(tmp_path / "target.txt", SENTENCES)
    assert mine(source, target)[0] == 0
    ((_, left, right, *texts),) = rows(tmp_path / "pairs.tsv")
    assert (left, right) == ("1", "1") and texts == SENTENCES[:1] * 2


def test_embed_gives_what_mining_reads(tiny: Path) -> None:
    found = harness.embed(SENTENCES[:5], tiny, device="cpu", threads=1)
    assert found.shape == (5, 32) and found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    again = harness.embed(SENTENCES[4::-1], tiny, device="cpu", threads=1)
    assert np.allclose(found, again[::-1], atol=1e-5)
    assert harness.embed([], tiny, device="cpu").shape == (0, 32)
    other = harness.embed(SENTENCES[:5], tiny, layer=0, device="cpu", threads=1)
    assert not np.allclose(found, other, atol=1e-3)


@pytest.mark.parametrize("texts", ["one text", b"bytes", ["good", None], [1], ["\ud800"]])
def test_what_is_no_list_of_sentences_is_refused(texts: Any, tiny: Path) -> None:
    with pytest.raises(harness.errors.HarnessError, match=r"^texts: "):
        harness.embed(texts, tiny, device="cpu", threads=1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"a sentence\n" * 9), ": compressed; unpack it"),
        (lzma.compress(b"a sentence\n" * 9), ": compressed; unpack it"),
        (bz2.compress(b"a sentence\n" * 9), ": compressed; unpack it"),
        (b"PK\x03\x04\x14\x00\x00\x00a sentence\n", ": compressed; unpack it"),
        ("a sentence\n".encode("utf-16"), ":1: not UTF-8"),
    ],
    ids=["gzip", "xz", "bz2", "zip", "utf-16"],
)
def test_files_that_are_not_plain_text(
    content: bytes, said: str, mine: Call, tmp_path: Path
) -> None:
    good = written(tmp_path / "good.txt", SENTENCES[:3])
    (tmp_path / "bad.txt.gz").write_bytes(content)
    code, _, err = mine(good, tmp_path / "bad.txt.gz")
    assert code == 2 and err.count("\n") == 1 and "bad.txt.gz" in err and said in err


def test_the_name_says_nothing_of_what_is_in_a_file(mine: Call, tmp_path: Path) -> None:
    source = written(tmp_path / "plain.gz", SENTENCES[:3])
    assert mine(source, source)[0] == 0
    assert len(rows(tmp_path / "pairs.tsv")) == 3


def test_what_cannot_be_read_several_times_is_refused(mine: Call, tmp_path: Path) -> None:
    """Neither a pipe, which would wait for ever, nor a folder nor a name that cannot be."""
    good = written(tmp_path / "good.txt", SENTENCES[:3])
    os.mkfifo(tmp_path / "pipe")
    bad = {"pipe": "not a regular file", ".": ": a folder", "n" * 300: "name another file"}
    for name, said in bad.items():
        for pair in ((good, tmp_path / name), (tmp_path / name, good)):
            code, _, err = mine(*pair)
            assert code == 2 and err.count("\n") == 1 and said in err, name
    with pytest.raises(HarnessError, match="null byte; name another file"):
        SentenceFile.open(Path("a\0b"), 10)


def test_files_are_looked_at_before_the_checkpoint(mine: Call, tmp_path: Path) -> None:
    good = written(tmp_path / "good.txt", SENTENCES[:3])
    (tmp_path / "bad.txt").write_bytes(b"good\nbad \xff\n")
    nowhere = ("--from", tmp_path / "nowhere")
    for bad in ("missing.txt", "bad.txt"):
        for pair in ((good, tmp_path / bad), (tmp_path / bad, good)):
            code, _, err = mine(*pair, *nowhere)
            assert code == 2 and err.count("\n") == 1 and bad in err and "nowhere" not in err
    code, _, err = mine(good, good, *nowhere)
    assert code == 2 and "nowhere" in err


def test_ends_of_lines_and_marks_are_not_of_a_sentence(mine: Call, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(SENTENCES).encode())  # no end after the last
    target = written(tmp_path / "target.txt", SENTENCES)
    assert mine(source, target)[0] == 0
    found = rows(tmp_path / "pairs.tsv")
    assert len(found) == len(SENTENCES)
    assert all(left == right and one == other for _, left, right, one, other in found)


def test_the_same_file_twice_is_embedded_once(
    mine: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed, seen = Model.embed_layers, []

    def counting(self: Model, texts: Sequence[str], *rest: Any) -> Any:
        seen.append(len(texts))
        return embed(self, texts, *rest)

    monkeypatch.setattr(Model, "embed_layers", counting)
    source = written(tmp_path / "source.txt", SENTENCES)
    assert mine(source, source)[0] == 0
    assert seen == [len(SENTENCES)]
    assert all(left == right for _, left, right, *_ in rows(tmp_path / "pairs.tsv"))


def test_killed_in_the_search_nothing_is_embedded_again(
    mine: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path / "source.txt", SENTENCES)
    target = written(tmp_path / "target.txt", SENTENCES[::-1])

    def killed(*words: Any, **named: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(mine_files, "mine", killed)
    code, _, err = mine(source, target)
    assert code == 130 and "Traceback" not in err
    assert not (tmp_path / "pairs.tsv").exists()
    monkeypatch.undo()
    monkeypatch.setattr(Model, "embed_layers", killed)
    code, out, err = mine(source, target)
    assert code == 0 and out.startswith("36 pairs"), err


def test_an_output_that_cannot_be_written_is_told_before_and_after(
    mine: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the work if the folder says so; a disk that fills up meanwhile leaves the old file."""
    source = written(tmp_path / "source.txt", SENTENCES[:3])
    (tmp_path / "pairs.tsv").write_text("old")
    monkeypatch.setattr(os, "access", lambda *words: False)
    code, _, err = mine(source, source)
    assert code == 2 and err.count("\n") == 1 and "cannot be written to" in err
    monkeypatch.undo()

    def full(*words: Any, **named: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "pairs.tsv"))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        code, _, err = mine(source, source)
    assert code == 2 and "Traceback" not in err and "No space left" in err
    assert (tmp_path / "pairs.tsv").read_text() == "old"
    assert not list(tmp_path.glob(".pairs.tsv*"))


def test_the_line_of_what_is_not_finite_is_told_beyond_the_first_part(
    mine: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mine_files, "PART", 10)
    embed = Model.embed_layers

    def broken(self: Model, texts: Sequence[str], *rest: Any) -> Any:
        found = embed(self, texts, *rest)
        for layer in found.values():
            layer[[text == SENTENCES[24] for text in texts]] = np.nan
        return found

    monkeypatch.setattr(Model, "embed_layers", broken)
    source = written(tmp_path / "source.txt", ["", *SENTENCES])
    code, _, err = mine(source, source)
    assert code == 2 and "source.txt, row 26: not finite: embedding" in err
