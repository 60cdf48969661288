"""The hub source against recorded listings and small parquet files of the real schemas.

The hub itself is never asked: ``HARNESS_HUB`` points at a local folder of its shape, and
everything else is the code path of a real fetch.
"""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.places import FIXTURES

from harness import registry
from harness.data import hub as hub_module
from harness.data.hub import HubSource
from harness.data.source import training_rows
from harness.errors import HarnessError
from harness.formats.common import Unlabelled

LISTINGS = {
    value["repo"]: value
    for path in sorted((FIXTURES / "hub").glob("*.json"))
    for value in [json.loads(path.read_text())]
}
TASKS = "bucc2018 mlqa panx pawsx tatoeba tydiqa udpos xnli xquad".split()
ON_HUB = [name for name in TASKS if registry.task(name).hub]
TYDIQA = "arabic bengali english finnish indonesian korean russian swahili telugu".split()


def declarations():
    """Every hub declaration with the languages of XTREME that it is asked for."""
    xtreme = registry.benchmark("xtreme")
    for name in TASKS:
        task = registry.task(name)
        if task.hub:
            yield task, xtreme.languages_of(task)
        if task.training and task.training.hub:
            yield task.training, ("en",)


# -- small files of the real schemas ---------------------------------------------------------------


def pairs_table(first, second, labels):
    """facebook/xnli and paws-x: the label is a ClassLabel, stored as int64."""
    return pa.table(
        {
            first: [f"first {i} „Zitat“" for i in range(len(labels))],
            second: [f"second {i}\t北" for i in range(len(labels))],
            "label": pa.array(labels, pa.int64()),
        }
    )


def squad_table(ids):
    """Rajpurkar/squad and its kin: answers is a struct of two lists."""
    answers = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])
    context = "The Normans were the people who gave their name to Normandy."
    return pa.table(
        {
            "id": ids,
            "title": ["Normans"] * len(ids),
            "context": [f"{context} {i}" for i in range(len(ids))],
            "question": [f"Who gave the name {i}?" for i in range(len(ids))],
            "answers": pa.array(
                [{"text": ["Normans", "The Normans"], "answer_start": [4, 0]}] * len(ids), answers
            ),
        }
    )


def panx_table():
    """google/xtreme PAN-X: a language prefix column, tags as ClassLabel ints."""
    return pa.table(
        {
            "tokens": [["Ada", "Lovelace", "in", "New", "York"], ["Acme", "Inc", "."]],
            "ner_tags": pa.array([[1, 2, 0, 5, 6], [3, 4, 0]], pa.list_(pa.int64())),
            "langs": [["en"] * 5, ["en"] * 3],
        }
    )


def tatoeba_table(code):
    return pa.table(
        {
            "source_sentence": ["Zwei. ", "Eins.", "Drei."],
            "target_sentence": ["Two.", "One.", " Three."],
            "source_lang": [code] * 3,
            "target_lang": ["eng"] * 3,
        }
    )


def table(repo, path):
    """Rows of the schema that a repository has at a path; None for what the tasks never read."""
    rows = None
    if repo == "facebook/xnli" and path.endswith(".parquet"):
        rows = pairs_table("premise", "hypothesis", [0, 1, 2, 2])
    elif repo == "google-research-datasets/paws-x" and path.endswith(".parquet"):
        rows = pairs_table("sentence1", "sentence2", [0, 1, 1])
        rows = rows.add_column(0, "id", pa.array([1, 2, 3], pa.int32()))
    elif path.startswith(("plain_text/", "xquad.", "MLQA.")):
        rows = squad_table([f"56be{i}" for i in range(3)])
    elif path.startswith("secondary_task/"):
        rows = squad_table([f"{name}-{i}-1" for name in TYDIQA for i in range(25)])
    elif path.startswith("PAN-X."):
        rows = panx_table()
    elif path.startswith("tatoeba."):
        rows = tatoeba_table(path.split("/")[0].removeprefix("tatoeba."))
    return rows


def lay_out(root: Path, wanted=lambda repo, path: True) -> Path:
    """Write ROOT/owner/name@revision/... with a small file at each listed path that is read."""
    for repo, listing in LISTINGS.items():
        base = root / f"{repo}@{listing['revision']}"
        for path in listing["files"]:
            rows = table(repo, path)
            if rows is not None and wanted(repo, path):
                (base / path).parent.mkdir(parents=True, exist_ok=True)
                pq.write_table(rows, base / path)
    return root


@pytest.fixture(scope="session")
def whole_hub(tmp_path_factory):
    return lay_out(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def hub(whole_hub, tmp_path, monkeypatch) -> HubSource:
    """A source over the whole local hub, by the environment variable, with an empty cache."""
    monkeypatch.setenv("HARNESS_HUB", f"file://{whole_hub}")
    return HubSource(tmp_path / "cache")


@pytest.fixture
def own_hub(tmp_path, monkeypatch):
    """A hub of its own with XNLI's German test file alone: the source and that file."""
    root = lay_out(tmp_path / "hub", lambda repo, p: repo == "facebook/xnli" and p[:7] == "de/test")
    monkeypatch.setenv("HARNESS_HUB", f"file://{root}")
    (file,) = root.rglob("*.parquet")
    return HubSource(tmp_path / "cache"), file


# -- the declarations ------------------------------------------------------------------------------


def test_revisions_are_pinned_to_whole_commits():
    for of, _ in declarations():
        assert re.fullmatch("[0-9a-f]{40}", of.hub.revision), of.name
        assert LISTINGS[of.hub.repo]["revision"] == of.hub.revision, of.name


def test_every_declared_pattern_matches_the_recorded_listing():
    seen = set()
    for of, languages in declarations():
        files = LISTINGS[of.hub.repo]["files"]
        for split, pattern in of.hub.files.items():
            assert pattern.endswith(".parquet")
            for language in languages:
                path = pattern.format(lang=of.hub.codes.get(language, language))
                found = [name for name in files if fnmatchcase(name, path)]
                assert len(found) == 1, (of.name, split, language, path)
                seen.add((of.name, split, found[0]))
    tests = {(name, path) for name, split, path in seen if split == "test"}
    assert len([path for name, path in tests if name == "tatoeba"]) == 36
    assert len([path for name, path in tests if name == "panx"]) == 40
    assert len([path for name, path in tests if name == "xnli"]) == 15


def test_what_the_hub_has_only_wrongly_is_not_declared(tmp_path):
    """Traps 4 and 9: BUCC there has no distractors, UD-POS both fused tokens and their parts."""
    source = HubSource(tmp_path)
    for name in ("bucc2018", "udpos"):
        task = registry.task(name)
        assert task.hub is None and (task.training is None or task.training.hub is None)
        assert not source.has(task, "test", "de")
        for ask in (source.examples, source.digest):
            with pytest.raises(HarnessError, match=f"{name} is not on the hub.*pass --data"):
                ask(task, "test", "de")
    assert set(ON_HUB) == set(TASKS) - {"bucc2018", "udpos"}


def test_a_split_that_is_not_declared_is_said(hub):
    task = registry.task("xquad")
    assert hub.has(task, "test", "de") and not hub.has(task, "dev", "de")
    with pytest.raises(HarnessError, match="google/xquad has no dev split for xquad"):
        hub.examples(task, "dev", "de")


# -- the rows --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ON_HUB)
def test_every_language_gives_the_typed_columns_and_gold(hub, name):
    task = registry.task(name)
    for language in registry.benchmark("xtreme").languages_of(task):
        for split in task.format.splits:
            rows = hub.examples(task, split, language)
            assert list(rows.features) == list(task.format.layout.columns)
        gold = hub.gold(task, language)
        assert gold
        assert task.format.limited(gold, rows) == gold


def test_labels_are_mapped_to_names(hub):
    xnli, pawsx = registry.task("xnli"), registry.task("pawsx")
    expected = ["entailment", "neutral", "contradiction", "contradiction"]
    assert hub.gold(xnli, "sw") == hub.examples(xnli, "test", "sw")["label"][:] == expected
    assert hub.gold(pawsx, "ko") == ["0", "1", "1"]
    rows = hub.examples(xnli, "test", "zh")
    assert rows["sentence1"][0] == "first 0 „Zitat“" and rows["sentence2"][1] == "second 1\t北"


def test_tags_are_mapped_to_names(hub):
    task = registry.task("panx")
    assert hub.gold(task, "yo") == [
        ["B-PER", "I-PER", "O", "B-LOC", "I-LOC"],
        ["B-ORG", "I-ORG", "O"],
    ]
    assert hub.examples(task, "test", "yo")["tokens"][1] == ["Acme", "Inc", "."]


@pytest.mark.parametrize("name", ["xquad", "mlqa"])
def test_answers_keep_their_offsets(hub, name):
    row = hub.examples(registry.task(name), "test", "hi")[0]
    assert row["answers"] == ["Normans", "The Normans"] and row["starts"] == [4, 0]
    for text, start in zip(row["answers"], row["starts"], strict=True):
        assert row["context"].startswith(text, start)


def test_tydiqa_is_parted_by_language(hub):
    task = registry.task("tydiqa")
    names = dict(zip("ar bn en fi id ko ru sw te".split(), TYDIQA, strict=True))
    for language, name in names.items():
        ids = hub.examples(task, "test", language)["id"][:]
        assert ids == [f"{name}-{i}-1" for i in range(25)]
    rows = training_rows(hub, task.training, None)
    ids = [*rows.train["id"], *rows.dev["id"]]
    assert sorted(ids) == sorted(f"english-{i}-1" for i in range(25)) and len(rows.dev) > 0


def test_tatoeba_is_laid_out_as_in_a_folder(hub):
    task = registry.task("tatoeba")
    rows = hub.examples(task, "test", "zh")
    assert rows["side"][:] == ["source"] * 3 + ["english"] * 3
    assert rows["text"][:] == ["Zwei.", "Eins.", "Drei.", "One.", "Three.", "Two."]
    assert rows["id"][:] == ["0", "1", "2"] * 2
    assert hub.gold(task, "zh") == ["1", "2", "0"]
    source = rows["text"][:3]
    assert [source[int(i)] for i in hub.gold(task, "zh")] == ["Eins.", "Drei.", "Zwei."]


def test_training_sets_are_read(hub):
    for name in ("xnli", "pawsx", "panx", "xquad"):
        rows = training_rows(hub, registry.task(name).training, None)
        assert len(rows.train) and len(rows.dev)
    with pytest.raises(HarnessError, match="squad: no labelled dev examples are left"):
        # the local SQuAD dev consists of the local XQuAD's paragraphs: trap 3 holds here too
        training_rows(hub, registry.task("xquad").training, registry.task("xquad"))


def test_shards_are_read_in_order(own_hub):
    source, file = own_hub
    task = registry.task("xnli")
    for i, label in enumerate((2, 0, 1)):
        shard = file.with_name(f"test-0000{i}-of-00003.parquet")
        pq.write_table(pairs_table("premise", "hypothesis", [label]), shard)
    file.unlink()
    assert source.gold(task, "de") == ["contradiction", "entailment", "neutral"]


@pytest.mark.parametrize(("labels", "gold"), [([0, -1, 1], None), ([-1] * 60, None)])
def test_labels_that_are_withheld_are_no_gold(own_hub, labels, gold):
    source, file = own_hub
    pq.write_table(pairs_table("premise", "hypothesis", labels), file)
    assert source.gold(registry.task("xnli"), "de") is gold
    assert source.examples(registry.task("xnli"), "test", "de")["label"].count(None) >= 1


def test_placeholder_labels_are_no_labels(own_hub):
    source, file = own_hub
    pq.write_table(pairs_table("premise", "hypothesis", [2] * 50), file)
    with pytest.raises(Unlabelled, match="no labels"):
        source.gold(registry.task("xnli"), "de")


# -- the cache -------------------------------------------------------------------------------------


def test_offline_reads_the_cache_alone(own_hub, tmp_path):
    source, file = own_hub
    task = registry.task("xnli")
    offline = HubSource(source.cache, offline=True)
    with pytest.raises(HarnessError, match=r"de/test-\*.parquet is not in the cache and --offline"):
        offline.examples(task, "test", "de")
    assert not source.cache.exists()  # asking left nothing behind
    online = source.examples(task, "test", "de")
    file.unlink()
    assert offline.examples(task, "test", "de").to_dict() == online.to_dict()
    assert source.examples(task, "test", "de").to_dict() == online.to_dict()  # nor fetched again
    with pytest.raises(HarnessError, match="is not in the cache"):
        offline.examples(task, "test", "fr")


def test_a_broken_off_fetch_is_begun_again(own_hub, monkeypatch):
    source, file = own_hub
    task = registry.task("xnli")
    second = file.with_name("test-00001-of-00002.parquet")
    pq.write_table(pairs_table("premise", "hypothesis", [1]), second)
    from fsspec.implementations.local import LocalFileSystem

    real = LocalFileSystem.get_file

    def stop(self, remote, local, **more):
        if remote == str(second):
            Path(local).write_bytes(b"half")
            raise OSError("connection lost\nat byte 4")
        return real(self, remote, local, **more)

    monkeypatch.setattr(LocalFileSystem, "get_file", stop)
    with pytest.raises(HarnessError, match="cannot be fetched") as caught:
        source.examples(task, "test", "de")
    assert "\n" not in str(caught.value) and "--data" in str(caught.value)
    with pytest.raises(HarnessError, match="not in the cache"):
        HubSource(source.cache, offline=True).examples(task, "test", "de")
    monkeypatch.undo()
    again = HubSource(source.cache, root=f"file://{file.parents[3]}")
    assert len(again.examples(task, "test", "de")) == 5


def test_digests_follow_the_declaration(hub):
    from dataclasses import replace

    task = registry.task("xnli")
    digest = hub.digest(task, "test", "de")
    assert digest == HubSource(hub.cache / "elsewhere", offline=True).digest(task, "test", "de")
    assert hub.gold_digest(task, "de") == digest
    moved = replace(task, hub=replace(task.hub, revision="0" * 40))
    mapped = replace(task, hub=replace(task.hub, values={0: "neutral"}))
    others = [
        hub.digest(task, "test", "fr"),
        hub.digest(task, "dev", "de"),
        hub.digest(moved, "test", "de"),
        hub.digest(mapped, "test", "de"),
    ]
    assert len({digest, *others}) == 5


# -- what goes wrong -------------------------------------------------------------------------------


def refusal(source, task="xnli", language="de"):
    with pytest.raises(HarnessError) as caught:
        source.examples(registry.task(task), "test", language)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 900
    return text


def test_a_file_that_is_not_at_the_revision_is_said(own_hub):
    source, _ = own_hub
    revision = registry.task("xnli").hub.revision
    said = refusal(source, language="fr")
    assert f"facebook/xnli@{revision}: no file fr/test-*.parquet at this revision" in said
    assert "no file" in refusal(source, "xquad")  # no such repository


@pytest.mark.parametrize("content", [b"", b"<html>\nnot found\n</html>", b"PAR1 cut off"])
def test_what_is_no_parquet_file_is_said(own_hub, content):
    source, file = own_hub
    file.write_bytes(content)
    assert "no readable parquet file" in refusal(source)


def test_a_missing_column_is_named(own_hub):
    source, file = own_hub
    pq.write_table(pairs_table("sentence1", "hypothesis", [0]), file)
    said = refusal(source)
    assert "no column 'premise' (has sentence1, hypothesis, label)" in said


def test_a_missing_field_of_a_column_is_named(tmp_path):
    listing = LISTINGS["google/xquad"]
    file = tmp_path / f"google/xquad@{listing['revision']}/xquad.de/validation-0.parquet"
    file.parent.mkdir(parents=True)
    rows = squad_table(["a"]).drop_columns("answers")
    for answers in (["text"], [{"text": ["Normans"]}], [None]):
        pq.write_table(rows.append_column("answers", [answers]), file)
        source = HubSource(tmp_path / f"cache{answers}", root=f"file://{tmp_path}")
        assert "answers" in refusal(source, "xquad")


def test_shards_of_different_kinds_are_refused(own_hub):
    source, file = own_hub
    other = pairs_table("premise", "hypothesis", [0]).drop_columns("label")
    pq.write_table(other, file.with_name("test-00001-of-00002.parquet"))
    assert "parquet" in refusal(source)


def test_a_file_above_the_bound_is_not_fetched(own_hub, monkeypatch):
    source, file = own_hub
    monkeypatch.setattr(hub_module, "MAX_BYTES", file.stat().st_size - 1)
    assert "not a parquet file below" in refusal(source)
    assert not list(source.cache.rglob("*.parquet"))
    monkeypatch.setattr(hub_module, "MAX_BYTES", file.stat().st_size)
    assert len(source.examples(registry.task("xnli"), "test", "de")) == 4


def test_without_a_network_it_is_one_line(tmp_path, monkeypatch):
    monkeypatch.delenv("HARNESS_HUB", raising=False)
    assert "facebook/xnli@" in refusal(HubSource(tmp_path / "cache"))
    assert "cannot be fetched" in refusal(HubSource(tmp_path / "cache", root="nosuch://hub"))


def test_nothing_is_unpickled_or_run(hub, monkeypatch):
    """What lies in a repository beside the parquet files is never opened, let alone run."""
    import builtins
    import pickle

    def refuse(*_, **__):
        raise AssertionError("unpickled or executed")

    for module, name in ((pickle, "load"), (pickle, "loads"), (builtins, "exec")):
        monkeypatch.setattr(module, name, refuse)
    source = HubSource(hub.cache, root=hub.root)
    assert len(source.examples(registry.task("xnli"), "test", "de")) == 4
    fetched = [path for path in hub.cache.rglob("*") if path.is_file()]
    assert {path.suffix for path in fetched} <= {".parquet", ".complete"}
    assert not re.search(
        r"load_dataset|import pickle|trust_remote_code|\bexec\(|\beval\(",
        Path(hub_module.__file__).read_text(),
    )


@pytest.mark.parametrize(("name", "language"), [("panx", "qu"), ("tatoeba", "lt")])
def test_languages_that_the_hub_lacks_are_known(name, language, tmp_path):
    """XTREME-R's further languages are not in google/xtreme: missing, not a failed fetch."""
    task = registry.task(name)
    assert language in registry.benchmark("xtreme-r").languages_of(task)
    source = HubSource(tmp_path)
    assert not source.has(task, "test", language)
    assert source.has(task, "test", "de")
