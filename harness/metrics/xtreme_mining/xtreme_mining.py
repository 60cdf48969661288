"""F1 of mined sentence pairs as XTREME computes it for BUCC.

``evaluate`` wants as many predictions as references, but the sets of mined and of true pairs
differ in size; so one item is a whole list of pairs. The pairs of several items are pooled.

Args:
    predictions: lists of mined pairs [source id, target id].
    references: lists of true pairs, one list for each list of mined pairs.

Returns:
    f1, precision, recall: percentages, 0 to 100.
"""

from itertools import chain

import datasets
import evaluate

from harness.metrics.description import TEXTS, described
from harness.scoring import pair_scores


def _pool(lists: list[list[list[str]]]) -> set[tuple[str, str]]:
    """Return lists of pairs as one set.

    Args:
        lists: Lists of [source id, target id].

    Raises:
        ValueError: A pair does not have two ids.
    """
    pairs = list(chain.from_iterable(lists))
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(f"a pair needs two ids, not {len(pair)}: {pair!r}")
    return {(source, target) for source, target in pairs}


class XtremeMining(evaluate.Metric):  # type: ignore[misc]
    """Wraps `harness.scoring.pair_scores`."""

    def _info(self) -> evaluate.MetricInfo:
        """Return the description of the inputs: lists of id pairs."""
        pairs = datasets.Sequence(TEXTS)
        return described(__doc__, pairs, pairs)

    def _compute(
        self, predictions: list[list[list[str]]], references: list[list[list[str]]]
    ) -> dict[str, float]:
        """Return the scores of the pooled pairs; see `harness.scoring.pair_scores`."""
        return pair_scores(_pool(references), _pool(predictions))
