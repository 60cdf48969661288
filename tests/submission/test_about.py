"""What an entry states of its model: --about, what the harness fills in, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.entries import look
from support.entry_folders import PUBLISHED, VALUE, make_entry
from support.places import MINI

from harness import recipes, registry
from harness.data.folder import FolderSource
from harness.errors import HarnessError
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.views.entry_view import entry_view_of
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.pipeline.plan import make_plan
from harness.pipeline.request import Request
from harness.submission.about import About
from harness.submission.checks import findings_of
from harness.submission.checks.disclosure import DisclosureConcern
from harness.submission.entries import incoming_of
from harness.submission.entry import Entry
from harness.submission.findings import ERROR, NOTE
from harness.submission.json_schema import schema_of
from harness.submission.record import Training
from harness.submission.statements import STATEMENTS, unstated
from harness.submission.verified import Provenance

Call = Callable[..., tuple[int, str, str]]
ABOUT = """\
weights = "open"
extra = []

[pretraining]
corpora = ["CC-100"]
languages = 100
tokens = 2.95e11
parallel = 0
"""
EXTRA = {"name": "xnli", "languages": ["de"], "translated": True, "examples": 7}


@pytest.fixture
def retrieval(run: Call, tiny: Path, quickest: Path, tmp_path: Path) -> Callable[..., Any]:
    """``harness eval`` of Tatoeba in German; gives submission.json."""

    def call(name: str, *words: object) -> Any:
        code, _, err = run(
            "eval", tiny, "--benchmark", "mini", "--tasks", "tatoeba", "--languages", "de",
            "--recipe", quickest, "--threads", 1, "--device", "cpu", *words,
            "--store", tmp_path / "store", "--output", tmp_path / name,
        )  # fmt: skip
        assert code == 0, err
        return json.loads((tmp_path / name / "submission.json").read_text("utf-8"))

    return call


def test_what_only_the_user_knows_comes_from_the_file(
    retrieval: Callable[..., Any], write: Callable[..., Path], run: Call, tmp_path: Path
) -> None:
    value = retrieval("said", "--about", write("about.toml", ABOUT))
    assert value["model"]["weights"] == "open" and value["training"]["extra"] == []
    assert value["model"]["pretraining"] == {
        "corpora": ["CC-100"],
        "languages": 100,
        "tokens": 2.95e11,
        "parallel": 0,
    }
    assert value["model"]["parameters"] > value["model"]["parameters_body"] > 0
    assert value["retrieval"] == {"tatoeba": {"pooling": "mean", "layer": 1, "layers": 2}}
    code, _, err = run("submission", "pack", tmp_path / "said", "--slug", "said", "--output",
                       tmp_path / "entries")  # fmt: skip
    assert code == 0, err
    packed = json.loads((tmp_path / "entries" / "said" / "submission.json").read_text("utf-8"))
    for key in ("model", "retrieval"):
        assert packed[key] == value[key]
    assert packed["training"]["extra"] == []
    found = findings_of(incoming_of(tmp_path / "entries" / "said"))
    assert [one for one in found if one.severity is ERROR] == []


def test_nothing_is_said_without_a_file(retrieval: Callable[..., Any], tmp_path: Path) -> None:
    """The layer that was picked on dev data is the one that is stated."""
    value = retrieval("auto", "--layer", "auto")
    assert "pretraining" not in value["model"] and "extra" not in value["training"]
    assert value["model"]["weights"] == "unknown"
    manifest = json.loads((tmp_path / "auto" / "manifest.json").read_text("utf-8"))
    (picked,) = [one for one in manifest["steps"] if one["name"].startswith("pick the layer")]
    assert value["retrieval"]["tatoeba"]["layer"] == picked["result"]["layer"]


def test_extra_data_are_told(write: Callable[..., Path]) -> None:
    text = '[[extra]]\nname = "xnli"\nlanguages = ["de"]\ntranslated = true\nexamples = 7\n'
    assert About.read(write("about.toml", text)) == About(extra=(EXTRA,))
    assert About.read(write("about.toml", "")) == About()
    said = About.read(write("about.toml", f'regime = "translate-train"\n{text}'))
    assert said == About(extra=(EXTRA,), regime="translate-train")
    unknown = text.replace("examples = 7\n", "")  # TOML has no null
    assert About.read(write("about.toml", unknown)) == About(extra=(EXTRA | {"examples": None},))


def test_how_many_extra_examples_may_be_left_out() -> None:
    extra = {key: EXTRA[key] for key in ("name", "languages", "translated")}
    value = VALUE["training"] | {"extra": [extra]}
    Draft202012Validator(schema_of(2)).validate(VALUE | {"training": value})
    assert Training.of(value).extra == (extra | {"examples": None},)


BAD = {
    "weights": ('weights = "some"', ":1:1: weights: 'some' is not one of"),
    "unknown": ("weigths = 'open'", ":1:1: unknown key 'weigths'; did you mean weights?"),
    "filled": ("parameters = 3", ":1:1: parameters is filled in by the harness; remove it"),
    "seeds": ("seeds = [1]", ":1:1: seeds is filled in by the harness"),
    "inner": ("[pretraining]\ntoken = 3", ":2:1: unknown key 'token'; did you mean tokens?"),
    "negative": ("[pretraining]\ntokens = -1", ":2:1: pretraining.tokens: -1 is less than"),
    "nan": ("[pretraining]\ntokens = nan", ":2:1: pretraining.tokens: nan is not a number"),
    "text": ('[pretraining]\nparallel = "3"', "pretraining.parallel: '3' is not of type"),
    "date": ("[pretraining]\nlanguages = 2026-11-26", ":2:1: pretraining.languages: "),
    "table": ("pretraining = 3", ":1:1: pretraining: 3 is not of type 'object'"),
    "hidden": ('[pretraining]\ncorpora = ["a\\u202eb"]', "a character that does not show"),
    "regime": ('regime = "zero"', ":1:1: regime: 'zero' is not one of"),
    "extra": ("extra = 3", ":1:1: extra: 3 is not of type 'array'"),
    "half": ('[[extra]]\nname = "x"', "extra.0: 'languages' is a required property"),
    "code": (
        '[[extra]]\nname="x"\nlanguages=["DE"]\ntranslated=true\nexamples=1',
        "does not match",
    ),
    "toml": ("weights = ", ": no valid TOML"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_in_a_line(name: str, write: Callable[..., Path]) -> None:
    text, told = BAD[name]
    path = write("about.toml", text)
    with pytest.raises(HarnessError) as error:
        About.read(path)
    assert told in str(error.value) and str(error.value).startswith(f"{path}:")
    assert "\n" not in str(error.value)


def test_the_command_refuses_it_before_anything_else(
    run: Call, write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write("about.toml", "weights = 3")
    code, _, err = run("eval", "no such checkpoint", "--about", path)
    assert code == 2 and f"{path}:1:1: weights" in err
    code, _, err = run("eval", "no such checkpoint", "--about", tmp_path / "nothing.toml")
    assert code == 2 and "no such file" in err


def of_xtreme_r(**values: Any) -> dict[str, Any]:
    runs = [VALUE["runs"][0] | {"seed": n, "id": f"seed-{n}"} for n in (1, 2)]
    return {"benchmark": "xtreme-r", "runs": runs} | values


def test_what_xtreme_r_asks_for_and_an_entry_lacks_is_a_note(tmp_path: Path) -> None:
    files = {"xnli/test-de.tsv": "neutral\n", "tatoeba/test-de.tsv": "0\n"}
    folder = make_entry(tmp_path, files, **of_xtreme_r())
    (one,) = look(DisclosureConcern(), folder)
    assert (one.code, one.severity) == ("D608", NOTE)
    assert one.found == (
        "not stated: model.parameters_body, pretraining.tokens, pretraining.parallel,"
        " pretraining.languages, training.extra, retrieval.tatoeba"
    )
    folder = make_entry(tmp_path, files, **of_xtreme_r(benchmark="xtreme"))
    assert look(DisclosureConcern(), folder) == []
    told = of_xtreme_r(
        model=VALUE["model"] | {
            "parameters_body": 100,
            "pretraining": {"tokens": 1, "parallel": 0, "languages": 3},
        },
        training=VALUE["training"] | {"extra": []},
        retrieval={"tatoeba": {"pooling": "mean", "layer": 7}},
    )  # fmt: skip
    folder = make_entry(tmp_path, files, **told)
    assert look(DisclosureConcern(), folder) == []
    assert [one for one in findings_of(incoming_of(folder)) if one.severity is ERROR] == []


def test_published_numbers_need_no_statement_of_tasks_that_they_lack() -> None:
    value = VALUE | of_xtreme_r() | PUBLISHED
    lacking = unstated(Entry.of({key: one for key, one in value.items() if key != "runs"}))
    assert "training.extra" in lacking and not [f for f in lacking if f.startswith("retrieval")]
    assert set(registry.benchmark("xtreme-r").statements) == set(STATEMENTS)


def facts(value: dict[str, Any]) -> dict[str, str]:
    """Return what the page says of an entry without scores."""
    row = BoardRow(Path("plain"), Entry.of(value), Provenance.CLAIMED, None, "Plain")
    return dict(entry_view_of(row).facts)


def test_the_page_says_what_is_stated_and_what_is_not() -> None:
    said = facts(VALUE | of_xtreme_r())
    assert said["Not stated"].startswith("model.parameters_body")
    assert "Data beyond English" not in said and "Not stated" not in facts(VALUE)
    value = VALUE | of_xtreme_r(
        training=VALUE["training"] | {"extra": [EXTRA]},
        retrieval={"tatoeba": {"pooling": "mean", "layer": 14, "layers": 24}},
        model=VALUE["model"] | {"pretraining": {"tokens": 2.95e11, "corpora": ["CC-100"]}},
    )
    said = facts(value)
    assert said["Data beyond English"] == "xnli in de, translated"
    assert said["Vectors of tatoeba"] == "mean, hidden state 14 of 24"
    assert said["Pre-trained on"] == "CC-100, 295,000,000,000 tokens"
    assert facts(value | {"training": VALUE["training"] | {"extra": []}})[
        "Data beyond English"
    ] == "none"  # fmt: skip


def test_tatoeba_after_squad_takes_xtremes_layer(tiny: Path, quickest: Path) -> None:
    """Also of a sentence encoder, whose last states serve the span after that training."""
    checkpoint = replace(open_checkpoint(str(tiny), offline=True), sentence_encoder=True)
    mini = registry.benchmark("mini")
    after_squad = replace(mini, training=registry.benchmark("xtreme-r").training)
    layers = {}
    for benchmark in (mini, after_squad):
        request = Request(
            checkpoint=checkpoint,
            benchmark=benchmark,
            source=FolderSource(MINI / "xtreme", MINI / "labels"),
            recipe=recipes.load(str(quickest)),
            device=choose_device("cpu", "fp32", 1),
            tasks=("tatoeba",),
            languages=("de",),
        )
        plan = make_plan(request)
        trained = any(step.name == "train squad" for step in plan.steps)
        layers[trained] = plan.predictions["tatoeba"]["de"].settings.layer
    assert layers == {False: 2, True: 1}
