"""The pieces that a word has in running text, for all ways of tokenizers to treat spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

from harness.errors import HarnessError

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1780-\u17ff\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]"
)
"""Characters of scripts that write no space between words: Thai, Lao, Khmer, kana, Han, with the
punctuation and full-width forms of the last two. Burmese writes spaces between phrases, where PAN-X
splits its tokens."""
PROBES = ("a", "7", ".")


def pieces_of_words(
    sentences: Sequence[Sequence[str]], tokenizer: Any, room: int
) -> list[list[list[int]]]:
    """Return the token ids of each word of each sentence, special tokens left out.

    A word is tokenised alone, as in XTREME's preparation (utils_preprocess.py). In tokenizers that
    keep the space in the piece (byte-level BPE, Gemma's) a word has other pieces with a space than
    without: they get all words but the first with it, as in running text, unless the script writes
    none. XLM-R's and BERT's give the same pieces either way.

    Args:
        sentences: Words.
        tokenizer: A fast tokenizer.
        room: Tokens that fit next to the special ones. A word of more, or of none, becomes the
            unknown token; if the tokenizer has none, a longer word is cut.

    Raises:
        HarnessError: A word has no pieces, and the tokenizer no unknown token.
    """
    texts = [_as_written(s) for s in sentences] if _carries_space(tokenizer) else sentences
    vocabulary = list(dict.fromkeys(chain.from_iterable(texts)))
    encoded = tokenizer(vocabulary, add_special_tokens=False)["input_ids"] if vocabulary else []
    pieces = {
        text: _fitting(text, ids, tokenizer.unk_token_id, room)
        for text, ids in zip(vocabulary, encoded, strict=True)
    }
    return [[pieces[text] for text in words] for words in texts]


def _carries_space(tokenizer: Any) -> bool:
    plain, spaced = (
        tokenizer([f"{lead}{probe}" for probe in PROBES], add_special_tokens=False)["input_ids"]
        for lead in ("", " ")
    )
    return bool(plain != spaced)


def _as_written(words: Sequence[str]) -> list[str]:
    """Return the words of a sentence, each with the space that is written before it, if any."""
    spaced = [
        word if UNSPACED.match(word) or UNSPACED.match(before[-1:]) else f" {word}"
        for before, word in pairwise(words)
    ]
    return [*words[:1], *spaced]


def _fitting(text: str, ids: list[int], unknown: int | None, room: int) -> list[int]:
    """Return a word's pieces, at least one and no more than fit."""
    if 0 < len(ids) <= room:
        return ids
    if unknown is not None:
        return [unknown]
    if not ids:
        raise HarnessError(
            f"the tokenizer has no pieces for the token {text[:40]!r}, and no unknown token; name"
            " one as unk_token in tokenizer_config.json"
        )
    return ids[:room]
