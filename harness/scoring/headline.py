"""The one number a task is ranked by."""

from collections.abc import Mapping


def headline(metric: str, scores: Mapping[str, float]) -> float:
    """Return the mean of the metrics that ``metric`` joins by ``+`` (percent)."""
    names = metric.split("+")
    return sum(scores[name] for name in names) / len(names)
