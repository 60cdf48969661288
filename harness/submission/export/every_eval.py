"""Every Eval Ever 0.3.0: one JSON file for an entry, a result for each task, language and metric.

Their schema describes every field (``eval.schema.json`` of evaleval/every_eval_ever). Nothing is
written that the entry does not say, no time of day either, so that the same entry gives the same
bytes. Single test examples are not exported: the texts are not ours to copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from harness.submission.entry import MEAN, canonical
from harness.submission.export.outgoing import Outgoing, Score

VERSION = "0.3.0"
AVAILABILITY = {"open": "open_weights", "closed": "closed_weights", "unknown": "unknown"}
UNKNOWN = "unknown"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")

Json = dict[str, Any]


def path_of(out: Outgoing) -> str:
    """Return where the file belongs in their data store; the same entry has the same path."""
    developer, model = _model_id(out)
    return f"data/{out.entry.benchmark}/{developer}/{model}/{uuid_of(out.hash)}.json"


def uuid_of(sha256: str) -> UUID:
    """Return the first 128 bits of a hash as a UUID of version 4 (RFC 9562, section 5.4).

    Their store names files by version 4, which is random by rule; a hash is used in its stead so
    that a file can be made again.
    """
    return UUID(bytes=bytes.fromhex(sha256)[:16], version=4)


def every_eval(out: Outgoing) -> Json:
    """Return an entry as Every Eval Ever has it."""
    entry = out.entry
    day = datetime.fromisoformat(entry.date).replace(tzinfo=UTC)
    stamp = str(int(day.timestamp()))
    developer, model = _model_id(out)
    record: Json = {
        "schema_version": VERSION,
        # a model may have several entries in a day, so the evaluation's name is the entry's, too
        "evaluation_id": f"{entry.benchmark}-{entry.slug}/{developer}_{model}/{stamp}",
        "retrieved_timestamp": stamp,
        "source_metadata": _source(out),
        "eval_library": _library(out),
        "model_info": {
            "name": entry.value["model"]["name"],
            "id": f"{developer}/{model}",
            "developer": developer,
            "additional_details": _model_details(out),
        },
        "evaluation_results": [_result(out, score) for score in out.scores],
    }
    if entry.kind == "runs":
        record["evaluation_timestamp"] = entry.date
    return record


def _model_id(out: Outgoing) -> tuple[str, str]:
    """Return developer and model as parts of a path.

    A name without an owner is the submitter's model; nobody's if it is from a paper.
    """
    name = out.entry.value["model"]["name"]
    owner, slash, rest = name.rpartition("/")
    if not slash:
        submitter = out.entry.value["submitter"]["name"]
        owner = submitter if out.entry.kind == "runs" else UNKNOWN
    return _part(owner), _part(rest)


def _part(name: str) -> str:
    """Return a name as one part of a path, in letters that every file system has."""
    return _NOT_IN_NAMES.sub("-", name).strip("-.")[:100] or UNKNOWN


def _source(out: Outgoing) -> Json:
    """Return who says the scores, and what else the entry says of the evaluation."""
    entry, value = out.entry, out.entry.value
    relationship = "third_party" if out.verified else "first_party"
    if entry.kind == "published":
        relationship = "other"  # papers report their own systems beside those of others
    source: Json = {
        "source_name": out.benchmark.title,
        "source_type": "evaluation_run" if entry.kind == "runs" else "documentation",
        "source_organization_name": value["submitter"]["name"],
        "evaluator_relationship": relationship,
        "additional_details": _texts(
            {name: value.get(name) for name in _TOLD} | {"provenance": out.provenance.value}
        ),
    }
    if "url" in value["submitter"]:
        source["source_organization_url"] = value["submitter"]["url"]
    return source


_TOLD = (
    "slug title submitter kind benchmark partial date licence links source notes withdrawn manifest"
).split()


def _library(out: Outgoing) -> Json:
    """Return what computed the scores."""
    manifest = out.entry.value.get("manifest")
    if manifest is None and out.verified is None:
        return {"name": UNKNOWN, "version": UNKNOWN}
    library = {
        "name": "xtreme-harness",
        "version": manifest["harness"] if manifest else UNKNOWN,
    }
    if out.verified is None:
        return library
    versions = {"scorer": str(out.verified.scorer), "statistics": str(out.verified.statistics)}
    return {**library, "additional_details": versions}


def _model_details(out: Outgoing) -> Json:
    """Return what the entry says of the model and of how it was trained."""
    value = out.entry.value
    told = {name: one for name, one in value["model"].items() if name not in ("name", "weights")}
    names = ("intermediate", "baseline", "training", "retrieval")
    trained = {name: value[name] for name in names if name in value}
    runs = {"seeds": [run.seed for run in out.entry.runs]}
    return {
        "deployment_type": "self_deployed" if out.entry.kind == "runs" else UNKNOWN,
        "model_availability": AVAILABILITY[value["model"]["weights"]],
        **_texts(told | trained | runs),
    }


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values as the texts that additional details must be: JSON, but for plain texts.

    What is unknown or empty is left out.
    """
    return {
        name: one if isinstance(one, str) else canonical(one)
        for name, one in values.items()
        if one not in (None, "", [], {})
    }


def _result(out: Outgoing, score: Score) -> Json:
    """Return one score."""
    over = "mean over its languages" if score.language == MEAN else score.language
    details: Json = {"score": score.value}
    if out.entry.runs:
        details["details"] = {"runs": str(len(out.entry.runs))}
    if score.half is not None:
        details["uncertainty"] = _uncertainty(score, score.half)
    return {
        "evaluation_result_id": f"{score.task}/{score.language}/{score.metric}",
        "evaluation_name": f"{out.title(score.task)} ({over})",
        "source_data": _data(out, score),
        "metric_config": {
            "metric_id": score.metric,
            "metric_name": score.metric,
            "metric_kind": score.metric,
            "metric_unit": "percent",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 100,
        },
        "score_details": details,
    }


def _uncertainty(score: Score, half: float) -> Json:
    """Return the interval of a score, and what it covers."""
    method = f"delete-one-cluster jackknife over test items{_BESIDES.get(score.kind or '', '')}"
    interval = {
        "lower": score.value - half,
        "upper": score.value + half,
        "confidence_level": 0.95,
        "method": method,
    }
    if score.error is None:
        return {"confidence_interval": interval}
    return {
        "standard_error": {"value": score.error, "method": method},
        "confidence_interval": interval,
    }


_BESIDES = {
    "runs": ", and the spread of the runs",
    "fixed": "; nothing was trained, so the runs do not differ",
    "items only": " alone: the chance of another training is not in it",
}


def _data(out: Outgoing, score: Score) -> Json:
    """Return which test set a score is on: by the page of its makers, if it is theirs."""
    task = out.task(score.task)
    where = {"task": score.task, "language": score.language}
    name = f"{out.benchmark.title}: {out.title(score.task)}"
    if task is None or not task.homepage or out.benchmark.data is not None:
        return {"dataset_name": name, "source_type": "other", "additional_details": where}
    return {
        "dataset_name": name,
        "source_type": "url",
        "url": [task.homepage],
        "additional_details": where,
    }
