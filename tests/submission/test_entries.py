"""What is around an entry: how often others are read."""

import shutil
from pathlib import Path

import pytest
from support.entry_folders import make_entry

from harness.submission import entries
from harness.submission.checks.predictions import PredictionsConcern
from harness.submission.entry import Entry
from harness.submission.incoming import Incoming


def test_each_entry_is_read_once_for_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little is remembered: of 1,000 entries each would be read 1,000 times."""
    read, parsed, count = [], entries.parsed, 8

    def counted(incoming: Incoming) -> Entry | None:
        read.append(incoming.slug)
        return parsed(incoming)

    def write(number: int, content: int) -> Path:
        files = {"xnli/test-en.tsv": f"neutral {content}\n" * 100}
        return make_entry(tmp_path, files, slug=f"entry-{number}")

    def copies(folder: Path) -> list[str]:
        findings = PredictionsConcern().look(entries.incoming_of(folder))
        return [one.found for one in findings if one.code == "P412"]

    monkeypatch.setattr(entries, "parsed", counted)
    monkeypatch.setattr(entries, "_REMEMBERED", 1)
    folders = [write(number, number) for number in range(count)]
    assert [copies(folder) for folder in folders] == [[]] * count
    assert len(read) == count
    write(1, 0)
    (found,) = copies(folders[0])
    assert "also in entry-1" in found
    shutil.rmtree(folders[1])
    assert copies(folders[0]) == []
