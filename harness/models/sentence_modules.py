"""A checkpoint's own sentence-transformers modules: Pooling, Dense and Normalize.

What modules.json lists is checked without torch when a run is planned, and loaded with the encoder.
Formulas and defaults are those of sentence-transformers' ``Pooling`` and ``Dense``
(sentence_transformers/sentence_transformer/modules/pooling.py, base/modules/dense.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.bounds import LENGTH, Bounds, Choice, Expected, Switch, shown
from harness.data.files import one_line, read_json
from harness.errors import HarnessError
from harness.models import checkpoint_files as files
from harness.models.config_numbers import check_numbers
from harness.models.pooling import FIRST, MEAN, MEAN_OF_TEXT, MODES, OWN, Pooling

if TYPE_CHECKING:
    from harness.models.pooling import Vectors

WIDTH = Bounds(1, 2**16)
MOST_MODULES = 20
MODE = Choice(tuple(MODES))
FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""How older versions write the modes, in the order in which they are concatenated."""
ACTIVATIONS = Choice(
    (
        "torch.nn.modules.activation.Tanh",
        "torch.nn.modules.linear.Identity",
        "torch.nn.modules.activation.ReLU",
        "torch.nn.modules.activation.GELU",
        "torch.nn.modules.activation.Sigmoid",
    )
)
VECTOR = Choice(("sentence_embedding",))  # what a Dense may read and write


@dataclass(frozen=True)
class DenseFiles:
    """A Dense module: a linear layer and an activation.

    Attributes:
        weights: Its safetensors file.
        activation: One of ACTIVATIONS.
    """

    weights: Path
    activation: str

    def load(self, device: str) -> Vectors:
        """Return what is done with vectors, its weights in float32 on a device.

        Raises:
            HarnessError: The weights cannot be read, or are not finite numbers.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            tensors = load_file(self.weights)
        except (SafetensorError, OSError) as error:
            raise HarnessError(
                f"{self.weights}: cannot be read ({one_line(error)}); copy it again"
            ) from error
        for name, tensor in tensors.items():
            if not tensor.is_floating_point() or not bool(tensor.float().isfinite().all()):
                raise HarnessError(
                    f"{self.weights}: {name} is not of finite numbers; copy it again"
                )
        each = {name: tensor.float().to(device) for name, tensor in tensors.items()}
        weight, bias = each["linear.weight"], each.get("linear.bias")
        activation = _activation(self.activation)
        return lambda vectors: activation(torch.nn.functional.linear(vectors, weight, bias))


@dataclass(frozen=True)
class Normalize:
    """A Normalize module."""

    def load(self, device: str) -> Vectors:
        """Return what is done with vectors."""
        import torch

        return lambda vectors: torch.nn.functional.normalize(vectors, dim=-1)


@dataclass(frozen=True)
class SentenceModules:
    """What follows the encoder in modules.json.

    Attributes:
        file: The Pooling module's config.json.
        hidden: Dimensions of the hidden state that it pools.
        modes: How it pools.
        after: The modules after it.
        output: Dimensions of the embedding.
    """

    file: Path
    hidden: int
    modes: tuple[str, ...]
    after: tuple[DenseFiles | Normalize, ...]
    output: int

    def load(self, hidden: int, device: str) -> Pooling:
        """Return the pooling, with the weights of its modules.

        Args:
            hidden: Dimensions of the encoder's hidden states.
            device: torch's name of the device.

        Raises:
            HarnessError: The encoder has another number of dimensions, or weights are broken.
        """
        if hidden != self.hidden:
            raise HarnessError(
                f"{self.file}: it pools {self.hidden} dimensions, but the encoder has {hidden};"
                " copy the module that belongs to it"
            )
        after = tuple(module.load(device) for module in self.after)
        return Pooling(self.modes, after=after, output=self.output)


def own_length(path: Path, length: int) -> int:
    """Return how many tokens of a sentence are read, at most, by pooling ``own``.

    Args:
        path: The checkpoint's folder, whose ``sentence_bert_config.json`` may bound them.
        length: The tokens that the recipe reads.

    Raises:
        HarnessError: The file has no usable number, or says that texts are made lower case, which
            the harness does not do.
    """
    file = path / "sentence_bert_config.json"
    config = files.json_object(file)
    if config.get("do_lower_case") not in (None, False):
        raise HarnessError(
            f"{file}: do_lower_case is {shown(config['do_lower_case'])}; pooling {OWN} leaves case"
            " as it is: choose another pooling"
        )
    bound = config.get("max_seq_length")
    if bound is None:
        return length
    if bound not in LENGTH:
        raise HarnessError(f"{file}: max_seq_length is {shown(bound)}; expected {LENGTH}")
    return min(length, int(bound))


def read_modules(path: Path) -> SentenceModules:
    """Check a sentence encoder's modules, without loading weights.

    Args:
        path: The checkpoint's folder.

    Raises:
        HarnessError: There is no modules.json, it lists a module that is not known here or in
            another order, or a module's files are missing, broken or do not fit one another.
    """
    listed = path / "modules.json"
    if not listed.is_file():
        others = ", ".join((MEAN, MEAN_OF_TEXT, FIRST))
        raise HarnessError(
            f"{path}: no modules.json, by which pooling {OWN} goes; choose another pooling"
            f" ({others}), or copy modules.json and the folders that it names from the sentence"
            " encoder that the checkpoint was made from"
        )
    modules = files.sentence_modules(path)
    if len(modules) > MOST_MODULES:
        raise HarnessError(f"{listed}: {len(modules)} modules; expected {MOST_MODULES} at most")
    kinds = [module.known_kind for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"]:
        begins = ", ".join(shown(module.type) for module in modules[:2]) or "nothing"
        raise HarnessError(
            f"{listed}: begins with {begins}; pooling {OWN} needs sentence-transformers'"
            " Transformer, then its Pooling; choose another pooling"
        )
    file, hidden, modes = _pooling(path, modules[1])
    width = hidden * len(modes)
    after: list[DenseFiles | Normalize] = []
    for module, kind in zip(modules[2:], kinds[2:], strict=True):
        if kind == "Dense":
            dense, width = _dense(path, module, width)
            after.append(dense)
        elif kind == "Normalize":
            after.append(Normalize())
        else:
            raise HarnessError(
                f"{listed}: {shown(module.type)} in {shown(module.folder)} is not known; of the"
                f" modules after Pooling, {OWN} can do Dense and Normalize: choose another pooling"
            )
    return SentenceModules(file, hidden, modes, tuple(after), width)


def _pooling(path: Path, module: files.SentenceModule) -> tuple[Path, int, tuple[str, ...]]:
    """Return the config of a Pooling module, the dimensions that it pools, and its modes."""
    file, config = _config(path, module)
    key = "embedding_dimension" if "embedding_dimension" in config else "word_embedding_dimension"
    hidden = _value(file, config, key, WIDTH)
    for name in config:
        if name.startswith("pooling_mode_") and name not in FLAGS:
            raise HarnessError(f"{file}: {shown(name)} is not known; choose another pooling")
    if "pooling_mode" in config:  # as newer versions write it, in an order of its own
        value = config["pooling_mode"]
        modes = value if isinstance(value, list) else [value]
        if not 1 <= len(modes) <= len(MODES) or not all(mode in MODE for mode in modes):
            raise HarnessError(f"{file}: pooling_mode = {shown(value)}; expected {MODE}")
        return file, hidden, tuple(modes)
    flags = {name: _value(file, config, name, Switch(), False) for name in FLAGS}
    modes = [mode for name, mode in FLAGS.items() if flags[name]]
    return file, hidden, tuple(modes or ["mean"])


def _dense(path: Path, module: files.SentenceModule, width: int) -> tuple[DenseFiles, int]:
    """Return a Dense module and the dimensions of its result."""
    file, config = _config(path, module)
    before = _value(file, config, "in_features", WIDTH)
    after = _value(file, config, "out_features", WIDTH)
    bias = _value(file, config, "bias", Switch(), True)
    activation = _value(file, config, "activation_function", ACTIVATIONS, ACTIVATIONS.words[0])
    source = _value(file, config, "module_input_name", VECTOR, VECTOR.words[0])
    if config.get("module_output_name") is not None:
        _value(file, config, "module_output_name", VECTOR, source)
    if _value(file, config, "use_residual", Switch(), False):
        raise HarnessError(f"{file}: use_residual is not known; choose another pooling")
    if before != width:
        raise HarnessError(
            f"{file}: in_features = {before}, but the module before it gives {width};"
            " copy the modules again"
        )
    weights = file.with_name("model.safetensors")
    if not weights.is_file():
        pickled = any(weights.with_name(name).exists() for name in files.PICKLES)
        reason = " (a pickle can run code, so it is not loaded)" if pickled else ""
        raise HarnessError(
            f"{weights}: no such file{reason};"
            ' convert the checkpoint where you trust it: python -c "from sentence_transformers'
            " import SentenceTransformer as M; M('IN').save('OUT')\""
        )
    expected = {"linear.weight": [after, before]} | ({"linear.bias": [after]} if bias else {})
    found = files.tensor_shapes([weights])
    if found != expected:
        raise HarnessError(
            f"{weights}: holds {shown(found)}, but its config.json says {expected}; copy it again"
        )
    return DenseFiles(weights, activation), after


def _config(path: Path, module: files.SentenceModule) -> tuple[Path, dict[str, Any]]:
    """Return a module's config.json and what is in it."""
    if module.folder in ("", "."):
        raise HarnessError(
            f"{path / 'modules.json'}: {shown(module.type)} has no folder of its own; copy it again"
        )
    file = path / module.folder / "config.json"
    config = read_json(file)
    check_numbers(file, config)
    if not isinstance(config, dict):
        raise HarnessError(f"{file}: holds no object; copy it again")
    return file, config


def _value(
    file: Path, config: Mapping[str, Any], key: str, expected: Expected, default: Any = None
) -> Any:
    """Return a value of a config that must be an allowed one."""
    value = config.get(key, default)
    if value not in expected:
        what = f"{key} = {shown(value)}" if key in config else f"no {key}"
        raise HarnessError(f"{file}: {what}; expected {expected}")
    return value


def _activation(name: str) -> Vectors:
    """Return an activation: a fixed table, nothing is imported by a name from a file."""
    import torch

    functions: tuple[Vectors, ...] = (
        torch.tanh,
        lambda vectors: vectors,
        torch.relu,
        torch.nn.functional.gelu,
        torch.sigmoid,
    )
    return dict(zip(ACTIVATIONS.words, functions, strict=True))[name]
