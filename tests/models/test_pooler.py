"""Pooling by the encoder's own pooler, which is refused where the files hold none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.models.model import load_encoder
from harness.models.pooling import POOLER

CPU = choose_device("cpu", "fp32", 1)
TEXTS = ["An old mill.", "Somebody reads a long letter by the river, and then another.", "A boat."]


def test_it_is_what_transformers_gives(tiny_bert: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    checkpoint = open_checkpoint(str(tiny_bert), offline=True)
    model = load_encoder(checkpoint, "last", CPU, POOLER)
    found = model.embed(TEXTS, 40)
    tokenizer, encoder = (one.from_pretrained(tiny_bert) for one in (AutoTokenizer, AutoModel))
    for text, row in zip(TEXTS, found, strict=True):  # one at a time: no padding at all
        with torch.inference_mode():
            inputs = tokenizer(text, truncation=True, max_length=40, return_tensors="pt")
            expected = encoder.eval()(**inputs).pooler_output[0]
        expected = torch.nn.functional.normalize(expected, dim=-1).numpy()
        assert np.allclose(row, expected, atol=1e-5)
    first = load_encoder(checkpoint, "last", CPU, "cls").embed(TEXTS, 40)
    assert not np.allclose(found, first, atol=1e-2)


def test_a_checkpoint_without_one_is_refused_in_a_line(tiny: Path) -> None:
    checkpoint = open_checkpoint(str(tiny), offline=True)
    with pytest.raises(HarnessError, match="its files hold no pooler; take pooling mean") as caught:
        load_encoder(checkpoint, "last", CPU, POOLER)
    assert "\n" not in str(caught.value)
