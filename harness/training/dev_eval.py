"""Evaluation during a training: losses, dev checks, the best weights."""

from __future__ import annotations

import math
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from harness.declarations import headline
from harness.errors import HarnessError
from harness.models.collator import Collator
from harness.models.device import Device
from harness.models.model import Model, Report
from harness.models.multi_head import UsedRows, save_multi_head
from harness.training.resume import History, best_folder, seal, states
from harness.training.spec import SetSpec, TrainingSpec

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.data.source import Rows

RESUME_EVERY = 600.0  # seconds between two states to resume from
DEV_SEED = 0  # draws the dev examples of the checks, the same for every training
LOG_EVERY = 10  # updates between two losses in the log and the tracker


class DevEvaluation(TrainerCallback):  # type: ignore[misc]
    """Logs losses, scores English dev after the planned updates, and keeps the best weights.

    Where the settings choose the last weights, dev scores are told, and choose nothing.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        rows: Sequence[Rows],
        tokenizer: Any,
        device: Device,
        work: Path,
        report: Report,
    ) -> None:
        """Store the arguments and draw the dev rows; the loop sets the rest."""
        self.spec, self.tokenizer, self.device = spec, tokenizer, device
        self.work, self.report = work, report
        self.dev = {i: dev_rows(spec.sets[i], rows[i]) for i in spec.deciding()}
        self.history = History()
        self.losses: dict[str, float] = {}
        self.sums: dict[int, tuple[Any, float]] = {}
        self.saved = time.monotonic()
        self.checks: set[int] = set()
        self.trainer: Any = None
        self.collators: Sequence[Collator] = ()

    def add_loss(self, head: int, loss: Any, share: float) -> None:
        """Add a piece's loss to the sum of its set."""
        total, shares = self.sums.get(head, (0.0, 0.0))
        self.sums[head] = (total + loss, shares + share)

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Apply weight decay to the word rows that are not parameters."""
        words = self.trainer.model.words
        if isinstance(words, UsedRows) and args.weight_decay:
            words.decay *= 1 - more["optimizer"].param_groups[0]["lr"] * args.weight_decay

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report progress and losses; after a planned update, check dev and keep the weights."""
        self.report(state.global_step, state.max_steps)
        due = state.global_step in self.checks
        if due or state.global_step % LOG_EVERY == 0:
            self.log_losses(state.global_step)
        if not due:
            return
        self.check(state.global_step)
        patience = self.spec.settings.patience
        since = len(self.history.steps) - 1 - self.history.best()
        if patience and since >= patience:
            control.should_training_stop = True
        elif self.agreed(time.monotonic() - self.saved > RESUME_EVERY):
            control.should_save = True
            self.saved = time.monotonic()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Seal the state that was just saved, once every process has saved its part."""
        self.trainer.accelerator.wait_for_everyone()
        if self.trainer.is_world_process_zero():
            seal(self.work, state.global_step, self.history, self.spec.settings.choose)
            self.forget_others()

    def agreed(self, value: Any) -> Any:
        """Return the first process's value in every process of torchrun."""
        if self.trainer.args.world_size == 1:
            return value
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value], from_process=0)[0]

    def forget_others(self) -> None:
        """Remove weights that do not count now and did not when a state on disk was saved.

        A training resumed from that state may get other scores in later checks.
        """
        earlier = [self.history.until(step) for step in states(self.work)]
        needed = {self.weights(history) for history in (self.history, *earlier)}
        for folder in set(self.work.glob("best-*")) - needed:
            shutil.rmtree(folder, ignore_errors=True)

    def weights(self, history: History) -> Path:
        """Return the folder of the weights that count after some checks."""
        return best_folder(self.work, history.chosen_update(self.spec.settings.choose))

    def log_losses(self, step: int) -> None:
        """Log each set's mean loss since the last call.

        Raises:
            HarnessError: A loss is not finite.
        """
        names = [one.training.name for one in self.spec.sets]
        new = {
            names[head]: float(total) / max(share, 1e-9)
            for head, (total, share) in sorted(self.sums.items())
        }
        self.losses |= new
        self.sums = {}
        if len(names) > 1:
            self.trainer.log({f"loss/{name}": loss for name, loss in new.items()})
        for name, loss in new.items():
            if not math.isfinite(loss):
                raise HarnessError(self._diverged(name, step))

    def _diverged(self, name: str, step: int) -> str:
        """Return the message for a loss that is not finite, with the place of the weights kept."""
        weights = "no dev check had been reached"
        if self.history.steps:
            choose = self.spec.settings.choose
            chosen = self.history.chosen(choose)
            update, score = self.history.steps[chosen], self.history.scores[chosen]
            weights = (
                f"the {choose} weights before (update {update}, dev {score:.1f}) are kept in"
                f" {best_folder(self.work, update)}"
            )
        return (
            f"the loss of {name} is not finite after {step} updates (learning rate"
            f" {self.spec.settings.learning_rate}); {weights}; lower the learning rate or use fp32"
        )

    def check(self, step: int) -> None:
        """Score dev; write the weights if no earlier check was as good, or the last count."""
        model = self.trainer.model.eval()
        device = replace(self.device, name=str(self.trainer.args.device))
        each = {}
        for number, (dev, gold) in self.dev.items():
            one = self.spec.sets[number]
            form = one.training.format
            headed = Model(
                model.models[number].eval(),
                self.tokenizer,
                device,
                form.head,
                collator=self.collators[number],
            )
            answers = form.predict(headed, {"test": dev}, one.settings)
            each[one.training.name] = headline(form.metric, form.score(gold, answers, "en"))
        for module in model.models:
            module.train()
        model.train()
        self.history.steps.append(step)
        self.history.scores.append(sum(each.values()) / len(each))
        self.history.each.append(each)
        self.history.losses.append(dict(self.losses))
        self.trainer.log({"dev_score": self.history.scores[-1]})
        counts = self.history.chosen(self.spec.settings.choose) == len(self.history.steps) - 1
        if counts and self.trainer.is_world_process_zero():
            save_multi_head(model, best_folder(self.work, step))
            self.forget_others()


def dev_rows(one: SetSpec, rows: Rows) -> tuple[Dataset, Any]:
    """Return the dev rows that a set is checked on, and their gold.

    A part is drawn from all of dev, since files may be sorted by label. It is the same in every
    training, so that dev scores are comparable.
    """
    dev, count = rows.dev, one.settings.dev_examples
    if 0 < count < len(dev):
        dev = dev.select(sorted(random.Random(DEV_SEED).sample(range(len(dev)), count)))
    return dev, one.training.format.gold(dev)
