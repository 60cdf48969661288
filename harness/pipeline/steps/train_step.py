"""The step that trains: for a target and for intermediate tasks it is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.data.files import digest
from harness.data.folder import FolderSource
from harness.data.source import Source, lacking
from harness.declarations import Format, Task, TrainingSet
from harness.errors import HarnessError
from harness.models import ability
from harness.models.checkpoint_files import RECORD, own_record
from harness.models.device import Device
from harness.pipeline.dataset_facts import Known, bounded, format_identity, held_out_of, with_labels
from harness.pipeline.steps.jobs import Ingredient, TrainJob
from harness.pipeline.steps.step import Step
from harness.recipes import Settings, read_by

if TYPE_CHECKING:
    from harness.models.checkpoint import Checkpoint


class NoData(HarnessError):
    """The source has no examples for a task or training set."""


class Unable(HarnessError):
    """The checkpoint lacks what a format needs: a head of its family, a special token."""


@dataclass(frozen=True)
class Context:
    """In what surroundings steps are planned: everything that most of them share.

    Attributes:
        checkpoint: The encoder.
        start: The training whose encoder takes the checkpoint's place; None for none.
        known: The data.
        device: Where and how to compute.
        seed: Seeds every training.
        max_steps: Updates of a training, 0 means as the recipe says.
        tracker: An experiment tracker for the trainings.
        label: What a reader should know beside a step's name, e.g. ``mnli, seed 1``.
        keep_if_there: With ``keep_head``, take a fresh head where there is none to keep (in a
            study, whose baseline has none); otherwise that is an error.
    """

    checkpoint: Checkpoint
    known: Known
    device: Device
    start: Step | None = None
    seed: int = 42
    max_steps: int = 0
    tracker: str = "none"
    label: str = ""
    keep_if_there: bool = False

    def called(self, name: str) -> str:
        """Return a step's name with the label."""
        return f"{name} ({self.label})" if self.label else name


def ingredient(
    where: Context,
    training: TrainingSet,
    settings: Settings,
    *,
    weight: float = 1.0,
    ratio: float = 0,
) -> Ingredient:
    """Return a training set ready to be learnt from.

    Raises:
        NoData: A file is missing.
        Unable: The checkpoint lacks what the set's format needs.
        HarnessError: A file is malformed, nothing usable is in it, or no head is there to keep.
    """
    lost = lacking(where.known.source, training)
    if lost is not None:
        part, split = lost
        language = part.language if split == "train" else "en"
        said = missing_file(where.known.source, part, split, language)
        raise NoData(f"{part.name}: no {split} data to learn from{said}")
    check_able(where, training.name, settings, training.format)
    facts, _ = where.known.training(training, held_out_of(training))
    if facts.misplaced > settings.misplaced_answers:
        reasons = "; ".join(note for note in facts.notes if "not at its offset" in note)
        raise HarnessError(
            f"{reasons}: more than the recipe's misplaced_answers = {settings.misplaced_answers:g};"
            " mend the offsets (code points from 0), or allow a greater share in the recipe"
        )
    training = with_labels(training, facts)
    kept = _kept_head(where, training) if settings.keep_head else None
    return Ingredient(training, settings, weight, ratio, kept)


def check_able(where: Context, name: str, settings: Settings, form: Format) -> None:
    """Refuse what a checkpoint cannot do: a format, or inputs of the recipe's length.

    Raises:
        Unable: The checkpoint lacks what the format needs.
        HarnessError: Inputs are longer than the encoder reads.
    """
    checkpoint, memory, length = where.checkpoint, where.known.memory, settings.max_length
    lacks = ability.lacking(checkpoint, form, memory)
    if lacks:
        raise Unable(f"{name}: {checkpoint.name} cannot do {form.name}: {lacks}")
    remedy = f'lower it in the recipe\'s [default] or [format."{form.name}"]'
    if 0 < checkpoint.positions < length:
        raise HarnessError(
            f"max_length {length}: {checkpoint.name} reads at most {checkpoint.positions} tokens;"
            f" {remedy}"
        )
    cause = ability.unreadable(checkpoint, length, memory)
    if cause:
        raise HarnessError(f"max_length {length}: {checkpoint.name} fails ({cause}); {remedy}")


def training_step(
    where: Context, sets: Sequence[Ingredient], settings: Settings, name: str = ""
) -> Step:
    """Return the step that trains on one set, or on several at once with a head each.

    The order of the sets does not matter.

    Args:
        where: The surroundings.
        sets: What to learn from (``ingredient``).
        settings: Hyper-parameters of the whole.
        name: What a reader calls it; by default the sets' names.
    """
    sets = sorted(sets, key=lambda one: one.training.name)
    found = [where.known.training(one.training, held_out_of(one.training)) for one in sets]
    examples, tokens = 0, 0
    for one, (facts, _) in zip(sets, found, strict=True):
        count = min(facts.rows, one.settings.train_examples or facts.rows)
        if where.max_steps:
            updates = where.max_steps * one.settings.batch_size * settings.accumulate
            count = min(count, -(-updates // (len(sets) * settings.epochs)))
        examples += count * settings.epochs
        tokens += bounded(facts, count, one.settings) * settings.epochs
    return Step(
        kind="train",
        name=where.called(name or f"train {'+'.join(one.training.name for one in sets)}"),
        identity={
            "checkpoint": "" if where.start else where.checkpoint.fingerprint,
            "sets": [
                _identity(where, one, data, settings)
                for one, (_, data) in zip(sets, found, strict=True)
            ],
            "settings": _whole(settings, mixture=sum(not one.ratio for one in sets) > 1),
            "seed": where.seed,
            "max_steps": where.max_steps,
            "device": where.device.identity(),
            # several processes share each update, so its batches are others
            **({"processes": where.device.processes} if where.device.processes > 1 else {}),
        },
        parents=(where.start,) if where.start else (),
        job=TrainJob(
            where.checkpoint, tuple(sets), settings, where.seed, where.max_steps, where.tracker
        ),
        examples=examples,
        tokens=tokens,
        pace=pace("train", where.checkpoint, sets[0].training.format, where.device),
    )


def pace(kind: str, checkpoint: Checkpoint, form: Format, device: Device) -> str:
    """Return what steps that handle as many tokens a second have in common."""
    size = f"{checkpoint.body / 1e6:.0f}M"
    return f"{kind} {form.name} {size} {device.kind} {device.precision} {device.threads}"


def _identity(where: Context, one: Ingredient, data: Any, whole: Settings) -> dict[str, Any]:
    """Return what of a set decides the result: not its name, which only labels it."""
    reads = [*read_by("set"), *one.training.format.reads]
    if one.training.languages:
        reads.append("language_exponent")
    found = {
        "format": format_identity(one.training.format),
        "data": data,
        "settings": {name: one.settings.value(name) for name in reads},
    }
    if one.ratio:
        found["ratio"] = one.ratio
    elif whole.sampling == "weights":
        found["weight"] = one.weight
    if one.kept is not None:
        found["kept"] = one.kept
        if where.start is None:
            folder = where.checkpoint.path / "heads" / str(one.kept)
            found["head"] = digest(folder / "model.safetensors")
    return found


def _whole(settings: Settings, *, mixture: bool) -> dict[str, Any]:
    """Return the settings of the whole training that decide its result."""
    names = read_by("training")
    if mixture:
        names += read_by("mixture") if settings.sampling == "capped" else ("sampling",)
    return {name: settings.value(name) for name in names}


def _kept_head(where: Context, training: TrainingSet) -> int | None:
    """Return the number of the head that fits a set: its own, or the only one of its kind."""
    heads = _heads(where)
    fitting = [i for i, (_, like) in enumerate(heads) if like == head_kind(training.format)]
    named = [i for i in fitting if heads[i][0] == training.name]
    if len(named or fitting) == 1:
        return (named or fitting)[0]
    if not fitting and where.keep_if_there:
        return None
    said = ", ".join(name for name, _ in heads) or "none at all"
    raise HarnessError(
        f"keep_head: {where.checkpoint.name} has no one head for {training.name} (its heads:"
        f" {said}); train on it first, or leave keep_head out for a fresh head"
    )


def _heads(where: Context) -> list[tuple[str, Any]]:
    """Return the names and kinds of the heads that the starting checkpoint carries."""
    if where.start is not None:
        job = where.start.job
        assert isinstance(job, TrainJob)
        return [(one.training.name, head_kind(one.training.format)) for one in job.sets]
    path = where.checkpoint.path
    record = own_record(path)
    try:
        return [(str(head["name"]), head["kind"]) for head in record["heads"]] if record else []
    except (KeyError, TypeError) as error:
        raise HarnessError(
            f"{path / RECORD}: no list of heads; train the checkpoint again"
        ) from error


def head_kind(form: Format) -> list[Any]:
    """Return what must be equal for a head to fit, as JSON values."""
    return [form.head, list(form.labels)]


def missing_file(source: Source, of: Task | TrainingSet, split: str, language: str) -> str:
    """Return which file of a folder is not there, in brackets; "" of other sources."""
    if not isinstance(source, FolderSource):
        return ""
    lost = [path for path in source.files(of, split, language) if not path.is_file()]
    return f" ({lost[0]} is not there)" if lost else ""
