"""One-to-one pairs, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

SHARE = 0.02  # of the pairs left that a round must settle, or the rest is taken one by one


def one_to_one(left: Places, right: Places, scores: NDArray[np.float32]) -> Places:
    """Return the places of the pairs that are taken one after another, the best first.

    A pair is taken if neither of its sides is in one that was taken before; of equal scores the
    earlier pair comes first. Done by rounds: a pair that is the first one left of both its sides is
    taken, and all others of these sides are out. That gives the same pairs as going through them,
    since nothing before such a pair can take either side. A round costs what is left; where chains
    of pairs let it settle few, the rest is gone through.

    Args:
        left: int64 (pairs,), not below 0.
        right: int64 (pairs,), not below 0.
        scores: float32 (pairs,), finite.
    """
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    left, right = left[order], right[order]
    rank = np.arange(len(order))
    first_left = np.empty(left.max(initial=-1) + 1, np.int64)
    first_right = np.empty(right.max(initial=-1) + 1, np.int64)
    taken = [rank[:0]]
    while len(rank):
        # Of places that are assigned several times the last counts: here the best pair.
        first_left[left[::-1]] = rank[::-1]
        first_right[right[::-1]] = rank[::-1]
        best = (first_left[left] == rank) & (first_right[right] == rank)
        taken.append(rank[best])
        out_left, out_right = np.zeros(len(first_left), bool), np.zeros(len(first_right), bool)
        out_left[left[best]] = out_right[right[best]] = True
        stays = ~(out_left[left] | out_right[right])
        settled = 1 - stays.mean()
        rank, left, right = rank[stays], left[stays], right[stays]
        if settled < SHARE:
            taken.append(_one_by_one(left, right, rank))
            break
    return order[np.sort(np.concatenate(taken))]


def _one_by_one(left: Places, right: Places, rank: Places) -> Places:
    """Return the ranks of the pairs that are taken, by going through them."""
    import numpy as np

    taken, used_left, used_right = [], set(), set()
    for one, i, j in zip(rank.tolist(), left.tolist(), right.tolist(), strict=True):
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            taken.append(one)
    return np.array(taken, np.int64)
