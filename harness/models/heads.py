"""Heads: how each is built on an encoder, its loss and its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.models.batching import IGNORED
from harness.models.loading import load_config, load_model

if TYPE_CHECKING:
    import torch

    from harness.models.flat import FlatBatch


@dataclass(frozen=True)
class Head:
    """A head that transformers builds on an encoder and runs with it.

    Attributes:
        auto: transformers' Auto class. A trained head fits if this is the same and, where
            ``by_label``, so are its labels.
        outputs: Names of transformers' outputs that are its answers, in order.
        by_token: Whether an answer has a row for each token of the input.
        names: Names of its outputs for a format without labels.
        problem: transformers' name of its loss if the labels do not imply it, e.g. ``regression``.
    """

    auto: str
    outputs: tuple[str, ...] = ("logits",)
    by_token: bool = False
    names: tuple[str, ...] = ()
    problem: str | None = None
    needs_all_words: ClassVar[bool] = False
    """Whether it scores every word, so that training needs the whole word table."""
    by_label: ClassVar[bool] = True
    """Whether it has an output for each label, so that it fits no other labels."""
    joint: ClassVar[bool] = False
    """Whether a batch's examples are part of each other's loss, so that batches are drawn at
    random, have exactly the recipe's number of examples, and are never cut or split."""

    @property
    def reads_all(self) -> bool:
        """Return whether it reads every token, and not only each example's first."""
        return self.by_token

    @property
    def least_pieces(self) -> int:
        """Return in how many pieces a batch is encoded at least; above 1 only if ``joint``."""
        return 1

    def config(self, path: Path, labels: Sequence[str]) -> Any:
        """Return a checkpoint's config, changed for this head."""
        config = load_config(path)
        names = labels or self.names
        config.problem_type = self.problem
        if names:
            config.id2label = dict(enumerate(names))
            config.label2id = {label: i for i, label in enumerate(names)}
        return config

    def build(self, path: Path, labels: Sequence[str]) -> Any:
        """Return a complete model with a fresh head; the encoder's weights are loaded later."""
        model = self.on(self.config(path, labels))
        model.config.architectures = [type(model).__name__]
        return model

    def on(self, config: Any) -> Any:
        """Return a complete model of a config, in float32 even if the checkpoint is not."""
        import transformers

        return getattr(transformers, self.auto).from_config(config, dtype="float32")

    def loaded(self, path: Path, config: Any) -> Any:
        """Return a complete model with the weights of a checkpoint."""
        return load_model(self.auto, path, config=config)

    def loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the loss of a batch, the mean over its labels; 0 if no token has one."""
        outputs, labels = model(**inputs), inputs.get("labels")
        if labels is not None and labels.dim() == 2:
            if labels.device.type != "cpu":  # no waiting for an accelerator's answer
                return mean_of_labels(outputs.logits, labels)
            if not bool((labels != IGNORED).any()):
                nothing: torch.Tensor = outputs.logits.sum() * 0.0  # a mean over nothing is not 0
                return nothing
        loss: torch.Tensor = outputs.loss
        return loss

    def answers(self, model: Any, inputs: dict[str, Any]) -> list[torch.Tensor]:
        """Return a tensor for each of ``outputs``, its first dimension the batch's."""
        outputs = model(**inputs)
        return [outputs[name] for name in self.outputs]


class ChoiceHead(Head):
    """A head that scores a question's options, each by itself when predicting.

    It has one output, whatever the number of options.
    """

    by_label: ClassVar[bool] = False

    def answers(self, model: Any, inputs: dict[str, Any]) -> list[torch.Tensor]:
        """Return the score of each option of a batch of options."""
        return super().answers(model, _as_options(inputs))

    def loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the loss over the questions, whose options are the batch's rows, in order."""
        from torch.nn.functional import cross_entropy

        labels = inputs.pop("labels")
        (scores,) = self.answers(model, inputs)
        return cross_entropy(scores.view(len(labels), -1), labels)


class SpanHead(Head):
    """A head that scores every token as the start and as the end of the answer."""

    def loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the mean loss of starts and ends, each over the tokens of its own example.

        transformers' loss counts padding as tokens that may be the answer, so that it depends on
        what else is in a batch.
        """
        from torch.nn.functional import cross_entropy

        targets = inputs.pop("start_positions"), inputs.pop("end_positions")
        scores = [one.float() for one in self.answers(model, inputs)]
        flat, mask = inputs.get("flat"), inputs.get("attention_mask")
        if flat is not None:
            losses = [_mean_loss(*pair, flat) for pair in zip(scores, targets, strict=True)]
        else:
            if mask is not None:
                scores = [one.masked_fill(mask == 0, float("-inf")) for one in scores]
            losses = [cross_entropy(*pair) for pair in zip(scores, targets, strict=True)]
        return (losses[0] + losses[1]) / 2


class WordsHead(Head):
    """A head that scores every word at each token; the checkpoint's own if it has one."""

    needs_all_words: ClassVar[bool] = True

    def build(self, path: Path, labels: Sequence[str]) -> Any:
        """Return a complete model whose head is tied to the encoder's word table."""
        return self.loaded(path, self.config(path, labels))

    def loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the loss, scoring masked positions only: all would take 7 times the memory."""
        from torch.nn.functional import cross_entropy

        parts = list(parts_of(model).values())
        if len(parts) != 1:  # a family whose head is several modules
            return super().loss(model, inputs)
        labels = inputs.pop("labels")
        states = model.base_model(**inputs).last_hidden_state
        masked = labels != IGNORED
        if not bool(masked.any()):  # nothing is masked: no loss, and no 0 / 0
            zero: torch.Tensor = states.sum() * 0.0
            return zero
        return cross_entropy(parts[0](states[masked]).float(), labels[masked])


def mean_of_labels(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean loss over labelled tokens, 0 if there are none, asking the device nothing.

    Args:
        scores: (sentences, tokens, labels).
        labels: (sentences, tokens), IGNORED where there is none.
    """
    from torch.nn.functional import cross_entropy

    total = cross_entropy(
        scores.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return total / (labels != IGNORED).sum().clamp(min=1)


def _as_options(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return a batch of rows as questions of one option each; what is no tensor stays."""
    import torch

    return {n: x.unsqueeze(1) if isinstance(x, torch.Tensor) else x for n, x in inputs.items()}


def _mean_loss(scores: torch.Tensor, targets: torch.Tensor, flat: FlatBatch) -> torch.Tensor:
    """Return the mean over a flat batch's examples of the loss of one token among their own.

    Args:
        scores: (1, tokens).
        targets: The token of each example, (examples,).
        flat: Where the examples lie.
    """
    from torch.nn.functional import cross_entropy

    targets, place, losses = targets[flat.order_on(targets.device)], 0, []
    for run in flat.runs:
        own = targets[place : place + run.sentences]
        losses.append(cross_entropy(run.rows(scores[0]), own, reduction="sum"))
        place += run.sentences
    total: torch.Tensor = sum(losses[1:], losses[0])
    return total / place


def parts_of(model: Any) -> dict[str, Any]:
    """Return the modules of a complete model's head by name."""
    return {n: part for n, part in model.named_children() if n != model.base_model_prefix}


SEQUENCE = Head("AutoModelForSequenceClassification")
TOKENS = Head("AutoModelForTokenClassification", by_token=True)
SPAN = SpanHead(
    "AutoModelForQuestionAnswering",
    outputs=("start_logits", "end_logits"),
    by_token=True,
    names=("start", "end"),
)
CHOICE = ChoiceHead("AutoModelForMultipleChoice")
WORDS = WordsHead("AutoModelForMaskedLM", by_token=True)
