"""Masks for masked language modelling, BERT's (arXiv 1810.04805, section 3.1)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from harness.models.batching import IGNORED

MASKED = 0.15  # share of tokens to predict; 80 % of them masked, 10 % random, 10 % left


def mask(feature: Mapping[str, Any], tokenizer: Any, draw: random.Random) -> dict[str, Any]:
    """Return a feature with masks, and labels at the masked places only.

    Args:
        feature: Model inputs without padding, as lists.
        tokenizer: Gives the mask and which tokens are special.
        draw: Where chance comes from. At least one token is masked.
    """
    ids = list(feature["input_ids"])
    special = set(tokenizer.all_special_ids)
    places = [i for i, token in enumerate(ids) if token not in special]
    chosen = [i for i in places if draw.random() < MASKED]
    if not chosen and places:
        chosen = [draw.choice(places)]
    labels = [IGNORED] * len(ids)
    for i in chosen:
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
