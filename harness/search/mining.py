"""Mining translation pairs by margin.

Source: utils_retrieve.py of google-research/xtreme (after LASER), without its crash on the last
candidate (docs/methodology.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.bounds import NEIGHBOURS
from harness.errors import HarnessError, NotFinite, unknown
from harness.search.arrays import checked, mean_of, normalised, tensor
from harness.search.margins import MARGINS, Margin, margins_of
from harness.search.matching import one_to_one
from harness.search.neighbours import BothWays, nearest_both

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from harness.search.arrays import Rows

Retrieval = Literal["max", "intersection", "forward", "backward"]
RETRIEVALS: tuple[Retrieval, ...] = ("max", "intersection", "forward", "backward")


@dataclass(frozen=True)
class Mining:
    """How pairs are mined.

    Attributes:
        neighbours: Neighbours on each side that make up a margin.
        margin: ``ratio``, ``distance``, ``absolute`` or ``csls`` (``margins_of``).
        retrieval: ``max``: each sentence's best forward and best backward candidate, joined and
            taken one to one, the best first. ``intersection``: those that are both. ``forward``,
            ``backward``: one for each left, for each right sentence, which may share the other.
        mean_shift: Take each side's mean from its embeddings and normalise them again, before
            anything else.
        layer: The hidden state of a 24-layer encoder that the procedure pools: for who embeds,
            mining does not read it.
    """

    neighbours: int = 4
    margin: Margin = "ratio"
    retrieval: Retrieval = "max"
    mean_shift: bool = False
    layer: int = 14

    def __post_init__(self) -> None:
        """Refuse what is not allowed.

        Raises:
            HarnessError: A value is not allowed.
        """
        if self.neighbours not in NEIGHBOURS:
            raise HarnessError(f"neighbours: {self.neighbours!r:.20}; expected {NEIGHBOURS}")
        if self.margin not in MARGINS:
            raise unknown("margin", str(self.margin), MARGINS)
        if self.retrieval not in RETRIEVALS:
            raise unknown("retrieval", str(self.retrieval), RETRIEVALS)


MININGS = {
    "xtreme-paper": Mining(),
    "xtreme-script": Mining(layer=20),
    "x-stilts": Mining(),
}
"""Published procedures by name; what differs between them is told in docs/methodology.md."""


@dataclass(frozen=True)
class Mined:
    """Pairs, the best first.

    Attributes:
        left: int64 (pairs,), numbers of left rows.
        right: int64 (pairs,), numbers of right rows.
        scores: float32 (pairs,), margins, falling.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.left)

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> Mined:
        """Return the pairs at some places, or where a mask is true."""
        return Mined(self.left[places], self.right[places], self.scores[places])


def mining_of(settings: Mining | str) -> Mining:
    """Return settings by their name, or as they are.

    Raises:
        HarnessError: There is no such name.
    """
    if isinstance(settings, Mining):
        return settings
    if not isinstance(settings, str) or settings not in MININGS:
        raise unknown("mining", str(settings), MININGS)
    return MININGS[settings]


def mine(
    left: ArrayLike,
    right: ArrayLike,
    settings: Mining | str = "xtreme-paper",
    *,
    how: str = "auto",
    threads: int | None = None,
    device: str = "cpu",
) -> Mined:
    """Return translation pairs by margin, the best first.

    Args:
        left: (sentences, dimensions), float32, float64 or float16, L2-normalised.
        right: (sentences, dimensions), likewise.
        settings: How, or the name of a published procedure: ``xtreme-paper``, ``xtreme-script``,
            ``x-stilts``.
        how: How neighbours are found, as ``nearest_both`` takes it.
        threads: Threads, at most; None for as many as torch uses.
        device: As ``nearest_both`` takes it.

    Raises:
        HarnessError: An array is not of numbers and two dimensions, their widths differ, or a
            setting is not allowed.
        NotFinite: A value is not finite, or a margin is not, e.g. if a sentence is orthogonal to
            all its neighbours.
    """
    choice = mining_of(settings)
    x, y = checked(left, "left"), checked(right, "right")
    if choice.mean_shift:
        x, y = _shifted(x), _shifted(y)
    both = nearest_both(x, y, choice.neighbours, how=how, threads=threads, device=device)
    return mined(both, choice)


def _shifted(rows: Rows) -> Rows:
    """Return rows less their mean, of norm 1."""
    mean = mean_of(tensor(rows)).float().numpy() if len(rows) else 0
    return normalised(rows - mean)


def mined(both: BothWays, settings: Mining) -> Mined:
    """Return translation pairs by the margins of neighbours that are known.

    Args:
        both: The neighbours of both sides.
        settings: How; ``neighbours`` and ``mean_shift`` have been seen to.

    Raises:
        NotFinite: A margin is not finite.
    """
    import numpy as np

    if not both.forward.rows.size or not both.backward.rows.size:
        nothing = np.zeros(0, np.int64)
        return Mined(nothing, nothing, np.zeros(0, np.float32))
    forward = margins_of(both.forward, both.backward, settings.margin)
    backward = margins_of(both.backward, both.forward, settings.margin)
    rows, columns = np.arange(len(forward)), np.arange(len(backward))
    best_forward, best_backward = forward.argmax(axis=1), backward.argmax(axis=1)
    to_right = both.forward.rows[rows, best_forward]
    to_left = both.backward.rows[columns, best_backward]
    ahead = Mined(rows, to_right, forward[rows, best_forward])
    back = Mined(to_left, columns, backward[columns, best_backward])
    if settings.retrieval == "max":
        every = Mined(
            np.concatenate([ahead.left, back.left]),
            np.concatenate([ahead.right, back.right]),
            np.concatenate([ahead.scores, back.scores]),
        )
        _check(every)
        return every.at(one_to_one(every.left, every.right, every.scores))
    found = back if settings.retrieval == "backward" else ahead
    _check(found)
    if settings.retrieval == "intersection":
        found = found.at(to_left[to_right] == rows)
    return found.at(np.argsort(-found.scores, kind="stable"))


def _check(pairs: Mined) -> None:
    """Refuse margins that are not finite; NaN is the highest to argmax, so it is among the best."""
    import numpy as np

    broken = np.flatnonzero(~np.isfinite(pairs.scores))
    if len(broken):
        place = broken[0]
        raise NotFinite(f"row {pairs.left[place] + 1}: not finite: margin {pairs.scores[place]}")
