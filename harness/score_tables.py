"""Tables of scores, by tabulate."""

from __future__ import annotations

from collections.abc import Mapping

from tabulate import tabulate

from harness.declarations import Benchmark, headline
from harness.task_score import Summary, TaskScore

Tasks = Mapping[str, TaskScore]

OTHER_WAY = 10.0  # points by which the inverse accuracy must be higher for a note
NAMES = {"exact_match+f1": "(EM+F1)/2", "f1": "F1"}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def score_table(benchmark: Benchmark, tasks: Tasks, summary: Summary, partial: str) -> str:
    """Return the table of scores and transfer gaps, with group means and the overall score."""
    title = benchmark.title + (f" – PARTIAL: {partial}" if partial else "")
    notes = ["* English less the mean of the other languages; extra, no official score."]
    notes += [
        f"  Token accuracy of {name}: {mean:.1f}; extra likewise."
        for name, mean in _token_accuracies(tasks)
    ]
    notes += _direction_notes(tasks)
    if summary.overall is None:
        notes.append("An overall score needs every task in every language.")
    rows = _rows(benchmark, tasks, summary)
    table = tabulate(rows, _HEAD, "simple", disable_numparse=True, colalign=_ALIGNMENT)
    return "\n".join([title, table, *notes])


def score_html(benchmark: Benchmark, tasks: Tasks, summary: Summary) -> str:
    """Return the same table as HTML."""
    rows = _rows(benchmark, tasks, summary)
    table: str = tabulate(rows, _HEAD, "html", disable_numparse=True, colalign=_ALIGNMENT)
    return table


def _rows(benchmark: Benchmark, tasks: Tasks, summary: Summary) -> list[tuple[str, ...]]:
    """Return the table's rows: each group's tasks and mean, then the overall score."""
    rows = []
    for group, names in benchmark.groups.items():
        rows += [_row(group, tasks[name]) for name in names if name in tasks]
        rows.append((f"{group}, mean", "", _number(summary.groups.get(group)), "", "", ""))
    others = [t for name, t in tasks.items() if name not in benchmark.task_names()]
    rows += [_row("not in the benchmark", task) for task in others]
    rows.append(("overall, mean of tasks", "", _number(summary.overall), "", "", ""))
    return rows


_HEAD = ("group", "task", "score", "gap*", "metric", "languages")


def _token_accuracies(tasks: Tasks) -> list[tuple[str, float]]:
    """Return the mean token accuracy of each tagging task, percent."""
    means = []
    for name, task in tasks.items():
        values = [v["token_accuracy"] for v in task.languages.values() if "token_accuracy" in v]
        if values:
            means.append((name, sum(values) / len(values)))
    return means


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


_ALIGNMENT = ("left", "left", "right", "right", "left", "left")


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
    rows = [
        [
            code,
            *(
                _number(headline(task.metric, task.languages[code]))
                if code in task.languages
                else "–"
                for task in tasks.values()
            ),
        ]
        for code in languages
    ]
    extra = [
        f"token accuracy, {name}: "
        + " ".join(f"{c} {v['token_accuracy']:.1f}" for c, v in task.languages.items())
        for name, task in tasks.items()
        if any("token_accuracy" in v for v in task.languages.values())
    ]
    align = ("left", *["right"] * len(tasks))
    table = tabulate(rows, ("language", *tasks), "simple", disable_numparse=True, colalign=align)
    return "\n".join([table, *(f"extra, no official score: {line}" for line in extra)])


def missing_lines(tasks: Tasks) -> list[str]:
    """Return a line for each task and each kind of reason why its languages are missing.

    The text after a reason's colon, e.g. a file, differs by language; only the first is printed.
    """
    lines = []
    for name, task in tasks.items():
        reasons: dict[str, list[str]] = {}
        details: dict[str, str] = {}
        for code, why in task.missing.items():
            kind, _, rest = why.partition(": ")
            reasons.setdefault(kind, []).append(code)
            details.setdefault(kind, rest)
        for kind, codes in reasons.items():
            line = f"{name}: {kind} ({' '.join(codes)})"
            if details[kind]:
                line += f", {len(codes)} of {len(task.expected)} languages; {details[kind]}"
            lines.append(line)
    return lines
