"""Heads: how each is built on an encoder, what its loss is, and what it answers, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.models.batching import IGNORED

if TYPE_CHECKING:
    import torch

    from harness.declarations import Format


@dataclass(frozen=True)
class Head:
    """A head that transformers builds on an encoder, and calls with it.

    Attributes:
        auto: transformers' Auto class of it. With the labels it says whether a trained head fits.
        outputs: Names of transformers' outputs that are its answers, in order.
        by_token: Whether an answer has a row for each token of the input.
        names: Names of its outputs where a format has no labels.
        problem: transformers' word for its loss where the labels do not say, e.g. ``regression``.
    """

    auto: str
    outputs: tuple[str, ...] = ("logits",)
    by_token: bool = False
    names: tuple[str, ...] = ()
    problem: str | None = None
    needs_all_words: ClassVar[bool] = False
    """Whether it scores every word, so that the whole word table is needed for learning."""

    def config(self, path: Path, form: Format) -> Any:
        """Return a checkpoint's config, changed for this head."""
        import transformers

        config = transformers.AutoConfig.from_pretrained(path, trust_remote_code=False)
        names = form.labels or self.names
        config.problem_type = self.problem
        if names:
            config.id2label = dict(enumerate(names))
            config.label2id = {label: i for i, label in enumerate(names)}
        return config

    def build(self, path: Path, form: Format) -> Any:
        """Return a whole model, its head fresh, its encoder to be filled."""
        model = self.on(self.config(path, form))
        model.config.architectures = [type(model).__name__]
        return model

    def on(self, config: Any) -> Any:
        """Return a whole model of a config, float32 whatever the checkpoint is stored in."""
        return self._auto().from_config(config, dtype="float32")

    def loaded(self, path: Path, config: Any) -> Any:
        """Return a whole model with the weights of a checkpoint."""
        from harness.models.device import quiet

        with quiet():
            return self._auto().from_pretrained(
                path, config=config, use_safetensors=True, trust_remote_code=False, dtype="float32"
            )

    def loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the loss of a batch, its mean over what is labelled."""
        loss: torch.Tensor = model(**inputs).loss
        return loss

    def answers(self, model: Any, inputs: dict[str, Any]) -> list[torch.Tensor]:
        """Return a tensor for each of ``outputs``, its first dimension the batch's."""
        found = model(**inputs)
        return [found[name] for name in self.outputs]

    def _auto(self) -> Any:
        import transformers

        return getattr(transformers, self.auto)


class ChoiceHead(Head):
    """A head that scores a question's options, each by itself when predicting."""

    def answers(self, model: Any, inputs: dict[str, Any]) -> list[torch.Tensor]:
        """Return the score of each option of a batch of options."""
        return super().answers(model, {name: one.unsqueeze(1) for name, one in inputs.items()})


class WordsHead(Head):
    """A head that scores every word at each token; the checkpoint's own where it has one."""

    needs_all_words: ClassVar[bool] = True

    def build(self, path: Path, form: Format) -> Any:
        """Return a whole model; the head is tied to the encoder's word table."""
        return self.loaded(path, self.config(path, form))

    def loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Score the words at masked places alone: all places' scores take memory sevenfold."""
        from torch.nn.functional import cross_entropy

        own = [part for name, part in model.named_children() if name != model.base_model_prefix]
        if len(own) != 1:  # a family whose head is several modules
            return super().loss(model, inputs)
        labels = inputs.pop("labels")
        states = model.base_model(**inputs).last_hidden_state
        asked = labels != IGNORED
        if not bool(asked.any()):  # nothing but unknown words: nothing to learn, and no 0 / 0
            nothing: torch.Tensor = states.sum() * 0.0
            return nothing
        return cross_entropy(own[0](states[asked]).float(), labels[asked])


SEQUENCE = Head("AutoModelForSequenceClassification")
TOKENS = Head("AutoModelForTokenClassification", by_token=True)
SPAN = Head(
    "AutoModelForQuestionAnswering",
    outputs=("start_logits", "end_logits"),
    by_token=True,
    names=("start", "end"),
)
CHOICE = ChoiceHead("AutoModelForMultipleChoice")
WORDS = WordsHead("AutoModelForMaskedLM", by_token=True)
