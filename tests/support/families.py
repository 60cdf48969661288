"""Tiny random checkpoints of many families, each with what people meet: for tests of what opens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.places import MINI

FIXED = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 40}
SIZES = {"hidden_size": 20, **FIXED}
BERT_NAMES = {
    "unk_token": "[UNK]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
XLMR_NAMES = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


def texts() -> list[str]:
    """Return the packaged sentences, which the tokenizers are made of."""
    folder = MINI / "xtreme/tatoeba"
    return [line for f in sorted(folder.iterdir()) for line in f.read_text("utf-8").splitlines()]


def _fast(tokenizer: Any, names: dict[str, str], *, types: bool = False) -> Any:
    from transformers import PreTrainedTokenizerFast

    inputs = ["input_ids", *(["token_type_ids"] if types else []), "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **names)


def _framed(tokenizer: Any, first: str, last: str, second: str = "$B") -> Any:
    """Put special tokens around a sentence, and around a pair."""
    from tokenizers import processors

    ids = [(name, tokenizer.token_to_id(name)) for name in (first, last)]
    end = f"{last}:1" if ":" in second else last
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} {second} {end}",
        special_tokens=ids,
    )
    return tokenizer


def pieces_like_xlmr(normalizer: Any = None) -> Any:
    """Return a tokenizer with the space before a word marked, put there if need be."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts(), trainer)
    return _fast(_framed(tokenizer, "<s>", "</s>"), XLMR_NAMES)


def pieces_like_bert() -> Any:
    """Return word pieces, with token types for the second sentence of a pair."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=700, special_tokens=list(BERT_NAMES.values()), show_progress=False
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return _fast(_framed(tokenizer, "[CLS]", "[SEP]", "$B:1"), BERT_NAMES, types=True)


def pieces_of_bytes(without: tuple[str, ...] = ()) -> Any:
    """Return byte-level BPE whose pieces carry the space, perhaps without some special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    names = {name: token for name, token in BERT_NAMES.items() if name not in without}
    unknown = None if "unk_token" in without else "[UNK]"
    tokenizer = Tokenizer(models.BPE(unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        special_tokens=list(BERT_NAMES.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return _fast(_framed(tokenizer, "[CLS]", "[SEP]"), names)


def pieces_like_gemma() -> Any:
    """Return BPE over text whose spaces are written as a mark, none put before the first word."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.decoder = decoders.Replace("▁", " ")
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts(), trainer)
    return _fast(_framed(tokenizer, "<s>", "</s>"), XLMR_NAMES)


def save(folder: Path, model: Any, tokenizer: Any) -> Path:
    """Write a model and a tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def edit(path: Path, **values: Any) -> None:
    """Change values of a JSON file; ... removes one."""
    found = json.loads(path.read_text()) | values
    path.write_text(json.dumps({k: v for k, v in found.items() if v is not ...}))


def rename(folder: Path, change: Callable[[str], str]) -> Path:
    """Give the tensors of a checkpoint other names."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    weights = {change(name): tensor for name, tensor in load_file(file).items()}
    save_file(weights, file, metadata={"format": "pt"})
    return folder


def xlmr(folder: Path, tokenizer: Any = None) -> Path:
    """XLM-R with a head that will be dropped."""
    import transformers

    tokenizer = tokenizer or pieces_like_xlmr()
    config = transformers.XLMRobertaConfig(
        vocab_size=len(tokenizer), pad_token_id=1, max_position_embeddings=130,
        type_vocab_size=1, num_labels=3, **SIZES,
    )  # fmt: skip
    return save(folder, transformers.XLMRobertaForSequenceClassification(config), tokenizer)


def bert(folder: Path, tokenizer: Any = None, **more: Any) -> Path:
    """BERT; with XLM-R's tokenizer as Multilingual-MiniLM and multilingual-e5-small have it."""
    import transformers

    tokenizer = tokenizer or pieces_like_bert()
    values = {"vocab_size": len(tokenizer), "pad_token_id": 0, "max_position_embeddings": 130}
    return save(
        folder, transformers.BertModel(transformers.BertConfig(**values | SIZES | more)), tokenizer
    )


def modernbert(folder: Path, tokenizer: Any = None) -> Path:
    """ModernBERT: byte-level pieces, rotary positions."""
    import transformers

    tokenizer = tokenizer or pieces_of_bytes()
    ids = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    config = transformers.ModernBertConfig(
        vocab_size=len(tokenizer), pad_token_id=0, max_position_embeddings=256, **ids, **SIZES
    )
    return save(folder, transformers.ModernBertForMaskedLM(config), tokenizer)


def eurobert(folder: Path) -> Path:
    """EuroBERT, for which transformers has no head for spans or choices."""
    import transformers

    tokenizer = pieces_of_bytes(("unk_token",))
    config = transformers.EuroBertConfig(
        vocab_size=len(tokenizer), pad_token_id=0, bos_token_id=2, eos_token_id=3,
        mask_token_id=4, max_position_embeddings=256, num_key_value_heads=2, **SIZES,
    )  # fmt: skip
    return save(folder, transformers.EuroBertForMaskedLM(config), tokenizer)


def albert(folder: Path) -> Path:
    """ALBERT: a word table narrower than the layers, which share their weights."""
    import transformers

    tokenizer = pieces_like_xlmr()
    config = transformers.AlbertConfig(
        vocab_size=len(tokenizer), embedding_size=8, pad_token_id=1,
        max_position_embeddings=130, **SIZES,
    )  # fmt: skip
    return save(folder, transformers.AlbertModel(config), tokenizer)


def electra(folder: Path) -> Path:
    """ELECTRA with a projection behind a narrow word table."""
    import transformers

    tokenizer = pieces_like_bert()
    config = transformers.ElectraConfig(
        vocab_size=len(tokenizer), embedding_size=10, pad_token_id=0,
        max_position_embeddings=130, **SIZES,
    )  # fmt: skip
    return save(folder, transformers.ElectraModel(config), tokenizer)


def distilbert(folder: Path) -> Path:
    """DistilBERT, whose config has names of its own and whose model no token types."""
    import transformers

    tokenizer = pieces_like_bert()
    config = transformers.DistilBertConfig(
        vocab_size=len(tokenizer), dim=20, n_layers=2, n_heads=2, hidden_dim=40,
        max_position_embeddings=130, pad_token_id=0,
    )  # fmt: skip
    return save(folder, transformers.DistilBertModel(config), tokenizer)


def mt5(folder: Path, *, whole: bool = True) -> Path:
    """mT5, or its encoder alone."""
    import transformers

    tokenizer = pieces_like_xlmr()
    config = transformers.MT5Config(
        vocab_size=len(tokenizer), d_model=20, d_kv=10, d_ff=40, num_layers=2,
        num_decoder_layers=2, num_heads=2, pad_token_id=1, eos_token_id=2,
        decoder_start_token_id=1,
    )  # fmt: skip
    kind = transformers.MT5ForConditionalGeneration if whole else transformers.MT5EncoderModel
    return save(folder, kind(config), tokenizer)


def one_type(folder: Path) -> Path:
    """RoBERTa, which knows one token type, with BERT's tokenizer, which gives two."""
    import transformers

    tokenizer = pieces_like_bert()
    pad = tokenizer.pad_token_id
    config = transformers.RobertaConfig(
        vocab_size=len(tokenizer), pad_token_id=pad, type_vocab_size=1,
        max_position_embeddings=130 + pad, **SIZES,
    )  # fmt: skip
    return save(folder, transformers.RobertaModel(config), tokenizer)


def sentencepiece_only(folder: Path) -> Path:
    """DeBERTa-v3 with spm.model and no tokenizer.json, as mdeberta-v3-base is published."""
    import io

    import sentencepiece
    import transformers

    buffer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts() * 3), model_writer=buffer, vocab_size=900,
        hard_vocab_limit=False, pad_id=0, pad_piece="[PAD]", bos_id=1, bos_piece="[CLS]",
        eos_id=2, eos_piece="[SEP]", unk_id=3, unk_piece="[UNK]",
        user_defined_symbols=["[MASK]"], minloglevel=2,
    )  # fmt: skip
    config = transformers.DebertaV2Config(
        vocab_size=1000, pad_token_id=0, relative_attention=True, position_buckets=16,
        pos_att_type=["p2c", "c2p"], position_biased_input=False, share_att_key=True,
        norm_rel_ebd="layer_norm", max_position_embeddings=128, type_vocab_size=0, **SIZES,
    )  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    transformers.DebertaV2Model(config).save_pretrained(folder)
    (folder / "spm.model").write_bytes(buffer.getvalue())
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false, "vocab_type": "spm"}')
    return folder


def vocabulary_and_merges(folder: Path) -> Path:
    """RoBERTa with vocab.json and merges.txt alone, as the first ones were published."""
    import transformers

    whole = json.loads(pieces_of_bytes().backend_tokenizer.to_str())["model"]
    renamed = {"[PAD]": "<pad>", "[UNK]": "<unk>", "[CLS]": "<s>", "[SEP]": "</s>"}
    names = renamed | {"[MASK]": "<mask>"}
    vocabulary = {names.get(piece, piece): number for piece, number in whole["vocab"].items()}
    pad = vocabulary["<pad>"]
    config = transformers.RobertaConfig(
        vocab_size=len(vocabulary), pad_token_id=pad, type_vocab_size=1,
        max_position_embeddings=131 + pad, **SIZES,
    )  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    transformers.RobertaModel(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    merges = "\n".join(" ".join(pair) for pair in whole["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    return folder


def sentence_encoder(folder: Path, pooling: dict[str, Any], *, dense: bool = False) -> Path:
    """XLM-R with modules of sentence-transformers beside it."""
    xlmr(folder)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules += [("2_Dense", "Dense")] if dense else []
    for place, _ in modules[1:]:
        (folder / place).mkdir()
        (folder / place / "config.json").write_text(json.dumps(pooling))
    listed = [
        {"idx": i, "name": str(i), "path": p, "type": f"sentence_transformers.models.{k}"}
        for i, (p, k) in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    return folder


def adapter(folder: Path) -> Path:
    """XLM-R with the files of a peft adapter beside its weights."""
    xlmr(folder)
    settings = {"peft_type": "LORA", "base_model_name_or_path": "someone/encoder", "r": 2}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    shutil.copy(folder / "model.safetensors", folder / "adapter_model.safetensors")
    return folder
