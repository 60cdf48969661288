"""``harness score``: whole folders, against the reference scorer; what a spoilt folder gets."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import reference_scorer as reference
from support.names import NINE
from support.places import MINI

from harness import registry

QA = ("xquad", "mlqa", "tydiqa")
TAGGED = ("udpos", "panx")
PAIRS = ("xnli", "pawsx")
TASKS = (*PAIRS, *TAGGED, *QA, "bucc2018", "tatoeba")
METRICS = dict.fromkeys(TASKS, ("f1",)) | dict.fromkeys(QA, ("exact_match", "f1"))
METRICS |= dict.fromkeys((*PAIRS, "tatoeba"), ("accuracy",))
GROUPS = {
    "classification": ("xnli", "pawsx"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
    "retrieval": ("bucc2018", "tatoeba"),
}
Call = Callable[..., tuple[int, str, str]]
Answers = dict[str, list[str]]


def one_line(code: int, err: str) -> str:
    """The one line of an error the user can mend."""
    lines = err.splitlines()
    assert code == 2, err
    assert len(lines) == 1, err
    assert lines[0].startswith("error: "), err
    return lines[0]


# Reading labels and writing predictions, without the harness's code


def lines_of(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text("utf-8").rstrip("\n").split("\n")]


def sentences_of(path: Path) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in lines_of(path):
        if line:
            found[-1].append(line)
        else:
            found.append([])
    return [sentence for sentence in found if sentence]


def answers_of(path: Path) -> Answers:
    return {
        str(qa["id"]): [answer["text"] for answer in qa["answers"]]
        for article in json.loads(path.read_text("utf-8"))["data"]
        for paragraph in article["paragraphs"]
        for qa in paragraph["qas"]
    }


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def write_tags(path: Path, sentences: list[list[str]]) -> None:
    write(path, "".join("\n".join(tags) + "\n\n" for tags in sentences))


def perfect(labels: Path, folder: Path) -> Path:
    """Label files as the predictions of a system that is always right."""
    for path in sorted(labels.rglob("test-*")):
        target = folder / path.relative_to(labels)
        if path.parent.name not in NINE:
            continue
        if path.suffix == ".json":
            answers = {name: texts[0] for name, texts in answers_of(path).items()}
            write(target, json.dumps(answers, ensure_ascii=False))
        else:
            write(target, path.read_text("utf-8"))
    return folder


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Perfect predictions for mini; copy them before changing a file."""
    return perfect(MINI / "labels", tmp_path_factory.mktemp("right"))


@pytest.fixture
def copy(right: Path, tmp_path: Path) -> Path:
    """Perfect predictions for mini, free to be spoilt."""
    return Path(shutil.copytree(right, tmp_path / "predictions"))


@pytest.fixture
def score(run: Call) -> Call:
    """``harness score`` of a folder against mini's labels."""

    def call(folder: Path, *words: object) -> tuple[int, str, str]:
        return run("score", folder, "--labels", MINI / "labels", "--benchmark", "mini", *words)

    return call


# Right predictions


def test_perfect_predictions_score_100_everywhere(score: Call, right: Path) -> None:
    code, out, err = score(right, "--json")
    assert (code, err) == (0, "")
    scores = json.loads(out)
    assert scores["benchmark"] == "mini" and scores["partial"] == ""
    assert scores["overall"] == 100.0
    assert scores["groups"] == dict.fromkeys(GROUPS, 100.0)
    assert sorted(scores["tasks"]) == sorted(TASKS)
    for name, task in scores["tasks"].items():
        assert task["score"] == 100.0 and task["complete"] and task["missing"] == {}
        assert task["transfer_gap"] == (None if name in GROUPS["retrieval"] else 0.0)
        assert len(task["languages"]) == (6 if name in GROUPS["retrieval"] else 7)
        for metrics in task["languages"].values():
            assert {v for k, v in metrics.items() if k != "inverse_accuracy"} == {100.0}
            assert ("token_accuracy" in metrics) == (name in TAGGED)


def test_the_table(score: Call, right: Path) -> None:
    code, out, err = score(right, "--per-language")
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert ["classification", "xnli", "100.0", "0.0", "accuracy", "7/7"] in rows
    assert ["qa", "mlqa", "100.0", "0.0", "(EM+F1)/2", "7/7"] in rows
    assert ["retrieval", "tatoeba", "100.0", "–", "accuracy", "6/6"] in rows
    assert ["overall,", "mean", "of", "tasks", "100.0"] in rows
    assert "extra, no official score" in out
    assert ["sw", *["100.0"] * 9] in rows
    english = next(row for row in rows if row[:1] == ["en"])
    assert english.count("100.0") == 7 and english.count("–") == 2
    assert "extra, no official score: token accuracy, udpos: en 100.0" in out


def test_an_entry_is_scored_by_its_one_run(score: Call, right: Path, tmp_path: Path) -> None:
    runs = tmp_path / "entry" / "predictions"
    shutil.copytree(right, runs / "seed-1")
    (runs / ".git").mkdir()
    code, out, err = score(tmp_path / "entry", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["overall"] == 100.0
    (runs / "seed-1").rename(tmp_path / "seed-1")
    for run in ("seed-1", "seed-2"):
        (runs / run / "xnli").mkdir(parents=True)
    code, _, err = score(tmp_path / "entry")
    assert one_line(code, err).endswith(f"2 runs: seed-1 seed-2; name one, as {runs / 'seed-1'}")


def test_overall_only_when_complete(score: Call, copy: Path) -> None:
    (copy / "xnli" / "test-sw.tsv").unlink()
    code, out, err = score(copy, "--json")
    scores = json.loads(out)
    assert (code, err) == (0, "")
    assert scores["overall"] is None
    assert scores["groups"] == dict.fromkeys(GROUPS, 100.0) | {"classification": None}
    task = scores["tasks"]["xnli"]
    assert (task["score"], task["complete"]) == (100.0, False)
    assert task["missing"] == {"sw": "no predictions"} and "sw" not in task["languages"]
    _, out, _ = score(copy)
    assert "xnli: no predictions (sw)" in out
    assert "An overall score needs every task in every language." in out
    shutil.copy(MINI / "labels" / "xnli" / "test-sw.tsv", copy / "xnli")
    shutil.rmtree(copy / "panx")
    scores = json.loads(score(copy, "--json")[1])
    assert scores["overall"] is None and "panx" not in scores["tasks"]
    assert scores["groups"]["tagging"] is None and scores["groups"]["classification"] == 100.0


def test_labels_that_are_not_there_or_placeholders_give_no_score(
    run: Call, copy: Path, tmp_path: Path
) -> None:
    labels = Path(shutil.copytree(MINI / "labels", tmp_path / "labels"))
    (labels / "xnli" / "test-sw.tsv").unlink()
    (labels / "xnli" / "test-hi.tsv").write_text("neutral\n" * 60)
    (copy / "xnli" / "test-hi.tsv").write_text("neutral\n" * 60)
    value = json.loads((labels / "xquad" / "test-hi.json").read_text("utf-8"))
    for article in value["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                qa["answers"] = [{"answer_start": 0, "text": ""}]
    (labels / "xquad" / "test-hi.json").write_text(json.dumps(value))
    code, out, err = run("score", copy, "--labels", labels, "--benchmark", "mini", "--json")
    tasks = json.loads(out)["tasks"]
    assert (code, err) == (0, "")
    assert tasks["xnli"]["missing"] == {"sw": "no labels", "hi": "no labels"}
    assert tasks["xquad"]["missing"] == {"hi": "no labels"}
    assert tasks["xnli"]["score"] == 100.0 and not tasks["xnli"]["complete"]


def test_a_missing_question_counts_0(score: Call, copy: Path) -> None:
    path = copy / "xquad" / "test-zh.json"
    answers = json.loads(path.read_text("utf-8"))
    for name in list(answers)[:6]:
        del answers[name]
    path.write_text(json.dumps(answers | {"of nobody": "x"}))
    scores = json.loads(score(copy, "--json")[1])
    assert scores["tasks"]["xquad"]["languages"]["zh"] == {"exact_match": 75.0, "f1": 75.0}
    assert scores["tasks"]["xquad"]["score"] == pytest.approx((6 * 100 + 75) / 7, abs=1e-9)
    assert scores["tasks"]["xquad"]["complete"]


def test_trap_1_cconj_is_not_sconj(score: Call, copy: Path) -> None:
    path = copy / "udpos" / "test-en.tsv"
    gold = sentences_of(path)
    swap = {"CCONJ": "SCONJ", "SCONJ": "CCONJ"}
    write_tags(path, [[swap.get(tag, tag) for tag in tags] for tags in gold])
    wrong = sum(tag in swap for tags in gold for tag in tags)
    assert wrong  # a scorer that drops the first letter would still say 100
    found = json.loads(score(copy, "--json")[1])["tasks"]["udpos"]["languages"]["en"]
    runs = sum(  # on bare tags a chunk is a run of one tag
        tag != before for tags in gold for before, tag in zip(["", *tags], tags, strict=False)
    )
    assert found["f1"] == pytest.approx(100 * (runs - wrong) / runs, abs=1e-9)
    total = sum(map(len, gold))
    assert found["token_accuracy"] == pytest.approx(100 * (total - wrong) / total, abs=1e-9)


def test_what_eval_left_is_scored_again_to_the_same(
    run: Call, tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    folders = ("--store", tmp_path / "store", "--output", tmp_path / "out")
    small = ("--recipe", quickest, "--tasks", "xnli,bucc2018", "--languages", "de,en")
    code, _, err = run(
        "eval", tiny, "--benchmark", "mini", *folders, *small, "--threads", 1, "--device", "cpu"
    )
    assert code == 0, err
    before = json.loads((tmp_path / "out" / "scores.json").read_text())
    for folder in (tmp_path / "out", tmp_path / "out" / "predictions"):
        words = ("--labels", MINI / "labels", "--benchmark", "mini", "--json")
        code, out, err = run("score", folder, *words)
        assert (code, err) == (0, "")
        again = json.loads(out)
        assert again["tasks"].keys() == before["tasks"].keys()
        for name, task in again["tasks"].items():
            assert task["languages"] == before["tasks"][name]["languages"]
            assert set(task["missing"].values()) == {"no predictions"}


# Real labels with seeded noise, against the reference


def noisy_tags(rng: random.Random, gold: list[list[str]], known: list[str]) -> list[list[str]]:
    return [[rng.choice(known) if rng.random() < 0.2 else tag for tag in tags] for tags in gold]


def noisy_answers(rng: random.Random, gold: Answers) -> dict[str, str]:
    """Right, cut short, adorned with case, articles and points, another's, empty, not given."""
    every = [texts[0] for texts in gold.values()]
    given = {}
    for name, texts in gold.items():
        text = rng.choice(texts)
        kind = rng.randrange(8)
        if kind == 0:
            text = text[: rng.randint(0, len(text))]
        elif kind == 1:
            text = f"The {text.upper()}."
        elif kind == 2:
            text = rng.choice(every)
        elif kind == 3:
            text = f"der {text}, الكتاب 那" + rng.choice(["", " la", "。"])
        elif kind == 4:
            continue
        given[name] = text
    return given


def noisy_pairs(rng: random.Random, gold: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    kept = [pair for pair in gold if rng.random() < 0.8]
    wrong = [(a, rng.choice(gold)[1]) for a, _ in gold if rng.random() < 0.3]
    mixed = [*kept, *wrong, *kept[:2]]  # a pair given twice counts once
    rng.shuffle(mixed)
    return mixed


def noise(name: str, code: str, labels: Path, folder: Path) -> dict[str, float]:
    """Write noisy predictions of one language; return what the reference says of them."""
    rng = random.Random(f"{name} {code}")
    suffix = "json" if name in QA else "tsv"
    path, target = labels / name / f"test-{code}.{suffix}", folder / name / f"test-{code}.{suffix}"
    if name in QA:
        gold = answers_of(path)
        given = noisy_answers(rng, gold)
        write(target, json.dumps(given))
        if name == "mlqa":
            return reference.mlqa_scores(gold, given, code)
        return reference.squad_scores(gold, given)
    if name in TAGGED:
        tags = sentences_of(path)
        known = sorted({tag for sentence in tags for tag in sentence})
        guess = noisy_tags(rng, tags, known)
        write_tags(target, guess)
        extra = {"token_accuracy": reference.token_accuracy(tags, guess)}
        return reference.chunk_scores(tags, guess) | extra
    rows = lines_of(path)
    if name == "bucc2018":
        pairs = [tuple(line.split("\t")) for line in rows]
        mined = noisy_pairs(rng, pairs)
        write(target, "".join(f"{a}\t{b}\n" for a, b in mined))
        return reference.pair_scores(pairs, mined)  # type: ignore[arg-type]
    guesses = [rng.choice(rows) if rng.random() < 0.4 else row for row in rows]
    write(target, "".join(f"{row}\n" for row in guesses))
    found = reference.accuracy(rows, guesses)
    if name != "tatoeba":
        return found
    inverse = [str(rows.index(str(i))) for i in range(len(rows))]
    return found | {"inverse_accuracy": reference.accuracy(inverse, guesses)["accuracy"]}


def languages(benchmark: str, name: str) -> tuple[str, ...]:
    return registry.benchmark(benchmark).languages_of(registry.task(name))


def close(ours: Mapping[str, float], theirs: Mapping[str, float]) -> bool:
    return ours.keys() == theirs.keys() and all(abs(ours[k] - theirs[k]) <= 1e-9 for k in ours)


@pytest.fixture(scope="module")
def noisy(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Noisy predictions for every real label file of the nine tasks, and the reference's scores."""
    labels, folder = real_data / "labels", tmp_path_factory.mktemp("noisy")
    scores: dict[str, dict[str, dict[str, float]]] = {name: {} for name in TASKS}
    for name in TASKS:
        for path in sorted((labels / name).glob("test-*")):
            code = path.stem.removeprefix("test-")
            scores[name][code] = noise(name, code, labels, folder)
    assert all(scores.values())
    return labels, folder, scores


@pytest.mark.parametrize("benchmark", ["xtreme", "xtreme-r"])
def test_every_task_equals_the_reference(run: Call, noisy: Any, benchmark: str) -> None:
    labels, folder, expected = noisy
    code, out, err = run("score", folder, "--labels", labels, "--benchmark", benchmark, "--json")
    assert (code, err) == (0, "")
    scores = json.loads(out)
    inside = registry.benchmark(benchmark).task_names()
    assert set(scores["tasks"]) >= {name for name in TASKS if name in inside}
    for name, task in scores["tasks"].items():
        codes = [code for code in languages(benchmark, name) if code in expected[name]]
        assert len(codes) > 3
        assert list(task["languages"]) == codes
        for code in codes:
            assert close(task["languages"][code], expected[name][code]), (name, code)
        theirs = {code: expected[name][code] for code in codes}
        assert task["score"] == pytest.approx(reference.task_score(theirs, METRICS[name]), abs=1e-9)
        assert 20 < task["score"] < 99  # the noise is felt
        lost = set(languages(benchmark, name)) - set(codes)
        assert task["missing"] == dict.fromkeys(sorted(lost), "no predictions")
        assert task["complete"] == (not lost)
        if "en" in codes and len(codes) > 1:
            others = {code: theirs[code] for code in codes if code != "en"}
            english = reference.task_score({"en": theirs["en"]}, METRICS[name])
            gap = english - reference.task_score(others, METRICS[name])
            assert task["transfer_gap"] == pytest.approx(gap, abs=1e-9)
        else:
            assert task["transfer_gap"] is None
    totals = {name: task["score"] for name, task in scores["tasks"].items() if task["complete"]}
    wanted = reference.group_scores(registry.benchmark(benchmark).groups, totals)
    assert {k: v for k, v in scores["groups"].items() if v is not None} == pytest.approx(wanted)
    assert scores["overall"] is None  # th has no PAN-X labels here; XCOPA and others are not there


def test_xtreme_r_has_more_languages(noisy: Any, run: Call) -> None:
    labels, folder, _ = noisy
    found = {}
    for benchmark in ("xtreme", "xtreme-r"):
        words = ("--labels", labels, "--benchmark", benchmark, "--json")
        found[benchmark] = json.loads(run("score", folder, *words)[1])["tasks"]
    more = {
        name: set(found["xtreme-r"][name]["languages"]) - set(found["xtreme"][name]["languages"])
        for name in ("panx", "udpos", "tatoeba", "xquad", "xnli", "tydiqa", "mlqa")
    }
    assert more == {
        "panx": set("qu pl uk az lt pa gu ro".split()),
        "udpos": set("lt pl uk wo ro".split()),
        "tatoeba": set("az lt pl uk ro".split()),
        "xquad": {"ro"},
        "xnli": set(),
        "tydiqa": set(),
        "mlqa": set(),
    }


def test_overall_is_the_mean_of_the_tasks_not_of_the_groups(score: Call, tmp_path: Path) -> None:
    labels = MINI / "labels"
    expected: dict[str, float] = {}
    for name in TASKS:
        codes = [path.stem.removeprefix("test-") for path in (labels / name).glob("test-*")]
        order = [code for code in languages("mini", name) if code in codes]
        if name == "mlqa":  # its script has no rules for mini's Swahili; those of Hindi are taken
            found = {c: noise(name, c, labels, tmp_path / "p") for c in order if c != "sw"}
            gold = answers_of(labels / "mlqa" / "test-sw.json")
            given = noisy_answers(random.Random("mlqa sw"), gold)
            write(tmp_path / "p" / "mlqa" / "test-sw.json", json.dumps(given))
            found["sw"] = reference.mlqa_scores(gold, given, "hi")
        else:
            found = {code: noise(name, code, labels, tmp_path / "p") for code in order}
        expected[name] = reference.task_score(found, METRICS[name])
    code, out, err = score(tmp_path / "p", "--json")
    assert (code, err) == (0, "")
    scores = json.loads(out)
    groups = reference.group_scores(GROUPS, expected)
    assert scores["groups"] == pytest.approx(groups, abs=1e-9)
    assert scores["overall"] == pytest.approx(reference.overall_score(expected), abs=1e-9)
    assert abs(scores["overall"] - sum(groups.values()) / 4) > 0.01


@pytest.mark.parametrize(
    "stray",
    [".ipynb_checkpoints", "__MACOSX", ".git", ".idea", ".vscode", "__pycache__", ".Trash-0"],
)
@pytest.mark.parametrize("inner", ["", "predictions"])
def test_what_an_editor_or_an_archive_left_is_let_be(
    score: Call, right: Path, tmp_path: Path, stray: str, inner: str
) -> None:
    folder = tmp_path / "outcome"
    shutil.copytree(right, folder / inner)
    _, plain, _ = score(folder, "--json")
    write(folder / inner / stray / "xnli" / "test-de.tsv", "nonsense\n")
    write(folder / inner / "xnli" / "._test-de.tsv", "\0\0Mac OS X")
    write(folder / inner / "xnli" / ".DS_Store", "\0")
    write(folder / inner / ".DS_Store", "\0")
    code, out, err = score(folder, "--json")
    assert (code, out) == (0, plain)
    assert err == f"note: {stray}/ is no task's folder and is left alone\n"
    (folder / inner / "notes").mkdir()
    code, _, err = score(folder)
    assert f"{folder / inner / 'notes'}: no task is named 'notes'" in one_line(code, err)


def test_a_question_without_an_answer_is_named(run: Call, copy: Path, tmp_path: Path) -> None:
    """SQuAD v1.1's script has no score for it; an empty answer is another matter."""
    labels = Path(shutil.copytree(MINI / "labels", tmp_path / "labels"))
    path = labels / "xquad" / "test-de.json"
    value = json.loads(path.read_text("utf-8"))
    qa = value["data"][0]["paragraphs"][0]["qas"][1]
    for answers, whole in (([], False), ([{"text": "", "answer_start": 0}], True)):
        qa["answers"] = answers
        path.write_text(json.dumps(value))
        code, _, err = run("score", copy, "--labels", labels, "--benchmark", "mini")
        assert (code == 0) == whole
        if not whole:
            said = f"question '{qa['id']}' has no gold answer (labels: {path})"
            assert said in one_line(code, err)


# What the user got wrong


def spoil_count(folder: Path) -> str:
    path = folder / "xnli" / "test-de.tsv"
    path.write_text("\n".join(path.read_text().split("\n")[:-3]) + "\n")
    return f"{path}: 34 predictions for 36 labelled pairs"


def spoil_tatoeba_count(folder: Path) -> str:
    path = folder / "tatoeba" / "test-de.tsv"
    path.write_text(path.read_text() + "3\n")
    return f"{path}: 61 predictions for 60 labelled sentences"


def spoil_sentences(folder: Path) -> str:
    path = folder / "panx" / "test-de.tsv"
    write_tags(path, sentences_of(path)[:-1])
    return f"{path}: 29 predictions for 30 labelled sentences"


def spoil_tokens(folder: Path) -> str:
    path = folder / "panx" / "test-de.tsv"
    sentences = sentences_of(path)
    sentences[2] = sentences[2][:-1]
    write_tags(path, sentences)
    return f"{path}: sentence 3: {len(sentences[2])} predicted tags for"


def spoil_label(folder: Path) -> str:
    path = folder / "xnli" / "test-de.tsv"
    rows = lines_of(path)
    rows[6] = "contradictory"
    path.write_text("\n".join(rows) + "\n")
    return f"{path}:7: 'contradictory' is none of the labels contradiction, entailment, neutral"


def spoil_tag(folder: Path) -> str:
    path = folder / "udpos" / "test-de.tsv"
    path.write_text("NOUN\nHaus\tNOUN\n\n")
    return f"{path}:2: 'Haus\\tNOUN' is none of the tags ADJ"


def spoil_index(folder: Path) -> str:
    path = folder / "tatoeba" / "test-de.tsv"
    path.write_text("0\n-1\n")
    return f"{path}:2: '-1' is no 0-based line number"


def spoil_pairs(folder: Path) -> str:
    path = folder / "bucc2018" / "test-de.tsv"
    path.write_text("de-1\ten-1\nde-2 en-2\n")
    return f"{path}:2: 1 columns, expected two ids separated by a tab"


def spoil_encoding(folder: Path) -> str:
    path = folder / "xnli" / "test-de.tsv"
    path.write_bytes(b"neutral\nneutr\xe4l\n")
    return f"{path}:2: not UTF-8 at byte 6"


def spoil_utf16(folder: Path) -> str:
    path = folder / "xquad" / "test-de.json"
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    return f"{path}: not UTF-8 at byte 1"


def spoil_json(folder: Path) -> str:
    path = folder / "xquad" / "test-de.json"
    path.write_text('{"q1": "answer",\n "q2": "an')
    return f"{path}:2: no valid JSON"


def spoil_json_kind(folder: Path) -> str:
    path = folder / "xquad" / "test-de.json"
    path.write_text('["answer"]')
    return f"{path}: not a JSON object of question id to answer"


def spoil_answer(folder: Path) -> str:
    path = folder / "xquad" / "test-de.json"
    path.write_text('{"q1": "x", "q2": ["x", "y"]}')
    return f"{path}: the answer to q2 is not text but ['x', 'y']"


def spoil_depth(folder: Path) -> str:
    path = folder / "xquad" / "test-de.json"
    path.write_text("[" * 100_000)
    return f"{path}: nested too deeply"


def spoil_folder_name(folder: Path) -> str:
    (folder / "xnli").rename(folder / "xnlli")
    return f"{folder / 'xnlli'}: no task is named 'xnlli'; did you mean xnli?"


def spoil_file_name(folder: Path) -> str:
    (folder / "xnli" / "test-de.tsv").rename(folder / "xnli" / "test-dee.tsv")
    return f"{folder / 'xnli' / 'test-dee.tsv'}: xnli has no such file; did you mean test-de.tsv"


def spoil_ending(folder: Path) -> str:
    (folder / "xnli" / "test-de.tsv").rename(folder / "xnli" / "test-de.txt")
    return f"{folder / 'xnli' / 'test-de.txt'}: xnli has no such file; did you mean test-de.tsv"


@pytest.mark.parametrize(
    "spoil",
    [value for name, value in list(globals().items()) if name.startswith("spoil_")],
    ids=lambda spoil: spoil.__name__.removeprefix("spoil_"),
)
@pytest.mark.parametrize("words", [(), ("--json",)], ids=["table", "json"])
def test_spoilt_predictions_are_one_line(
    score: Call, copy: Path, spoil: Callable[[Path], str], words: tuple[str, ...]
) -> None:
    assert score(copy, *words)[0] == 0
    said = spoil(copy)
    code, out, err = score(copy, *words)
    assert said in one_line(code, err)
    assert out == ""


def test_spoilt_labels_are_one_line(run: Call, copy: Path, tmp_path: Path) -> None:
    labels = Path(shutil.copytree(MINI / "labels", tmp_path / "labels"))
    words = ("score", copy, "--labels", labels, "--benchmark", "mini")
    path = labels / "xnli" / "test-de.tsv"
    path.write_text("neutral\nnatural\n")
    code, _, err = run(*words)
    assert f"{path}:2: 'natural' is none of the labels" in one_line(code, err)
    path.write_text("neutral\n")
    code, _, err = run(*words)
    line = one_line(code, err)
    assert f"36 predictions for 1 labelled pairs (labels: {path})" in line
    shutil.copy(MINI / "labels" / "xnli" / "test-de.tsv", path)
    path = labels / "mlqa" / "test-de.json"
    path.write_text(path.read_text("utf-8")[:-40])
    code, _, err = run(*words)
    assert str(path) in one_line(code, err)


@pytest.mark.parametrize("which", ["predictions", "labels"])
def test_a_missing_folder(run: Call, right: Path, tmp_path: Path, which: str) -> None:
    folders = {"predictions": right, "labels": MINI / "labels"} | {which: tmp_path / "none"}
    code, _, err = run("score", folders["predictions"], "--labels", folders["labels"])
    assert f"{tmp_path / 'none'}: no such folder" in one_line(code, err)


def test_an_empty_folder(score: Call, run: Call, right: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, err = score(empty)
    line = one_line(code, err)
    assert f"{empty}: no predictions of a task of mini; expected folders named xnli, pawsx" in line
    (empty / "xnli").mkdir()
    code, out, err = score(empty, "--json")
    assert code == 0, err
    task = json.loads(out)["tasks"]["xnli"]
    assert task["score"] is None and set(task["missing"].values()) == {"no predictions"}
    shutil.rmtree(empty / "xnli")
    code, _, err = run("score", right, "--labels", empty, "--benchmark", "mini")
    assert f"{empty}" in one_line(code, err)


def test_predictions_in_a_language_of_another_benchmark_are_let_be(
    run: Call, tmp_path: Path, right: Path
) -> None:
    folder = tmp_path / "p"
    shutil.copytree(right / "tatoeba", folder / "tatoeba")
    write(folder / "tatoeba" / "test-pl.tsv", "0\n")  # XTREME-R's, not XTREME's
    code, out, err = run("score", folder, "--labels", MINI / "labels", "--json")
    assert code == 0, err
    assert "pl" not in json.loads(out)["tasks"]["tatoeba"]["languages"]


def test_tasks_outside_the_benchmark_are_scored_and_marked(run: Call, noisy: Any) -> None:
    labels, folder, expected = noisy
    words = ("score", folder, "--labels", labels, "--benchmark", "xtreme-r")
    code, out, err = run(*words)
    assert code == 0, err
    rows = [line for line in out.splitlines() if line.startswith("not in the benchmark")]
    assert [row.split()[4] for row in rows] == ["bucc2018", "pawsx"]
    tasks = json.loads(run(*words, "--json")[1])["tasks"]
    assert list(tasks)[-2:] == ["bucc2018", "pawsx"]
    score = reference.task_score(expected["pawsx"], METRICS["pawsx"])
    assert tasks["pawsx"]["score"] == pytest.approx(score, abs=1e-9)


def test_unknown_benchmark(score: Call, right: Path) -> None:
    code, _, err = score(right, "--benchmark", "minni")
    assert "unknown benchmark 'minni'; did you mean mini?" in one_line(code, err)


def test_mean_token_accuracy_of_tags(run: Call, tmp_path: Path) -> None:
    shutil.copytree(MINI / "labels" / "udpos", tmp_path / "p" / "udpos")
    score = ("score", tmp_path / "p", "--labels", MINI / "labels", "--benchmark", "mini")
    assert "Token accuracy of udpos: 100.0; extra likewise." in run(*score)[1]
