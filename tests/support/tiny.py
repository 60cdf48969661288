"""Tiny random checkpoints of the two families that the harness is meant for, and a quick recipe."""

import math
from collections import Counter
from pathlib import Path

from support.places import MINI

NEW = ("xcopa", "lareqa", "mewslix")  # folders of the packaged data that XTREME does not have
QUICKEST = """
[default]
learning_rate = 1e-3
epochs = 1
batch_size = 8
max_tokens = 1024
max_length = 64
stride = 32
max_question = 24
train_examples = 24
dev_examples = 12
"""


def _texts() -> list[str]:
    """Return the lines of mini; with those of XTREME-R's tasks it would be another checkpoint."""
    files = sorted((MINI / "xtreme").rglob("*"))
    files = [f for f in files if not {*f.relative_to(MINI).parts} & {*NEW}]
    return [line for f in files if f.is_file() for line in f.read_text("utf-8").splitlines()]


def _pieces(words: Counter[str], number: int, inside: str) -> list[tuple[str, int]]:
    """Return all characters, then the bits of words that cover most text, each with its count.

    The library's trainers break ties by chance, and the tiny encoders were others in each run.
    """
    found: Counter[str] = Counter()
    for word, count in words.items():
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + 8) + 1):
                found[(inside if start else "") + word[start:end]] += count

    def rank(piece: str) -> tuple[bool, int, str]:
        letters = len(piece.removeprefix(inside))
        return letters > 1, -letters * found[piece], piece

    return [(piece, found[piece]) for piece in sorted(found, key=rank)[:number]]


def _tokenizer(kind: str) -> object:
    """Make a small tokenizer from the packaged texts: unigram as XLM-R's, or word pieces."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    xlmr = kind == "xlm-roberta"
    normalizer = normalizers.NFKC() if xlmr else normalizers.BertNormalizer(lowercase=False)
    splitter = pre_tokenizers.Metaspace() if xlmr else pre_tokenizers.BertPreTokenizer()
    words = Counter(
        word
        for line in _texts()
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(line))
    )
    if xlmr:
        special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        scores = [  # single characters last of all, as in a trained model
            (piece, math.log(count / words.total()) - (12 if len(piece) == 1 else 0))
            for piece, count in _pieces(words, 2500, "")
        ]
        vocabulary = [(name, 0.0) for name in special] + scores
        tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3))
        tokenizer.decoder = decoders.Metaspace()
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>",
            pair="<s> $A </s> </s> $B </s>",
            special_tokens=[("<s>", 0), ("</s>", 2)],
        )
    else:
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        names = special + [piece for piece, _ in _pieces(words, 2500, "##")]
        numbered = {name: number for number, name in enumerate(names)}
        tokenizer = Tokenizer(models.WordPiece(numbered, unk_token="[UNK]"))
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
    return tokenizer


def make_checkpoint(folder: Path, kind: str = "xlm-roberta", layers: int = 2) -> Path:
    """Write a tiny random checkpoint of a family, whole: config, weights, tokenizer."""
    import torch
    from transformers import (
        BertConfig,
        BertModel,
        PreTrainedTokenizerFast,
        XLMRobertaConfig,
        XLMRobertaModel,
    )

    names = (
        {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>"}
        | {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
        if kind == "xlm-roberta"
        else {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
        | {"sep_token": "[SEP]", "mask_token": "[MASK]"}
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(kind),
        model_input_names=["input_ids", "attention_mask"]
        if kind == "xlm-roberta"
        else ["input_ids", "token_type_ids", "attention_mask"],
        **names,
    )
    sizes = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 200,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(7)
    model = (
        XLMRobertaModel(XLMRobertaConfig(type_vocab_size=1, **sizes), add_pooling_layer=False)
        if kind == "xlm-roberta"
        else BertModel(BertConfig(**sizes))
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
