"""Sentence embeddings from hidden states: how the tokens of a sentence become one vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from harness.models.text_batches import TextBatch

    Vectors = Callable[[torch.Tensor], torch.Tensor]
    Mode = Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]

MEAN, MEAN_OF_TEXT, FIRST, OWN, POOLER = "mean", "mean-without-specials", "cls", "own", "pooler"
SPECIAL = "special_tokens_mask"  # the tokenizer's name of what tells special tokens


@dataclass(frozen=True, eq=False)
class Pooling:
    """What is done with a hidden state.

    Attributes:
        modes: Names of MODES; their vectors are concatenated in this order.
        text_alone: Leave out the tokens that the tokenizer puts around a text.
        after: What turns the vectors of a batch into others, one after the other, in float32.
        output: Dimensions of the result where ``after`` changes them, else 0.
    """

    modes: tuple[str, ...]
    text_alone: bool = False
    after: tuple[Vectors, ...] = ()
    output: int = 0

    def width(self, hidden: int) -> int:
        """Return the dimensions of an embedding, of a hidden state with so many."""
        return self.output or hidden * len(self.modes)

    def vectors(self, rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """Return a vector for each sentence, float32 (sentences, dimensions).

        Args:
            rows: Hidden states, (sentences, tokens, dimensions).
            weights: 1 for the tokens that count, 0 for others; None if all do.
        """
        import torch

        if rows.shape[1] == 0:  # of no tokens there is no vector
            return rows.new_full((len(rows), rows.shape[2] * len(self.modes)), torch.nan).float()
        each = [MODES[mode](rows, weights) for mode in self.modes]
        return each[0] if len(each) == 1 else torch.cat(each, dim=-1)


PLAIN: Mapping[str, Pooling] = {
    MEAN: Pooling(("mean",)),
    MEAN_OF_TEXT: Pooling(("mean",), text_alone=True),
    FIRST: Pooling(("cls",)),
}
"""The poolings that need no files."""


def pooled(
    state: torch.Tensor, inputs: Mapping[str, Any], texts: TextBatch | None, pooling: Pooling
) -> torch.Tensor:
    """Return the normalised embeddings of a batch, float32 (texts, dimensions).

    ``mean`` is XTREME's: over all tokens that are no padding, special ones included
    (third_party/evaluate_retrieval.py). ``mean-without-specials`` leaves out the tokens that the
    tokenizer puts around a text, unless the text has no others. ``cls`` is the first token,
    ``pooler`` the encoder's own dense layer and tanh on it (``harness.models.pooler``). ``own`` is
    what the checkpoint's files say (``harness.models.sentence_modules``).

    Args:
        state: A hidden state, (1, tokens, dimensions) if flat, else (texts, tokens, dimensions).
        inputs: The batch's inputs.
        texts: Its texts, which only a pooling of the text alone reads.
        pooling: What is done with the state.
    """
    import torch

    weights = _weights(texts) if texts is not None and pooling.text_alone else None
    flat = inputs.get("flat")
    if flat is not None:
        every = None if weights is None else torch.cat(weights).to(state.device)
        vectors = torch.cat(
            [
                pooling.vectors(run.rows(state[0]), None if every is None else run.rows(every))
                for run in flat.runs
            ]
        )
    else:
        mask = inputs.get("attention_mask")
        if weights is not None:
            mask = torch.nn.utils.rnn.pad_sequence(weights, batch_first=True).to(state.device)
        vectors = pooling.vectors(state, mask)
    with torch.autocast(vectors.device.type, enabled=False):  # Dense layers stay in float32
        for change in pooling.after:
            vectors = change(vectors)
    return torch.nn.functional.normalize(vectors, dim=-1)


def _weights(texts: TextBatch) -> list[torch.Tensor]:
    """Return for each text 1 for its tokens and 0 for special ones; 1 where it has no others."""
    import torch

    special = [torch.from_numpy(feature[SPECIAL]) for feature in texts.features()]
    return [torch.ones_like(one) if bool(one.all()) else 1 - one for one in special]


def _mean(states: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return the mean of each row's tokens, weighted."""
    if weights is None:
        return states.float().mean(1)
    weights = weights.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1)


def _mean_sqrt(states: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return the sum of each row's tokens, over the square root of their number."""
    if weights is None:
        return states.float().sum(1) / states.shape[1] ** 0.5
    weights = weights.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1).sqrt()


def _weighted_mean(states: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return the mean of each row's tokens, each weighted by its place from 1."""
    import torch

    places = torch.arange(1, states.shape[1] + 1, device=states.device).expand(states.shape[:2])
    return _mean(states, places if weights is None else places * weights)


def _max(states: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return the largest number of each dimension over each row's tokens."""
    import torch

    if weights is None:
        return states.amax(1).float()
    return states.masked_fill(weights.unsqueeze(-1) == 0, -torch.inf).amax(1).float()


def _first(states: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return each row's first token; padding is never before it."""
    return states[:, 0].float()


def _last(states: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return each row's last token."""
    import torch

    if weights is None:
        return states[:, -1].float()
    rows = torch.arange(len(states), device=states.device)
    places = torch.arange(states.shape[1], device=states.device)
    return states[rows, ((weights != 0) * places).amax(1)].float()


MODES: Mapping[str, Mode] = {
    "cls": _first,
    "max": _max,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_sqrt,
    "weightedmean": _weighted_mean,
    "lasttoken": _last,
}
"""Modes by sentence-transformers' names, in the order in which it concatenates them."""
