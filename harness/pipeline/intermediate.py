"""Intermediate training: on one set or several at once, before the targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness import registry
from harness.pipeline.plan_training import set_spec, training_step
from harness.pipeline.request import Request
from harness.pipeline.steps.train_step import TrainStep


@dataclass(frozen=True)
class Intermediate:
    """An intermediate setting: what to train on before the targets.

    Attributes:
        name: Its name in the table.
        train: Training sets, perhaps with variants: ``mnli``, ``mnli[de]``.
        weights: Weight of each set, for sampling by given weights.
        mlm: Share of all batches that are masked language modelling, 0 for none.
        after: Name of the setting whose result it starts from, "" for the checkpoint.
        settings: Changes to the recipe's settings for this training.
    """

    name: str
    train: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    mlm: float = 0.0
    after: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


def intermediate_step(request: Request, one: Intermediate, notes: list[str]) -> TrainStep:
    """Return the step that trains on an intermediate setting's sets.

    Args:
        request: What was asked for.
        one: The setting.
        notes: List that receives what the user should know of the data.

    Raises:
        HarnessError: A set has no usable data.
    """
    sets = []
    specs = [(spec, 0.0) for spec in one.train]
    specs += [("mlm", one.mlm)] if one.mlm else []
    for spec, ratio in specs:
        training = registry.training(spec)
        settings = request.recipe.intermediate_settings(training).changed(one.settings)
        weight = float(one.weights.get(spec, 1.0))
        sets.append(set_spec(request, training, settings, weight=weight, ratio=ratio))
        notes += request.facts.training(sets[-1].training)[0].notes
    whole = sets[0].settings
    if len(one.train) > 1:
        whole = request.recipe.mixture_settings().changed(one.settings)
        if one.weights:
            whole = replace(whole, sampling="weights")
    return training_step(request, sets, whole, f"train intermediate {one.name}")
