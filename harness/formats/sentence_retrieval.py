"""Sentence retrieval: find each sentence's translation among the English ones (Tatoeba)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.files import read_lines
from harness.errors import HarnessError
from harness.formats.common import same_count, write_lines
from harness.formats.encoder_only import EncoderOnly
from harness.tasks import Scores

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings


@dataclass(frozen=True)
class SentenceRetrieval(EncoderOnly):
    """Top-1 retrieval by cosine; predictions are 0-based lines of the English file.

    One prediction a line of the language's own file: so the labels are laid out (see
    docs/methodology.md, which also says how XTREME's script differs).
    """

    name: str = "sentence retrieval"
    layout: str = "sentences"
    metric: str = "accuracy"
    splits: tuple[str, ...] = ("test",)

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> list[int]:
        """Return the English line nearest to each sentence."""
        from harness.search import nearest

        test = rows["test"]
        source, english = (
            model.embed(
                [text for s, text in zip(test["side"], test["text"], strict=True) if s == side],
                settings.max_length,
            )
            for side in ("source", "english")
        )
        _, found = nearest(source, english, 1)
        return [int(line) for line in found[:, 0]]

    def gold(self, rows: Dataset) -> list[int] | None:
        """Return each source sentence's English line, None unless all are known."""
        matches = [
            m for side, m in zip(rows["side"], rows["matches"], strict=True) if side == "source"
        ]
        return [int(m[0]) for m in matches] if matches and all(matches) else None

    def write(self, predictions: list[int], path: Path) -> None:
        """Write one 0-based line number a line."""
        write_lines([str(line) for line in predictions], path)

    def read(self, path: Path) -> list[int]:
        """Read one 0-based line number a line."""
        numbers = []
        for number, line in enumerate(read_lines(path), 1):
            text = line.strip()
            if not (text.isascii() and text.isdigit()):
                raise HarnessError(f"{path}:{number}: {text[:40]!r} is no 0-based line number")
            numbers.append(int(text[:18]))
        return numbers

    def read_gold(self, path: Path) -> list[int]:
        """Read one 0-based line number a line."""
        return self.read(path)

    def limited(self, gold: list[int], rows: Dataset) -> list[int]:
        """Return the gold of the source sentences among the rows."""
        return gold[: sum(side == "source" for side in rows["side"])]

    def score(self, gold: list[int], predictions: list[int], language: str) -> Scores:
        """Return the accuracy."""
        from harness.scoring import accuracy

        same_count(len(predictions), len(gold), "sentences")
        return accuracy([str(n) for n in gold], [str(n) for n in predictions])
