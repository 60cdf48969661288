"""Multiple choice: a question and two to five options, one of them right (HellaSwag, Cosmos QA)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from harness.data.layouts import Choices, Layout
from harness.declarations import NEWER
from harness.formats.labelled import OneLabel
from harness.models.heads import CHOICE, Head

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings
    from harness.statistics.clusters import Keys


@dataclass(frozen=True)
class MultipleChoice(OneLabel):
    """Multiple choice; predictions are the numbers of the chosen options, from "0".

    The labels are the numbers of the options, ``("0", "1")`` to ``("0", … "4")``.

    Attributes:
        question_with: What a question stands with where there is a context, too: before each
            option, or after the context (Social IQa and COPA; google-research/xtreme,
            run_xcopa.py).
        frame: The words of a question; ``{question}`` stands for what the data has.
    """

    question_with: Literal["option", "context"] = field(default="option", metadata=NEWER)
    frame: str = field(default="{question}", metadata=NEWER)

    name: ClassVar[str] = "multiple choice"
    layout: ClassVar[Layout] = Choices()
    head: ClassVar[Head] = CHOICE
    examples: ClassVar[str] = "questions"

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Settings, *, training: bool
    ) -> list[dict[str, Any]]:
        """Tokenise each option as a pair with its context, the longer part cut first.

        The first part is the context, or the question if there is none; the second is the
        option. A question beside a context stands where ``question_with`` says, parted by a space.

        Returns:
            One feature per question, each input a list with one row per option.
        """
        firsts: list[str] = []
        seconds: list[str] = []
        for context, question, choices in zip(
            rows["context"], rows["question"], rows["choices"], strict=True
        ):
            asked = self.frame.format(question=question) if question else ""
            first, lead = context or asked, ""
            if context and asked and self.question_with == "context":
                first = f"{context} {asked}"
            elif context and asked:
                lead = f"{asked} "
            firsts += [first] * len(choices)
            seconds += [lead + choice for choice in choices]
        batch = tokenizer(
            firsts, seconds, truncation="longest_first", max_length=settings.max_length
        )
        options = len(self.labels)
        features: list[dict[str, Any]] = [
            {name: batch[name][start : start + options] for name in batch}
            for start in range(0, len(firsts), options)
        ]
        return self.labelled(features, rows) if training else features

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> list[str]:
        """Return the number of the option with the highest score; the first of equals."""
        import numpy as np

        features = self.encode(rows["test"], model.tokenizer, settings, training=False)
        flat = [
            {name: values[i] for name, values in feature.items()} | {"row": row}
            for row, feature in enumerate(features)
            for i in range(len(self.labels))
        ]
        scores = np.array([float(output[0][0]) for output in model.infer(flat)])
        return [self.labels[i] for i in scores.reshape(-1, len(self.labels)).argmax(-1)]

    def keys(self, rows: Dataset) -> Keys:
        """Return the numbers of the rows, the same question in all languages."""
        from harness.statistics.clusters import Keys

        return Keys(items=[str(i) for i in range(self.layout.count(rows))])


def options(count: int) -> tuple[str, ...]:
    """Return the labels of a question with two to five options."""
    if not 2 <= count <= 5:
        raise ValueError(f"{count} options; multiple choice has two to five")
    return tuple(str(i) for i in range(count))
