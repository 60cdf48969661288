"""Planning of training steps; what they need is checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness import registry
from harness.bounds import WEIGHT
from harness.data.folder import FolderSource
from harness.data.source import Source, lacking
from harness.declarations import Format, Learnt, Task, TrainingSet
from harness.errors import HarnessError, unknown
from harness.models import ability
from harness.models.checkpoint import Checkpoint
from harness.models.checkpoint_files import RECORD, own_record
from harness.pipeline.dataset_facts import bounded, with_labels
from harness.pipeline.request import Request
from harness.pipeline.steps.train_step import TrainStep
from harness.recipes import Settings
from harness.training.spec import SetSpec, TrainingSpec

SAMPLINGS = ("uniform", "proportional", "capped")


@dataclass(frozen=True)
class Intermediate:
    """An intermediate setting: what to train on before the targets.

    Attributes:
        name: Its name in the table.
        train: Training sets, perhaps with variants: ``mnli``, ``mnli[de]``.
        weights: Weight of each set, for sampling by given weights.
        mlm: Share of all batches that are masked language modelling, 0 for none.
        after: Name of the setting whose result it starts from, "" for the checkpoint.
        settings: Changes to the recipe's settings for this training.
    """

    name: str
    train: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    mlm: float = 0.0
    after: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


class NoData(HarnessError):
    """The source has no examples for a task or training set."""


class Unable(HarnessError):
    """The checkpoint lacks what a format needs, e.g. a head of its family or a special token."""


def set_spec(
    request: Request,
    training: TrainingSet,
    settings: Settings,
    *,
    weight: float = 1.0,
    ratio: float = 0,
) -> SetSpec:
    """Return the checked specification of a training set.

    Raises:
        NoData: A file is missing.
        Unable: The checkpoint lacks what the set's format needs.
        HarnessError: A file is malformed, has nothing usable, or there is no head to keep.
    """
    if gap := lacking(request.source, training):
        part, split = gap
        language = part.language if split == "train" else "en"
        where = missing_file(request.source, part, split, language)
        raise NoData(f"{part.name}: no {split} data to learn from{where}")
    form: Any = training.format
    if hasattr(form, "settled"):  # a head that depends on settings
        form = form.settled(settings, request.checkpoint)
        training, settings = replace(training, format=form), form.batches(settings)
    check_able(request, training.name, settings, form)
    facts, _ = request.facts.training(training)
    if facts.misplaced > settings.misplaced_answers:
        reasons = "; ".join(note for note in facts.notes if "not at its offset" in note)
        raise HarnessError(
            f"{reasons}: more than the recipe's misplaced_answers = {settings.misplaced_answers:g};"
            " mend the offsets (code points from 0), or allow a greater share in the recipe"
        )
    training = with_labels(training, facts)
    head = _kept_head(request, training) if settings.keep_head else None
    return SetSpec(training, settings, weight, ratio, head)


def check_able(request: Request, name: str, settings: Settings, form: Format) -> None:
    """Refuse what a checkpoint cannot do: a format, or inputs of the recipe's length.

    Raises:
        Unable: The checkpoint lacks what the format needs.
        HarnessError: Inputs are longer than the encoder reads.
    """
    checkpoint, memory = request.checkpoint, request.memory
    if lacks := ability.lacking(checkpoint, form, memory):
        raise Unable(f"{name}: {checkpoint.name} cannot do {form.name}: {lacks}")
    for bound in ("max_length", *(one for one in ("max_query",) if one in form.reads)):
        length, fault = settings.value(bound), ""
        if 0 < checkpoint.positions < length:
            fault = f"reads at most {checkpoint.positions} tokens"
        elif cause := ability.unreadable(checkpoint, length, memory):
            fault = f"fails ({cause})"
        if fault:
            remedy = f'lower it in the recipe\'s [default] or [format."{form.name}"]'
            raise HarnessError(f"{bound} {length}: {checkpoint.name} {fault}; {remedy}")


def training_step(
    request: Request, sets: Sequence[SetSpec], settings: Settings, name: str = ""
) -> TrainStep:
    """Return the step that trains on one set, or on several at once with a head each.

    The order of the sets does not matter.

    Args:
        request: What was asked for.
        sets: The training sets (``set_spec``).
        settings: Hyper-parameters of the whole training.
        name: The step's name; by default the sets' names.
    """
    sets = sorted(sets, key=lambda one: one.training.name)
    pairs = [request.facts.training(one.training) for one in sets]
    examples, tokens = 0, 0
    for one, (facts, _) in zip(sets, pairs, strict=True):
        count = min(facts.rows, one.settings.train_examples or facts.rows)
        if request.max_steps:
            updates = request.max_steps * one.settings.batch_size * settings.accumulate
            count = min(count, -(-updates // (len(sets) * settings.epochs)))
        examples += count * settings.epochs
        tokens += bounded(facts, count, one.settings) * settings.epochs
    spec = TrainingSpec(
        request.checkpoint, tuple(sets), settings, request.seed, request.max_steps, request.tracker
    )
    return TrainStep(
        name=request.named(name or f"train {'+'.join(one.training.name for one in sets)}"),
        spec=spec,
        data=tuple(data for _, data in pairs),
        device=request.device,
        parents=(request.start,) if request.start else (),
        examples=examples,
        tokens=tokens,
        work=6.0 * tokens * request.checkpoint.body,  # with the backward pass (arXiv 2001.08361)
        pace=request.pace("train", sets[0].training.format.name),
    )


def target_step(request: Request, training: TrainingSet, steps: dict[str, TrainStep]) -> TrainStep:
    """Return the step that trains on a target's set, after that on the set before it, if any.

    The later stage goes on from the encoder of the earlier one, and from its head where that fits.

    Args:
        request: What was asked for.
        training: The target's set.
        steps: The steps by the names of their sets; receives those that it lacks, the first first.

    Raises:
        NoData: A file is missing, also one of an earlier stage.
        HarnessError: As ``set_spec``.
    """
    if training.name not in steps:
        settings = request.recipe.settings(training.format, training)
        if training.after is not None:
            try:
                first = target_step(request, training.after, steps)
            except NoData as error:
                raise NoData(f"{error}; {training.name} is learnt after it") from error
            request = replace(request, start=first, keep_if_there=True)
            settings = replace(settings, keep_head=True)
        one = set_spec(request, training, settings)
        steps[training.name] = training_step(request, [one], one.settings)
    return steps[training.name]


def intermediate_step(request: Request, one: Intermediate, notes: list[str]) -> TrainStep:
    """Return the step that trains on an intermediate setting's sets.

    Args:
        request: What was asked for.
        one: The setting.
        notes: List that receives what the user should know of the data.

    Raises:
        HarnessError: A set has no usable data.
    """
    sets = []
    specs = [(spec, 0.0) for spec in one.train]
    specs += [("mlm", one.mlm)] if one.mlm else []
    for spec, ratio in specs:
        training = registry.training(spec)
        if training.after is not None:
            raise HarnessError(
                f"{spec} is learnt after {training.after.name}, as a target's set; as intermediate"
                " tasks train on the one, then on the other from its result"
            )
        settings = request.recipe.intermediate_settings(training).changed(one.settings)
        weight = float(one.weights.get(spec, 1.0))
        sets.append(set_spec(request, training, settings, weight=weight, ratio=ratio))
        notes += training_notes(request, sets[-1])
    whole = sets[0].settings
    if len(one.train) > 1:
        whole = request.recipe.mixture_settings().changed(one.settings)
        if one.weights:
            whole = replace(whole, sampling="weights")
    return training_step(request, sets, whole, f"train intermediate {one.name}")


def training_notes(request: Request, one: SetSpec) -> tuple[str, ...]:
    """Return what the user should know of a training set and of the head that is trained on it."""
    notes, form = request.facts.training(one.training)[0].notes, one.training.format
    if hasattr(form, "notes"):
        notes += tuple(form.notes(_started_from(request)))
    return notes


def _started_from(request: Request) -> Checkpoint:
    """Return the checkpoint that a training starts from, whose pooler the training before has."""
    start, checkpoint = request.start, request.checkpoint
    if start is None:
        return checkpoint
    sets = [one.training for one in start.spec.sets]
    kept = any(ability.keeps_pooler(checkpoint, one.format.head, request.memory) for one in sets)
    pooler = checkpoint.pooler and ("own" if kept else "fresh")
    name = f"{checkpoint.name} after {'+'.join(one.name for one in sets)}"
    return replace(checkpoint, name=name, pooler=pooler)


def _kept_head(request: Request, training: TrainingSet) -> int | None:
    """Return the number of the head that fits a set: its own, or the only one that fits."""
    heads = _heads(request)
    fitting = [i for i, (_, like) in enumerate(heads) if like == head_kind(training.format)]
    own = [i for i in fitting if heads[i][0] == training.name]
    if len(own or fitting) == 1:
        return (own or fitting)[0]
    if not fitting and request.keep_if_there:
        return None
    names = ", ".join(name for name, _ in heads) or "none at all"
    raise HarnessError(
        f"keep_head: {request.checkpoint.name} has no one head for {training.name} (its heads:"
        f" {names}); train on it first, or leave keep_head out for a fresh head"
    )


def _heads(request: Request) -> list[tuple[str, Any]]:
    """Return the names and kinds of the heads that the starting checkpoint carries."""
    if request.start is not None:
        sets = request.start.spec.sets
        return [(one.training.name, head_kind(one.training.format)) for one in sets]
    path = request.checkpoint.path
    record = own_record(path)
    try:
        return [(str(head["name"]), head["kind"]) for head in record["heads"]] if record else []
    except (KeyError, TypeError) as error:
        message = f"{path / RECORD}: no list of heads; train the checkpoint again"
        raise HarnessError(message) from error


def head_kind(form: Learnt) -> list[Any]:
    """Return the JSON values that must be equal for a head to fit."""
    return [form.head.auto, list(form.labels) if form.head.by_label else []]


def missing_file(
    source: Source, of: Task | TrainingSet, split: str, language: str, *, inside: bool = False
) -> str:
    """Return the first missing file of a folder, in brackets; "" for other sources.

    For a text that goes into the submission, it is named from inside the data folder.
    """
    if not isinstance(source, FolderSource):
        return ""
    path = next((p for p in source.files(of, split, language) if not p.is_file()), None)
    if path is None or (inside and not path.is_relative_to(source.data)):
        return ""
    return (
        f": {path.relative_to(source.data)} is not there" if inside else f" ({path} is not there)"
    )


def sampling_of(
    sampling: str | Mapping[str, float], sets: Sequence[str]
) -> tuple[str, dict[str, float]]:
    """Return the kind of sampling, and the weights if they are given.

    Args:
        sampling: The kind, "" for the recipe's, or each set's weight.
        sets: Names of the sets.

    Raises:
        HarnessError: There is no such kind or set, or a set has no weight.
    """
    if isinstance(sampling, str):
        if sampling and sampling not in SAMPLINGS:
            raise unknown("sampling", sampling, SAMPLINGS, "or weights like mnli=2,qqp=1")
        return sampling, {}
    for name in sampling:
        if name not in sets:
            raise unknown("training set here", name, sets)
    if set(sampling) != set(sets) or not all(weight in WEIGHT for weight in sampling.values()):
        raise HarnessError(f"--sampling: give each of {', '.join(sets)} a weight, {WEIGHT}")
    return "weights", dict(sampling)
