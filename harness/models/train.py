"""Training: one operation for intermediate tasks and targets, on transformers' Trainer."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.models.batching import training_batches
from harness.models.device import Device, processes
from harness.models.model import Model, Report, fresh_model
from harness.tasks import headline

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import Trainer

    from harness.models.checkpoint import Checkpoint
    from harness.recipes import Settings
    from harness.tasks import Format

RESUME_EVERY = 600.0  # seconds between two states to resume from; they cost disk, not results
LOG_EVERY = 10  # updates between two losses in the log and the tracker
LONGEST_WAIT = 12 * 3600  # seconds that the other processes of torchrun wait for the first


@dataclass(frozen=True)
class Lesson:
    """What to learn: the rows, how, and from which checkpoint.

    Attributes:
        checkpoint: The encoder to start from.
        form: The format that gives inputs and head.
        train: Labelled rows.
        dev: English dev rows that choose the best weights.
        settings: Hyper-parameters.
        seed: Seeds head, dropout and order.
        max_steps: Updates, at most; 0 means as the settings say.
        tracker: transformers' name of an experiment tracker, or ``none``.
    """

    checkpoint: Checkpoint
    form: Format
    train: Dataset
    dev: Dataset
    settings: Settings
    seed: int
    max_steps: int = 0
    tracker: str = "none"


@dataclass
class History:
    """The dev checks of a training run, kept on disk beside the best weights."""

    steps: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def best(self) -> int:
        """Return the place of the best check, the earliest of equals; -1 without any."""
        return max(range(len(self.scores)), key=lambda i: (self.scores[i], -i), default=-1)

    def until(self, step: int) -> History:
        """Return the checks up to an update."""
        kept = [i for i, s in enumerate(self.steps) if s <= step]
        return History([self.steps[i] for i in kept], [self.scores[i] for i in kept])


def train(lesson: Lesson, device: Device, work: Path, out: Path, report: Report) -> dict[str, Any]:
    """Train, and leave the weights with the best English dev score in ``out``.

    Killed and called again with the same ``work`` folder it goes on from the last state saved
    there and ends with the same weights.

    Args:
        lesson: What to learn.
        device: Where and how to compute.
        work: Folder for states to resume from.
        out: Folder for the best model: a transformers checkpoint.
        report: Told the updates done and those planned.

    Returns:
        What happened: updates, dev checks, best dev score (percent), loss, examples, tokens.

    Raises:
        HarnessError: The loss is not finite.
    """
    model, tokenizer = fresh_model(lesson.checkpoint, lesson.form, lesson.seed)
    model.get_input_embeddings().weight.requires_grad_(not lesson.settings.freeze_words)
    course = _course(lesson, tokenizer)
    watcher = _watch(lesson, tokenizer, device, work, course.checks, report)
    arguments = _arguments(lesson, device, work, course.updates)
    trainer = _trainer(model, arguments, course, tokenizer, watcher)
    state = _last_state(work)
    watcher.history = _read_history(work).until(state[0])
    result = trainer.train(resume_from_checkpoint=str(state[1]) if state[1] else None)
    if not math.isfinite(result.training_loss):
        raise HarnessError(
            f"the loss is not finite after {course.updates} updates (learning rate"
            f" {lesson.settings.learning_rate}); lower the learning rate or use fp32"
        )
    trainer.accelerator.wait_for_everyone()
    if trainer.is_world_process_zero():
        shutil.copytree(work / "best", out, dirs_exist_ok=True)
        tokenizer.save_pretrained(out)
    best = watcher.history.best()
    return {
        "updates": watcher.history.steps[-1],
        "best_update": watcher.history.steps[best],
        "dev_score": watcher.history.scores[best],
        "dev_checks": asdict(watcher.history),
        "loss": result.training_loss,
        "examples": course.examples,
        "tokens": sum(len(course.features[i]["input_ids"]) for b in course.batches for i in b),
    }


@dataclass(frozen=True)
class Course:
    """A training planned to its end.

    Attributes:
        features: Model inputs with labels, without padding.
        batches: Numbers of features, batch by batch, for all processes and epochs.
        checks: Updates after which dev is scored.
        updates: Updates in all.
        examples: Training examples that the features come from.
    """

    features: list[dict[str, Any]]
    batches: list[list[int]]
    checks: set[int]
    updates: int
    examples: int


def _course(lesson: Lesson, tokenizer: Any) -> Course:
    """Choose the examples and plan batches and checks from the seed alone."""
    settings = lesson.settings
    rows = lesson.train.shuffle(seed=lesson.seed)
    if 0 < settings.train_examples < len(rows):
        rows = rows.select(range(settings.train_examples))
    features = lesson.form.encode(rows, tokenizer, settings, training=True)
    features = [{k: v for k, v in f.items() if k != "first"} for f in features]
    per_update = processes() * settings.accumulate
    epochs = training_batches(
        [len(f["input_ids"]) for f in features],
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        max_tokens=settings.max_tokens,
        seed=lesson.seed,
        multiple=per_update,
    )
    ends = list(accumulate(len(batches) // per_update for batches in epochs))
    total = min(ends[-1], lesson.max_steps or ends[-1])
    every = settings.check_every
    checks = set(range(every, total, every)) if every else {end for end in ends if end < total}
    batches = [batch for epoch in epochs for batch in epoch][: total * per_update]
    return Course(features, batches, checks | {total}, total, len(rows))


def _arguments(lesson: Lesson, device: Device, work: Path, total: int) -> Any:
    from transformers import TrainingArguments

    settings = lesson.settings
    return TrainingArguments(
        output_dir=str(work),
        max_steps=total,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=settings.warmup if settings.warmup < 1 else int(settings.warmup),
        weight_decay=settings.weight_decay,
        adam_epsilon=settings.adam_epsilon,
        max_grad_norm=settings.max_grad_norm,
        seed=lesson.seed,
        use_cpu=device.kind == "cpu",
        bf16=device.precision == "bf16",
        fp16=device.precision == "fp16",
        eval_strategy="no",
        save_strategy="no",
        save_total_limit=1,
        logging_steps=LOG_EVERY,
        logging_nan_inf_filter=False,
        report_to=lesson.tracker,
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=device.kind == "cuda",
        ddp_timeout=LONGEST_WAIT,
    )


def _trainer(model: Any, arguments: Any, course: Course, tokenizer: Any, watcher: Any) -> Trainer:
    """Return a Trainer that takes its batches from a plan."""
    from torch.utils.data import DataLoader
    from transformers import PrinterCallback, Trainer

    class Planned(Trainer):  # type: ignore[misc]
        """A Trainer whose batches are planned ahead, length-bucketed, this process's share."""

        def get_train_dataloader(self) -> DataLoader[Any]:
            """Return the planned batches of this process."""
            share = course.batches[self.args.process_index :: self.args.world_size]
            return DataLoader(
                course.features,  # type: ignore[arg-type]
                batch_sampler=share,
                collate_fn=lambda batch: collate(batch, tokenizer),
                pin_memory=self.args.dataloader_pin_memory,
            )

    trainer = Planned(
        model=model, args=arguments, train_dataset=course.features, callbacks=[watcher]
    )
    trainer.remove_callback(PrinterCallback)
    trainer.model_accepts_loss_kwargs = False  # batches weigh alike, as in the official scripts
    watcher.trainer = trainer
    return trainer


def collate(batch: Sequence[dict[str, Any]], tokenizer: Any) -> dict[str, Any]:
    """Pad features to the longest of the batch; token labels are padded with -100."""
    import torch

    labels = [feature.get("labels") for feature in batch]
    padded = dict(
        tokenizer.pad(
            [{k: v for k, v in feature.items() if k != "labels"} for feature in batch],
            return_tensors="pt",
        )
    )
    if isinstance(labels[0], list):
        width = padded["input_ids"].shape[1]
        labels = [row + [-100] * (width - len(row)) for row in labels if row is not None]
    if labels[0] is not None:
        padded["labels"] = torch.tensor(labels)
    return padded


def _watch(
    lesson: Lesson, tokenizer: Any, device: Device, work: Path, checks: set[int], report: Report
) -> Any:
    """Return a Trainer callback that checks dev, keeps the best weights, and saves states."""
    from transformers import TrainerCallback

    dev = lesson.dev
    if 0 < lesson.settings.dev_examples < len(dev):
        dev = dev.select(range(lesson.settings.dev_examples))
    gold = lesson.form.gold(dev)

    class Watcher(TrainerCallback):  # type: ignore[misc]
        """Looks at English dev after the planned updates."""

        history = History()
        trainer: Any = None
        saved = time.monotonic()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Report progress; check dev and keep weights when it is time."""
            report(state.global_step, state.max_steps)
            if state.global_step not in checks:
                return
            self.check(state.global_step)
            patience = lesson.settings.patience
            since = len(self.history.steps) - 1 - self.history.best()
            if patience and since >= patience:
                control.should_training_stop = True
            elif time.monotonic() - self.saved > RESUME_EVERY:
                control.should_save = True
                self.saved = time.monotonic()

        def check(self, step: int) -> None:
            """Score dev; write the weights if no check was better."""
            module = self.trainer.model.eval()
            place = Device(str(self.trainer.args.device), device.precision, device.threads)
            answers = lesson.form.predict(
                Model(module, tokenizer, place), {"test": dev}, lesson.settings
            )
            module.train()
            scores = lesson.form.score(gold, answers, "en")
            self.history.steps.append(step)
            self.history.scores.append(headline(lesson.form.metric, scores))
            self.trainer.log({"dev_score": self.history.scores[-1]})
            if not self.trainer.is_world_process_zero():
                return
            if self.history.best() == len(self.history.steps) - 1:
                _keep(module, work / "best")
            aside = work / "history.part"
            aside.write_text(json.dumps(asdict(self.history)))
            aside.replace(work / "history.json")

    return Watcher()


def _keep(module: Any, best: Path) -> None:
    """Write weights aside and put them in the place of the ones before."""
    aside = best.with_suffix(".part")
    shutil.rmtree(aside, ignore_errors=True)
    module.save_pretrained(aside)
    shutil.rmtree(best, ignore_errors=True)
    aside.rename(best)


def _read_history(work: Path) -> History:
    try:
        return History(**json.loads((work / "history.json").read_text()))
    except (OSError, ValueError, TypeError):
        return History()


def _last_state(work: Path) -> tuple[int, Path | None]:
    """Return the update and folder of the last state that was saved whole.

    A state without the history of its dev checks, or without any weights kept, is of no use.
    """
    if not _read_history(work).steps or not (work / "best").is_dir():
        return 0, None
    for step, folder in sorted(_states(work), reverse=True):
        try:
            json.loads((folder / "trainer_state.json").read_text())  # the Trainer writes it last
        except (OSError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
            continue
        return step, folder
    return 0, None


def _states(work: Path) -> Iterator[tuple[int, Path]]:
    for folder in work.glob("checkpoint-*"):
        if folder.name.removeprefix("checkpoint-").isdigit():
            yield int(folder.name.removeprefix("checkpoint-")), folder
