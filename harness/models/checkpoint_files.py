"""The files of a checkpoint's folder: their names, whether they are complete, a fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.files import digest, read_json
from harness.errors import HarnessError

MAX_HEADER = 100 << 20  # bytes of a safetensors header that are read
BROKEN = (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.bin")
ADAPTERS = ("adapter_config.json", "adapter_model.*")
UNREAD = frozenset(
    ".md .bin .pt .pth .ckpt .h5 .msgpack .onnx .ot .gguf .log .png .jpg .svg .pdf .csv .tsv .py"
    " .ipynb".split()
)
"""Endings of files that transformers never opens: documents, logs, code, weights of other kinds."""
RECORD = "harness.json"  # of a trained checkpoint: its sets, in the order of heads/0, heads/1 …
STEP = "step.json"  # of a step of a store
OURS = (RECORD, STEP, "generation_config.json")
"""Files that the harness writes itself, and settings for generating text, which it never does."""


def refuse_adapters(path: Path) -> None:
    """Refuse a folder with an adapter: transformers loads it along with the weights, or fails.

    Raises:
        HarnessError: An adapter's config or weights are there, with complete weights or alone.
    """
    for pattern in ADAPTERS:
        for file in sorted(path.glob(pattern)):
            raise HarnessError(
                f"{path}: {file.name} makes it an adapter of another model; merge it first: python"
                ' -c "from peft import AutoPeftModelForFeatureExtraction as M;'
                " M.from_pretrained('IN').merge_and_unload().save_pretrained('OUT')\", then copy"
                " the tokenizer beside it; or remove the adapter's files for the plain encoder"
            )


def weight_files(path: Path) -> list[Path]:
    """Return the safetensors files that hold the weights.

    Raises:
        HarnessError: There are none, or pickled ones, or the index leads out of the folder.
    """
    index = path / "model.safetensors.index.json"
    files = [path / "model.safetensors"]  # before an index, as in transformers
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
    """Return the names of the weight files that an index lists, all in its own folder."""
    mapping = json_object(index).get("weight_map")
    if not isinstance(mapping, dict) or not mapping:
        raise HarnessError(f"{index}: no weight_map; copy it again")
    for name in mapping.values():
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+\.safetensors", name):
            raise HarnessError(f"{index}: {name!r:.80} names no weight file of the folder")
    return sorted(set(mapping.values()))


def tensor_shapes(files: list[Path]) -> dict[str, list[int]]:
    """Return the shapes of all tensors, from the safetensors headers alone.

    Raises:
        HarnessError: A header is broken or too large, or the file is not as long as it says.
    """
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


@dataclass(frozen=True)
class SentenceModule:
    """A module of a sentence encoder.

    Attributes:
        type: The class that modules.json names.
        folder: Its folder in the checkpoint's; "" for that itself.
    """

    type: str
    folder: str

    @property
    def kind(self) -> str:
        """Return the name of the class alone."""
        return self.type.rpartition(".")[2]

    @property
    def known_kind(self) -> str:
        """Return its kind if it is sentence-transformers' own, "" for other people's code."""
        return self.kind if self.type.startswith("sentence_transformers.") else ""


def sentence_modules(path: Path) -> list[SentenceModule]:
    """Return the modules in a sentence encoder's modules.json.

    Raises:
        HarnessError: The file is broken, or a module is not in a folder of the checkpoint's.
    """
    file = path / "modules.json"
    entries = read_json(file) if file.is_file() else []
    modules = []
    for entry in entries if isinstance(entries, list) else ():
        values = (entry.get("type"), entry.get("path")) if isinstance(entry, dict) else (None, None)
        kind, folder = (value if isinstance(value, str) else "/" for value in values)
        if "/" in kind or not re.fullmatch(r"[\w.-]*", folder) or folder == "..":
            raise HarnessError(f"{file}: {entry!r:.80} is no module of the folder; copy it again")
        modules.append(SentenceModule(kind, folder))
    return modules


def fingerprint(path: Path) -> str:
    """Return the SHA-256 over all files that can change a checkpoint's results.

    That is every file of the folder that transformers might open, and those of the folders that
    modules.json names; documents, logs and weights of other kinds are left out.
    """
    total = hashlib.sha256()
    for file in _covered(path):
        total.update(f"{file.relative_to(path).as_posix()}:{digest(file)}\n".encode())
    return total.hexdigest()


def _covered(path: Path) -> Iterator[Path]:
    folders = sorted({module.folder for module in sentence_modules(path) if module.folder})
    for folder in (path, *(path / name for name in folders)):
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            read = file.suffix.lower() not in UNREAD and not file.name.startswith((".", "events."))
            if read and file.name not in OURS and file.is_file():
                yield file


def own_record(path: Path) -> dict[str, Any]:
    """Return what ``harness train`` recorded in a checkpoint's folder, {} for others."""
    return json_object(path / RECORD)


def json_object(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file, {} if there is no such file or it holds another value."""
    value = read_json(file) if file.is_file() else {}
    return value if isinstance(value, dict) else {}


def stamp(path: Path) -> list[Any]:
    """Return the names, sizes and times of all files in a folder, which change with any of them."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return [(str(f.relative_to(path)), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
