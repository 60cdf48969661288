"""The long table: what leaderboard.csv holds, and how it is read back."""

import csv
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import leaderboard
from harness.data.files import Snapshot
from harness.errors import HarnessError
from harness.leaderboard.long_table import FIELDS, LongRow, LongTable

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
HOSTILE = st.sampled_from(
    "=cmd|'/C calc'!A1 +1 -1 @SUM \t= \r= '= ''x {{7*7}} a,b \"q\" <b>".split(" ")
)
NUMBER = st.floats(-200, 200).map(lambda value: round(value, 6) + 0.0)
ROW = st.builds(
    LongRow,
    **dict.fromkeys(("slug", "name", "benchmark", "kind", "column", "provenance"), TEXT | HOSTILE),
    **dict.fromkeys(("low", "high", "df", "q"), st.none() | NUMBER),
    estimate=NUMBER,
    k=st.integers(0, 20),
)
ONE = LongRow("a", "A", "mini", "score", "xnli", 1.0, None, None, None, None, 3, "recomputed")


@given(st.lists(ROW, max_size=6))
def test_what_is_written_is_read_back(rows: list[LongRow]) -> None:
    text = LongTable(rows).text()
    assert LongTable.read(Snapshot("x.csv", text.encode())) == rows
    for line in list(csv.reader(io.StringIO(text, newline="")))[1:]:
        for name, cell in zip(FIELDS, line, strict=True):
            if name in ("slug", "name", "benchmark", "kind", "column", "provenance"):
                assert not cell.startswith(tuple("=+-@\t\r"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected the columns slug, name"),
        ("a,b\n", "leaderboard.csv:1: expected the columns"),
        (LongTable([ONE]).text() + "too,few\n", "leaderboard.csv:3: not a row"),
        (LongTable([ONE]).text().replace("1.000000", "one"), "leaderboard.csv:2: not a row"),
        (LongTable([ONE]).text() + '"', "not a long table"),
        ("\udcff", "not a long table"),
    ],
)
def test_a_file_that_is_not_one_is_told(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "leaderboard.csv").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(HarnessError, match=said):
        leaderboard.load(tmp_path)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no such file"):
        leaderboard.load(tmp_path)


def test_a_frame_of_pandas() -> None:
    frame = LongTable([ONE, ONE]).to_pandas()
    assert list(frame.columns) == list(FIELDS) and frame["estimate"].tolist() == [1.0, 1.0]
    assert list(LongTable().to_pandas().columns) == list(FIELDS)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_missing_is_told(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(HarnessError, match=f"{library} is not installed: pip install {library}"):
        getattr(LongTable([ONE]), f"to_{library}")()


def test_a_frame_of_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = LongTable([ONE]).to_polars()
    assert frame.columns == list(FIELDS) and frame["low"].dtype == polars.Float64
