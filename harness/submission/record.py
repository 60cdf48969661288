"""Submission: results with their provenance, as ``submission.json`` holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness.data.files import read_json, write_json
from harness.errors import HarnessError
from harness.results import Results, results_of
from harness.version import __version__

SUBMISSION = "submission.json"


@dataclass(frozen=True)
class Submission:
    """Results, and how they were produced.

    Attributes:
        results: The scores.
        checkpoint: The description of the checkpoint (``Checkpoint.as_dict``).
        recipe: Name of the recipe.
        seed: Seed of every training.
    """

    results: Results
    checkpoint: Mapping[str, Any]
    recipe: str
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """Return the submission as JSON values.

        Raises:
            HarnessError: It does not fit its schema; names the field.
        """
        value = {
            "format": 1,
            "harness": __version__,
            "benchmark": self.results.benchmark.name,
            "checkpoint": dict(self.checkpoint),
            "recipe": self.recipe,
            "seed": self.seed,
            "partial": self.results.partial,
            "scores": self.results.as_dict(),
        }
        validate(value)
        return value

    def save(self, folder: Path) -> None:
        """Write ``submission.json`` into a folder."""
        write_json(self.as_dict(), folder / SUBMISSION)


def read_submission(folder: Path) -> Submission:
    """Return the submission in a folder.

    Raises:
        HarnessError: There is none, or it does not fit its schema; names the field.
    """
    path = folder / SUBMISSION
    value = read_json(path)
    validate(value)
    results = replace(results_of(value["scores"], path), name=value["checkpoint"]["name"])
    return Submission(results, value["checkpoint"], value["recipe"], value["seed"])


def validate(submission: Any) -> None:
    """Check a submission's values against its schema.

    Raises:
        HarnessError: They do not fit; names the field.
    """
    import jsonschema

    schema = json.loads((files("harness.submission") / "schema.json").read_text())
    try:
        jsonschema.validate(submission, schema)
    except jsonschema.ValidationError as error:
        place = ".".join(str(part) for part in error.absolute_path)
        raise HarnessError(
            f"the submission's {place or 'fields'} would not fit its schema: {error.message:.200}"
        ) from error


def partial_of(folder: Path) -> str:
    """Return why the run that wrote a folder was partial, "" if it was complete or unknown.

    A submission that does not fit its schema counts, too.
    """
    path = folder / SUBMISSION
    value = read_json(path) if path.is_file() else {}
    return str(value.get("partial", ""))[:200] if isinstance(value, dict) else ""
