"""Format 1 of submission.json, as harness 0.x wrote it, converted in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.submission.entry import NOT_TASKS, EntryRun
from harness.submission.record import (
    DIGITS,
    LONGEST_MODEL,
    UNKNOWN_DAY,
    Model,
    Submission,
    Training,
    run_id,
    slug_of,
    title_of,
)
from harness.submission.stages import plain_of, stages_of_text


def converted(value: Mapping[str, Any], slug: str, files: Mapping[str, str]) -> dict[str, Any]:
    """Return format 1 as format 2.

    What format 1 does not tell is null or "unknown": the base of a trained checkpoint is taken to
    be the checkpoint itself, and its stage to be what its text says.

    Args:
        value: The JSON values, which fit ``schema/submission-1.json``.
        slug: Name of the entry's folder.
        files: Path of each prediction file (``xnli/test-de.tsv``) to the SHA-256 of its bytes.
    """
    checkpoint, recipe, seed = value["checkpoint"], value["recipe"], value["seed"]
    name, stages = checkpoint["name"], stages_of_text(checkpoint.get("intermediate", ""))
    unit = checkpoint["fingerprint"][:12] if stages else None
    return Submission(
        slug=slug,
        title=title_of(name),
        benchmark=value["benchmark"],
        model=Model(
            name=plain_of(name, LONGEST_MODEL) or "unknown",
            base=plain_of(name, LONGEST_MODEL) or "unknown",
            fingerprint=checkpoint["fingerprint"],
            parameters=checkpoint["parameters"],
            parameters_body=checkpoint.get("body"),
        ),
        training=Training(recipe),
        runs=(EntryRun(run_id(seed), seed, unit, files),),
        date=UNKNOWN_DAY,
        intermediate=stages,
        baseline=slug_of(f"{name} {recipe}") if stages else None,
        partial=value["partial"],
        claims=_claims(value["scores"]),
        manifest={"harness": value["harness"]},
    ).as_dict()


def _claims(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores of format 1 as claims."""
    claims: dict[str, Any] = {
        name: {
            code: {metric: round(points, DIGITS) for metric, points in metrics.items()}
            for code, metrics in task["languages"].items()
        }
        for name, task in scores["tasks"].items()
        if task["languages"] and name not in NOT_TASKS
    }
    if scores["overall"] is not None:
        claims["overall"] = round(scores["overall"], DIGITS)
    groups = {
        name: round(score, DIGITS) for name, score in scores["groups"].items() if score is not None
    }
    return claims | ({"groups": groups} if groups else {})
