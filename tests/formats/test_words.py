"""The pieces of words: those they have in running text, for every kind of tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import families

from harness import registry
from harness.data.files import strict
from harness.data.layouts import Tags
from harness.errors import HarnessError
from harness.formats import TokenTagging
from harness.formats.words import pieces_of_words
from harness.models.tokenizer import load_tokenizer
from harness.recipes import Settings

CARRIERS = {"bytes": families.pieces_of_bytes, "gemma": families.pieces_like_gemma}
OTHERS = {"xlmr": families.pieces_like_xlmr, "bert": families.pieces_like_bert}
SENTENCES = [
    "The mill by the old river is still grinding flour .".split(),
    "Die Mühle am Fluss mahlt noch immer Mehl .".split(),
    "गाँव की चक्की अब भी चलती है ।".split(),
    "المطحنة القديمة لا تزال تعمل".split(),
]


def flat(rows: list[list[int]]) -> list[int]:
    return [piece for row in rows for piece in row]


@pytest.mark.parametrize("kind", [*CARRIERS, *OTHERS])
def test_words_have_the_pieces_of_running_text(kind: str) -> None:
    tokenizer = (CARRIERS | OTHERS)[kind]()
    for words, found in zip(SENTENCES, pieces_of_words(SENTENCES, tokenizer, 100), strict=True):
        text = tokenizer(" ".join(words), add_special_tokens=False)["input_ids"]
        assert flat(found) == text
        assert len(found) == len(words)


@pytest.mark.parametrize("kind", CARRIERS)
@pytest.mark.parametrize(
    "words",
    [
        "河 边 的 磨坊 。",
        "川 の そば の 水車 。",
        "โรง สี ริม แม่น้ำ",
        "在 2018 年",
        "用 Python 写 的",
    ],
)
def test_no_space_where_the_script_writes_none(kind: str, words: str) -> None:
    """Two words that meet at a letter of such a script stand side by side."""
    tokenizer = CARRIERS[kind]()
    (found,) = pieces_of_words([words.split()], tokenizer, 100)
    assert found == tokenizer(words.split(), add_special_tokens=False)["input_ids"]
    spaced = tokenizer([f" {word}" for word in words.split()], add_special_tokens=False)
    assert found[1:] != spaced["input_ids"][1:]


@pytest.fixture(scope="module")
def ud_sentences(real_data: Path) -> list[list[str]]:
    """The sentences of the UD sample."""
    files = sorted((real_data / "xtreme" / "udpos").glob("*.tsv"))
    labels = registry.task("udpos").format.labels
    sentences: list[list[str]] = Tags().read(files, labels, strict)["tokens"]
    return sentences


@pytest.mark.slow
@pytest.mark.parametrize("kind", OTHERS)
def test_tokenizers_that_put_the_space_themselves_are_as_before(
    kind: str, ud_sentences: list[list[str]]
) -> None:
    """All words of the UD sample, one by one."""
    tokenizer, sentences = OTHERS[kind](), ud_sentences
    words = sorted({word for sentence in sentences for word in sentence})
    assert len(words) > 10_000
    alone = dict(zip(words, tokenizer(words, add_special_tokens=False)["input_ids"], strict=True))
    found = pieces_of_words(sentences, tokenizer, 1000)
    for sentence, pieces in zip(sentences, found, strict=True):
        assert pieces == [alone[word] or [tokenizer.unk_token_id] for word in sentence]


def test_a_long_word_without_an_unknown_token_keeps_its_first_pieces() -> None:
    tokenizer = families.pieces_of_bytes(("unk_token",))
    address = "https://example.org/" + "mill-" * 60
    (found,) = pieces_of_words([["See", address, "."]], tokenizer, 20)
    whole = tokenizer(f" {address}", add_special_tokens=False)["input_ids"]
    assert (
        found[1] == whole[:20]
        and found[2] == tokenizer(" .", add_special_tokens=False)["input_ids"]
    )
    known = families.pieces_of_bytes()
    (found,) = pieces_of_words([["See", address, "."]], known, 20)
    assert found[1] == [known.unk_token_id]


def test_a_word_of_no_pieces_without_an_unknown_token_is_named() -> None:
    from tokenizers import normalizers

    tokenizer = families.pieces_of_bytes(("unk_token",))
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("\u200d", "")
    with pytest.raises(HarnessError, match="no pieces for the token"):
        pieces_of_words([["\u200d", "Ada"]], tokenizer, 20)


def test_a_joiner_alone_keeps_its_place(tiny: Path) -> None:
    tokenizer, form = load_tokenizer(tiny), TokenTagging(labels=("O", "B-PER"))
    rows = Tags().to_dataset({"tokens": [["Ada", "\u200d", "lacht"]], "tags": [None]})
    (feature,) = form.encode(rows, tokenizer, Settings(), training=False)
    assert len(feature["first"]) == 3 and feature["row"] == 0
