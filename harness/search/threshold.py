"""The threshold of the best F1."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fit_threshold(scores: NDArray[np.float32], right: NDArray[np.bool_], gold: int) -> float:
    """Return the margin from which pairs are to be taken for the best F1.

    It lies midway between the last pair taken and the next one; if all are taken, it is the last
    one's margin. Pairs of equal margin are taken together. Of several thresholds with the same F1
    it is the highest. Without a right pair it is 0, as at the start of the official script.

    Args:
        scores: float32 (pairs,), in any order.
        right: bool (pairs,), whether a pair is a gold one.
        gold: Gold pairs in all, found or not.
    """
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    falling = scores[order].astype(np.float64)
    correct = np.cumsum(right[order])
    if not len(falling) or not correct[-1]:
        return 0.0
    below = np.append(falling[1:], falling[-1])
    f1 = 2 * correct / (np.arange(1, len(falling) + 1) + gold)
    f1[:-1][below[:-1] == falling[:-1]] = -1  # equal ones are not parted
    best = int(f1.argmax())
    return float((falling[best] + below[best]) / 2)
