"""What a benchmark asks an entry to state of its model, and which of that an entry lacks.

XTREME-R asks for the parameters and the pre-training data of a model (notes on arXiv 2104.07412).
An entry that lacks something is accepted and marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness import registry
from harness.submission.entry import Entry

MODEL = ("parameters", "parameters_body")
PRETRAINING = ("tokens", "parallel", "languages")


def unstated(entry: Entry) -> list[str]:
    """Return the fields that its benchmark asks for and an entry does not state, dotted."""
    asked = registry.benchmark(entry.benchmark).statements
    return [field for name in asked for field in STATEMENTS[name](entry)]


def _parameters(entry: Entry) -> Iterator[str]:
    """Yield the numbers of parameters, with and without the word table, that are unknown."""
    yield from _unknown(entry.value["model"], MODEL, "model")


def _pretraining(entry: Entry) -> Iterator[str]:
    """Yield what is unknown of the pre-training data."""
    yield from _unknown(entry.value["model"].get("pretraining", {}), PRETRAINING, "pretraining")


def _extra(entry: Entry) -> Iterator[str]:
    """Yield the list of data beyond the English training sets, where there is none, even empty."""
    if "extra" not in entry.training:
        yield "training.extra"


def _retrieval(entry: Entry) -> Iterator[str]:
    """Yield the retrieval tasks with predictions or claims whose pooling or layer is unknown."""
    stated = entry.value.get("retrieval", {})
    paths = (path for run in entry.runs for path in run.files)
    there = {*entry.claims, *(path.partition("/")[0] for path in paths)}
    for name in registry.benchmark(entry.benchmark).task_names():
        if name not in there or name not in registry.task_names():
            continue
        is_search = registry.task(name).format.head is None
        if is_search and stated.get(name, {}).get("layer") is None:
            yield f"retrieval.{name}"


def _unknown(values: Mapping[str, Any], names: tuple[str, ...], above: str) -> Iterator[str]:
    """Yield the names of values that are missing or null."""
    for name in names:
        if values.get(name) is None:
            yield f"{above}.{name}"


STATEMENTS: Mapping[str, Callable[[Entry], Iterator[str]]] = {
    "parameters": _parameters,
    "pretraining": _pretraining,
    "extra": _extra,
    "retrieval": _retrieval,
}
"""What a benchmark may ask for (``Benchmark.statements``), and what an entry lacks of it."""
