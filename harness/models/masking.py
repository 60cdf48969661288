"""Masks for masked language modelling, BERT's (arXiv 1810.04805, section 3.1)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from harness.models.batching import IGNORED

MASKED = 0.15  # share of tokens to predict; of these 80 % masked, 10 % random, 10 % unchanged


def mask(feature: Mapping[str, Any], tokenizer: Any, draw: random.Random) -> dict[str, Any]:
    """Return a feature with masks, and with labels only at the masked positions.

    Args:
        feature: Model inputs without padding, as lists.
        tokenizer: Has the mask token and the special tokens.
        draw: The random generator. At least one token is masked.
    """
    ids = list(feature["input_ids"])
    special = set(tokenizer.all_special_ids)
    positions = [i for i, token in enumerate(ids) if token not in special]
    targets = [i for i in positions if draw.random() < MASKED]
    if not targets and positions:
        targets = [draw.choice(positions)]
    labels = [IGNORED] * len(ids)
    for i in targets:
        labels[i] = ids[i]
        chance = draw.random()
        if chance < 0.8:
            ids[i] = tokenizer.mask_token_id
        elif chance < 0.9:
            ids[i] = draw.randrange(len(tokenizer))
    return {k: v for k, v in feature.items() if k != "language"} | {
        "input_ids": ids,
        "labels": labels,
    }
