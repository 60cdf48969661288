"""A checkpoint from outside: looked at whole before any work, fingerprinted, never unpickled."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.data.files import digest, one_line, read_json
from harness.data.memory import Memory
from harness.errors import HarnessError

VERSION = 1  # raised when the checks below or what they find change
MAX_HEADER = 100 << 20  # bytes of a safetensors header that are read
SPARE_ROWS = 1024  # rows of the word table that may have no piece (padding to a round size)
BROKEN = (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)
NUMBERS = (
    "vocab_size",
    "hidden_size",
    "dim",
    "num_hidden_layers",
    "n_layers",
    "max_position_embeddings",
)  # of config.json
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.bin")
TOKENIZER_FILES = ("tokenizer.json", "sentencepiece.bpe.model", "spiece.model", "vocab.txt")
MORE_TOKENIZER_FILES = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
FETCHED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint is, read from its files without loading a weight.

    Attributes:
        path: Local folder.
        name: What the user called it (hub id, or the folder's name).
        fingerprint: SHA-256 over weights, config and tokenizer files.
        model_type: transformers' name of the encoder family.
        layers: Number of encoder layers.
        parameters: Number of weights, word table included.
        body: Number of weights without the word table.
        sentence_encoder: True if the folder says that it is a sentence-transformers model.
        notes: What the user should know, e.g. that a task head is dropped.
        positions: Tokens that it can read at once; 0 where there is no bound.
        intermediate: What it was trained on before, as it or the user says; "" if nobody does.
    """

    path: Path
    name: str
    fingerprint: str
    model_type: str
    layers: int
    parameters: int
    body: int
    sentence_encoder: bool
    notes: tuple[str, ...] = ()
    positions: int = 0
    intermediate: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return what a submission says of its checkpoint."""
        values = asdict(self)
        del values["path"]
        return values | {"notes": list(self.notes)}


def open_checkpoint(where: str, *, offline: bool, memory: Memory | None = None) -> Checkpoint:
    """Check a local folder or hub id and say what it is.

    Args:
        where: The folder or id (``owner/name[@revision]``).
        offline: Fetch nothing.
        memory: Remembers a checkpoint that was looked at before, while no file of it changes.

    Raises:
        HarnessError: Config, weights or tokenizer are missing or do not agree; weights are
            pickled; the family is unknown to transformers; the hub cannot be reached.
    """
    path = Path(where)
    if not path.is_dir():
        path = _from_hub(where, offline=offline)
    name = where if path != Path(where) else path.resolve().name
    path = path.absolute()  # engines' workers may stand in another folder
    stamp = _stamp(path)
    known = memory.recall(stamp) if memory else None
    if isinstance(known, dict):
        return Checkpoint(**known | {"path": path, "name": name, "notes": tuple(known["notes"])})
    found = _looked_at(path, name)
    if memory:
        memory.keep(stamp, found.as_dict())
    return found


def _stamp(path: Path) -> str:
    """Return a name that changes with any file of a folder."""
    files = sorted(p for p in path.iterdir() if p.is_file())
    states = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    whole = hashlib.sha256(repr((VERSION, str(path.absolute()), states)).encode())
    return f"checkpoint {whole.hexdigest()}"


def _looked_at(path: Path, name: str) -> Checkpoint:
    """Check a folder whole."""
    config = _config(path)
    weights = _weight_files(path)
    shapes = _shapes(weights)
    tokenizer = _tokenizer_files(path)
    _check_layers(path, config, shapes)
    rows = _word_rows(path, config, shapes)
    _check_tokenizer(path, config, rows)
    total = sum(_size(shape) for shape in shapes.values())
    return Checkpoint(
        path=path,
        name=name,
        fingerprint=_fingerprint([path / "config.json", *weights, *tokenizer]),
        model_type=config["model_type"],
        layers=int(config.get("num_hidden_layers") or config.get("n_layers") or 0),
        parameters=total,
        body=total - rows * int(config.get("hidden_size") or config.get("dim") or 0),
        sentence_encoder=(path / "modules.json").is_file() or _of_a_sentence_encoder(path),
        notes=_notes(config),
        positions=_positions(config),
        intermediate=_trained_on(path),
    )


def _from_hub(where: str, *, offline: bool) -> Path:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?(@[\w.-]+)?", where) or where.startswith("."):
        raise HarnessError(f"{where}: no such folder (and no hub id like owner/name[@revision])")
    from huggingface_hub import snapshot_download

    repo, _, revision = where.partition("@")
    try:
        return Path(
            snapshot_download(
                repo,
                revision=revision or None,
                allow_patterns=list(FETCHED),
                local_files_only=offline,
            )
        )
    except Exception as error:  # the hub client raises whatever its transport does
        hint = "--offline reads only what was fetched before" if offline else "check id and network"
        raise HarnessError(
            f"{where}: no such folder, and not to be had from the hub"
            f" ({type(error).__name__}); {hint}"
        ) from error


def _config(path: Path) -> dict[str, Any]:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    if not (path / "config.json").is_file():
        raise HarnessError(f"{path}: no config.json, so this is no transformers checkpoint")
    config = read_json(path / "config.json")
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise HarnessError(f"{path / 'config.json'}: no model_type; save it with transformers")
    if config["model_type"] not in CONFIG_MAPPING_NAMES:
        raise HarnessError(
            f"{path / 'config.json'}: model_type {config['model_type']!r} is not known to"
            " transformers, and remote code is never run"
        )
    for name in NUMBERS:
        value = config.get(name)
        if value is not None and (not isinstance(value, int) or value < 0):
            raise HarnessError(f"{path / 'config.json'}: {name} is {value!r:.40}, no whole number")
    if config.get("transformers_weights"):
        raise HarnessError(
            f"{path / 'config.json'}: transformers_weights leads to other weights than"
            " model.safetensors; save the model again"
        )
    return config


def _weight_files(path: Path) -> list[Path]:
    index = path / "model.safetensors.index.json"
    files = [path / "model.safetensors"]  # taken before an index, as transformers does
    if index.is_file() and not files[0].is_file():
        files = [path / name for name in _shards(index)]
    missing = [file.name for file in files if not file.is_file()]
    if not missing:
        return files
    if any((path / name).exists() for name in PICKLES):
        raise HarnessError(
            f"{path}: the weights are pickled, and a pickle can run code, so it is not loaded;"
            ' convert it where you trust it: python -c "from transformers import AutoModel as M;'
            " M.from_pretrained('IN').save_pretrained('OUT')\", then copy the tokenizer beside it"
        )
    raise HarnessError(f"{path}: no weights ({', '.join(missing)} missing)")


def _shards(index: Path) -> list[str]:
    """Return the names of the weight files that an index lists, all of its own folder."""
    value = read_json(index)
    listed = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(listed, dict) or not listed:
        raise HarnessError(f"{index}: no weight_map; copy it again")
    for name in listed.values():
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+\.safetensors", name):
            raise HarnessError(f"{index}: {name!r:.80} names no weight file of the folder")
    return sorted(set(listed.values()))


def _shapes(files: list[Path]) -> dict[str, list[int]]:
    """Return the shapes of all tensors, from the safetensors headers alone."""
    shapes: dict[str, list[int]] = {}
    for file in files:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            size = file.stat().st_size
            if not 2 <= length <= min(MAX_HEADER, size - 8):
                raise HarnessError(f"{file}: no safetensors file (header of {length} bytes)")
            try:
                header = json.loads(stream.read(length))
                entries = {n: e for n, e in header.items() if n != "__metadata__"}
                end = max((e["data_offsets"][1] for e in entries.values()), default=0)
                shapes |= {n: [int(d) for d in e["shape"]] for n, e in entries.items()}
                expected = 8 + length + end
            except BROKEN as error:
                raise HarnessError(f"{file}: broken safetensors header; copy it again") from error
        if size != expected:
            raise HarnessError(
                f"{file}: {size} bytes, but its header says {expected}; copy it again"
            )
    return shapes


def _size(shape: list[int]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _tokenizer_files(path: Path) -> list[Path]:
    if not any((path / name).is_file() for name in TOKENIZER_FILES):
        raise HarnessError(f"{path}: no tokenizer (none of {', '.join(TOKENIZER_FILES)})")
    names = (*TOKENIZER_FILES, *MORE_TOKENIZER_FILES)
    return [path / name for name in names if (path / name).is_file()]


def _word_rows(path: Path, config: dict[str, Any], shapes: dict[str, list[int]]) -> int:
    """Return the number of rows of the word table, checked against the config."""
    vocabulary, hidden = config.get("vocab_size"), config.get("hidden_size") or config.get("dim")
    tables = [s for n, s in shapes.items() if n.endswith("word_embeddings.weight") and len(s) == 2]
    for rows, width in tables:
        if vocabulary != rows or (hidden not in (None, width) and "embedding_size" not in config):
            raise HarnessError(
                f"{path}: config.json says {vocabulary} pieces of {hidden} dimensions, the weights"
                f" have {rows} of {width}; config and weights are not of one model"
            )
    return tables[0][0] if tables else int(vocabulary or 0)


def _check_layers(path: Path, config: dict[str, Any], shapes: dict[str, list[int]]) -> None:
    """Refuse a config of fewer or more layers than the weights: transformers would not."""
    places = [re.search(r"(?:^|\.)layers?\.(\d{1,4})\.", name) for name in shapes]
    found = max((int(place[1]) + 1 for place in places if place), default=0)
    said = config.get("num_hidden_layers") or config.get("n_layers")
    if found and said and found != said:
        raise HarnessError(
            f"{path}: config.json says {said} layers, the weights have {found};"
            " config and weights are not of one model"
        )


def _check_tokenizer(path: Path, config: dict[str, Any], rows: int) -> None:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    except Exception as error:  # whatever a broken tokenizer file makes the library raise
        raise HarnessError(f"{path}: the tokenizer cannot be loaded ({one_line(error)})") from error
    if not tokenizer.is_fast:
        raise HarnessError(f"{path}: no fast tokenizer (tokenizer.json), which offsets need")
    pieces = max(tokenizer.get_vocab().values(), default=-1) + 1
    if not rows - SPARE_ROWS <= pieces <= rows:
        raise HarnessError(
            f"{path}: the tokenizer has {pieces} pieces, the model {rows} rows;"
            " the tokenizer does not belong to this model"
        )
    pad = config.get("pad_token_id")
    if pad is not None and tokenizer.pad_token_id != pad:
        raise HarnessError(
            f"{path}: the tokenizer pads with id {tokenizer.pad_token_id}, the model with {pad};"
            " the tokenizer does not belong to this model"
        )


def _notes(config: dict[str, Any]) -> tuple[str, ...]:
    heads = [a for a in config.get("architectures") or () if "For" in a]
    notes = [f"its task head ({name}) is dropped; only the encoder is used" for name in heads]
    if "auto_map" in config:
        notes.append("its remote code (auto_map) is ignored")
    return tuple(notes)


def _positions(config: dict[str, Any]) -> int:
    """Return how many tokens a family with learnt positions reads.

    RoBERTa's number them from behind the padding id (transformers' create_position_ids).
    """
    most = int(config.get("max_position_embeddings") or 0)
    if config["model_type"] in ("xlm-roberta", "roberta", "camembert", "xlm-roberta-xl"):
        return max(0, most - int(config.get("pad_token_id") or 0) - 1)
    return most if config["model_type"] in ("bert", "distilbert", "electra", "albert") else 0


def _own_record(path: Path) -> dict[str, Any]:
    """Return what ``harness train`` wrote beside a checkpoint, {} of others."""
    file = path / "harness.json"
    value = read_json(file) if file.is_file() else {}
    return value if isinstance(value, dict) else {}


def _trained_on(path: Path) -> str:
    """Return what a checkpoint of ``harness train`` was trained on, "" of others."""
    return str(_own_record(path).get("intermediate", ""))[:300]


def _of_a_sentence_encoder(path: Path) -> bool:
    """Say whether a checkpoint of ``harness train`` began as a sentence encoder."""
    parent = _own_record(path).get("parent")
    return isinstance(parent, dict) and parent.get("sentence_encoder") is True


def _fingerprint(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.name}:{digest(file)}\n".encode())
    return whole.hexdigest()
