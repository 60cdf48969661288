"""The settings of a recipe; each is declared once, with reader, default, bounds and help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from harness.bounds import LAYER, LENGTH, MANY, Bounds, Choice, Expected, Switch
from harness.declarations import Format
from harness.docstrings import described
from harness.errors import HarnessError

POOLINGS = ("auto", "mean", "cls", "mean-without-specials", "pooler", "own")
NEGATIVES = ("batch", "accumulated")
LONGEST = int(LENGTH.high)

Reader = Literal["training", "set", "mixture", "format", "plan"]
"""What reads a setting; its steps then have the setting in their keys: the whole training; the
batches of each training set; the sampling of a mixture; the formats that list it in
``Format.reads``; or only the plan, which is in no key."""


@dataclass(frozen=True)
class Setting:
    """The declaration of a setting, by the harness or by a format.

    A format outside the harness lists its own in the attribute ``settings`` and names them in
    ``reads``. A recipe may then set them in the format's table and in those of its training sets,
    and the format reads them by ``settings.value(name)``.

    Attributes:
        name: Its name in a recipe.
        default: Its value if the recipe does not set it.
        expected: The allowed values.
        help: Its description, in a sentence.
        reader: What reads it.
        newer: Whether it came after keys were made: it is then in the key of a training only where
            it is not the default, so that what was trained before it keeps its key.
    """

    name: str
    default: Any
    expected: Expected
    help: str
    reader: Reader = "format"
    newer: bool = False

    def __post_init__(self) -> None:
        """Refuse a default that is not an allowed value."""
        if self.default not in self.expected:
            raise ValueError(f"setting {self.name}: default {self.default!r} is not expected")


def _setting(reader: Reader, default: Any, expected: Expected, *, newer: bool = False) -> Any:
    """Return a field of Settings."""
    metadata = {"expected": expected, "reader": reader, "newer": newer}
    return field(default=default, metadata=metadata)


def _real(low: float, high: float, *, above: bool = False) -> Bounds:
    return Bounds(low, high, whole=False, above=above)


@dataclass(frozen=True)
class Settings:
    """The settings of one training and of the predictions made with it.

    What is said of each here is its help, too.

    Attributes:
        learning_rate: Peak learning rate of AdamW.
        epochs: Passes over the training set.
        batch_size: Examples (windows, pieces) in one batch, at most; in padded batches of unlike
            lengths as many labels as so many examples have on average.
        max_tokens: Tokens in one batch, padding included, at most.
        accumulate: Batches whose gradients are added up for one update.
        max_length: Tokens in one input, special tokens included.
        max_query: Tokens of a query for a passage, special ones included; a passage has max_length.
        stride: Tokens between the starts of two windows over a context.
        max_question: Tokens of a question that are read.
        max_answer: Tokens in an answer, at most.
        misplaced_answers: Share of a set's questions, of train or of dev, that may have an answer
            which is not at its offset; they are dropped, and with more the set is refused.
        warmup: Share of the updates over which the rate rises, if below 1; else their number.
        weight_decay: AdamW weight decay, not for biases and LayerNorm.
        adam_epsilon: AdamW epsilon.
        max_grad_norm: Gradients are clipped to this norm.
        freeze_words: Leave the word table as it is; in a small multilingual encoder it is most of
            the weights, and English data touches few of its rows.
        train_examples: Examples learnt from, the first ones after shuffling; 0 means all.
        dev_examples: English dev examples looked at in a check, drawn from all of them, the same in
            every training; 0 means all.
        check_every: Updates between two dev checks; 0 means one check an epoch.
        patience: Checks without a better dev score before training stops; 0 means never.
        choose: The weights that count: those of the best dev check, or of the last, after the last
            update.
        layer: Hidden state for retrieval: a number (0 is the embeddings), a share of the depth
            (0.5), last, xtreme (14 of 24 layers, 7 of 12), usual (the last for
            sentence-transformers checkpoints, else xtreme), or auto: the best on dev data.
        pooling: How retrieval pools it: mean over all tokens, mean-without-specials (those of the
            text alone), cls (the first token), own (by the checkpoint's sentence-transformers
            modules: Pooling, Dense, Normalize), pooler (the model's dense layer and tanh on the
            first token, as it was learnt), or auto: as XTREME, the mean; where a sentence encoder's
            files say otherwise, the plan does too. A dual encoder is trained with pooler, cls or
            mean (auto is the pooler where its family has one, else the mean), and measured with
            what it was trained with.
        negatives: What a dual encoder's query is compared with: the other passages of its batch, or
            those of all batches that are accumulated for an update.
        mask_same: Leave out, of a query's negatives, passages with the text of its right one.
        keep_head: Go on with the head that the checkpoint carries for a training set, in place of a
            fresh one.
        lora: Rank of low-rank adapters on the encoder, which is then frozen; 0 for none.
        sampling: How a mixture's batches are dealt out: uniform, proportional (to the sets'
            examples), capped (min(n, cap)^(1/temperature)), or by given weights.
        cap: Examples of a set that count, at most.
        temperature: Above 1 it evens a mixture's shares out.
        language_exponent: Of plain text, languages are sampled by their lines to this power (arXiv
            1911.02116: 0.3).
        own: The format's own settings (``Setting``), by name.
    """

    learning_rate: float = _setting("training", 2e-5, _real(0, 10, above=True))
    epochs: int = _setting("training", 3, Bounds(1, 1000))
    batch_size: int = _setting("set", 32, Bounds(1, 2**16))
    max_tokens: int = _setting("set", 16384, Bounds(1, 2**24))
    accumulate: int = _setting("training", 1, Bounds(1, 1024))
    max_length: int = _setting("format", 128, LENGTH)
    max_query: int = _setting("format", 64, LENGTH)
    stride: int = _setting("format", 128, Bounds(1, LONGEST))
    max_question: int = _setting("format", 64, Bounds(1, LONGEST))
    max_answer: int = _setting("format", 30, Bounds(1, LONGEST))
    misplaced_answers: float = _setting("format", 0.05, _real(0, 1))
    warmup: float = _setting("training", 0.0, _real(0, MANY))
    weight_decay: float = _setting("training", 0.0, _real(0, 100))
    adam_epsilon: float = _setting("training", 1e-8, _real(0, 1))
    max_grad_norm: float = _setting("training", 1.0, _real(0, MANY))
    freeze_words: bool = _setting("training", False, Switch())
    train_examples: int = _setting("set", 0, Bounds(0, MANY))
    dev_examples: int = _setting("set", 0, Bounds(0, MANY))
    check_every: int = _setting("training", 0, Bounds(0, MANY))
    patience: int = _setting("training", 0, Bounds(0, MANY))
    choose: str = _setting("training", "best", Choice(("best", "last")), newer=True)
    layer: float | str = _setting("format", "usual", LAYER)
    pooling: str = _setting("format", "auto", Choice(POOLINGS))
    negatives: str = _setting("format", "batch", Choice(NEGATIVES))
    mask_same: bool = _setting("format", False, Switch())
    keep_head: bool = _setting("plan", False, Switch())
    lora: int = _setting("training", 0, Bounds(0, 4096))
    sampling: str = _setting(
        "mixture", "proportional", Choice(("uniform", "proportional", "capped", "weights"))
    )
    cap: int = _setting("mixture", 2**17, Bounds(1, MANY))
    temperature: float = _setting("mixture", 2.0, _real(0.1, 1000))
    language_exponent: float = _setting("format", 0.3, _real(0, 10, above=True))
    own: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def value(self, name: str) -> Any:
        """Return the value of a setting, whether it is the harness's or the format's own."""
        return self.own[name] if name in self.own else getattr(self, name)

    def in_key(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return settings as a step's key has them: newer ones only where they are not usual."""
        usual = {name for name, one in SETTINGS.items() if one.newer}
        values = {name: self.value(name) for name in names}
        return {
            name: value
            for name, value in values.items()
            if name not in usual or value != SETTINGS[name].default
        }

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """Return the settings with changes; names that are not fields are the format's own."""
        known = {name: value for name, value in changes.items() if name in SETTINGS}
        own = {name: value for name, value in changes.items() if name not in SETTINGS}
        return replace(self, **known, own={**self.own, **own})


_HELP = described(Settings, "Attributes")
SETTINGS: Mapping[str, Setting] = {
    entry.name: Setting(entry.name, entry.default, help=_HELP.get(entry.name, ""), **entry.metadata)
    for entry in fields(Settings)
    if entry.metadata
}
"""The harness's own settings by name."""


def read_by(reader: Reader) -> tuple[str, ...]:
    """Return the names of the harness's settings that a reader reads."""
    return tuple(name for name, one in SETTINGS.items() if one.reader == reader)


def brought_by(form: Format) -> Mapping[str, Setting]:
    """Return a format's own settings, by name.

    Raises:
        HarnessError: One has the name of a setting of the harness, or is not in the format's
            ``reads``, so that it would be in no key.
    """
    own: Mapping[str, Setting] = {one.name: one for one in getattr(form, "settings", ())}
    for name in own:
        if name in SETTINGS:
            raise HarnessError(f"format {form.name!r} brings a setting {name}: the name is taken")
        if name not in form.reads:
            raise HarnessError(f"format {form.name!r} brings a setting {name}; add it to its reads")
    return own
