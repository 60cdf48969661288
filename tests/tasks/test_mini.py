"""The packaged data (mini): whole, labelled right, apart from its training sets, reproducible."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.places import ROOT

from harness import registry

MINI = ROOT / "tasks" / "mini"
AUTHORED = ROOT / "tools" / "mini" / "authored"
XTREME = MINI / "data" / "xtreme"
LABELS = MINI / "data" / "labels"
SCRIPTS = {
    "en": "LATIN",
    "de": "LATIN",
    "es": "LATIN",
    "zh": "CJK",
    "ar": "ARABIC",
    "hi": "DEVANAGARI",
    "sw": "LATIN",
}
LANGUAGES = tuple(SCRIPTS)
FOREIGN = tuple(code for code in LANGUAGES if code != "en")
NLI = ("contradiction", "entailment", "neutral")
UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
NER = "B-LOC B-ORG B-PER I-LOC I-ORG I-PER O".split()
QA = {
    "xquad": "xquad/xquad.{}.json",
    "mlqa": "mlqa/MLQA_V1/test/test-context-{0}-question-{0}.json",
    "tydiqa": "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{}.dev.json",
}
LEARNT = {
    "squad": "squad/train-v1.1.json",
    "tydiqa": "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json",
}


def lines_of(path: Path) -> list[str]:
    text = path.read_bytes().decode()
    assert text.endswith("\n") and "\r" not in text
    return text[:-1].split("\n")


def rows_of(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in lines_of(path)]


def sentences_of(path: Path) -> list[list[list[str]]]:
    """Sentences of lines of columns."""
    found: list[list[list[str]]] = [[]]
    for row in rows_of(path):
        if row == [""]:
            assert found[-1]  # one blank line, never two
            found.append([])
        else:
            found[-1].append(row)
    assert not found.pop()  # a blank line after the last one too
    return found


def questions_of(path: Path) -> Iterator[tuple[str, Any]]:
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                yield paragraph["context"], qa


def script_of(text: str) -> str:
    """The script that most letters of a text are of."""
    names = (unicodedata.name(c, "?").split()[0] for c in text if c.isalpha())
    return Counter(names).most_common(1)[0][0]


def test_it_has_the_nine_tasks_in_seven_languages_of_four_scripts() -> None:
    mini = registry.benchmark("mini")
    assert mini.groups == registry.benchmark("xtreme").groups
    assert len(mini.task_names()) == 9
    for name in mini.task_names():
        codes = mini.languages_of(registry.task(name))
        assert codes == (FOREIGN if name in ("bucc2018", "tatoeba") else LANGUAGES)
    assert len(set(SCRIPTS.values())) >= 4
    assert mini.data is not None and mini.data() == (XTREME, LABELS)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_texts_are_in_the_script_of_their_language(code: str) -> None:
    texts = [field for row in rows_of(XTREME / f"xnli/test-{code}.tsv") for field in row]
    texts += [field for row in rows_of(XTREME / f"pawsx/test-{code}.tsv") for field in row]
    sentences = sentences_of(XTREME / f"udpos/test-{code}.tsv")
    texts += [" ".join(row[0] for row in sentence) for sentence in sentences]
    for pattern in QA.values():
        for context, qa in questions_of(XTREME / pattern.format(code)):
            texts += [context, qa["question"]]
    if code != "en":
        texts += lines_of(XTREME / f"tatoeba/{code}-en.{code}")
        texts += [row[1] for row in rows_of(XTREME / f"bucc2018/{code}-en.test.{code}")]
        texts += [row[1] for row in rows_of(XTREME / f"bucc2018/{code}-en.dev.{code}")]
    wrong = [text for text in texts if script_of(text) != SCRIPTS[code]]
    assert len(texts) > 200
    assert len(wrong) <= 1  # "carpe diem" is quoted, for the tag X
    assert all(text == text.strip() and text for text in texts)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(("name", "count", "known"), [("xnli", 36, NLI), ("pawsx", 30, ("0", "1"))])
def test_pairs(name: str, count: int, known: tuple[str, ...], code: str) -> None:
    rows = rows_of(XTREME / f"{name}/test-{code}.tsv")
    labels = lines_of(LABELS / f"{name}/test-{code}.tsv")
    assert len(rows) == len(labels) == count
    assert {len(row) for row in rows} == {2}
    assert Counter(labels) == dict.fromkeys(known, count // len(known))
    assert labels == lines_of(LABELS / f"{name}/test-en.tsv")  # parallel
    assert len({tuple(row) for row in rows}) == count
    if code != "en":
        assert not {tuple(row) for row in rows} & {
            tuple(row) for row in rows_of(XTREME / f"{name}/test-en.tsv")
        }


@pytest.mark.parametrize("code", LANGUAGES)
def test_tags(code: str) -> None:
    tagged = {}
    for name, known in (("udpos", UPOS), ("panx", NER)):
        tokens = sentences_of(XTREME / f"{name}/test-{code}.tsv")
        tags = sentences_of(LABELS / f"{name}/test-{code}.tsv")
        assert len(tokens) == len(tags) == 30
        assert [len(s) for s in tokens] == [len(s) for s in tags]
        assert {len(row) for sentence in (*tokens, *tags) for row in sentence} == {1}
        assert all(row[0].strip() == row[0] for sentence in tokens for row in sentence)
        tagged[name] = [[row[0] for row in sentence] for sentence in tags]
        assert {tag for tags_ in tagged[name] for tag in tags_} <= set(known)
    assert len({tag for tags_ in tagged["udpos"] for tag in tags_}) >= 9
    found = {tag for tags_ in tagged["panx"] for tag in tags_}
    assert {"B-PER", "B-LOC", "B-ORG", "O"} <= found
    well_formed(tagged["panx"])


def well_formed(sentences: list[list[str]]) -> None:
    for tags in sentences:
        for before, tag in pairwise(["O", *tags]):
            if tag.startswith("I-"):
                assert before[1:] == tag[1:], tags


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", QA)
def test_questions_and_spans(name: str, code: str) -> None:
    asked = list(questions_of(XTREME / QA[name].format(code)))
    gold = list(questions_of(LABELS / f"{name}/test-{code}.json"))
    assert len(asked) == len(gold) == 24
    assert len({context for context, _ in gold}) == 12
    assert len({qa["id"] for _, qa in gold}) == 24
    for (context, qa), (again, labelled) in zip(asked, gold, strict=True):
        assert (context, qa["id"], qa["question"]) == (again, labelled["id"], labelled["question"])
        assert qa["answers"] == [{"answer_start": 0, "text": ""}]  # as XTREME strips them
        assert labelled["answers"]
        for answer in labelled["answers"]:
            text, start = answer["text"], answer["answer_start"]
            assert text and text == text.strip()
            assert context[start : start + len(text)] == text
    if name != "tydiqa":  # parallel, as XQuAD and MLQA are
        english = questions_of(LABELS / f"{name}/test-en.json")
        assert [qa["id"] for _, qa in english] == [qa["id"] for _, qa in gold]


def parallel() -> dict[str, list[str]]:
    with (AUTHORED / "parallel.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {code: [row[i] for row in rows[1:]] for i, code in enumerate(rows[0])}


@pytest.mark.parametrize("code", FOREIGN)
def test_tatoeba_points_at_the_translations(code: str) -> None:
    source = lines_of(XTREME / f"tatoeba/{code}-en.{code}")
    english = lines_of(XTREME / f"tatoeba/{code}-en.en")
    places = [int(line) for line in lines_of(LABELS / f"tatoeba/test-{code}.tsv")]
    assert len(source) == len(english) == len(places) == 60
    assert english == sorted(english)  # as XTREME's: so the answer is not the line number
    assert sorted(places) == list(range(60)) != places
    assert len(set(source)) == 60
    texts = parallel()
    translation = dict(zip(texts[code], texts["en"], strict=True))
    assert [translation[source[place]] for place in places] == english


@pytest.mark.parametrize("code", FOREIGN)
def test_bucc_hides_translations_among_distractors(code: str) -> None:
    texts = parallel()
    translation = dict(zip(texts[code], texts["en"], strict=True))
    seen: dict[str, set[str]] = {}
    for split, sizes in (("dev", (35, 40, 20)), ("test", (65, 80, 40))):
        sides = {}
        for side in (code, "en"):
            rows = rows_of(XTREME / f"bucc2018/{code}-en.{split}.{side}")
            assert {len(row) for row in rows} == {2}
            sides[side] = dict(rows)
            assert len(sides[side]) == len(set(sides[side].values())) == len(rows)
        gold_path = XTREME / f"bucc2018/{code}-en.dev.gold"
        if split == "test":
            gold_path = LABELS / f"bucc2018/test-{code}.tsv"
        gold = rows_of(gold_path)
        assert (len(sides[code]), len(sides["en"]), len(gold)) == sizes
        assert len({a for a, _ in gold}) == len({b for _, b in gold}) == len(gold)
        for left, right in gold:
            assert translation[sides[code][left]] == sides["en"][right]
        kept = {left for left, _ in gold}, {right for _, right in gold}
        hidden = [t for n, t in sides[code].items() if n not in kept[0]]
        assert not set(hidden) & translation.keys()
        others = [t for n, t in sides["en"].items() if n not in kept[1]]
        assert not set(others) & set(translation.values())
        for side in (code, "en"):
            assert not seen.setdefault(side, set()) & set(sides[side].values())  # dev, test apart
            seen[side] |= set(sides[side].values())
    assert not (XTREME / f"bucc2018/{code}-en.test.gold").exists()


@pytest.mark.parametrize(("name", "known", "dev"), [("xnli", NLI, 36), ("pawsx", ("0", "1"), 30)])
def test_english_pairs_to_learn_from(name: str, known: tuple[str, ...], dev: int) -> None:
    splits = {split: rows_of(XTREME / f"{name}/{split}-en.tsv") for split in ("train", "dev")}
    splits["test"] = rows_of(XTREME / f"{name}/test-en.tsv")
    assert 150 <= len(splits["train"]) <= 300 and len(splits["dev"]) == dev
    for split in ("train", "dev"):
        counts = Counter(row[2] for row in splits[split])
        assert sorted(counts) == sorted(known)
        assert max(counts.values()) - min(counts.values()) <= len(splits[split]) // 10
    apart([[tuple(sorted(row[:2])) for row in rows] for rows in splits.values()])
    # no premise of the test or dev set is learnt with another hypothesis either
    apart([{row[0] for row in rows} for rows in splits.values()])


def apart(splits: list[Any]) -> None:
    """No split has twice what another has, and none repeats itself where it is a list."""
    for i, one in enumerate(splits):
        if isinstance(one, list):
            assert len(set(one)) == len(one)
        for other in splits[i + 1 :]:
            assert not set(one) & set(other)


@pytest.mark.parametrize(("name", "known"), [("udpos", UPOS), ("panx", NER)])
def test_english_tags_to_learn_from(name: str, known: list[str]) -> None:
    splits = [sentences_of(XTREME / f"{name}/{split}-en.tsv") for split in ("train", "dev")]
    assert 150 <= len(splits[0]) <= 300 and len(splits[1]) >= 20
    for sentences in splits:
        assert {len(row) for sentence in sentences for row in sentence} == {2}
        assert {row[1] for sentence in sentences for row in sentence} <= set(known)
        if name == "panx":
            well_formed([[row[1] for row in sentence] for sentence in sentences])
    learnt = {row[1] for sentence in splits[0] for row in sentence}
    tests = [LABELS / f"{name}/test-{code}.tsv" for code in LANGUAGES]
    asked = {row[0] for path in tests for sentence in sentences_of(path) for row in sentence}
    assert asked <= learnt  # nothing is asked for that cannot be learnt
    splits.append(sentences_of(XTREME / f"{name}/test-en.tsv"))
    apart([{tuple(row[0] for row in sentence) for sentence in split} for split in splits])


@pytest.mark.parametrize("name", LEARNT)
def test_english_questions_to_learn_from(name: str) -> None:
    train = list(questions_of(XTREME / LEARNT[name]))
    assert 150 <= len(train) <= 300
    dev = list(questions_of(XTREME / "squad/dev-v1.1.json")) if name == "squad" else []
    assert len(dev) >= 20 or name != "squad"
    for context, qa in (*train, *dev):
        assert qa["answers"]
        for answer in qa["answers"]:
            text, start = answer["text"], answer["answer_start"]
            assert text and context[start : start + len(text)] == text
    tests = [context for task in QA for context, _ in questions_of(LABELS / f"{task}/test-en.json")]
    apart([{context for context, _ in train}, {context for context, _ in dev}, set(tests)])
    apart([[(context, qa["question"]) for context, qa in train]])
    keep = registry.task("tydiqa").training
    if name == "tydiqa":  # every id passes for English (FACTS, trap 2)
        import re

        assert keep is not None and all(re.fullmatch(keep.keep, qa["id"]) for _, qa in train)


def test_composing_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.mini", "--output", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, after = (
        {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (MINI / "data", tmp_path)
    )
    assert sorted(after) == sorted(before)
    assert [name for name in before if before[name] != after[name]] == []


def test_the_harness_finds_nothing_malformed(run: Any) -> None:
    code, out, err = run("data", "check", MINI / "data", "--benchmark", "mini", "--per-language")
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()[2:]]
    tests = [row for row in rows if row[1] == "test"]
    assert len(tests) == 7 * 7 + 2 * 6
    assert all(row[4:] == ["yes"] for row in tests)
    assert {row[0] for row in rows if row[1] == "train"} == {
        "xnli-en",
        "paws",
        "ud-en",
        "wikiann-en",
        "squad",
        "tydiqa",
    }


def test_it_is_packaged() -> None:
    """hatch takes every file below ``packages`` that .gitignore does not name.

    ``tasks`` is there as ``xtreme_tasks``, as the entry points say.
    """
    import tomllib

    value = tomllib.loads((ROOT / "pyproject.toml").read_text())
    target = value["tool"]["hatch"]["build"]
    wheel = target["targets"]["wheel"]
    assert wheel["packages"] == ["harness", "tasks"]  # what composes the data stays out
    assert wheel["sources"] == {"tasks": "xtreme_tasks"}
    points = [place for of in value["project"]["entry-points"].values() for place in of.values()]
    assert points and all(place.startswith("xtreme_tasks.") for place in points)
    assert not {"exclude", "only-include", "only-packages"} & wheel.keys()
    assert not {"exclude", "only-include", "only-packages"} & target.keys()
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("no checkout: git's rules cannot be asked")
    files = [path for path in MINI.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = [path for path in files if ".mypy_cache" not in path.parts]
    files += [
        ROOT / "harness" / "submission" / "schema" / "submission-1.json",
        *ROOT.glob("harness/recipes/*.toml"),
    ]
    names = "\n".join(str(path.relative_to(ROOT)) for path in files)
    assert len(files) > 150
    done = subprocess.run(
        ["git", "-C", str(ROOT), "check-ignore", "--no-index", "--stdin"],
        input=f"{names}\nresults/x\n",  # the last one shows that the question is understood
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["results/x"]
