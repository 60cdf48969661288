"""Planning of passage retrieval: the pool is embedded once, the queries language by language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.declarations import Task
from harness.models.pooling import OWN
from harness.models.sentence_modules import own_length
from harness.pipeline.dataset_facts import BYTES_A_TOKEN, bounded
from harness.pipeline.request import Request
from harness.pipeline.steps.embed_step import EmbedStep, TaskTexts
from harness.pipeline.steps.encoding import PART, Encoding
from harness.pipeline.steps.pool_step import PoolStep
from harness.pipeline.steps.step import Step
from harness.recipes import Settings


def pool_steps(
    request: Request, task: Task, settings: Settings, parents: tuple[Step, ...]
) -> list[PoolStep]:
    """Return the steps that embed a task's pool, ``PART`` candidates each.

    The pool is that of all languages, whichever are asked for.

    Args:
        request: What was asked for.
        task: The task.
        settings: Tokens read, layer and pooling.
        parents: The training whose encoder it is, if any, and the step that picks the layer.
    """
    facts, digest = request.facts.pool(task)
    encoding = Encoding(request.checkpoint, settings, request.device)
    steps = []
    count = -(-facts.rows // PART)
    for number in range(count):
        start, stop = number * PART, min(facts.rows, (number + 1) * PART)
        rows = stop - start
        tokens = facts.size * rows // facts.rows // BYTES_A_TOKEN
        part = f" {number + 1}/{count}" if count > 1 else ""
        steps.append(
            PoolStep(
                name=request.named(f"embed {task.name} pool{part}"),
                task=task,
                start=start,
                stop=stop,
                data=digest,
                encoding=encoding,
                parents=parents,
                **encoding.cost(rows, min(tokens, rows * settings.max_length)),
            )
        )
    return steps


def query_steps(
    request: Request,
    task: Task,
    languages: Sequence[str],
    settings: Settings,
    parents: tuple[Step, ...],
) -> Mapping[str, Step]:
    """Return the step that embeds the queries of each language, cut at their own length."""
    steps = {}
    read = settings.max_query
    if settings.pooling == OWN:
        read = own_length(request.checkpoint.path, read)
    settings = replace(settings, max_length=read)
    encoding = Encoding(request.checkpoint, settings, request.device)
    for language in languages:
        facts, data = request.facts.test(task, language)
        rows = min(facts.rows, request.limit or facts.rows)
        steps[language] = EmbedStep(
            name=request.named(f"embed {task.name} {language}"),
            texts=TaskTexts(task, {language: data}, request.limit, 0, 1),
            encoding=encoding,
            parents=parents,
            **encoding.cost(rows, bounded(facts, rows, settings)),
        )
    return steps
