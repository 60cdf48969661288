"""A loaded model: encoder, tokenizer and perhaps a head, ready to infer and to embed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, NotFinite
from harness.models.batching import features_of, inference_batches
from harness.models.device import Device
from harness.models.loading import load_model
from harness.models.tokenizer import load_tokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.models.checkpoint import Checkpoint
    from harness.models.heads import Head

INFERENCE_TOKENS = {"cpu": 512}  # padded tokens in a batch, at most: what fits a CPU's caches
MORE_TOKENS = 8192  # the same on an accelerator, which needs large batches; bounds memory
INFERENCE_EXAMPLES = 256

Report = Callable[[int, int], None]
"""Progress callback, called with (units done, units in all)."""


@dataclass
class Model:
    """A model in evaluation mode on its device.

    Attributes:
        module: The transformers model.
        tokenizer: Its fast tokenizer.
        device: Where it runs.
        head: The kind of its head; None for a bare encoder.
        layer: The hidden state that ``embed`` pools, 0 being the embeddings.
        pooling: How it pools: ``mean`` over all non-pad tokens, or ``cls``, the first one.
        report: Progress callback, called after each batch.
    """

    module: Any
    tokenizer: Any
    device: Device
    head: Head | None = None
    layer: int = -1
    pooling: str = "mean"
    report: Report = lambda done, total: None

    def infer(self, features: Sequence[dict[str, Any]]) -> list[list[NDArray[np.float32]]]:
        """Run the head over features in length-bucketed batches.

        Args:
            features: Model inputs without padding, as lists; entries that are not inputs of the
                model are left out. ``row`` is the number of the example for error messages.

        Returns:
            For each feature an array for each of the head's outputs: scores float32 (labels,),
            (tokens, labels), or for spans two of (tokens,); padding is cut off.

        Raises:
            NotFinite: A score is not finite.
        """
        import numpy as np
        import torch

        assert self.head is not None, "a bare encoder embeds; it infers nothing"
        results: list[list[NDArray[np.float32]]] = [[] for _ in features]
        for batch, inputs in self._batches(features):
            with torch.inference_mode(), self.device.autocast():
                outputs = self.head.answers(self.module, inputs)
            arrays = [output.float().cpu().numpy() for output in outputs]
            for position, number in enumerate(batch):
                end = len(features[number]["input_ids"]) if self.head.by_token else None
                results[number] = [array[position][:end] for array in arrays]
                if not all(np.isfinite(array).all() for array in results[number]):
                    raise self._not_finite(features[number].get("row", number), "scores")
        return results

    def embed(self, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
        """Return sentence embeddings: the pooled hidden state ``layer``.

        The mean includes special tokens, as in XTREME (third_party/evaluate_retrieval.py).

        Args:
            texts: Sentences.
            max_length: Tokens read of each, special tokens included.

        Returns:
            float32 (sentences, dimensions), L2-normalised.

        Raises:
            NotFinite: A number of an embedding is not finite.
        """
        import numpy as np
        import torch

        batch = self.tokenizer(list(texts), truncation=True, max_length=max_length)
        features = features_of(batch)
        embeddings = np.zeros((len(features), self.module.config.hidden_size), dtype=np.float32)
        for numbers, inputs in self._batches(features):
            with torch.inference_mode(), self.device.autocast():
                states = self.module(**inputs, output_hidden_states=True).hidden_states
            state = states[self.layer].float()
            if self.pooling == "cls":
                pooled = state[:, 0]
            else:
                mask = inputs["attention_mask"].unsqueeze(-1).float()
                pooled = (state * mask).sum(1) / mask.sum(1)
            embeddings[numbers] = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
        broken = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
        if len(broken):
            raise self._not_finite(int(broken[0]), f"embedding of {texts[broken[0]][:40]!r}")
        return embeddings

    def _not_finite(self, row: int, what: str) -> NotFinite:
        """Return the error that names an example."""
        remedy = "the weights hold such numbers, or overflow"
        if self.device.precision != "fp32":
            remedy += f" in {self.device.precision}: try --precision fp32"
        return NotFinite(f"row {row + 1}: not finite: {what} ({remedy})")

    def _batches(self, features: Sequence[dict[str, Any]]) -> Any:
        """Yield the example numbers and padded tensors of each batch."""
        lengths = [len(feature["input_ids"]) for feature in features]
        budget = INFERENCE_TOKENS.get(self.device.kind, MORE_TOKENS)
        batches = inference_batches(lengths, budget, INFERENCE_EXAMPLES)
        names = self.tokenizer.model_input_names
        done = 0
        for batch in batches:
            inputs = [{n: features[i][n] for n in names if n in features[i]} for i in batch]
            padded = self.tokenizer.pad(inputs, return_tensors="pt")
            yield batch, {name: t.to(self.device.name) for name, t in padded.items()}
            done += len(batch)
            self.report(done, len(features))


def read_encoder(path: Path) -> Any:
    """Return the bare encoder; a missing weight is an error unless it is the pooler's."""
    model, info = load_model("AutoModel", path, output_loading_info=True)
    missing = [name for name in info["missing_keys"] if "pooler" not in name]
    if missing:
        raise HarnessError(f"{path}: the weights lack {min(missing)}; save the model whole")
    return model


def load_encoder(
    checkpoint: Checkpoint, layer: int | str, device: Device, pooling: str = "mean"
) -> Model:
    """Return an encoder for retrieval.

    Args:
        checkpoint: The encoder.
        layer: The hidden state to pool (``harness.recipes.Settings.layer``).
        device: Where to run.
        pooling: ``mean`` or ``cls``.
    """
    module = read_encoder(checkpoint.path).to(device.name).eval()
    tokenizer = load_tokenizer(checkpoint.path, checkpoint.unread)
    layer = retrieval_layer(layer, checkpoint)
    return Model(module, tokenizer, device, layer=layer, pooling=pooling)


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
