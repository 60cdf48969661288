"""Which hidden state finds translations: every layer of an encoder, from one pass.

    OMP_NUM_THREADS=1 python benchmarks/layers.py CHECKPOINT DATA [--tatoeba de,sw] [--bucc de]

CHECKPOINT is an encoder, DATA a folder in XTREME's layout. Prints Tatoeba's accuracy and BUCC's F1
(the threshold fitted on dev, of the same layer) of each hidden state, 0 being the embeddings.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import registry
from harness.data.folder import FolderSource
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.models.model import load_encoder
from harness.recipes import Settings

LENGTH = 128  # tokens read of a sentence


class Layer:
    """Embeddings of one hidden state, given to a format as a model's."""

    def __init__(self, places: dict[str, int], rows: NDArray[np.float32]) -> None:
        """Keep the rows of sentences by their text."""
        self.places, self.rows = places, rows

    def embed(self, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
        """Return float32 (sentences, dimensions)."""
        return self.rows[[self.places[text] for text in texts]]


def main() -> None:
    """Embed all sentences once, and score every layer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("data", type=Path)
    parser.add_argument("--tatoeba", default="de,sw,zh")
    parser.add_argument("--bucc", default="de,zh")
    given = parser.parse_args()
    source = FolderSource(given.data, given.data.parent / "labels")
    checkpoint = open_checkpoint(given.checkpoint, offline=True)
    sets: dict[tuple[str, str], dict[str, Any]] = {}
    for name, codes in (("tatoeba", given.tatoeba), ("bucc2018", given.bucc)):
        task = registry.task(name)
        for code in codes.split(","):
            splits = task.format.splits
            sets[name, code] = {s: source.examples(task, s, code) for s in splits}
    texts = list(
        dict.fromkeys(t for one in sets.values() for rows in one.values() for t in rows["text"])
    )
    model = load_encoder(checkpoint, "last", choose_device("cpu", "fp32", 1))
    layers = list(range(checkpoint.layers + 1))
    found = model.embed_layers(texts, LENGTH, layers)
    places = {text: number for number, text in enumerate(texts)}
    print(f"{len(texts):,} distinct sentences, {checkpoint.layers} layers, one pass")
    print("| layer |" + "".join(f" {name} {code} |" for name, code in sets))
    print("|---|" + "---|" * len(sets))
    for number in layers:
        scores = []
        for (name, code), rows in sets.items():
            form = registry.task(name).format
            layer = Layer(places, found[number])
            predictions = form.predict(layer, rows, Settings(max_length=LENGTH))
            gold = source.gold(registry.task(name), code)
            scores.append(form.score(gold, predictions, code)[form.metric])
        print(f"| {number} |" + "".join(f" {score:.1f} |" for score in scores), flush=True)


if __name__ == "__main__":
    main()
