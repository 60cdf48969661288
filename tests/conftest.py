"""Shared fixtures: tiny random checkpoints, the packaged data, the real rows."""

import atexit
import json
import math
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import registry
from harness.declarations import TrainingSet

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="harness-tests-")  # no fact of other runs
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)
os.environ["TOKENIZERS_PARALLELISM"] = "false"

ROOT = Path(__file__).parent.parent
MINI = ROOT / "tasks" / "mini" / "data"
LONG = 900  # seconds after which a process hangs, on whatever machine; nothing is measured by it


def training_set(name: str) -> TrainingSet:
    """Return an intermediate task's training set, or what a target is learnt from."""
    return (
        registry.task(name).training if name in registry.task_names() else registry.training(name)
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real rows; tests that need it skip loudly where it is not there."""
    path = Path(os.environ.get("XTREME_DATA") or ROOT.parent / "shared" / "data")
    if not (path / "xtreme").is_dir():
        pytest.skip(f"no real rows: XTREME_DATA (or {path}) has no folder xtreme")
    return path


def _texts() -> list[str]:
    files = sorted((MINI / "xtreme").rglob("*"))
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


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random XLM-R checkpoint; copy it before changing a file."""
    return make_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny-xlmr")


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random mBERT-like checkpoint (word pieces, token types, a pooler)."""
    return make_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny-mbert", kind="bert")


@pytest.fixture
def small_data(tmp_path: Path) -> Path:
    """A copy of the packaged data (xtreme/ and labels/), free to be spoilt."""
    return Path(shutil.copytree(MINI, tmp_path / "data"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file below tmp_path and give its path."""

    def make(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


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


@pytest.fixture(scope="session")
def quickest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that trains for a few updates."""
    path = tmp_path_factory.mktemp("recipes") / "quickest.toml"
    path.write_text(QUICKEST)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: exit code, standard output, standard error."""
    import sys

    from harness.cli import main

    def call(*words: object) -> tuple[int, str, str]:
        before, sys.argv = sys.argv, ["harness", *map(str, words)]
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            sys.argv = before
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def events(store: Path) -> int:
    """How many steps have been begun in a store (their locks) and finished (their manifests)."""
    return len(list(store.glob("locks/*"))) + len(list(store.glob("steps/*/*/step.json")))


def until(process: subprocess.Popen[Any], store: Path, count: int) -> bool:
    """Wait for a run to come so far in its store, however slow it is; say if it still runs."""
    while process.poll() is None and events(store) < count:
        time.sleep(0.01)
    return process.poll() is None


def read_json(path: Path) -> object:
    """Return a JSON file's value."""
    return json.loads(path.read_text())
