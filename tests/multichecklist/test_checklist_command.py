"""``harness checklist``: from a checkpoint to error rates, on templates of our own."""

import inspect
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.checklist_made import changed, official, table
from support.command_line import use_cache
from support.places import MINI

import harness
from harness.multichecklist.checklist_run import CASES, OWN_FILE, Suites, made_here
from harness.multichecklist.error_rates import OFFICIAL, OURS, ErrorRates, Rate, passes, rates_of
from harness.multichecklist.filling import Example
from harness.multichecklist.generate import TITLES, Case, Suite, generate
from harness.multichecklist.templates import read_templates

Run = Callable[..., tuple[int, str, str]]
LACKING = "without intensifiers, properties, professions, animals, animals2"  # of our templates


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checklist")
    (folder / "t.tsv").write_text(table(), "utf-8")
    return folder


@pytest.fixture(autouse=True)
def _own_cache(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_cache(place / "cache", monkeypatch)


@pytest.fixture
def checklist(run: Run, tiny: Path, quickest: Path, place: Path) -> Run:
    def call(*words: object, data: Path = MINI) -> tuple[int, str, str]:
        return run(
            "checklist", tiny, "--data", data, "--recipe", quickest, "--store", place / "store",
            "--threads", 1, "--device", "cpu", *words,
        )  # fmt: skip

    return call


def written(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "checklist.json").read_text())
    return value


def test_a_run_and_what_it_writes(checklist: Run, place: Path, tmp_path: Path) -> None:
    words = ("--templates", place / "t.tsv", "--cases", 3, "--output", tmp_path / "out")
    code, out, err = checklist(*words)
    assert code == 0, err
    assert "train squad\n" in out and "predict multichecklist: en de tr th (48 cases, " in out
    assert "never beside published rates" in out and "written: " in out
    found = written(tmp_path / "out")
    assert found["suites"] == "ours" and found["seed"] == 42
    assert found["partial"] == f"{LACKING}; 3 cases a test" and found["cases"] == 3
    assert f"PARTIAL: {LACKING}; 3 cases a test" in out
    assert set(found["languages"]) == {"en", "de", "tr", "th"} and len(found["errors"]) == 4
    assert str(tmp_path) not in json.dumps(found) and str(place) not in json.dumps(found)
    for language in found["languages"]:
        suite = json.loads((tmp_path / "out" / "suites" / f"{language}.json").read_text())
        ids = [q["id"] for a in suite["data"] for p in a["paragraphs"] for q in p["qas"]]
        answers = json.loads((tmp_path / "out" / "predictions" / f"{language}.json").read_text())
        assert list(answers) == ids
    assert (tmp_path / "out" / "table.txt").read_text().startswith("MultiCheckList, error rates")
    assert found["errors"]["a-plant-and-a-tool"]["tr"]["impossible"] == 3
    assert "a-plant-and-a-tool tr: 3 of 3 cases cannot be passed" in out

    before = {p.name: p.read_bytes() for p in (tmp_path / "out").rglob("*.json")}
    code, again, err = checklist(*words)
    assert code == 0 and again == out and "train" not in err, "nothing is done twice"
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "out").rglob("*.json")}
    for folder in ("suites", "predictions"):
        (tmp_path / "out" / folder / "mine.txt").write_text("mine")
        (tmp_path / "out" / folder / "My notes.json").write_text("mine")
    kept = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    data = tmp_path / "empty" / "xtreme"
    data.mkdir(parents=True)
    code, _, err = checklist(*words, "--languages", "de", "--seed", 7, data=data)
    assert code == 2 and err.count("\n") == 1, err
    assert kept == {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    code, _, err = checklist(*words, "--languages", "de")
    assert code == 0, err
    for folder in ("suites", "predictions"):
        names = {p.name for p in (tmp_path / "out" / folder).iterdir()}
        assert names == {"de.json", "mine.txt", "My notes.json"}


def test_the_training_is_that_of_xquad(
    checklist: Run, run: Run, tiny: Path, quickest: Path, place: Path, tmp_path: Path
) -> None:
    words = ("--templates", place / "t.tsv", "--cases", 1, "--languages", "en")
    code, _, err = checklist(*words, "--output", tmp_path / "out")
    assert code == 0, err
    code, _, err = run(
        "eval", tiny, "--data", MINI, "--recipe", quickest, "--store", place / "store", "--tasks",
        "xquad", "--languages", "en", "--threads", 1, "--device", "cpu", "--output", tmp_path / "e",
    )  # fmt: skip
    assert code == 0 and "train" not in err, err
    manifest = json.loads((tmp_path / "e" / "manifest.json").read_text())
    trained = [step["key"] for step in manifest["steps"] if step["name"].startswith("train")]
    assert trained == [written(tmp_path / "out")["training"]]


def test_official_suites(checklist: Run, place: Path, tmp_path: Path) -> None:
    templates = read_templates(place / "t.tsv")
    for language in ("de", "tr"):
        suite = generate(templates, language, 5, 3)
        official(suite.examples, tmp_path / "suites", language)
    words = ("--templates", place / "t.tsv", "--suites", tmp_path / "suites")
    code, out, err = checklist(*words, "--output", tmp_path / "out")
    assert code == 0, err
    found = written(tmp_path / "out")
    assert found["partial"] == f"{LACKING}; 3 cases a test" and found["cases"] is None
    assert found["suites"] == "official" and list(found["languages"]) == ["de", "tr"]
    assert {rate["cases"] for some in found["errors"].values() for rate in some.values()} == {3}
    assert not (tmp_path / "out" / "suites").exists() and "official: " in out


def test_each_process_of_torchrun_has_the_suites(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = read_templates(place / "t.tsv")
    made_here(templates, ["de"], 1, 2, tmp_path / "0").write()
    monkeypatch.setenv("RANK", "1")
    made_here(templates, ["de"], 1, 2, tmp_path / "1").write()
    first, second = (tmp_path / rank / "de.json" for rank in "01")
    assert first.read_bytes() == second.read_bytes()


def test_templates_lie_beside_the_data(checklist: Run, tmp_path: Path) -> None:
    data = Path(shutil.copytree(MINI, tmp_path / "data"))
    code, _, err = checklist("--cases", 1, data=data)
    assert code == 2 and "checklist_templates.tsv is not there; name the file" in err
    (data / "multichecklist").mkdir()
    place = data / "multichecklist" / "checklist_templates.tsv"
    place.write_text(table(), "utf-8")
    output = tmp_path / "out"
    words = ("--cases", 1, "--languages", "en", "--output", output)
    assert checklist(*words, data=data)[0] == 0
    assert checklist(*words, data=data / "xtreme")[0] == 0
    assert list(written(output)["languages"]) == ["en"]


def test_what_does_not_fit_is_one_line(checklist: Run, place: Path, tmp_path: Path) -> None:
    def refused(said: str, *words: object, templates: Path = place / "t.tsv") -> None:
        code, out, err = checklist("--templates", templates, "--output", tmp_path / "out", *words)
        assert code == 2 and said in err and err.count("\n") == 1 and not out, err
        assert not (tmp_path / "out").exists()

    refused("unknown language 'fr'; did you mean tr? (known: en, de, tr, th", "--languages", "fr")
    refused("expected a whole number from 1 to 10000", "--cases", 0)
    refused("no such file", templates=tmp_path / "none.tsv")
    refused("no file XX_squad_suite.json", "--suites", tmp_path / "none")
    bad = tmp_path / "bad.tsv"
    bad.write_text(changed(4, {2: "{x}"}), "utf-8")
    refused(f"{bad}:4: de: unknown filler {{x}}", templates=bad)
    suite = generate(read_templates(place / "t.tsv"), "de", 5, 1)
    official(suite.examples, tmp_path / "suites", "fr")
    refused("unknown language 'fr'", "--suites", tmp_path / "suites")
    refused(
        "de_squad_suite.json: no such file", "--suites", tmp_path / "suites", "--languages", "de"
    )


def test_from_python_it_prints_and_gives_rates(
    tiny: Path, quickest: Path, place: Path, tmp_path: Path
) -> None:
    rates = harness.checklist(
        tiny, data=MINI, templates=place / "t.tsv", languages=["en"], cases=2, recipe=quickest,
        store=str(place / "store"), device="cpu", threads=1, output=tmp_path / "out", max_steps=1,
    )  # fmt: skip
    assert rates["comparisons"].keys() == {"en"} and 0 <= rates.mean <= 100
    assert "PARTIAL: at most 1 updates a training" in str(rates)


def test_what_is_not_said_is_as_in_eval() -> None:
    """Else a device or a precision of its own would have SQuAD learnt twice."""
    verbs = (harness.evaluate, harness.checklist, harness.train)
    first, *others = (
        {n: p.default for n, p in inspect.signature(verb).parameters.items()} for verb in verbs
    )
    apart = [
        {name for name in first if first[name] != other.get(name, first[name])} for other in others
    ]
    assert apart == [set(), {"recipe", "output"}]  # x-stilts; a checkpoint has no usual place


def test_fewer_cases_than_officially_are_partial(place: Path) -> None:
    assert inspect.signature(harness.checklist).parameters["cases"].default == CASES == 200
    read = read_templates(place / "t.tsv")
    suites = Suites(OURS, {}, place, OWN_FILE, read)
    said = {cases: replace(suites, cases=cases).partial for cases in (1, 199, 200, 201)}
    assert said == {1: "1 case a test", 199: "199 cases a test", 200: "", 201: ""}

    def official_of(fewest: int, tests: int = 6) -> str:
        names = list(TITLES.values())[:tests]
        counts = [CASES] * (tests - 1) + [fewest]
        made = [Case(n, ()) for n, count in zip(names, counts, strict=True) for _ in range(count)]
        by_language = {"de": Suite("de", tuple(made)), "en": Suite("en", tuple(made))}
        return replace(suites, origin=OFFICIAL, by_language=by_language).partial

    assert official_of(CASES) == ""
    assert official_of(199) == "199 cases a test"
    assert official_of(CASES, 5) == "without animals2"


def test_a_case_passes_if_all_its_examples_do() -> None:
    def case(*answers: str) -> Case:
        return Case("t", tuple(Example(f"{a}{i}", f"{a}.", "?", a) for i, a in enumerate(answers)))

    one = case("a cat", "a dog")
    right = {"a cat0": "cat", "a dog1": "dog."}
    assert passes(one, right, "en")
    assert not passes(one, right | {"a dog1": "cat"}, "en")
    assert not passes(one, {"a cat0": "cat"}, "en"), "no prediction is wrong"
    assert not passes(one, {"a cat0": "cat", "a dog1": ""}, "en")
    suites = {"en": Suite("en", (one, case("a cat"), case("a cow"), case("a pig")))}
    rates = rates_of(suites, {"en": right})
    assert rates["t"]["en"] == Rate(4, 2) and rates["t"]["en"].error == 50.0


def test_right_answers_pass_every_case(place: Path) -> None:
    templates = read_templates(place / "t.tsv")
    suites = {code: generate(templates, code, 6, 9) for code in templates.languages}
    right = {c: {one.id: f"{one.answer} ." for one in s.examples} for c, s in suites.items()}
    rates = rates_of(suites, right)
    assert {rate.failed for some in rates.values() for rate in some.values()} == {0}
    for answers in right.values():  # one wrong answer is one case
        answers["comparisons-0003-1-2"] = "nobody"
    again = rates_of(suites, right)
    assert [rate.failed for rate in again["comparisons"].values()] == [1, 1, 1, 1]
    assert again["a-plant-again"] == rates["a-plant-again"]


def test_cases_that_no_span_can_pass_are_counted() -> None:
    twice = Case(
        "t", (Example("1", "Ann, Bo.", "Who?", "Ann"), Example("2", "Ann, Bo.", "Who?", "Bo"))
    )
    absent = Case("t", (Example("3", "Ann, Bo.", "Who?", "Annika"),))
    fine = Case("t", (Example("4", "Ann, Bo.", "Who?", "Bo"),))
    rates = rates_of({"en": Suite("en", (twice, absent, fine))}, {"en": {}})
    assert rates["t"]["en"] == Rate(3, 3, 2)


def test_means_and_the_table() -> None:
    rates = ErrorRates(
        {"a": {"en": Rate(4, 1), "de": Rate(4, 2)}, "b": {"en": Rate(2, 2)}}, name="m"
    )
    assert rates.of_test("a") == 37.5 and rates.of_language("en") == 62.5
    assert rates.mean == (62.5 + 50) / 2
    lines = [line.split() for line in str(rates).splitlines()]
    assert ["en", "25.0", "100.0", "62.5"] in lines and ["de", "50.0", "–", "50.0"] in lines
    assert ["mean", "37.5", "100.0", "56.2"] in lines
    assert str(ErrorRates({})) == ""
