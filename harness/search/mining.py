"""Mining translation pairs by margin, and fitting the threshold.

Source: utils_retrieve.py of google-research/xtreme (after LASER), retrieval ``max``, margin
``ratio``, without its crash on the last candidate (docs/methodology.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import NotFinite
from harness.search.neighbours import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Candidate:
    """A pair of sentence ids and its margin."""

    source: str
    english: str
    score: float


def mine(
    source: NDArray[np.float32], english: NDArray[np.float32], k: int
) -> list[tuple[int, int, float]]:
    """Return one-to-one candidate pairs by ratio margin, the best first.

    The margin of a pair is its cosine over the mean of both sentences' mean cosine to their ``k``
    nearest neighbours on the other side. Each sentence's best forward and best backward candidate
    are joined and taken greedily, each sentence at most once.

    Args:
        source: float32 (sentences, dimensions), L2-normalised.
        english: float32 (sentences, dimensions), L2-normalised.
        k: Neighbours on each side.

    Raises:
        NotFinite: A margin is not finite, e.g. if a sentence is orthogonal to all its neighbours.
    """
    import numpy as np

    if not len(source) or not len(english):
        return []
    forward, to_english = nearest(source, english, min(k, len(english)))
    backward, to_source = nearest(english, source, min(k, len(source)))
    with np.errstate(all="ignore"):  # values that are not finite are refused below
        around_source, around_english = forward.mean(axis=1), backward.mean(axis=1)
        forward = forward / ((around_source[:, None] + around_english[to_english]) / 2)
        backward = backward / ((around_english[:, None] + around_source[to_source]) / 2)
    rows, columns = np.arange(len(source)), np.arange(len(english))
    best_forward, best_backward = forward.argmax(axis=1), backward.argmax(axis=1)
    lefts = np.concatenate([rows, to_source[columns, best_backward]])
    rights = np.concatenate([to_english[rows, best_forward], columns])
    scores = np.concatenate([forward[rows, best_forward], backward[columns, best_backward]])
    broken = np.flatnonzero(~np.isfinite(scores))
    if len(broken):
        raise NotFinite(f"row {lefts[broken[0]] + 1}: not finite: margin {scores[broken[0]]}")
    pairs, used_left, used_right = [], set(), set()
    for place in np.argsort(-scores, kind="stable"):
        left, right = int(lefts[place]), int(rights[place])
        if left not in used_left and right not in used_right:
            used_left.add(left)
            used_right.add(right)
            pairs.append((left, right, float(scores[place])))
    return pairs


def fit_threshold(candidates: Iterable[Candidate], gold: Collection[tuple[str, str]]) -> float:
    """Return the margin that gives the best F1 on the gold pairs.

    It lies midway between the last candidate taken and the next one; if all are taken, it is the
    last one's margin. Without a correct candidate it is 0, as in the official script.
    """
    ranked = sorted(candidates, key=lambda c: -c.score)
    threshold, best, correct = 0.0, 0.0, 0
    for taken, candidate in enumerate(ranked, 1):
        correct += (candidate.source, candidate.english) in gold
        f1 = 2 * correct / (taken + len(gold))
        below = ranked[taken].score if taken < len(ranked) else candidate.score
        ends = taken == len(ranked) or below < candidate.score  # equal scores are taken together
        if ends and correct and f1 > best:
            best = f1
            threshold = (candidate.score + below) / 2
    return threshold
