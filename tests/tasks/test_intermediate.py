"""Intermediate training sets: every set's own files, its labels by its own names, its faults."""

import json
import re
from collections import Counter
from dataclasses import replace

import pytest
from support.places import MINI

from harness import registry
from harness.data.folder import FolderSource
from harness.data.layouts import Choices, Pairs, Squad
from harness.data.source import lacking, training_digest, training_rows
from harness.declarations import Folder
from harness.errors import HarnessError
from harness.formats.multiple_choice import options
from harness.pipeline.dataset_facts import held_out_of

PACKAGED = FolderSource(MINI / "xtreme")
FILES = MINI / "intermediate"
NAMES = registry.training_names()
FOURTEEN = (
    "anli+ ccg commonsenseqa cosmosqa hellaswag mewslix-pairs mlm mnli qqp snli socialiqa squad"
    " squad-passages squad_v2"
)
PACKED = [name for name in NAMES if name != "mewslix-pairs"]  # mini has no Mewsli-X yet
NLI = {"contradiction", "entailment", "neutral"}
LETTERS = {letter: str(i) for i, letter in enumerate("ABCDE")}


def rows_of(name, source=PACKAGED):
    training = registry.training(name)
    return training_rows(source, training, held_out_of(training))


def records(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def check_rows(name, rows):
    """Rows are typed, labelled with the set's labels, and as wide as the set says."""
    form = registry.training(name).format
    for part in (rows.train, rows.dev):
        assert list(part.features) == list(form.layout.columns) and len(part) > 0
        if isinstance(form.layout, Pairs | Choices):
            assert set(part["label"]) <= set(form.labels)
            assert Counter(part["label"]).keys() == set(form.labels), name
        if isinstance(form.layout, Choices):
            assert {len(row) for row in part["choices"]} == {len(form.labels)}
            assert all(text for row in part["choices"] for text in row)
            assert all(a or b for a, b in zip(part["context"], part["question"], strict=True))
        if isinstance(form.layout, Squad):
            for row in part:
                for text, start in zip(row["answers"], row["starts"], strict=True):
                    assert row["context"].startswith(text, start)


@pytest.fixture
def own(tmp_path):
    """A source over an empty folder, and what lays a file among its intermediate sets."""
    (tmp_path / "data/xtreme").mkdir(parents=True)

    def lay(name, text):
        path = tmp_path / "data/intermediate" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = text if isinstance(text, str) else "".join(json.dumps(row) + "\n" for row in text)
        path.write_text(rows, "utf-8")
        return path

    return FolderSource(tmp_path / "data/xtreme"), lay


# -- the sets --------------------------------------------------------------------------------------


def test_the_paper_s_nine_sets_and_a_few_more_are_installed():
    assert list(NAMES) == sorted(FOURTEEN.split())
    assert set("anli+ qqp squad squad_v2 hellaswag ccg cosmosqa commonsenseqa".split()) < {*NAMES}


@pytest.mark.parametrize("name", PACKED)
def test_every_set_reads_its_packaged_files(name):
    rows = rows_of(name)
    check_rows(name, rows)
    again = rows_of(name)
    assert again.train.to_dict() == rows.train.to_dict() and again.notes == rows.notes
    training = registry.training(name)
    assert lacking(PACKAGED, training) is None
    assert training_digest(PACKAGED, training) == training_digest(PACKAGED, training)


def test_packaged_counts():
    found = {name: (len(r.train), len(r.dev)) for name in PACKED if (r := rows_of(name))}
    nli = [found["mnli"], found["snli"], *[(40, 12)] * 3]
    assert found["mnli"] == (240, 36) and found["hellaswag"] == (140, 30)
    assert found["qqp"] == (120, 30) and found["commonsenseqa"] == (120, 30)
    assert found["socialiqa"] == (90, 24) and found["cosmosqa"] == (80, 24)
    assert found["anli+"] == tuple(sum(counts) for counts in zip(*nli, strict=True))


REAL = {
    "mnli": (1890, 1000),
    "qqp": (9, 9),
    "hellaswag": (1800, 1000),
    "commonsenseqa": (450, 400),
    "cosmosqa": (915, 603),
    "socialiqa": (741, 928),
    "squad": (3002, 800),
    "squad_v2": (3201, 1001),
    "squad-passages": (3002, 800),
    "mewslix-pairs": (190, 20),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_have_the_stated_rows(name, real_data):
    rows = rows_of(name, FolderSource(real_data / "xtreme"))
    assert (len(rows.train), len(rows.dev)) == REAL[name] and rows.notes == ()
    if name != "qqp":
        check_rows(name, rows)


def test_real_text_is_read_in_47_languages(real_data):
    rows = rows_of("mlm", FolderSource(real_data / "xtreme"))
    counts = Counter(rows.train["language"])
    assert len(counts) == 47 and counts["de"] == 250 and 200 < counts["en"] < 250
    assert set(rows.dev["language"]) == {"en"}
    assert 10 < len(rows.dev) < 50 and counts["en"] + len(rows.dev) == 250
    assert sum(counts.values()) > 9000


def test_real_anli_plus_is_the_sum_of_its_parts(real_data, own):
    """SNLI's train file is not among the real rows: its dev rows stand in, dashes and all."""
    source, lay = own
    real = real_data / "intermediate"
    for name in ("anli_v1.0/R1", "anli_v1.0/R2", "anli_v1.0/R3"):
        for split in ("train", "dev"):
            lay(f"{name}/{split}.jsonl", (real / name / f"{split}.jsonl").read_text("utf-8"))
    for split in ("train", "dev_matched"):
        file = f"mnli/multinli_1.0_{split}.jsonl"
        lay(file, (real / file).read_text("utf-8"))
    snli = records(real / "snli/snli_1.0_dev.jsonl")
    dashes = sum(row["gold_label"] == "-" for row in snli)
    assert dashes > 0
    for split in ("train", "dev"):
        lay(f"snli/snli_1.0_{split}.jsonl", snli)
    rows, alone = rows_of("anli+", source), rows_of("snli", source)
    assert len(alone.train) == len(alone.dev) == 630 - dashes
    assert len(rows.train) == 273 + 278 + 309 + 1890 + 630 - dashes
    assert len(rows.dev) == 243 + 232 + 273 + 1000 + 630 - dashes
    said = [
        f"snli: {dashes} {split} rows without a label are dropped" for split in ("train", "dev")
    ]
    assert list(alone.notes) == said
    assert list(rows.notes) == [f"anli+, {note}" for note in said]
    assert set(rows.train["label"]) == NLI


# -- labels ----------------------------------------------------------------------------------------


def label_of(name, path, key):
    """Our labels against theirs, by the file's order."""
    theirs = [row[key] for row in records(FILES / path)]
    return list(zip(theirs, rows_of(name).train["label"], strict=True))


def test_labels_go_by_each_set_s_own_names():
    assert set(label_of("mnli", "mnli/multinli_1.0_train.jsonl", "gold_label")) == {
        (label, label) for label in NLI
    }
    assert set(label_of("hellaswag", "hellaswag/hellaswag_train.jsonl", "label")) == {
        (i, str(i)) for i in range(4)
    }
    assert set(label_of("commonsenseqa", "commonsenseqa/train_rand_split.jsonl", "answerKey")) == {
        *LETTERS.items()
    }
    assert set(label_of("socialiqa", "siqa/socialIQa_v1.4_trn.jsonl", "correct")) == {
        *list(LETTERS.items())[:3]
    }
    anli = [
        row["label"] for i in (1, 2, 3) for row in records(FILES / f"anli_v1.0/R{i}/train.jsonl")
    ]
    ours = rows_of("anli+").train["label"][: len(anli)]
    words = {"e": "entailment", "n": "neutral", "c": "contradiction"}
    assert ours == [words[label] for label in anli]


def test_texts_are_those_of_the_columns():
    row = records(FILES / "commonsenseqa/train_rand_split.jsonl")[7]
    ours = rows_of("commonsenseqa").train[7]
    assert (ours["context"], ours["question"]) == ("", row["question"]["stem"])
    assert ours["choices"] == [choice["text"] for choice in row["question"]["choices"]]
    row = records(FILES / "hellaswag/hellaswag_train.jsonl")[5]
    ours = rows_of("hellaswag").train[5]
    assert (ours["context"], ours["question"], ours["choices"]) == (row["ctx"], "", row["endings"])
    row = records(FILES / "siqa/socialIQa_v1.4_trn.jsonl")[3]
    ours = rows_of("socialiqa").train[3]
    assert ours["choices"] == [row["answerA"], row["answerB"], row["answerC"]]
    assert (ours["context"], ours["question"]) == (row["context"], row["question"])


def test_dashes_of_snli_are_dropped_and_counted(own):
    source, lay = own
    row = {"sentence1": "A man.", "sentence2": "A person."}
    labels = ["-", "neutral", "entailment", "contradiction", "-", "neutral"]
    lay("snli/snli_1.0_train.jsonl", [row | {"gold_label": label} for label in labels])
    lay("snli/snli_1.0_dev.jsonl", [row | {"gold_label": label} for label in labels[:3]])
    rows = rows_of("snli", source)
    assert rows.train["label"][:] == ["neutral", "entailment", "contradiction", "neutral"]
    assert rows.dev["label"][:] == ["neutral", "entailment"]
    assert rows.notes == (
        "snli: 2 train rows without a label are dropped",
        "snli: 1 dev rows without a label are dropped",
    )


# -- SQuAD -----------------------------------------------------------------------------------------


def squad(rows):
    articles = [
        {
            "title": name,
            "paragraphs": [
                {
                    "context": context,
                    "qas": [
                        {
                            "id": name,
                            "question": "What?",
                            "answers": [{"text": a, "answer_start": context.index(a)}] if a else [],
                        }
                    ],
                }
            ],
        }
        for name, context, a in rows
    ]
    return json.dumps({"version": "x", "data": articles})


SQUADS = {"1.1": "squad", "2.0": "squad_v2"}


@pytest.mark.parametrize("version", SQUADS)
def test_paragraphs_of_xquad_are_kept_out_of_dev(version, own, tmp_path):
    source, lay = own
    taken = "The river crosses the old town."
    place = tmp_path / "data/xtreme/xquad/xquad.en.json"
    place.parent.mkdir()
    place.write_text(squad([("t", taken, "")]))
    name, folder = SQUADS[version], f"squad_v{version}"
    lay(
        f"{folder}/train-v{version}.json", squad([("a", taken, "river"), ("b", "No hill.", "hill")])
    )
    dev = [("x", f" {taken.upper()}\n", "RIVER"), ("y", taken, "town"), ("k", "A mill.", "mill")]
    lay(f"{folder}/dev-v{version}.json", squad(dev))
    rows = rows_of(name, source)
    assert rows.dev["id"][:] == ["k"] and rows.train["id"][:] == ["a", "b"]
    assert registry.training(name).held_out == "xquad"


@pytest.mark.parametrize(("version", "kept"), [("1.1", 800), ("2.0", 1001)])
def test_paragraphs_of_the_real_xquad_that_are_put_back_drop_out(version, kept, real_data, own):
    source, lay = own
    real = real_data / f"intermediate/squad_v{version}"
    whole = json.loads((real_data / "annotated/xquad/xquad.en.json").read_text("utf-8"))
    dev = json.loads((real / f"dev-v{version}.json").read_text("utf-8"))
    dev["data"] += whole["data"]
    lay(f"squad_v{version}/dev-v{version}.json", json.dumps(dev))
    lay(f"squad_v{version}/train-v{version}.json", (real / f"train-v{version}.json").read_text())
    name = SQUADS[version]
    assert len(rows_of(name, source).dev) == kept + 1190  # no XQuAD in this folder yet
    (source.data / "xquad").mkdir()
    (source.data / "xquad/xquad.en.json").write_text(json.dumps(whole))
    assert len(rows_of(name, source).dev) == kept


def test_squad_is_read_where_either_collection_lays_it(own):
    source, lay = own
    training = registry.training("squad")
    assert training is registry.task("xquad").training is registry.task("mlqa").training
    with pytest.raises(HarnessError, match=r"squad/train-v1.1.json"):
        training_rows(source, training)  # what is nowhere is missed at XTREME's place
    theirs = [
        lay(f"squad_v1.1/{split}-v1.1.json", squad([("a", "One hill.", "hill")]))
        for split in ("train", "dev")
    ]
    german = lay("squad_v1.1.de/train-v1.1.json", squad([("b", "Ein Berg.", "Berg")]))
    assert lacking(source, training) is None
    assert [source.files(training, split, "en")[0] for split in ("train", "dev")] == theirs
    assert source.files(registry.training("squad[de]"), "train", "de") == [german]
    digest = training_digest(source, training)
    own_file = source.data / "squad" / "train-v1.1.json"
    own_file.parent.mkdir(parents=True)
    own_file.write_text(theirs[0].read_text("utf-8"), "utf-8")
    assert source.files(training, "train", "en") == [own_file]
    assert training_digest(source, training) == digest, "the bytes count, not where they are"


def test_unanswerable_questions_stay_in_v2_and_leave_v1(own):
    source, lay = own
    rows = [("a", "One hill.", "hill"), ("n", "No hill.", ""), ("b", "Two hills.", "Two")]
    for version in ("1.1", "2.0"):
        for split in ("train", "dev"):
            lay(f"squad_v{version}/{split}-v{version}.json", squad(rows))
    second, first = rows_of("squad_v2", source), rows_of("squad", source)
    assert second.train["id"][:] == ["a", "n", "b"]
    assert second.notes == (
        "squad_v2: without xquad's test set its contexts cannot be told in dev",
    )
    assert second.train["answers"][1] == [] == second.train["starts"][1]
    assert first.dev["id"][:] == ["a", "b"]
    assert first.notes[0] == "squad: 1 train rows without a label are dropped"
    packaged = rows_of("squad_v2")
    for part in (packaged.train, packaged.dev):
        assert 0 < sum(not answers for answers in part["answers"]) < len(part)


# -- variants --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "folder", "language"),
    [("mnli[de]", "mnli.de", "de"), ("mnli[translated:sw]", "mnli.translated-sw", "sw")],
)
def test_a_variant_trains_on_the_user_s_files_and_keeps_english_dev(spec, folder, language, own):
    source, lay = own
    row = {"sentence1": "Eins.", "sentence2": "Zwei."}
    english = [{"sentence1": "One.", "sentence2": "Two.", "gold_label": label} for label in NLI]
    lay("mnli/multinli_1.0_dev_matched.jsonl", english)
    training = registry.training(spec)
    lost = lacking(source, training)
    assert lost is not None and lost[1] == "train"
    with pytest.raises(HarnessError, match=rf"{folder}/multinli_1.0_train.jsonl"):
        training_rows(source, training)
    lay(f"{folder}/multinli_1.0_train.jsonl", [row | {"gold_label": label} for label in NLI])
    rows = training_rows(source, training)
    assert set(rows.train["sentence1"]) == {"Eins."} and set(rows.dev["sentence1"]) == {"One."}
    assert (training.name, training.language) == (spec, language)
    assert lacking(source, training) is None


def test_a_variant_of_a_set_in_parts_varies_every_part():
    parts = registry.training("anli+[de]").parts
    files = [PACKAGED.files(part, "train", "de")[0].parent for part in parts]
    expected = ["anli_v1.0.de/R1", "anli_v1.0.de/R2", "anli_v1.0.de/R3", "mnli.de", "snli.de"]
    assert [str(path.relative_to(MINI / "intermediate")) for path in files] == expected
    dev = [PACKAGED.files(part, "dev", "en")[0] for part in parts]
    assert all(path.is_file() for path in dev)


def test_text_of_some_languages():
    rows = rows_of("mlm[sw,de]")
    assert set(rows.train["language"]) == {"de", "sw"} == set(rows.dev["language"])
    both = set(registry.training("mlm[de,sw]").languages)
    assert both == set(registry.training("mlm[sw,de]").languages) == {"de", "sw"}
    assert 0 < len(rows.dev) < len(rows.train) and len(rows.train) + len(rows.dev) == 120
    assert set(rows_of("mlm").dev["language"]) == {"en"}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("mnli[", r"'mnli\[': expected a language in the brackets"),
        ("mnli[]", "expected a language"),
        ("mnli[de", "expected a language"),
        ("mnli[xx1]", "expected a language"),
        ("mnli[Deutsch]", "expected a language"),
        ("mnli[translated:]", "expected a language"),
        ("mnli[../de]", "expected a language"),
        ("mnli[de,sw]", "one language at a time"),
        ("mlm[de,]", "expected a language"),
        ("hellaswg", "did you mean hellaswag"),
        ("[de]", "unknown training set ''"),
        ("nosuch[de]", "unknown training set 'nosuch'"),
    ],
)
def test_bad_names_are_refused(spec, said):
    with pytest.raises(HarnessError, match=said):
        registry.training(spec)


def test_classes_and_rows_that_lack(own):
    source, lay = own
    row = {"sentence1": "A man.", "sentence2": "A person."}
    path = lay("snli/snli_1.0_train.jsonl", [row | {"gold_label": "neutral"}] * 3)
    lay("snli/snli_1.0_dev.jsonl", [row | {"gold_label": "neutral"}])
    with pytest.raises(HarnessError, match="snli: all 3 train examples have the label 'neutral'"):
        rows_of("snli", source)
    two = [row | {"gold_label": label} for label in ("neutral", "entailment")]
    lay("snli/snli_1.0_train.jsonl", two)
    assert rows_of("snli", source).notes == (
        "snli: no train example has the label 'contradiction'",
    )
    lay("snli/snli_1.0_train.jsonl", [row | {"gold_label": "-"}] * 2)
    with pytest.raises(HarnessError, match="snli: no labelled train examples are left"):
        rows_of("snli", source)
    path.write_text("\n\n")
    with pytest.raises(HarnessError, match=r"snli_1.0_train.jsonl: holds no examples"):
        rows_of("snli", source)
    path.unlink()
    with pytest.raises(HarnessError, match=r"snli/snli_1.0_train.jsonl"):
        rows_of("snli", source)


def test_options_are_two_to_five():
    assert [options(count)[-1] for count in range(2, 6)] == list("1234")
    for count in (0, 1, 6):
        with pytest.raises(ValueError, match="two to five"):
            options(count)


def test_a_set_of_its_own_without_dev_gives_a_tenth_of_train():
    training = registry.training("hellaswag")
    files = {"train": training.folder.files["train"]}
    folder = Folder(files=files, columns=training.folder.columns)
    rows = training_rows(PACKAGED, replace(training, folder=folder))
    assert len(rows.train) + len(rows.dev) == 140
    assert not set(rows.train["context"]) & set(rows.dev["context"])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("mlm[de,xx]", "unknown language 'xx'"),
        ("mlm[translated:de]", "unknown language 'translated:de'"),
        ("mlm[dee]", "did you mean de"),
    ],
)
def test_languages_of_plain_text_are_known(spec, said):
    with pytest.raises(HarnessError, match=re.escape(said)):
        registry.training(spec)


def test_languages_that_were_named_must_be_there(own):
    source, lay = own
    for code in ("de", "en"):
        lay(f"mlm/{code}.txt", "".join(f"Satz Nummer {i} {code}.\n" for i in range(60)))
    some, named = registry.training("mlm"), registry.training("mlm[de,sw]")
    assert lacking(source, some) is None
    assert training_rows(source, some).notes == ("mlm: text in de, en",)
    lost = lacking(source, named)
    assert lost is not None and lost[1] == "train"
    lay("mlm/sw.txt", "".join(f"Sentensi {i}.\n" for i in range(60)))
    assert lacking(source, named) is None
    assert training_rows(source, named).notes[0] == "mlm[de,sw]: text in de, sw"


def test_xquads_paragraphs_are_counted_or_missed_aloud(own):
    source, lay = own
    xquad = registry.task("xquad")
    for split in ("train", "dev"):
        rows = [("a", "One hill.", "hill"), ("b", "Two hills.", "Two"), ("c", "A sea.", "sea")]
        lay(f"squad_v1.1/{split}-v1.1.json", squad(rows))
    without = training_rows(source, registry.training("squad"), xquad)
    assert len(without.dev) == 3 and "its contexts cannot be told in dev" in without.notes[-1]
    path = source.data / "xquad" / "xquad.en.json"
    path.parent.mkdir(parents=True)
    path.write_text(squad([("q", "Two  HILLS.", "Two")]))
    found = training_rows(source, registry.training("squad"), xquad)
    assert found.dev["id"][:] == ["a", "c"]
    assert found.notes == ("squad: 1 dev rows on contexts of xquad's test set are left out",)
