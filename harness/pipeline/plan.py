"""The steps that a request needs; nothing runs here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness import registry
from harness.data.layouts.pooled import POOL
from harness.declarations import Task, TrainingSet
from harness.errors import HarnessError, unknown
from harness.formats import SpanExtraction
from harness.models.checkpoint import Checkpoint
from harness.models.pooler import refuse_without_pooler
from harness.models.pooling import OWN, POOLER
from harness.models.sentence_modules import own_length, read_modules
from harness.pipeline.dataset_facts import bounded
from harness.pipeline.plan_pool import pool_steps, query_steps
from harness.pipeline.plan_training import (
    NoData,
    Unable,
    check_able,
    missing_file,
    target_step,
    training_notes,
)
from harness.pipeline.request import Request
from harness.pipeline.steps.cluster_step import ClusterStep
from harness.pipeline.steps.embed_step import EmbedStep, TaskTexts
from harness.pipeline.steps.encoding import PART, Encoding
from harness.pipeline.steps.layer_step import LayerStep
from harness.pipeline.steps.predict_step import PredictStep
from harness.pipeline.steps.score_step import ScoreStep
from harness.pipeline.steps.step import Step
from harness.pipeline.steps.train_step import TrainStep
from harness.recipes import Settings


@dataclass
class Plan:
    """The steps of a request, parents before children.

    Attributes:
        steps: All steps.
        scores: Task name to its score step.
        predictions: Task name to its predict steps by language.
        clusters: Task name to its cluster step.
        missing: Task name to the languages that cannot be evaluated, and why.
        skipped: Tasks that cannot be evaluated at all, and why.
        notes: What the user should know of the training data.
    """

    steps: list[Step] = field(default_factory=list)
    scores: dict[str, ScoreStep] = field(default_factory=dict)
    predictions: dict[str, dict[str, PredictStep]] = field(default_factory=dict)
    clusters: dict[str, ClusterStep] = field(default_factory=dict)
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def note(self, notes: Iterable[str]) -> None:
        """Add notes, each once."""
        self.notes = tuple(dict.fromkeys([*self.notes, *notes]))


def make_plan(request: Request) -> Plan:
    """Plan an evaluation: a training for each training set, predictions, scores.

    Raises:
        HarnessError: A task or language is unknown, a task asked for by name has no data, or the
            checkpoint can do none of the tasks.
    """
    names = request.tasks or request.benchmark.task_names()
    tasks = [registry.task(n) for n in names if request.tasks or n in registry.task_names()]
    known = sorted({code for task in tasks for code in request.benchmark.languages_of(task)})
    for code in request.languages:
        if code not in known:
            raise unknown("language", code, known)
    absent = [name for name in names if name not in registry.task_names()]
    plan = Plan(skipped={name: f"{name}: no installed plug-in brings it" for name in absent})
    trainings: dict[str, TrainStep] = {}
    for task in sorted(tasks, key=lambda t: _training_name(request, t)):
        try:
            _add_task(request, task, plan, trainings)
        except (Unable, NoData) as error:
            if request.tasks and isinstance(error, NoData):
                raise
            plan.skipped[task.name] = str(error)
    plan.steps.sort(key=lambda step: isinstance(step, ScoreStep))
    if not plan.scores:
        raise HarnessError("nothing to evaluate: " + "; ".join(plan.skipped.values()))
    return plan


def _training_name(request: Request, task: Task) -> str:
    training = request.benchmark.training_of(task)
    return training.name if training else ""


def _add_task(request: Request, task: Task, plan: Plan, trainings: dict[str, TrainStep]) -> None:
    """Append a task's steps to the plan, first its trainings unless another task has added them."""
    languages = request.benchmark.languages_of(task)
    missing = _missing(request, task)
    present = [code for code in languages if code not in missing]
    foreign = [code for code in request.languages if code not in languages]
    if foreign:
        plan.note([f"{task.name} has no {', '.join(foreign)}"])
    training = request.benchmark.training_of(task)
    settings = _settings(request, task, training)
    check_able(request, task.name, settings, task.format)
    parents: tuple[Step, ...] = (request.start,) if request.start else ()
    if training is not None:
        stages = dict(trainings)  # a task that fails on a later stage leaves no earlier one
        parents = (target_step(request, training, stages),)
        for name in [name for name in stages if name not in trainings]:
            plan.steps.append(stages[name])
            one = stages[name].spec.sets[0]
            after = one.training.after
            begun = replace(request, start=stages[after.name]) if after else request
            plan.note(training_notes(begun, one))
        trainings |= stages
    for code in present:
        plan.note(request.facts.test(task, code)[0].notes)
    makers: Mapping[str, tuple[Step, ...]] = dict.fromkeys(present, parents)
    if task.format.head is None:
        makers = _embedded(request, task, present, settings, parents, plan)
    steps = {code: _predict_step(request, task, code, settings, makers[code]) for code in present}
    plan.clusters[task.name] = _cluster_step(request, task, present)
    score = score_step(request, task, steps, plan.clusters[task.name])
    plan.steps += [*steps.values(), plan.clusters[task.name], score]
    plan.scores[task.name] = score
    plan.predictions[task.name] = steps
    plan.missing[task.name] = missing


def _embedded(
    request: Request,
    task: Task,
    languages: Sequence[str],
    settings: Settings,
    parents: tuple[Step, ...],
    plan: Plan,
) -> Mapping[str, tuple[Step, ...]]:
    """Append the steps that embed what a retrieval task searches; return those of each language."""
    if settings.layer == "auto":
        picked = _layer_step(request, task, settings, parents)
        plan.steps += [] if picked.key in {one.key for one in plan.steps} else [picked]
        parents = (*parents, picked)
    notes = _pooling_notes(request.checkpoint, settings)
    if not task.format.has_pool:
        embedded = _embed_steps(request, task, languages, settings, parents)
        plan.steps += embedded
        makers: dict[str, tuple[Step, ...]] = dict.fromkeys(languages, tuple(embedded))
    else:
        pool = pool_steps(request, task, settings, parents)
        queries = query_steps(request, task, languages, settings, parents)
        plan.steps += [*pool, *queries.values()]
        makers = {code: (step, *pool) for code, step in queries.items()}
        notes += request.facts.pool(task)[0].notes
    plan.note(notes)
    return makers


def _missing(request: Request, task: Task) -> dict[str, str]:
    """Return the languages of a task that cannot be evaluated, and why.

    Raises:
        NoData: No language can be evaluated.
    """
    languages = request.benchmark.languages_of(task)
    selection = [code for code in languages if not request.languages or code in request.languages]
    if not selection:
        raise NoData(
            f"{task.name}: none of its languages asked for (it has {', '.join(languages)})"
        )
    needed = (*task.format.splits, *((POOL,) if task.format.has_pool else ()))
    gaps = {
        code: split
        for code in selection
        for split in reversed(needed)
        if not request.source.has(task, split, code)
    }
    if len(gaps) == len(selection):
        split = gaps[selection[0]]
        where = missing_file(request.source, task, split, selection[0])
        raise NoData(f"{task.name}: no {split} data{where}")
    return {code: "not asked for" for code in languages if code not in selection} | {
        code: f"no {split} data{missing_file(request.source, task, split, code, inside=True)}"
        for code, split in gaps.items()
    }


def score_step(
    request: Request, task: Task, predictions: Mapping[str, PredictStep], clusters: ClusterStep
) -> ScoreStep:
    """Return the step that scores a task's predictions, by language."""
    return ScoreStep(
        name=request.named(f"score {task.name}"),
        task=task,
        gold={code: request.source.gold_digest(task, code) for code in predictions},
        data=clusters.data,
        limit=request.limit,
        parents=(*predictions.values(), clusters),
    )


def _cluster_step(request: Request, task: Task, languages: Iterable[str]) -> ClusterStep:
    """Return the step that finds the clusters of a task's test examples; all runs share it."""
    data = {code: request.facts.test(task, code)[1]["test"] for code in languages}
    return ClusterStep(name=f"cluster {task.name}", task=task, data=data)


def _pooling_notes(checkpoint: Checkpoint, settings: Settings) -> list[str]:
    """Return notes on pooling, where a sentence encoder's own files differ."""
    notes: list[str] = []
    if settings.pooling == OWN:
        return notes
    if checkpoint.pooling not in ("", settings.pooling):
        notes.append(
            f"{checkpoint.name}: {settings.pooling}-pooled; its 1_Pooling says {checkpoint.pooling}"
            f" (pooling {OWN} in the recipe)"
        )
    if checkpoint.dense:
        after = ", ".join(checkpoint.dense)
        notes.append(
            f"{checkpoint.name}: what it has after pooling is left out: {after}"
            f" (pooling {OWN} in the recipe)"
        )
    return notes


def _settings(request: Request, task: Task, training: TrainingSet | None) -> Settings:
    """Return a task's settings; of retrieval with the hidden state and the pooling.

    An encoder that was fine-tuned to find spans (XTREME-R's Tatoeba) is not a sentence encoder any
    more: its last states serve the span, so that the usual layer is XTREME's, as in XTREME-R.
    """
    settings = request.recipe.settings(task.format, training)
    if task.format.head is not None:
        return settings
    if training is not None and hasattr(training.format, "settled"):  # as it was learnt
        learnt = request.recipe.settings(training.format, training)
        pooling = training.format.settled(learnt, request.checkpoint).pooling
        return as_learnt(settings, pooling, request.checkpoint, task.name)
    if training and isinstance(training.format, SpanExtraction) and settings.layer == "usual":
        settings = replace(settings, layer="xtreme")
    if settings.pooling == POOLER:
        refuse_without_pooler(request.checkpoint.path)
    return of_retrieval(settings, request.checkpoint)


def as_learnt(settings: Settings, pooling: str, checkpoint: Checkpoint, task: str) -> Settings:
    """Return settings by which a dual encoder is measured: its pooling, and the last hidden state.

    Args:
        settings: The recipe's for the task.
        pooling: The pooling that it is trained with.
        checkpoint: The encoder before the training.
        task: The task's name.

    Raises:
        HarnessError: The recipe wants it measured by another pooling.
    """
    if settings.pooling not in ("auto", pooling):
        raise HarnessError(
            f"pooling {settings.pooling}: {task} is measured with what its dual encoder is trained"
            f' with, which is {pooling}; set pooling in [format."dual encoder"] or in [default]'
        )
    layer = "last" if settings.layer in ("usual", "auto") else settings.layer
    return of_retrieval(replace(settings, pooling=pooling, layer=layer), checkpoint)


def of_retrieval(settings: Settings, checkpoint: Checkpoint) -> Settings:
    """Return settings with the number of the hidden state and the way to pool it.

    The layer ``auto`` stays: a step picks it. The pooler reads the last hidden state.

    Raises:
        HarnessError: The encoder has no such layer, or not the modules for pooling ``own``.
    """
    from harness.models.model import retrieval_layer

    if settings.pooling == OWN:
        read_modules(checkpoint.path)
        read = own_length(checkpoint.path, settings.max_length)
        settings = replace(settings, max_length=read)
    pooling = "mean" if settings.pooling == "auto" else settings.pooling  # as XTREME
    layer = "last" if pooling == POOLER else settings.layer
    return replace(
        settings,
        layer=layer if layer == "auto" else retrieval_layer(layer, checkpoint),
        pooling=pooling,
    )


def _layer_step(
    request: Request, task: Task, settings: Settings, parents: tuple[Step, ...]
) -> LayerStep:
    """Return the step that picks a retrieval task's hidden state on dev data.

    A task without a dev split takes the choice made on one that has dev data and learns from the
    same set: of XTREME's, Tatoeba takes BUCC's.

    Raises:
        HarnessError: There are no dev data.
    """
    training = request.benchmark.training_of(task)
    for name in dict.fromkeys([task.name, *request.benchmark.task_names()]):
        if name not in registry.task_names():
            continue
        other = registry.task(name)
        form = other.format
        if not hasattr(form, "dev_score") or request.benchmark.training_of(other) != training:
            continue
        languages = request.benchmark.languages_of(other)
        facts = {
            code: request.facts.dev(other, code)
            for code in languages
            if request.source.has(other, "dev", code)
        }
        if facts:
            rows = sum(one.rows for one, _ in facts.values())
            tokens = sum(bounded(one, one.rows, settings) for one, _ in facts.values())
            return LayerStep(
                name=request.named(f"pick the layer on {name}"),
                checkpoint=request.checkpoint,
                task=other,
                settings=settings,
                data={code: digest for code, (_, digest) in facts.items()},
                device=request.device,
                parents=parents,
                examples=rows,
                tokens=tokens,
                work=2.0 * tokens * request.checkpoint.body,
                pace=request.pace("layer", form.name),
            )
    raise HarnessError(
        f"{task.name}: --layer auto needs dev data of a retrieval task; give a number, or last"
    )


def _embed_steps(
    request: Request,
    task: Task,
    languages: Sequence[str],
    settings: Settings,
    parents: tuple[Step, ...],
) -> list[EmbedStep]:
    """Return the steps that embed a retrieval task's sentences, about ``PART`` each."""
    facts = {code: request.facts.test(task, code) for code in languages}
    rows = sum(one.rows for one, _ in facts.values())  # both sides, before the limit
    tokens = sum(bounded(one, one.rows, settings) for one, _ in facts.values())
    parts = -(-rows // PART) or 1
    data = {code: hashes for code, (_, hashes) in facts.items()}
    encoding = Encoding(request.checkpoint, settings, request.device)
    return [
        EmbedStep(
            name=request.named(f"embed {task.name}{f' {part + 1}/{parts}' if parts > 1 else ''}"),
            texts=TaskTexts(task, data, request.limit, part, parts),
            encoding=encoding,
            parents=parents,
            **encoding.cost(rows // parts, tokens // parts),
        )
        for part in range(parts)
    ]


def _predict_step(
    request: Request, task: Task, language: str, settings: Settings, parents: tuple[Step, ...]
) -> PredictStep:
    facts, data = request.facts.test(task, language)
    rows = min(facts.rows, request.limit or facts.rows)
    tokens = bounded(facts, rows, settings) if task.format.head else 0  # else it is a search
    return PredictStep(
        name=request.named(f"predict {task.name} {language}"),
        checkpoint=request.checkpoint,
        task=task,
        language=language,
        settings=settings,
        limit=request.limit,
        data=data,
        device=request.device,
        parents=parents,
        examples=rows,
        tokens=tokens,
        work=2.0 * tokens * request.checkpoint.body,  # a token and weight (arXiv 2001.08361)
        pace=request.pace("predict", task.format.name),
    )
