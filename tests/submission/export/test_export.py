"""Entries in the forms of other collections: valid there, and read back to the same numbers."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from huggingface_hub import parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command_line import in_process
from support.entries import Value, change, load, restate, write_baseline, write_transfer
from support.places import ROOT

from harness.errors import HarnessError
from harness.submission.entry import Entry, entry_hash
from harness.submission.export.every_eval import every_eval, path_of, uuid_of
from harness.submission.export.model_card import model_index
from harness.submission.export.outgoing import Outgoing, of_entry
from harness.submission.summary import EntrySummary, Points, TaskSummary
from harness.submission.verified import Provenance, Verified
from harness.submission.verify import verify

CLAIMS = {
    "xnli": {"de": {"accuracy": 78.25}, "mean": {"accuracy": 76.1}},
    "xquad": {"mean": {"f1": 70.5, "exact_match": 60.0}},
    "mlqa": {"mean": {"f1": 61.4}},
    "overall": 68.2,
}
PATH = re.compile(  # as their store's rule has it: version 4, variant 1
    r"data/[^/]+/[^/]+/[^/]+/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.json"
)
PUBLISHED = sorted((ROOT / "submissions").glob("published-*"))


@pytest.fixture(scope="module")
def value(tmp_path_factory: pytest.TempPathFactory) -> Value:
    """An entry of three runs that goes on from MNLI, with claims."""
    folder = write_transfer(tmp_path_factory.mktemp("entries"))
    change(folder, lambda value: value.update(claims=CLAIMS))
    return load(folder)


@pytest.fixture(scope="module")
def valid(pytestconfig: pytest.Config) -> Callable[[Any], None]:
    """Checks a record by their own validator, or by their schema from the shared folder."""
    try:
        from every_eval_ever.eval_types import EvaluationLog  # needs Python 3.12

        return lambda record: EvaluationLog.model_validate(record) and None
    except ImportError:
        path = _shared() / "schemas" / "every-eval-ever-0.3.0.schema.json"
        if not path.is_file():
            pytest.skip(f"neither every_eval_ever nor {path}: exports are not validated")
        checker = jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")))
        return checker.validate


def _shared() -> Path:
    data = os.environ.get("XTREME_DATA")
    return Path(data).parent if data else ROOT.parent / "shared"


def out_of(value: Value, verified: Verified | None = None) -> Outgoing:
    status = Provenance.PUBLISHED if value["kind"] == "published" else Provenance.CLAIMED
    status = status if verified is None else Provenance.RECOMPUTED
    return of_entry(Entry.of(value), sha_of(value), status, verified)


def sha_of(value: Value) -> str:
    files = {f"{r['id']}/{p}": sha for r in value.get("runs", ()) for p, sha in r["files"].items()}
    return entry_hash(value, files)


def verified_of(value: Value) -> Verified:
    """What a verification of the three runs may say."""
    runs: dict[str, Any] = {
        run["id"]: {
            "xnli": {"de": {"accuracy": 70.0 + number}, "en": {"accuracy": 80.0}},
            "xquad": {"de": {"f1": 60.0, "exact_match": 50.0 + number}},
        }
        for number, run in enumerate(value["runs"])
    }
    del runs[value["runs"][0]["id"]]["xnli"]["en"]
    tasks = {
        "xnli": TaskSummary(Points(71.0, 1.25, 0.5, "runs"), None, {"de": Points(71.0, 2.5)}),
        "xquad": TaskSummary(Points(55.5), None, {"de": Points(55.5)}),
    }
    summary = EntrySummary(Points(68.2), {}, tasks)
    return Verified(sha_of(value), 1, 2, {}, {}, {}, runs, summary, {}, {})


# Every Eval Ever


def test_their_schema_takes_what_is_exported(value: Value, valid: Callable[[Any], None]) -> None:
    valid(every_eval(out_of(value)))
    valid(every_eval(out_of(value, verified_of(value))))
    for folder in PUBLISHED:
        valid(every_eval(out_of(load(folder))))


def test_their_schema_refuses_what_is_wrong(value: Value, valid: Callable[[Any], None]) -> None:
    record = every_eval(out_of(value))
    del record["evaluation_results"][0]["metric_config"]["max_score"]
    with pytest.raises((ValueError, jsonschema.ValidationError)):
        valid(record)


def test_claims_are_the_submitters_own_and_in_percent(value: Value) -> None:
    record = every_eval(out_of(value))
    assert record["source_metadata"]["evaluator_relationship"] == "first_party"
    assert record["source_metadata"]["additional_details"]["provenance"] == "claimed"
    assert record["eval_library"] == {"name": "unknown", "version": "unknown"}
    first = record["evaluation_results"][0]
    assert first["evaluation_result_id"] == "xnli/de/accuracy"
    assert first["score_details"] == {"score": 78.25, "details": {"runs": "3"}}
    config = first["metric_config"]
    assert (config["min_score"], config["max_score"], config["metric_unit"]) == (0, 100, "percent")
    assert config["score_type"] == "continuous" and not config["lower_is_better"]
    assert first["source_data"]["source_type"] == "other"  # mini's sentences are not XNLI's


def test_recomputed_scores_are_means_over_runs_with_their_interval(value: Value) -> None:
    record = every_eval(out_of(value, verified_of(value)))
    assert record["source_metadata"]["evaluator_relationship"] == "third_party"
    versions = record["eval_library"]["additional_details"]
    assert versions == {"scorer": "1", "statistics": "2"}
    told = {
        one["evaluation_result_id"]: one["score_details"] for one in record["evaluation_results"]
    }
    assert told.keys() == {
        "xnli/de/accuracy",  # one run has no English, so English has no mean over the runs
        "xnli/mean/accuracy",
        "xquad/de/f1",
        "xquad/de/exact_match",
        "xquad/de/exact_match+f1",
        "xquad/mean/exact_match+f1",
    }
    assert told["xquad/de/exact_match"]["score"] == 51.0
    assert told["xnli/de/accuracy"]["uncertainty"].keys() == {"confidence_interval"}
    uncertain = told["xnli/mean/accuracy"]["uncertainty"]
    interval = uncertain["confidence_interval"]
    assert (interval["lower"], interval["upper"]) == (69.75, 72.25)
    assert interval["confidence_level"] == 0.95 and "jackknife" in interval["method"]
    assert uncertain["standard_error"]["value"] == 0.5
    assert "uncertainty" not in told["xquad/mean/exact_match+f1"]


@pytest.mark.parametrize(
    ("kind", "covers"),
    [
        ("runs", "the spread of the runs"),
        ("items only", "of another training is not"),
        ("fixed", "nothing was"),
    ],
)
def test_an_interval_says_what_it_covers(value: Value, kind: str, covers: str) -> None:
    verified = verified_of(value)
    score = replace(verified.summary.tasks["xnli"].score, kind=kind)
    task = replace(verified.summary.tasks["xnli"], score=score)
    summary = replace(verified.summary, tasks={"xnli": task})
    (mean,) = (
        one["score_details"]["uncertainty"]
        for one in every_eval(out_of(value, replace(verified, summary=summary)))[
            "evaluation_results"
        ]
        if one["evaluation_result_id"] == "xnli/mean/accuracy"
    )
    for part in mean.values():
        assert covers in part["method"]
        assert ("spread of the runs" in part["method"]) == (kind == "runs")


@pytest.mark.parametrize("lacking", ["runs", "languages"])
def test_a_verified_json_that_says_nonsense_is_one_line(value: Value, lacking: str) -> None:
    verified = verified_of(value)
    nonsense: Any = {"runs": {}} if lacking == "runs" else {"runs": dict.fromkeys(verified.runs, 3)}
    with pytest.raises(HarnessError, match=r"verified.json: not what verify writes"):
        out_of(value, replace(verified, **nonsense))


def test_papers_are_neither_first_nor_third_party() -> None:
    assert len(PUBLISHED) == 4
    for folder in PUBLISHED:
        record = every_eval(out_of(load(folder)))
        assert record["source_metadata"]["evaluator_relationship"] == "other"
        assert record["source_metadata"]["source_type"] == "documentation"
        assert "evaluation_timestamp" not in record
        assert record["evaluation_results"][0]["source_data"]["source_type"] == "url"


def test_same_entry_same_path_and_bytes_another_entry_another_path(value: Value) -> None:
    once, again = out_of(value), out_of(json.loads(json.dumps(value)))
    assert PATH.fullmatch(path_of(once)) and path_of(once) == path_of(again)
    assert json.dumps(every_eval(once)) == json.dumps(every_eval(again))
    assert path_of(out_of(value | {"notes": "more"})) != path_of(once)
    other = every_eval(out_of(value | {"slug": "another-recipe"}))
    assert other["model_info"] == every_eval(once)["model_info"]
    assert other["evaluation_id"] != every_eval(once)["evaluation_id"]


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_becomes_a_uuid_of_version_4(sha256: bytes) -> None:
    made = uuid_of(sha256.hex())
    assert made.version == 4 and made.variant == "specified in RFC 4122"
    kept = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62)  # all bits but version and variant
    assert made.int & kept == int.from_bytes(sha256[:16], "big") & kept


@settings(max_examples=30)
@given(name=st.text(min_size=1, max_size=255), submitter=st.text(min_size=1, max_size=80))
def test_whatever_a_model_is_called_its_path_stays_below_the_folder(
    value: Value, valid: Callable[[Any], None], name: str, submitter: str
) -> None:
    changed = value | {"model": value["model"] | {"name": name}, "submitter": {"name": submitter}}
    out = out_of(changed)
    assert PATH.fullmatch(path_of(out))
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", p) for p in path_of(out).split("/"))
    record = every_eval(out)
    assert record["model_info"]["name"] == name
    assert path_of(out).split("/")[2:4] == record["model_info"]["id"].split("/")
    valid(record)


def read_back(record: Value) -> Value:
    """Return of an exported record all that the entry said, as far as it can be told."""
    source, model = record["source_metadata"], record["model_info"]
    told, details = source["additional_details"], dict(model["additional_details"])
    weights = {"open_weights": "open", "closed_weights": "closed", "unknown": "unknown"}
    structured = ("submitter", "links", "source", "manifest")
    value: Value = {name: json.loads(told[name]) for name in structured if name in told}
    value |= {name: told[name] for name in told if name not in (*structured, "provenance")}
    for name in ("intermediate", "training"):
        value[name] = json.loads(details.pop(name, "[]"))
    value["baseline"] = details.pop("baseline", None)
    del details["deployment_type"]
    value["model"] = {
        "name": model["name"],
        "weights": weights[details.pop("model_availability")],
        **{
            name: one if name in ("base", "revision", "fingerprint") else json.loads(one)
            for name, one in details.items()
            if name != "seeds"
        },
    }
    value["seeds"] = json.loads(details.get("seeds", "[]"))
    claims: Value = {}
    for result in record["evaluation_results"]:
        task, language, metric = result["evaluation_result_id"].split("/")
        score = result["score_details"]["score"]
        claims.setdefault(task, {}).setdefault(language, {})[metric] = score
    return value | {"claims": claims}


def test_a_round_trip_keeps_what_their_schema_can_hold(value: Value) -> None:
    more = {
        "notes": 'A note: with "quotes" and ümläuts',
        "links": {"code": "https://example.org/code"},
        "manifest": {"harness": "0.1.0", "device": "cpu"},
        "model": value["model"]
        | {"revision": "abc", "pretraining": {"languages": 100, "tokens": 2.95e11}},
    }
    for entry in [value | more, *map(load, PUBLISHED)]:
        again = read_back(json.loads(json.dumps(every_eval(out_of(entry)))))
        scores = {name: one for name, one in entry["claims"].items() if name != "overall"}
        assert again.pop("claims") == scores  # lost: overall and groups
        assert again.pop("seeds") == [run["seed"] for run in entry.get("runs", ())]
        again.setdefault("licence", ""), again.setdefault("partial", "")
        unknown = {name: one for name, one in entry["model"].items() if one is None}
        again["model"] |= unknown  # what is unknown is left out there
        kept = {
            name: one for name, one in entry.items() if name not in ("claims", "runs", "format")
        }
        assert again == kept


# The hub


def test_the_model_card_holds_all_scores(value: Value) -> None:
    text = model_index(out_of(value))
    name, results = model_index_to_eval_results(yaml.safe_load(text)["model-index"])
    assert name == value["model"]["name"]
    told = {(r.dataset_type, r.dataset_config, r.metric_type): r.metric_value for r in results}
    assert told == {
        ("mini/xnli", "de", "accuracy"): 78.25,
        ("mini/xnli", "mean", "accuracy"): 76.1,
        ("mini/xquad", "mean", "f1"): 70.5,
        ("mini/xquad", "mean", "exact_match"): 60.0,
        ("mini/mlqa", "mean", "f1"): 61.4,
    }
    kinds = {r.dataset_type: r.task_type for r in results}
    assert kinds["mini/xnli"] == "text-classification"
    assert kinds["mini/xquad"] == "question-answering"


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs")), min_size=1, max_size=80))
def test_hostile_names_stay_values_in_yaml(value: Value, name: str) -> None:
    changed = value | {
        "model": value["model"] | {"name": name},
        "links": {"paper": "https://x.org/#a: b"},
    }
    read = yaml.safe_load(model_index(out_of(changed)))
    assert read["model-index"][0]["name"] == name and read.keys() == {"model-index"}


# The command


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """A folder of two entries, both with claims."""
    for folder in (write_baseline(tmp_path / "all"), write_transfer(tmp_path / "all")):
        change(folder, lambda value: value.update(claims=CLAIMS))
    return tmp_path / "all"


def export(*words: object) -> tuple[int, str, str]:
    return in_process("submission", "export", *words)


def test_files_are_written_or_the_one_is_printed(entries: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, _ = export(entries, "--format", "eee", "--output", out)
    paths = [Path(line) for line in text.split()]
    assert code == 0 and len(paths) == 2
    assert all(PATH.fullmatch(path.relative_to(out).as_posix()) for path in paths)
    code, text, _ = export(entries / "plain-encoder", "--format", "eee")
    assert code == 0 and json.loads(text) in [json.loads(path.read_text("utf-8")) for path in paths]
    code, _, error = export(entries, "--format", "eee")
    assert code == 2 and "holds 2 entries; name a folder with --output" in error


@pytest.mark.parametrize(
    ("task_id", "score"), [("xnli", 76.1), ("xquad", 65.25), ("anything", 68.2)]
)
def test_a_file_of_eval_results_has_one_score(entries: Path, task_id: str, score: float) -> None:
    words = ("--format", "eval-results", "--dataset", "org/bench", "--task-id", task_id)
    code, text, error = export(entries / "mnli-first", *words)
    assert code == 0, error
    (read,) = parse_eval_result_entries(yaml.safe_load(text))
    assert (read.dataset_id, read.task_id, read.value) == ("org/bench", task_id, score)
    assert read.date == "2026-11-26" and "mean of 3 runs; claimed" in str(read.notes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "eval-results"], "--dataset ID --task-id ID"),
        (["--format", "eval-results", "--dataset", "a/b"], "--dataset ID --task-id ID"),
        (["--format", "eval-results", "--dataset", "a/b", "--task-id", "mlqa"], "(there: f1)"),
        (["--format", "eee", "--dataset", "a/b"], "belong to eval-results"),
        (["--format", "croissant"], "unknown format 'croissant'"),
        ([], "--format"),
    ],
)
def test_what_cannot_be_exported_is_one_line(entries: Path, words: list[str], message: str) -> None:
    code, text, error = export(entries / "mnli-first", *words)
    assert code == 2 and text == "" and message in error and error.count("\n") == 1


def test_an_entry_without_scores_is_told_to_be_verified(entries: Path) -> None:
    change(entries / "plain-encoder", lambda value: value.pop("claims"))
    code, _, error = export(entries / "plain-encoder", "--format", "model-index")
    assert code == 2 and "run harness submission verify first" in error


def test_an_entry_with_errors_is_not_exported(entries: Path) -> None:
    change(entries / "plain-encoder", lambda value: value.update(slug="another"))
    code, _, error = export(entries / "plain-encoder", "--format", "eee")
    assert code == 2 and "S205" in error and "harness submission validate" in error


def test_a_verified_entry_is_exported_as_recomputed_until_it_changes(
    tmp_path: Path, valid: Callable[[Any], None]
) -> None:
    folder = write_baseline(tmp_path, runs=2)
    for path in (folder / "predictions").glob("*/*/*"):
        if path.parent.name not in ("xnli", "xquad") or path.stem not in ("test-de", "test-en"):
            path.unlink()
    restate(folder)
    change(folder, lambda value: value.update(claims={"xnli": {"de": {"accuracy": 1.0}}}))
    verify(folder)
    code, text, error = export(folder, "--format", "eee")
    assert code == 0, error
    record = json.loads(text)
    valid(record)
    assert record["source_metadata"]["evaluator_relationship"] == "third_party"
    told = {
        one["evaluation_result_id"]: one["score_details"] for one in record["evaluation_results"]
    }
    stored = json.loads((folder / "verified.json").read_text("utf-8"))
    each = [run["xnli"]["de"]["accuracy"] for run in stored["runs"].values()]
    assert told["xnli/de/accuracy"]["score"] == pytest.approx(sum(each) / 2)
    assert told["xnli/mean/accuracy"]["uncertainty"]["standard_error"]["value"] > 0
    change(folder, lambda value: value.update(notes="changed since"))
    record = json.loads(export(folder, "--format", "eee")[1])
    assert record["source_metadata"]["additional_details"]["provenance"] == "stale"
    assert record["evaluation_results"][0]["score_details"]["score"] == 1.0


def test_a_file_in_the_way_is_one_line(entries: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    code, _, error = export(entries, "--format", "eee", "--output", tmp_path / "out")
    assert code == 2 and "is a file, not a folder" in error
