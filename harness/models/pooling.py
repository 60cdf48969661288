"""Sentence embeddings from hidden states: how the tokens of a sentence become one vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from harness.models.text_batches import TextBatch

MEAN, MEAN_OF_TEXT, FIRST = "mean", "mean-without-specials", "cls"
POOLINGS = (MEAN, MEAN_OF_TEXT, FIRST)
SPECIAL = "special_tokens_mask"  # the tokenizer's name of what tells special tokens


def pooled(
    state: torch.Tensor, inputs: Mapping[str, Any], texts: TextBatch, pooling: str
) -> torch.Tensor:
    """Return the normalised embeddings of a batch, float32 (texts, dimensions).

    ``mean`` is XTREME's: over all tokens that are no padding, special ones included
    (third_party/evaluate_retrieval.py). ``mean-without-specials`` leaves out the tokens that the
    tokenizer puts around a text, unless the text has no others. ``cls`` is the first token.

    Args:
        state: A hidden state, (1, tokens, dimensions) if flat, else (texts, tokens, dimensions).
        inputs: The batch's inputs.
        texts: Its texts.
        pooling: One of POOLINGS.
    """
    import torch

    weights = _weights(texts) if pooling == MEAN_OF_TEXT else None
    flat = inputs.get("flat")
    if flat is not None:
        runs = [run.rows(state[0]).float() for run in flat.runs]
        every = None if weights is None else torch.cat(weights).to(state.device)
        means = torch.cat(
            [
                rows[:, 0]
                if pooling == FIRST
                else _mean(rows, None if every is None else run.rows(every))
                for run, rows in zip(flat.runs, runs, strict=True)
            ]
        )
    elif pooling == FIRST:
        means = state[:, 0].float()
    else:
        mask = inputs.get("attention_mask")
        if weights is not None:
            mask = torch.nn.utils.rnn.pad_sequence(weights, batch_first=True).to(state.device)
        means = _mean(state.float(), mask)
    return torch.nn.functional.normalize(means, dim=-1)


def _mean(states: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return the mean of each row's tokens, weighted."""
    if weights is None:
        return states.mean(1)
    weights = weights.unsqueeze(-1).float()
    return (states * weights).sum(1) / weights.sum(1)


def _weights(texts: TextBatch) -> list[torch.Tensor]:
    """Return for each text 1 for its tokens and 0 for special ones; 1 where it has no others."""
    import torch

    special = [torch.from_numpy(feature[SPECIAL]) for feature in texts.features()]
    return [torch.ones_like(one) if bool(one.all()) else 1 - one for one in special]
