"""Submission: an entry of the leaderboard as the harness writes it into ``submission.json``.

``harness eval``, ``harness submission pack`` and ``import``, ``harness study submit`` and the
conversion of format 1 all make their entry here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from harness import registry
from harness.data.files import read_json, write_json
from harness.declarations import Benchmark
from harness.submission.entry import SUBMISSION, EntryRun
from harness.submission.own_values import validate
from harness.submission.stages import Origin, Stage, plain_of

if TYPE_CHECKING:
    from harness.models.checkpoint import Checkpoint
    from harness.results import Results
    from harness.training.spec import TrainingSpec

ANONYMOUS = "anonymous"  # the submitter until a run is packed
DIGITS = 4  # of a claim, after the point
LONGEST_SLUG, LONGEST_TITLE, LONGEST_PARTIAL, LONGEST_RUN, LONGEST_MODEL = 63, 80, 200, 24, 255
UNKNOWN_DAY = "2000-01-01"  # format 1 has no day, and format 2 must have one


@dataclass(frozen=True)
class Model:
    """The encoder that was evaluated, as the schema has it; None is unknown.

    Attributes:
        name: Its name.
        base: The checkpoint that it began as.
        revision: The base's revision on the hub.
        fingerprint: SHA-256 over its files.
        parameters: Number of weights.
        parameters_body: Number of weights outside the embeddings.
        weights: Whether the weights can be had.
        pretraining: What the base was pre-trained on, as the schema has it; {} if unknown.
    """

    name: str
    base: str
    revision: str | None = None
    fingerprint: str | None = None
    parameters: int | None = None
    parameters_body: int | None = None
    weights: Literal["open", "closed", "unknown"] = "unknown"
    pretraining: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the model as the schema has it."""
        value = asdict(self)
        return value if self.pretraining else {k: v for k, v in value.items() if k != "pretraining"}

    @classmethod
    def of(cls, checkpoint: Checkpoint, origin: Origin) -> Self:
        """Return what an entry says of a checkpoint."""
        return cls(
            name=plain_of(checkpoint.name, LONGEST_MODEL) or "unknown",
            base=plain_of(origin.base, LONGEST_MODEL) or "unknown",
            revision=origin.revision,
            fingerprint=checkpoint.fingerprint,
            parameters=checkpoint.parameters,
            parameters_body=checkpoint.body,
        )


def extra_of(listed: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the data that ``training.extra`` lists; how many examples, if not said, is None."""
    return tuple({**one, "examples": one.get("examples")} for one in listed)


@dataclass(frozen=True)
class Training:
    """How the targets were trained, as the schema has it.

    Attributes:
        recipe: Name of the hyper-parameters.
        languages: Codes of the languages that target training saw.
        regime: What of the targets' languages was used.
        selection: What chose the weights that are evaluated.
        tried: Configurations whose test scores were looked at.
        extra: Data beyond the English training sets, as the schema has them; () for none, None if
            nothing is said.
    """

    recipe: str
    languages: tuple[str, ...] = ("en",)
    regime: str = "zero-shot"
    selection: str = "unknown"
    tried: int = 1
    extra: tuple[Mapping[str, Any], ...] | None = None

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """Return the training that JSON values hold, which must fit the schema."""
        extra = extra_of(value["extra"]) if "extra" in value else None
        return cls(**{**value, "languages": tuple(value["languages"]), "extra": extra})

    def as_dict(self) -> dict[str, Any]:
        """Return the training as the schema has it."""
        value: dict[str, Any] = {
            "languages": list(self.languages),
            "regime": self.regime,
            "selection": self.selection,
            "recipe": self.recipe,
            "tried": self.tried,
        }
        return value if self.extra is None else value | {"extra": list(self.extra)}


@dataclass(frozen=True)
class Submission:
    """An entry with runs.

    Attributes:
        slug: Its name.
        title: What the board calls it.
        benchmark: Name of the benchmark.
        model: The encoder.
        training: How the targets were trained.
        runs: Its runs.
        date: Day of the last run, YYYY-MM-DD.
        intermediate: The trainings between pre-training and the targets.
        baseline: Slug of the entry that it is compared with; None without intermediate training.
        partial: Why it is not whole, "" if it is.
        licence: SPDX identifier, "" if none is given.
        submitter: Name of who hands it in.
        claims: The scores, as the schema has them.
        manifest: How it came about; {} if unknown.
        notes: What a reader should know.
        retrieval: Pooling and layer of each retrieval task, as the schema has them.
    """

    slug: str
    title: str
    benchmark: str
    model: Model
    training: Training
    runs: tuple[EntryRun, ...]
    date: str
    intermediate: tuple[Stage, ...] = ()
    baseline: str | None = None
    partial: str = ""
    licence: str = ""
    submitter: str = ANONYMOUS
    claims: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""
    retrieval: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """Return the entry that JSON values of format 2 hold, as the harness writes them."""
        return cls(
            **{name: value[name] for name in _PLAIN},
            submitter=value["submitter"]["name"],
            model=Model(**value["model"]),
            intermediate=tuple(Stage.of(stage) for stage in value["intermediate"]),
            training=Training.of(value["training"]),
            runs=tuple(EntryRun(**run) for run in value["runs"]),
            **{name: value[name] for name in _MORE if name in value},
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as JSON values of format 2."""
        value: dict[str, Any] = {
            "format": 2,
            "slug": self.slug,
            "title": self.title,
            "submitter": {"name": self.submitter},
            "kind": "runs",
            "benchmark": self.benchmark,
            "partial": self.partial[:LONGEST_PARTIAL],
            "date": self.date,
            "licence": self.licence,
            "model": self.model.as_dict(),
            "intermediate": [stage.as_dict() for stage in self.intermediate],
            "baseline": self.baseline,
            "training": self.training.as_dict(),
            "runs": [asdict(run) | {"files": dict(sorted(run.files.items()))} for run in self.runs],
        }
        return value | {name: one for name in _MORE if (one := getattr(self, name))}

    def save(self, folder: Path) -> None:
        """Write ``submission.json`` into a folder.

        Raises:
            HarnessError: It would not fit its schema; names the field.
        """
        value = self.as_dict()
        validate(value)
        write_json(value, folder / SUBMISSION)


_PLAIN = "slug title benchmark date baseline partial licence".split()
_MORE = "claims manifest notes retrieval".split()  # left out where they are empty


def slug_of(text: str) -> str:
    """Return a text as a slug: lower case, hyphens for what a slug cannot hold.

    One that is too long is cut, and ends in the beginning of its hash then.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > LONGEST_SLUG:
        mark = hashlib.sha256(text.encode()).hexdigest()[:8]
        slug = f"{slug[: LONGEST_SLUG - 9].rstrip('-')}-{mark}"
    return slug if len(slug) > 1 else f"entry-{slug}".rstrip("-")


def title_of(text: str) -> str:
    """Return a text as a title: one line of characters that can be seen."""
    return plain_of(text, LONGEST_TITLE) or "entry"


def run_id(seed: int) -> str:
    """Return the name of a run."""
    return f"seed-{seed}"[:LONGEST_RUN]


def training_of(
    recipe: str, specs: Sequence[TrainingSpec], *, on_targets: bool = False
) -> Training:
    """Return what an entry says of how its targets were trained.

    A training of one epoch without checks in between has one check, at its end; of several the
    best on English dev counts (``harness.training.loop``), unless the recipe chooses the last.

    Args:
        recipe: Name of the recipe.
        specs: The targets' trainings.
        on_targets: Whether dev data in the target languages have picked the layer for retrieval.
    """
    sets = [one.training for spec in specs for one in spec.sets]
    languages = {code for one in sets for code in one.languages or (one.language,)}
    last = all(
        one.choose == "last" or (one.epochs == 1 and not one.check_every)
        for one in (spec.settings for spec in specs)
    )
    selection = "target-dev" if on_targets else "last" if last else "english-dev"
    return Training(title_of(recipe), tuple(sorted(languages)), selection=selection)


def claims_of(runs: Sequence[Results]) -> dict[str, Any]:
    """Return the scores of runs as claims: the means of what all of them have."""
    claims: dict[str, Any] = {}
    for name, task in runs[0].tasks.items():
        languages = {
            code: {
                metric: _mean([one.tasks[name].languages[code][metric] for one in runs])
                for metric in metrics
            }
            for code, metrics in task.languages.items()
            if all(name in one.tasks and code in one.tasks[name].languages for one in runs)
        }
        if languages:
            claims[name] = languages
    summaries = [one.summary for one in runs]
    groups = {
        group: _mean([score for one in summaries if (score := one.groups[group]) is not None])
        for group in summaries[0].groups
        if all(one.groups[group] is not None for one in summaries)
    }
    overall = [one.overall for one in summaries if one.overall is not None]
    if len(overall) == len(runs):
        claims["overall"] = _mean(overall)
    return claims | ({"groups": groups} if groups else {})


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), DIGITS)


def gaps_of(benchmark: Benchmark, runs: Iterable[EntryRun]) -> str:
    """Return what predictions of a benchmark are missing in at least one run, in words."""
    files = [set(run.files) for run in runs]
    whole, gaps = [], []
    for name in benchmark.task_names():
        if name not in registry.task_names():
            whole.append(name)
            continue
        task = registry.task(name)
        expected = [f"{name}/{task.file(code)}" for code in benchmark.languages_of(task)]
        present = sum(all(path in some for some in files) for path in expected)
        if not present:
            whole.append(name)
        elif present < len(expected):
            gaps.append(f"{name} in {present} of {len(expected)} languages")
    return ", ".join([*([f"without {' '.join(whole)}"] if whole else []), *gaps])


def partial_text(*reasons: str) -> str:
    """Return why an entry is not whole, no longer than the schema allows."""
    text = "; ".join(reason for reason in reasons if reason)
    return text if len(text) <= LONGEST_PARTIAL else f"{text[: LONGEST_PARTIAL - 2]} …"


def partial_of(folder: Path) -> str:
    """Return why the run that wrote a folder was partial, "" if it was complete or unknown.

    A submission that does not fit its schema counts, too; both formats say it in the same key.
    """
    path = folder / SUBMISSION
    value = read_json(path) if path.is_file() else {}
    return str(value.get("partial", ""))[:LONGEST_PARTIAL] if isinstance(value, dict) else ""
