"""Tables of scores, by tabulate."""

from __future__ import annotations

from collections.abc import Mapping

from tabulate import tabulate

from harness import registry
from harness.declarations import Benchmark, headline
from harness.task_score import Summary, TaskScore

Tasks = Mapping[str, TaskScore]
Groups = Mapping[str, tuple[str, ...]]

NO_PREDICTIONS = "no predictions"  # why a language has no score, where its file is not there
OTHER_WAY = 10.0  # points by which the inverse accuracy must be higher for a note
NAMES = {"exact_match+f1": "(EM+F1)/2", "f1": "F1"}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def score_table(
    benchmark: Benchmark, tasks: Tasks, summary: Summary, partial: str, groups: Groups
) -> str:
    """Return the table of scores and transfer gaps, with group means and the overall score.

    Args:
        benchmark: Names the tasks that make the overall score.
        tasks: Task to its scores.
        summary: The scores above the tasks.
        partial: Why they are not comparable with a complete run's, "" if they are.
        groups: Group to its tasks: the benchmark's, or the official script's.
    """
    title = benchmark.title + (f" – PARTIAL: {partial}" if partial else "")
    notes = ["* English less the mean of the other languages; extra, no official score."]
    for name, values in _token_accuracies(tasks).items():
        mean = sum(values.values()) / len(values)
        notes.append(f"  Token accuracy of {name}: {mean:.1f}; extra likewise.")
    notes += _direction_notes(tasks)
    if groups != benchmark.groups:
        notes.append("Groups as the official script has them; it prints no overall score.")
    elif summary.overall is None:
        notes.append("An overall score needs every task in every language.")
        notes += _progress(benchmark, tasks)
    return "\n".join([title, _table(benchmark, tasks, summary, groups, "simple"), *notes])


def _progress(benchmark: Benchmark, tasks: Tasks) -> list[str]:
    """Return which of a benchmark's tasks are whole, which lack languages, which are not there.

    Nothing where no task is whole, as in a run that was asked for two languages.
    """
    kinds: dict[str, list[str]] = {"Whole": [], "Lacking languages": [], "Not there": []}
    for name in benchmark.task_names():
        task = tasks.get(name)
        kind = "Not there" if task is None else "Whole" if task.complete else "Lacking languages"
        kinds[kind].append(name)
    there = kinds.items() if kinds["Whole"] else ()
    return [f"{kind}: {', '.join(names)}." for kind, names in there if names]


def score_html(benchmark: Benchmark, tasks: Tasks, summary: Summary, groups: Groups) -> str:
    """Return the same table as HTML."""
    return _table(benchmark, tasks, summary, groups, "html")


def _table(benchmark: Benchmark, tasks: Tasks, summary: Summary, groups: Groups, style: str) -> str:
    """Return a table of each group's tasks and mean, then the overall score."""
    rows = []
    for group, names in groups.items():
        rows += [_row(group, tasks[name]) for name in names if name in tasks]
        rows.append((f"{group}, mean", "", _number(summary.groups.get(group)), "", "", ""))
    grouped = {name for names in groups.values() for name in names}
    for name, task in tasks.items():
        if name not in grouped:
            inside = name in benchmark.task_names()
            rows.append(_row("in no group" if inside else "not in the benchmark", task))
    rows.append(("overall, mean of tasks", "", _number(summary.overall), "", "", ""))
    head = ("group", "task", "score", "gap*", "metric", "languages")
    align = ("left", "left", "right", "right", "left", "left")
    return tabulate(rows, head, style, disable_numparse=True, colalign=align)


def _token_accuracies(tasks: Tasks) -> dict[str, dict[str, float]]:
    """Return the token accuracy of each tagging task by language, percent."""
    key = "token_accuracy"
    found = {n: {c: v[key] for c, v in t.languages.items() if key in v} for n, t in tasks.items()}
    return {name: values for name, values in found.items() if values}


def _direction_notes(tasks: Tasks) -> list[str]:
    """Return a note for each task whose predictions score better in the other direction."""
    lines = []
    for name, task in tasks.items():
        better = [
            f"{code} {scores['inverse_accuracy']:.1f}"
            for code, scores in task.languages.items()
            if scores.get("inverse_accuracy", 0.0) > scores.get("accuracy", 0.0) + OTHER_WAY
        ]
        if better:
            lines.append(
                f"{name}: searched the other way? English asks and the language is searched; as"
                f" inverse permutations the predictions would score {', '.join(better)}."
            )
    return lines


def _row(group: str, task: TaskScore) -> tuple[str, ...]:
    count = f"{len(task.languages)}/{len(task.expected)}"
    if not task.languages:
        reasons = {why.partition(": ")[0] for why in task.missing.values()}
        count = reasons.pop() if len(reasons) == 1 else f"{count}: nothing to score"
    metric = NAMES.get(task.metric, task.metric)
    return (group, task.name, _number(task.score), _number(task.gap), metric, count)


def language_table(tasks: Tasks) -> str:
    """Return the headline metrics, with a row for each language and a column for each task."""
    languages = sorted({code for task in tasks.values() for code in task.languages})

    def cell(task: TaskScore, code: str) -> str:
        scores = task.languages.get(code)
        return _number(headline(task.metric, scores) if scores else None)

    rows = [[code, *(cell(task, code) for task in tasks.values())] for code in languages]
    align = ("left", *["right"] * len(tasks))
    table = tabulate(rows, ("language", *tasks), "simple", disable_numparse=True, colalign=align)
    lines = [table]
    for name, found in _token_accuracies(tasks).items():
        values = " ".join(f"{code} {value:.1f}" for code, value in found.items())
        lines.append(f"extra, no official score: token accuracy, {name}: {values}")
    return "\n".join(lines)


def missing_lines(tasks: Tasks) -> list[str]:
    """Return a line for each task and each kind of reason why its languages are missing.

    The text after a reason's colon, e.g. a file, differs by language; only the first is printed.
    """
    lines = []
    for name, task in tasks.items():
        reasons: dict[str, list[str]] = {}
        for code, why in task.missing.items():
            reasons.setdefault(why.partition(": ")[0], []).append(code)
        for kind, codes in reasons.items():
            detail = task.missing[codes[0]].partition(": ")[2]
            more = f", {len(codes)} of {len(task.expected)} languages; {detail}" if detail else ""
            if kind == NO_PREDICTIONS and name in registry.task_names():
                rest = f" and {len(codes) - 1} more" if codes[1:] else ""
                more = f": without {name}/{registry.task(name).file(codes[0])}{rest}"
            lines.append(f"{name}: {kind} ({' '.join(codes)}){more}")
    return lines
