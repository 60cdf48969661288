"""Mewsli-X as released, laid out as XTREME does: from a folder, an archive; what is refused."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import mewsli_release
from harness.data.mewsli_release import RELEASED, lay_out
from harness.errors import HarnessError

Call = Callable[..., tuple[int, str, str]]
ENTITY = {
    "entity_id": "Q1",
    "title": "Alder",
    "description": "A tree by the water.",
    "description_language": "en",
    "description_url": "https://example.org/alder",
    "sentence_spans": [{"start": 0, "end": 20}],
}


def document(language: str, name: str, entity: str, **more: Any) -> dict[str, Any]:
    """Return a document of one sentence with one mention."""
    context = {
        "document_title": "Erle",
        "document_url": "https://example.org/erle",
        "document_id": name,
        "language": language,
        "text": "Die Erle wächst am Wasser.",
        "sentence_spans": [{"start": 0, "end": 26}],
    }
    span = {"start": 4, "end": 8, "text": "Erle"}
    mention = {"example_id": name, "mention_span": span, "entity_id": entity} | more
    return {"context": context, "mentions": [mention]}


def pair(name: str) -> dict[str, Any]:
    one = document("en", name, "Q1")
    return {
        "contextual_mention": {"context": one["context"], "mention": one["mentions"][0]},
        "entity": ENTITY,
    }


def lines(*rows: Any) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def release() -> dict[str, bytes]:
    """Return the five files, of a few rows each."""
    return {
        "candidate_set_entities.jsonl": lines(ENTITY, ENTITY | {"entity_id": "Q2"}),
        "wikipedia_pairs-train.jsonl": lines(pair("a"), pair("b"), pair("c")),
        "wikipedia_pairs-dev.jsonl": lines(pair("d")),
        "wikinews_mentions-dev.jsonl": lines(document("de", "e", "Q1"), document("fa", "f", "Q2")),
        "wikinews_mentions-test.jsonl": lines(
            document("de", "g", "Q2", metadata={"answer": "Q2"}), document("uk", "h", "Q1")
        ),
    }


def folder_of(root: Path, files: Mapping[str, bytes], inner: str = "") -> Path:
    for name, content in files.items():
        path = root / inner / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def archive_of(path: Path, files: Mapping[str, bytes], *members: tarfile.TarInfo) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for member in members:
            archive.addfile(member)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_folder_is_laid_out_as_xtreme_does(tmp_path: Path) -> None:
    files = release()
    found = lay_out(folder_of(tmp_path / "in", files), tmp_path / "out")
    made = tree(tmp_path / "out")
    inside = "xtreme/mewslix"
    for name in RELEASED[:3]:
        assert made.pop(f"{inside}/{name}") == files[name]
    assert json.loads(made.pop("labels/mewslix/test-de.json")) == {"g": ["Q2"]}
    assert json.loads(made.pop("labels/mewslix/test-uk.json")) == {"h": ["Q1"]}
    mentions = {name: json.loads(raw)["mentions"] for name, raw in made.items()}
    assert {name: one[0]["entity_id"] for name, one in mentions.items()} == {
        f"{inside}/wikinews_mentions/dev-de.jsonl": "Q1",
        f"{inside}/wikinews_mentions/dev-fa.jsonl": "Q2",
        f"{inside}/wikinews_mentions/test-de.jsonl": "",
        f"{inside}/wikinews_mentions/test-uk.jsonl": "",
    }
    test = made[f"{inside}/wikinews_mentions/test-de.jsonl"].decode()
    assert "Q2" not in test and "wächst" in test
    assert (found.candidates, found.labelled) == (2, 2)
    assert found.mentions == {"dev": {"de": 1, "fa": 1}, "test": {"de": 1, "uk": 1}}


def test_the_archive_of_the_hub_gives_the_same(tmp_path: Path, run: Call) -> None:
    files = release()
    lay_out(folder_of(tmp_path / "in", files, "raw"), tmp_path / "plain")
    inside = {f"raw/{name}": content for name, content in files.items()} | {"raw/README": b"x"}
    archive_of(tmp_path / "hub" / "raw.tar.gz", inside)
    code, out, err = run("data", "mewslix", tmp_path / "hub", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "2 candidates, 3 + 1 English pairs" in out and "test: 2 mentions (de 1 uk 1)" in out
    assert "never beside the paper's numbers" in out
    assert tree(tmp_path / "out") == tree(tmp_path / "plain")
    lay_out(tmp_path / "hub" / "raw.tar.gz", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(tmp_path / "plain")


def test_real_mentions_are_laid_out(real_data: Path, tmp_path: Path) -> None:
    """The three mentions of the release that its own tests hold."""
    raw = (real_data / "annotated" / "mewslix" / "example_mentions.jsonl").read_bytes()
    files = release() | {"wikinews_mentions-test.jsonl": raw}
    found = lay_out(folder_of(tmp_path / "in", files), tmp_path / "out")
    assert sum(found.mentions["test"].values()) == found.labelled == 3
    assert set(found.mentions["test"]) == {"en", "ar"}
    for language in ("en", "ar"):
        path = tmp_path / "out" / "xtreme" / "mewslix" / "wikinews_mentions"
        (row,) = (path / f"test-{language}.jsonl").read_text("utf-8").splitlines()
        value = json.loads(row)
        for one in value["mentions"]:
            span = one["mention_span"]
            assert value["context"]["text"][span["start"] : span["end"]] == span["text"]
            assert one["entity_id"] == ""


def test_unknown_entities_are_no_labels(tmp_path: Path) -> None:
    files = release()
    files["wikinews_mentions-test.jsonl"] = lines(document("de", "g", ""))
    found = lay_out(folder_of(tmp_path / "in", files), tmp_path / "out")
    assert found.labelled == 0 and not (tmp_path / "out" / "labels").exists()


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "json": (RELEASED[0], lines(ENTITY) + b"{\n", f"{RELEASED[0]}:2: no valid JSON"),
    "utf8": (RELEASED[0], lines(ENTITY) + b"\xff\n", f"{RELEASED[0]}:2: no valid JSON"),
    "half": (RELEASED[0], b'{"entity_id": "\\ud800"}\n', ":1: no valid JSON"),
    "deep": (RELEASED[0], b"[" * 100_000 + b"\n", ":1: no valid JSON"),
    "list": (RELEASED[0], b"[]\n", ":1: the row is not an object"),
    "texts": (RELEASED[1], b'{"mention": "x", "entity": "y"}\n', ":1: no 'contextual_mention'"),
    "mention": (
        RELEASED[1],
        lines(pair("a") | {"contextual_mention": "x"}),
        ":1: contextual_mention is not an object",
    ),
    "pair's text": (
        RELEASED[1],
        lines({"contextual_mention": {"context": {"text": 3}, "mention": {}}, "entity": ENTITY}),
        ":1: the context's text is not text: 3; download it again",
    ),
    "no span": (
        RELEASED[1],
        lines(pair("a") | {"contextual_mention": {"context": {"text": ""}, "mention": {}}}),
        ":1: no 'example_id'; not Mewsli-X's form",
    ),
    "another's span": (
        RELEASED[4],
        lines(document("de", "g", "Q1", mention_span={"start": 3, "end": 7, "text": "Erle"})),
        ":1: 'Erle' is not at 3 to 7",
    ),
    "entity": (RELEASED[2], lines(pair("a") | {"entity": "Q1"}), ":1: entity is not an object"),
    "pair's entity": (
        RELEASED[2],
        lines(pair("a") | {"entity": ENTITY | {"description": None}}),
        ":1: entity Q1 has no description",
    ),
    "description": (
        RELEASED[0],
        lines(ENTITY, ENTITY | {"entity_id": "Q2", "description": ["x"]}),
        ":2: entity Q2 has no description",
    ),
    "an entity twice": (RELEASED[0], lines(ENTITY, ENTITY), ":2: 'Q1' is there twice"),
    "empty": (RELEASED[2], b"", "holds no rows"),
    "no mentions": (
        RELEASED[3],
        b'{"context": {"language": "de", "text": "x"}}\n',
        "no 'mentions'",
    ),
    "path": (RELEASED[3], lines(document("../x", "e", "Q1")), "context.language is '../x'"),
    "no text": (
        RELEASED[4],
        lines(document("de", "g", "Q1") | {"context": {"language": "de", "text": ""}}),
        ":1: the document has no text; restore it",
    ),
    "twice": (RELEASED[4], lines(document("de", "g", "Q1"), document("uk", "g", "Q1")), ":2: 'g'"),
    "number": (
        RELEASED[4],
        lines(document("de", "g", "Q1", example_id=3)),
        "example_id is not an id",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_named_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    file, content, told = BROKEN[name]
    source = folder_of(tmp_path / "in", release() | {file: content})
    with pytest.raises(HarnessError, match=r"\A[^\n]+\Z") as error:
        lay_out(source, tmp_path / "out")
    assert told in str(error.value) and str(source / file) in str(error.value)
    assert tree(tmp_path / "out") == {}


@pytest.mark.parametrize("name", RELEASED)
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    files = {key: content for key, content in release().items() if key != name}
    with pytest.raises(HarnessError, match=f"no {name}; name the folder of the release"):
        lay_out(folder_of(tmp_path / "in", files), tmp_path / "out")


def test_the_hubs_ready_made_texts_are_not_enough(tmp_path: Path, run: Call) -> None:
    archive_of(tmp_path / "in" / "candidate_entities.jsonl.tar.gz", {"x": b""})
    code, _, err = run("data", "mewslix", tmp_path / "in", tmp_path / "out")
    assert code == 2 and "hold texts without spans: fetch raw.tar.gz" in err
    assert run("data", "mewslix", tmp_path / "nothing", tmp_path / "out")[0] == 2


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", release())
    (tmp_path / "out" / "labels" / "mewslix").mkdir(parents=True)
    with pytest.raises(HarnessError, match="is there already"):
        lay_out(source, tmp_path / "out")


@pytest.mark.parametrize("name", ["xtreme", "labels"])
def test_a_folder_that_cannot_be_made_leaves_nothing(name: str, tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", release())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("a file")
    with pytest.raises(HarnessError, match="nothing was laid out"):
        lay_out(source, tmp_path / "out")
    assert tree(tmp_path / "out") == {name: b"a file"}


def test_the_first_is_taken_back_if_the_second_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if target == tmp_path / "out" / "labels" / "mewslix":
            raise OSError("no room")
        return rename(self, target)

    source = folder_of(tmp_path / "in", release())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fails)
        with pytest.raises(HarnessError, match=r"labels: cannot be written \(no room\)"):
            lay_out(source, tmp_path / "out")
    assert tree(tmp_path / "out") == {}
    assert lay_out(source, tmp_path / "out").labelled == 2


def test_links_are_not_followed(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", release())
    path = source / RELEASED[0]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HarnessError, match="not a plain file"):
        lay_out(source, tmp_path / "out")
    link = tarfile.TarInfo(f"raw/{RELEASED[0]}")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
    with pytest.raises(HarnessError, match="not a plain file; it is not followed"):
        lay_out(archive_of(tmp_path / "raw.tar.gz", {}, link), tmp_path / "out")


def test_no_name_in_an_archive_leaves_the_folder(tmp_path: Path) -> None:
    """Only the last part of a name counts, and nothing is written under it."""
    files = {f"../../{name}": content for name, content in release().items()}
    lay_out(archive_of(tmp_path / "a" / "b" / "raw.tar.gz", files), tmp_path / "a" / "b" / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"a"}
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"b"}


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, told: str) -> None:
        with pytest.raises(HarnessError, match=told):
            lay_out(path, tmp_path / "out")

    files = release()
    many = {f"raw/{number}": b"" for number in range(mewsli_release.MOST_MEMBERS + 1)}
    refused(archive_of(tmp_path / "many.tar.gz", many), "over 1,000 members")
    twice = archive_of(tmp_path / "two.tar.gz", {f"{n}/{RELEASED[0]}": lines(ENTITY) for n in "ab"})
    refused(twice, "two files are named candidate_set_entities.jsonl")
    monkeypatch.setattr(mewsli_release, "LONGEST", 30_000)
    long = files | {RELEASED[0]: lines(ENTITY | {"description": "x" * 40_000})}
    refused(folder_of(tmp_path / "long", long), ":1: too long")
    huge = tarfile.TarInfo("x")
    huge.pax_headers = {"comment": "x" * 40_000}
    refused(archive_of(tmp_path / "pax.tar.gz", {}, huge), "a header of .* bytes")
    monkeypatch.setattr(mewsli_release, "MOST_BYTES", 20_000)
    refused(archive_of(tmp_path / "bomb.tar.gz", {"x": b"\0" * 50_000}), "unpacked; not read")
    monkeypatch.setattr(mewsli_release, "MOST_LANGUAGES", 1)
    refused(folder_of(tmp_path / "plain", files), ":2: over 1 languages")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_spoilt_archive_is_one_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any change of an archive's bytes, packed or unpacked, is refused in a line or harmless."""
    folder = tmp_path_factory.mktemp("spoilt")
    path = archive_of(folder / "raw.tar.gz", release())
    packed = data.draw(st.booleans())
    raw = bytearray(path.read_bytes() if packed else gzip.decompress(path.read_bytes()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    path.write_bytes(bytes(raw) if packed else gzip.compress(bytes(raw)))
    refused = ""
    try:
        lay_out(path, folder / "out")
    except HarnessError as error:
        refused = str(error)
    assert "\n" not in refused and (not refused or tree(folder / "out") == {})
