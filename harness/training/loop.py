"""Training: one operation for intermediate tasks and targets, on transformers' Trainer."""

from __future__ import annotations

import gc
import logging
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.formats.masked_lm import mask
from harness.models.batching import IGNORED
from harness.models.device import Device
from harness.models.model import Report
from harness.models.tokenizer import load_tokenizer, save_tokenizer
from harness.training.batch_plan import BatchPlan, Example, plan_batches
from harness.training.dev_eval import LOG_EVERY, DevEvaluation
from harness.training.resume import KEPT, State, best_folder, last_state
from harness.training.spec import TrainingSpec

if TYPE_CHECKING:
    from transformers import Trainer

    from harness.data.source import Rows
    from harness.models.multi_head import MultiHeadModel

LONGEST_WAIT = 12 * 3600  # seconds that the other processes of torchrun wait for the first
PIECES = "pieces"  # file with the number of pieces that a batch is split into
MOST_PIECES = 64  # if memory runs out even then, the training fails

log = logging.getLogger("harness")


def train(
    spec: TrainingSpec, rows: Sequence[Rows], device: Device, work: Path, out: Path, report: Report
) -> dict[str, Any]:
    """Train, and write the weights with the best English dev score to ``out``.

    If it is killed and called again with the same ``work`` folder, it resumes from the last state
    there and ends with the same weights. If memory runs out, it continues with batches split in
    two, whose gradients are added up.

    Args:
        spec: The training.
        rows: The rows of each of its sets.
        device: Where and how to compute.
        work: Folder for states to resume from.
        out: Folder for the best encoder, a transformers checkpoint, and ``heads/0``, … in it.
        report: Progress callback, called with (updates done, updates planned).

    Returns:
        A summary: updates, dev checks, best dev score (percent), losses, examples, tokens.

    Raises:
        HarnessError: The loss is not finite, or memory runs out even with split batches.
    """
    tokenizer = load_tokenizer(spec.checkpoint.path, spec.checkpoint.unread)
    plan = plan_batches(spec, rows, tokenizer)
    pieces = _pieces(work)
    while True:
        try:
            dev = DevEvaluation(spec, rows, tokenizer, device, work, report)
            _run(spec, plan, dev, pieces)
            break
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            if pieces >= MOST_PIECES:
                (work / PIECES).unlink(missing_ok=True)
                raise HarnessError(
                    f"memory does not suffice for a {pieces}th of a batch; lower max_tokens"
                ) from error
        pieces *= 2
        (work / PIECES).write_text(str(pieces))  # a resumed training gives the same bytes
        log.warning("out of memory: batches are now split in %d, gradients added up", pieces)
        _free()
    if dev.trainer.is_world_process_zero():
        shutil.copytree(best_folder(work, dev.history.best_update()), out, dirs_exist_ok=True)
        save_tokenizer(tokenizer, out)
    history, best = dev.history, dev.history.best()
    names = [one.training.name for one in spec.sets]
    return {
        "updates": history.steps[-1],
        "best_update": history.steps[best],
        "dev_score": history.scores[best],
        "dev_scores": history.each[best],
        "dev_checks": asdict(history),
        "losses": dev.losses,
        "examples": sum(plan.examples),
        "examples_of": dict(zip(names, plan.examples, strict=True)),
        "tokens": plan.tokens(),
        "pieces": pieces,
    }


def _pieces(work: Path) -> int:
    """Return the pieces that a killed training had split its batches into, else 1."""
    try:
        pieces = int((work / PIECES).read_text())
    except (OSError, ValueError):
        return 1
    return pieces if 1 <= pieces <= MOST_PIECES and pieces.bit_count() == 1 else 1


def _run(spec: TrainingSpec, plan: BatchPlan, dev: DevEvaluation, pieces: int) -> None:
    """Train from the last state to the end."""
    model = _model(spec, plan)
    trainer = _trainer(model, _arguments(spec, dev, plan.updates), plan, dev, pieces)
    dev.trainer, dev.checks = trainer, plan.checks
    state: State = dev.agreed(last_state(dev.work) if trainer.is_world_process_zero() else None)
    dev.history = state.history
    dev.losses = dict(state.history.losses[-1]) if state.history.losses else {}
    trainer.train(resume_from_checkpoint=str(state.folder) if state.folder else None)
    trainer.accelerator.wait_for_everyone()


def _model(spec: TrainingSpec, plan: BatchPlan) -> MultiHeadModel:
    """Return the encoder with its heads; only what is to be trained gets gradients."""
    from harness.models.multi_head import HEADS, add_adapters, build_multi_head, only_used_rows

    forms = [one.training.format for one in spec.sets]
    heads = spec.checkpoint.path / HEADS
    folders = {i: heads / str(one.kept) for i, one in enumerate(spec.sets) if one.kept is not None}
    model = build_multi_head(spec.checkpoint, forms, spec.seed, folders)
    if spec.settings.lora:
        add_adapters(model, spec.settings.lora)
    elif spec.settings.freeze_words:
        model.words.weight.requires_grad_(False)
    elif not any(form.head.needs_all_words for form in forms):
        only_used_rows(model, plan.vocabulary() | {model.words.padding_idx or 0})
    return model


def _is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out, on a GPU or in torch's CPU allocator."""
    import torch

    texts = ("can't allocate memory", "not enough memory")
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or any(text in str(error) for text in texts)


def _free() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _arguments(spec: TrainingSpec, dev: DevEvaluation, total: int) -> Any:
    from transformers import TrainingArguments

    settings, device = spec.settings, dev.device
    return TrainingArguments(
        output_dir=str(dev.work),
        max_steps=total,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=settings.warmup if settings.warmup < 1 else int(settings.warmup),
        weight_decay=settings.weight_decay,
        adam_epsilon=settings.adam_epsilon,
        max_grad_norm=settings.max_grad_norm,
        seed=spec.seed,
        use_cpu=device.kind == "cpu",
        bf16=device.precision == "bf16",
        fp16=device.precision == "fp16",
        eval_strategy="no",
        save_strategy="no",
        save_total_limit=KEPT,
        logging_steps=LOG_EVERY,
        logging_nan_inf_filter=False,
        report_to=spec.tracker,
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=device.kind == "cuda",
        ddp_timeout=LONGEST_WAIT,
        ddp_broadcast_buffers=False,  # equal in all processes; the word table is one of them
        ddp_find_unused_parameters=len(spec.sets) > 1,
    )


def _trainer(
    model: MultiHeadModel, arguments: Any, plan: BatchPlan, dev: DevEvaluation, pieces: int
) -> Trainer:
    """Return a Trainer that takes its batches from a plan and splits them into pieces."""
    from torch.utils.data import DataLoader
    from transformers import PrinterCallback, Trainer

    class Planned(Trainer):  # type: ignore[misc]
        """A Trainer that takes this process's share of the planned batches."""

        def get_train_dataloader(self) -> DataLoader[Any]:
            """Return the planned batches of this process."""
            return DataLoader(
                plan,  # type: ignore[arg-type]
                batch_sampler=plan.batches[self.args.process_index :: self.args.world_size],
                collate_fn=self._padded,
                pin_memory=self.args.dataloader_pin_memory,
            )

        def _padded(self, batch: Sequence[Example]) -> dict[str, Any]:
            share = plan.share([item[:3] for item in batch])
            return collate(batch, dev.tokenizer, self.args.seed) | {"share": share}

        def training_step(self, model: Any, inputs: dict[str, Any], *args: Any) -> Any:
            """Train on a batch, a piece at a time."""
            total = 0.0
            for piece in split(inputs, pieces):
                total += super().training_step(model, piece, *args)
            return total

        def compute_loss(self, model: Any, inputs: dict[str, Any], **_: Any) -> Any:
            """Return the loss of a piece, weighted by its share of the labels."""
            head, share = inputs.pop("head"), inputs.pop("share")
            loss = model(head, **inputs) * share
            dev.add_loss(head, loss.detach(), share)
            return loss

    trainer = Planned(model=model, args=arguments, train_dataset=plan, callbacks=[dev])
    trainer.remove_callback(PrinterCallback)
    trainer.model_accepts_loss_kwargs = False  # compute_loss weights losses by their shares alone
    return trainer


def collate(batch: Sequence[Example], tokenizer: Any, seed: int) -> dict[str, Any]:
    """Return a batch padded to its longest feature, token labels padded with IGNORED.

    The options of a question become a further dimension; plain text is masked.

    Args:
        batch: Its examples.
        tokenizer: The encoder's.
        seed: Seeds the masks, together with the numbers.
    """
    import torch

    features = [feature for *_, feature in batch]
    if "language" in features[0]:
        features = [
            mask(feature, tokenizer, random.Random(f"{seed} {head} {number} {turn}"))
            for head, number, turn, feature in batch
        ]
    labels = [feature.get("labels") for feature in features]
    inputs = [{k: v for k, v in feature.items() if k != "labels"} for feature in features]
    first = inputs[0]["input_ids"]
    options = len(first) if isinstance(first[0], list) else 0
    if options:
        inputs = [{k: v[i] for k, v in one.items()} for one in inputs for i in range(options)]
    padded = dict(tokenizer.pad(inputs, return_tensors="pt"))
    if options:
        padded = {k: v.view(len(features), options, -1) for k, v in padded.items()}
    if isinstance(labels[0], list):
        width = padded["input_ids"].shape[1]
        labels = [row + [IGNORED] * (width - len(row)) for row in labels if row is not None]
    if labels[0] is not None:
        padded["labels"] = torch.tensor(labels)
    return padded | {"head": batch[0][0]}


def split(inputs: Mapping[str, Any], pieces: int) -> list[dict[str, Any]]:
    """Return a batch in pieces of some examples, each with its part of the batch's ``share``."""
    count = len(inputs["input_ids"])
    size = -(-count // pieces)
    if size == count:
        return [dict(inputs)]
    parts = [
        {k: v if isinstance(v, int | float) else v[start : start + size] for k, v in inputs.items()}
        for start in range(0, count, size)
    ]
    each = inputs.get("share", 1.0) / _weight(inputs)
    return [piece | {"share": each * _weight(piece)} for piece in parts]


def _weight(inputs: Mapping[str, Any]) -> float:
    """Return how many items a loss is a mean over: the labelled tokens, else the examples."""
    labels = inputs.get("labels")
    if labels is not None and labels.dim() == 2:
        return max(1.0, float((labels != IGNORED).sum()))
    return float(len(inputs["input_ids"]))
