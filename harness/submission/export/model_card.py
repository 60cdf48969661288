"""Scores on the hub: the model card's ``model-index`` block, and ``.eval_results/*.yaml``.

The block in the card is the hub's older way. The newer files are read by the hub only for data sets
that are registered as benchmarks there, so both ids are the user's to name. Both are YAML, written
by huggingface_hub and never read here.
"""

from __future__ import annotations

from harness.declarations import Task
from harness.errors import HarnessError
from harness.formats import (
    BitextMining,
    MultipleChoice,
    SentencePair,
    SentenceRetrieval,
    SpanExtraction,
    TokenTagging,
)
from harness.submission.entry import MEAN
from harness.submission.export.outgoing import Outgoing

OVERALL = "overall"


def model_index(out: Outgoing) -> str:
    """Return the block of a model card's head that holds an entry's scores."""
    from huggingface_hub import EvalResult, ModelCardData

    source = _source(out)
    results = []
    for score in out.scores:
        title = out.title(score.task)
        results.append(
            EvalResult(
                task_type=_hub_task(out.task(score.task)),
                task_name=title,
                dataset_type=f"{out.entry.benchmark}/{score.task}",
                dataset_name=f"{out.benchmark.title}: {title}",
                dataset_config=score.language,
                dataset_split="test",
                metric_type=score.metric,
                metric_name=score.metric,
                metric_value=score.value,
                source_url=source,
                source_name=out.entry.title if source else None,
            )
        )
    card = ModelCardData(model_name=out.entry.value["model"]["name"], eval_results=results)
    return f"{card.to_yaml()}\n"


def _hub_task(task: Task | None) -> str:
    """Return the hub's name for a kind of task; ``other`` where it has none."""
    kinds: dict[type, str] = {
        SentencePair: "text-classification",
        TokenTagging: "token-classification",
        SpanExtraction: "question-answering",
        MultipleChoice: "multiple-choice",
        BitextMining: "sentence-similarity",
        SentenceRetrieval: "sentence-similarity",
    }
    return kinds.get(type(task.format), "other") if task else "other"


def eval_results(out: Outgoing, dataset: str, task_id: str) -> str:
    """Return a file of ``.eval_results/`` with one score of an entry.

    Args:
        out: The entry.
        dataset: Id of the data set on the hub that is registered as a benchmark.
        task_id: The task in that benchmark. One of the entry's tasks gives that task's score, any
            other name the overall score.

    Raises:
        HarnessError: The entry does not have the score.
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
    from huggingface_hub.utils import yaml_dump

    value, what = _asked(out, task_id)
    result = EvalResultEntry(
        dataset_id=dataset,
        task_id=task_id,
        value=value,
        date=out.entry.date,
        source_url=_source(out),
        notes=_notes(out, what),
    )
    return str(yaml_dump(eval_result_entries_to_yaml([result]), sort_keys=False))


def _asked(out: Outgoing, task_id: str) -> tuple[float, str]:
    """Return the score that a task id stands for, and its name."""
    names = list(dict.fromkeys(one.task for one in out.scores))
    if task_id in names:
        value = out.headline(task_id)
        if value is None:
            means = [one for one in out.scores if (one.task, one.language) == (task_id, MEAN)]
            there = sorted({one.metric for one in means})
            raise HarnessError(
                f"{out.entry.slug}: {task_id} has no headline score over its languages (there:"
                f" {', '.join(there) or 'single languages'}); name another --task-id"
            )
        return value, task_id
    if out.overall is None:
        raise HarnessError(
            f"{out.entry.slug}: no overall score, and --task-id {task_id!r:.80} is not one of its"
            f" tasks: {', '.join(names)}"
        )
    return out.overall, OVERALL


def _source(out: Outgoing) -> str | None:
    """Return the page that says the most of the entry's scores."""
    links = out.entry.value.get("links", {})
    told = [out.entry.value.get("source", {}).get("url")]
    told += [links.get(name) for name in ("paper", "predictions", "code", "model")]
    return next((url for url in told if url), None)


def _notes(out: Outgoing, what: str) -> str:
    """Return in a line how a score came about."""
    entry = out.entry
    count = len(entry.runs)
    runs = [f"mean of {count} runs" if count > 1 else "one run"] if count else []
    partial = [f"partial: {entry.partial}"] if entry.partial else []
    parts = [out.benchmark.title, what, entry.training["regime"], *runs, out.provenance.value]
    return "; ".join([*parts, *partial])
