"""How much a pair stands out among the neighbours of its sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.search.neighbours import Neighbours

Margin = Literal["ratio", "distance", "absolute", "csls"]
MARGINS: tuple[Margin, ...] = ("ratio", "distance", "absolute", "csls")


def margins_of(own: Neighbours, other: Neighbours, margin: Margin) -> NDArray[np.float32]:
    """Return the margin of each row and its neighbours, float32 (rows, k).

    With a the mean score of a row's neighbours and b that of the neighbour's own: ratio is
    score / ((a + b) / 2), distance score - (a + b) / 2 (arXiv 1811.01136), csls 2·score - a - b
    (arXiv 1710.04087), absolute the score itself. Values that are not finite are the caller's to
    refuse.

    Args:
        own: The rows' neighbours.
        other: The neighbours of those.
        margin: The kind of margin.
    """
    import numpy as np

    if margin == "absolute":
        return own.scores
    with np.errstate(all="ignore"):
        around = own.scores.mean(axis=1)[:, None]
        beside = other.scores.mean(axis=1)[own.rows]
        if margin == "csls":
            return 2 * own.scores - around - beside
        middle = (around + beside) / 2
        return own.scores / middle if margin == "ratio" else own.scores - middle
