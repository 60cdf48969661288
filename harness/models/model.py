"""A loaded model: encoder, perhaps a head, its tokenizer, ready to infer and to embed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.models.batching import inference_batches
from harness.models.device import Device

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.models.checkpoint import Checkpoint

INFERENCE_TOKENS = 8192  # padded tokens in a batch, at most: bounds memory
INFERENCE_EXAMPLES = 256

Report = Callable[[int, int], None]
"""Takes the units done and those there are."""


@dataclass
class Model:
    """A model in evaluation mode on its device.

    Attributes:
        module: The transformers model.
        tokenizer: Its fast tokenizer.
        device: Where it runs.
        layer: The hidden state that ``embed`` pools, 0 being the embeddings.
        report: Told after each batch.
    """

    module: Any
    tokenizer: Any
    device: Device
    layer: int = -1
    report: Report = lambda done, total: None

    def infer(self, features: Sequence[dict[str, Any]]) -> list[list[NDArray[np.float32]]]:
        """Run the head over features in length-bucketed batches.

        Args:
            features: Model inputs without padding, as lists.

        Returns:
            For each feature its outputs, one array a head output: scores float32 (labels,),
            (tokens, labels), or for spans two of (tokens,); padding is cut off.
        """
        import torch

        results: list[list[NDArray[np.float32]]] = [[] for _ in features]
        for batch, inputs in self._batches(features):
            if type(self.module).__name__.endswith("MultipleChoice"):  # an option at a time
                inputs = {name: tensor.unsqueeze(1) for name, tensor in inputs.items()}
            with torch.inference_mode(), self.device.autocast():
                outputs = self.module(**inputs).to_tuple()
            arrays = [output.float().cpu().numpy() for output in outputs]
            width = inputs["input_ids"].shape[-1]
            for place, number in enumerate(batch):
                length = len(features[number]["input_ids"])
                results[number] = [
                    array[place][:length]
                    if array.ndim > 1
                    and array.shape[1] == width
                    and (array.ndim == 3 or len(arrays) == 2)
                    else array[place]
                    for array in arrays
                ]
        return results

    def embed(self, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
        """Return sentence embeddings: the mean of hidden state ``layer`` over non-pad tokens.

        Special tokens count, as in XTREME (third_party/evaluate_retrieval.py).

        Args:
            texts: Sentences.
            max_length: Tokens read of each, special tokens included.

        Returns:
            float32 (sentences, dimensions), L2-normalised.
        """
        import numpy as np
        import torch

        batch = self.tokenizer(list(texts), truncation=True, max_length=max_length)
        features = [
            {name: batch[name][i] for name in batch} for i in range(len(batch["input_ids"]))
        ]
        found = np.zeros((len(features), self.module.config.hidden_size), dtype=np.float32)
        for numbers, inputs in self._batches(features):
            with torch.inference_mode(), self.device.autocast():
                states = self.module(**inputs, output_hidden_states=True).hidden_states
            mask = inputs["attention_mask"].unsqueeze(-1).float()
            mean = (states[self.layer].float() * mask).sum(1) / mask.sum(1)
            found[numbers] = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
        return found

    def _batches(self, features: Sequence[dict[str, Any]]) -> Any:
        """Yield numbers and padded tensors on the device, batch by batch."""
        lengths = [len(feature["input_ids"]) for feature in features]
        batches = inference_batches(lengths, INFERENCE_TOKENS, INFERENCE_EXAMPLES)
        done = 0
        for batch in batches:
            padded = self.tokenizer.pad([features[i] for i in batch], return_tensors="pt")
            yield batch, {name: t.to(self.device.name) for name, t in padded.items()}
            done += len(batch)
            self.report(done, len(features))


def read_encoder(path: Path) -> Any:
    """Load the bare encoder; a weight that the file lacks is an error unless it is the pooler's."""
    import transformers

    with quiet():
        model, info = transformers.AutoModel.from_pretrained(
            path,
            use_safetensors=True,
            trust_remote_code=False,
            dtype="float32",
            output_loading_info=True,
        )
    missing = [name for name in info["missing_keys"] if "pooler" not in name]
    if missing:
        raise HarnessError(f"{path}: the weights lack {min(missing)}; save the model whole")
    return model


def load_encoder(checkpoint: Checkpoint, layer: int | str, device: Device) -> Model:
    """Load an encoder for retrieval.

    Args:
        checkpoint: The encoder.
        layer: The hidden state to pool (``harness.recipes.Settings.layer``).
        device: Where to run.
    """
    path = checkpoint.path
    model = Model(read_encoder(path).to(device.name).eval(), load_tokenizer(path), device)
    model.layer = retrieval_layer(layer, checkpoint)
    return model


def retrieval_layer(layer: int | str, checkpoint: Checkpoint) -> int:
    """Return the number of the hidden state to pool.

    XTREME takes 14 of XLM-R Large's 24 layers and 7 of 12 (utils and scripts/run_tatoeba.sh);
    other depths are scaled from that. A sentence-transformers checkpoint pools its last layer.

    Raises:
        HarnessError: The encoder has no such layer.
    """
    if layer == "auto":
        layer = "last" if checkpoint.sentence_encoder else "xtreme"
    if layer == "last":
        return checkpoint.layers
    if layer == "xtreme":
        return round(checkpoint.layers * 7 / 12)
    if int(layer) > checkpoint.layers:
        raise HarnessError(f"layer {layer}: {checkpoint.name} has {checkpoint.layers} layers")
    return int(layer)


def load_tokenizer(path: Path) -> Any:
    """Load a fast tokenizer that says nothing about inputs longer than the model."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    tokenizer.model_max_length = int(1e9)  # lengths are cut by the recipe, not by a warning
    tokenizer.padding_side = tokenizer.truncation_side = "right"  # what labels and offsets assume
    return tokenizer


class quiet:  # noqa: N801 - reads like contextlib's managers
    """Silence transformers' loading report: missing poolers and dropped heads are expected."""

    def __enter__(self) -> None:
        """Lower the library's verbosity."""
        from transformers.utils import logging

        self.level = logging.get_verbosity()
        logging.set_verbosity_error()

    def __exit__(self, *_: object) -> None:
        """Put it back."""
        from transformers.utils import logging

        logging.set_verbosity(self.level)
