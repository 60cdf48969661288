"""The k best of each row so far, and the blocks of similarities that are offered to them.

A block is looked at by the maxima of small groups: only a group whose maximum is above a row's k-th
best so far is read, and what is above it is merged by one sort of integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch
    from torch import Tensor

GROUP = 16
"""Rows or columns in a group; a block has whole groups."""
HITS = 2**14  # groups read at a time: bounds memory where nearly all of a block is above the floor
MOST = 50_000
"""The largest k: a row, a score and a place fit into the 63 bits of an integer, four times over."""


@dataclass(frozen=True)
class Groups:
    """A block of similarities as groups of the others, seen from its rows or from its columns.

    Attributes:
        block: The similarities (rows, columns), float32 or bfloat16.
        across: Whether the rows are asking and the columns are the others.
        maxima: The maximum of each group, (asking, groups).
    """

    block: Tensor
    across: bool
    maxima: Tensor

    @classmethod
    def of(cls, block: Tensor, *, across: bool) -> Groups:
        """Return the groups of a block, reduced over a dimension that is not the last.

        amax is quick at that, in bfloat16 thirty times as quick as over the last one.
        """
        rows, columns = block.shape
        if across:
            return cls(block, across, block.view(rows, GROUP, -1).amax(1))
        return cls(block, across, block.view(-1, GROUP, columns).amax(1).T)

    @property
    def others(self) -> int:
        """Return how many others there are."""
        return self.block.shape[1 if self.across else 0]

    def values(self, own: Tensor, group: Tensor) -> Tensor:
        """Return the similarities of groups, float32 (groups asked for, size)."""
        rows, columns = self.block.shape
        if self.across:
            return self.block.view(rows, GROUP, -1)[own, :, group].float()
        return self.block.view(-1, GROUP, columns)[group, :, own].float()

    def other(self, group: Tensor, place: Tensor) -> Tensor:
        """Return which of the others stands at a place of a group."""
        if self.across:
            return place * self.maxima.shape[1] + group
        return group * GROUP + place


@dataclass(frozen=True)
class TopK:
    """The best so far of each row; equal scores stand in the order of their rows.

    Attributes:
        scores: float32 (rows, k), falling; -inf where fewer than k were offered.
        rows: int64 (rows, k), the numbers of the others.
    """

    scores: Tensor
    rows: Tensor

    @classmethod
    def empty(cls, count: int, k: int, device: torch.device | str = "cpu") -> TopK:
        """Return what a search begins with."""
        import torch

        scores = torch.full((count, k), -torch.inf, device=device)
        return cls(scores, torch.full((count, k), -1, dtype=torch.int64, device=device))

    @classmethod
    def joined(cls, parts: Sequence[TopK]) -> TopK:
        """Return the best of several searches among others that follow one another."""
        import torch

        if len(parts) == 1:
            return parts[0]
        k = parts[0].scores.shape[1]
        scores = torch.cat([part.scores for part in parts], 1)
        rows = torch.cat([part.rows for part in parts], 1)
        order = scores.argsort(dim=1, descending=True, stable=True)[:, :k]
        return cls(scores.gather(1, order), rows.gather(1, order))

    def offer(self, own: slice, groups: Groups, first: int) -> None:
        """Take what is better than the k-th best from a block.

        Args:
            own: The rows that the block is of. All have been offered the same others.
            groups: The block.
            first: The number of the first of its others; blocks come in their order.
        """
        import torch

        part = TopK(self.scores[own], self.rows[own])
        floor, k = part.scores[:, -1], part.scores.shape[1]
        maxima = groups.maxima[: len(floor)]
        if torch.isneginf(floor[0]) and maxima.shape[1] >= k:
            # The k groups with the highest maxima hold k that reach the lowest of these.
            reached = maxima.topk(k, dim=1, sorted=True).values[:, -1].float()
            floor = reached.nextafter(torch.full_like(reached, -torch.inf))
        for asking, group in _portions(*_places(maxima > floor[:, None])):
            values = groups.values(asking, group)
            hit, place = _places(values > floor[asking][:, None])
            if len(hit):
                other = groups.other(group[hit], place)
                part._merge(asking[hit], values[hit, place], other, groups.others, first)

    def _merge(self, own: Tensor, scores: Tensor, other: Tensor, others: int, first: int) -> None:
        """Put candidates among the best: one integer each of row, falling score and place.

        Args:
            own: The row of each candidate, rising.
            scores: Its score.
            other: Its number in the block.
            others: How many the block has.
            first: The number of the block's first.
        """
        import torch

        k = self.scores.shape[1]
        rows, position, counts = torch.unique_consecutive(
            own, return_inverse=True, return_counts=True
        )
        bits = (k + others).bit_length()
        kept = torch.arange(k, device=own.device).expand(len(rows), k)
        at = torch.arange(len(rows), device=own.device)[:, None].expand(len(rows), k)
        keys = torch.cat(
            [
                _key(at, self.scores[rows], kept, bits).flatten(),  # offered before: lower numbers
                _key(position, scores, k + other, bits),
            ]
        )
        ends = (counts + k).cumsum(0)
        best = _sorted(keys)[(ends - counts - k)[:, None] + kept]
        place = best & ((1 << bits) - 1)
        before = self.rows[rows].gather(1, place.clamp(max=k - 1))
        self.rows[rows] = torch.where(place < k, before, first + place - k)
        self.scores[rows] = _score((best >> bits) & 0xFFFFFFFF)


def _places(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows, rising, and the columns where a mask is true.

    Twice as quick as nonzero of two dimensions, five times where the mask is transposed.
    """
    flat = mask.contiguous().view(-1).nonzero()[:, 0]
    return flat // mask.shape[1], flat % mask.shape[1]


def _portions(own: Tensor, group: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the groups to read, those of a row together, some HITS at a time."""
    import torch

    if len(own) <= HITS:
        yield own, group
        return
    cuts = torch.searchsorted(own, own[HITS - 1 :: HITS].contiguous()).tolist()
    ends = [*dict.fromkeys(cut for cut in cuts if cut), len(own)]
    for start, end in zip([0, *ends], ends, strict=False):
        yield own[start:end], group[start:end]


def _key(row: Tensor, score: Tensor, place: Tensor, bits: int) -> Tensor:
    """Return integers that rise with the row, then with a falling score, then with the place."""
    import torch

    number = (score + 0.0).view(torch.int32)  # -0.0 becomes 0.0, its equal
    number = number ^ (
        (number >> 31) & 0x7FFFFFFF
    )  # in the order of the floats, as IEEE 754 has it
    falling = 0x7FFFFFFF - number.to(torch.int64)
    return (row << (32 + bits)) | (falling << bits) | place


def _score(falling: Tensor) -> Tensor:
    """Return the scores that ``_key`` has put into integers."""
    import torch

    number = (0x7FFFFFFF - falling).to(torch.int32)
    return (number ^ ((number >> 31) & 0x7FFFFFFF)).view(torch.float32)


def _sorted(keys: Tensor) -> Tensor:
    """Return integers sorted; numpy is six times quicker than torch on a CPU."""
    import numpy as np
    import torch

    if keys.device.type != "cpu":
        return keys.sort().values
    return torch.from_numpy(np.sort(keys.numpy()))
