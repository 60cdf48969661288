"""The training loop asks for no number of a batch: an accelerator would stand idle for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.trainings import SETTINGS, device, ignore, rows_of, training_set
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import Trainer

from harness.models.checkpoint import open_checkpoint
from harness.training import loop
from harness.training.dev_eval import DevEvaluation
from harness.training.spec import SetSpec, TrainingSpec

SETTLED = replace(SETTINGS, epochs=1, train_examples=24, dev_examples=4)
ASKS = {"aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero"}


class Asked(TorchDispatchMode):
    """Counts what needs a number of a tensor: item(), float(), bool(), masks as indices."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.name() in ASKS:
            self.seen.append(func.name())
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("name", "times"), [("xnli", 0), ("squad", 0), ("udpos", 1)])
def test_a_step_asks_for_no_number(
    name: str, times: int, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tagging asks whether any token is labelled, and on a CPU alone (``mean_of_labels``)."""
    asked, steps, logged = Asked(), [], []
    step, log = Trainer.training_step, DevEvaluation.log_losses

    def counted(self: Any, *args: Any) -> Any:
        steps.append(self.state.global_step)
        with asked:
            return step(self, *args)

    monkeypatch.setattr(Trainer, "training_step", counted)
    monkeypatch.setattr(
        DevEvaluation, "log_losses", lambda self, step: logged.append(step) or log(self, step)
    )
    one = SetSpec(training_set(name), SETTLED)
    spec = TrainingSpec(open_checkpoint(str(tiny), offline=True), (one,), SETTLED, 1)
    torch.use_deterministic_algorithms(False)
    work = tmp_path / "work"
    work.mkdir()
    done = loop.train(spec, rows_of(spec), device(), work, tmp_path / "out", ignore)
    assert len(steps) == done["updates"] > 2
    assert len(asked.seen) == times * len(steps)
    assert len(set(logged)) <= len(steps) // 2 + 1 < len(steps)
    assert torch.are_deterministic_algorithms_enabled()  # on a CPU, as ever
