"""Training: one operation for intermediate tasks and targets, on transformers' Trainer."""

from __future__ import annotations

import gc
import logging
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.models.collator import Collator, open_collator
from harness.models.device import Device, is_out_of_memory
from harness.models.model import Report
from harness.models.tokenizer import load_tokenizer, save_tokenizer
from harness.models.transfer import to_device
from harness.training.batch_maker import BatchMaker
from harness.training.batch_plan import BatchPlan, plan_batches
from harness.training.dev_eval import LOG_EVERY, DevEvaluation
from harness.training.resume import KEPT, State, last_state
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
    """Train, and write the weights with the best English dev score, or the last, to ``out``.

    If it is killed and called again with the same ``work`` folder, it resumes from the last state
    there and ends with the same weights. If memory runs out, it continues with batches split in
    two, whose gradients are added up.

    Args:
        spec: The training.
        rows: The rows of each of its sets.
        device: Where and how to compute.
        work: Folder for states to resume from.
        out: Folder for the encoder, a transformers checkpoint, and ``heads/0``, … in it.
        report: Progress callback, called with (updates done, updates planned).

    Returns:
        A summary: updates, dev checks, best dev score (percent), losses, examples, tokens.

    Raises:
        HarnessError: The loss is not finite, or memory runs out even with split batches.
    """
    device.choose_kernels()
    tokenizer = load_tokenizer(spec.checkpoint.path, spec.checkpoint.unread)
    model, collators = _model(spec, tokenizer)
    plan = plan_batches(spec, rows, tokenizer, [one.flat for one in collators])
    pieces = _pieces(work)
    while True:
        try:
            dev = DevEvaluation(spec, rows, tokenizer, device, work, report)
            dev.collators = collators
            _train_only(model, spec, plan)
            makes = BatchMaker(plan, collators, model.kinds, tokenizer, spec.seed, pieces)
            _run(model, spec, makes, dev)
            break
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if pieces >= MOST_PIECES:
                (work / PIECES).unlink(missing_ok=True)
                raise HarnessError(
                    f"memory does not suffice for a {pieces}th of a batch; lower max_tokens"
                ) from error
        pieces *= 2
        (work / PIECES).write_text(str(pieces))  # a resumed training gives the same bytes
        log.warning("out of memory: batches are now split in %d, gradients added up", pieces)
        del model, dev
        _free()
        model, collators = _model(spec, tokenizer)
    if dev.trainer.is_world_process_zero():
        shutil.copytree(dev.weights(dev.history), out, dirs_exist_ok=True)
        save_tokenizer(tokenizer, spec.checkpoint.path, out)
    history, best = dev.history, dev.history.chosen(spec.settings.choose)
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


def _run(model: MultiHeadModel, spec: TrainingSpec, makes: BatchMaker, dev: DevEvaluation) -> None:
    """Train from the last state to the end."""
    trainer = _trainer(model, _arguments(spec, dev, makes.plan.updates), makes, dev)
    dev.trainer, dev.checks = trainer, makes.plan.checks
    state: State = dev.agreed(last_state(dev.work) if trainer.is_world_process_zero() else None)
    dev.history = state.history
    dev.losses = dict(state.history.losses[-1]) if state.history.losses else {}
    trainer.train(resume_from_checkpoint=str(state.folder) if state.folder else None)
    trainer.accelerator.wait_for_everyone()


def _model(spec: TrainingSpec, tokenizer: Any) -> tuple[MultiHeadModel, tuple[Collator, ...]]:
    """Return the encoder with its heads, and what makes the batches of each."""
    from harness.models.multi_head import HEADS, build_multi_head

    forms = [one.training.format for one in spec.sets]
    heads = spec.checkpoint.path / HEADS
    folders = {i: heads / str(one.kept) for i, one in enumerate(spec.sets) if one.kept is not None}
    model = build_multi_head(spec.checkpoint, forms, spec.seed, folders)
    path = spec.checkpoint.path
    collators = [
        open_collator(one, tokenizer, path, kind)
        for one, kind in zip(model.models, model.kinds, strict=True)
    ]
    return model, tuple(collators)


def _train_only(model: MultiHeadModel, spec: TrainingSpec, plan: BatchPlan) -> None:
    """Let only what is to be trained get gradients."""
    from harness.models.multi_head import add_adapters, only_used_rows

    if spec.settings.lora:
        add_adapters(model, spec.settings.lora)
    elif spec.settings.freeze_words:
        model.words.weight.requires_grad_(False)
    elif not any(kind.needs_all_words for kind in model.kinds):
        only_used_rows(model, plan.vocabulary() | {model.words.padding_idx or 0})


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
    model: MultiHeadModel, arguments: Any, makes: BatchMaker, dev: DevEvaluation
) -> Trainer:
    """Return a Trainer that takes its batches from a plan, a piece at a time."""
    from torch.utils.data import DataLoader
    from transformers import PrinterCallback, Trainer

    from harness.models.dual_model import UNDECAYED

    class Planned(Trainer):  # type: ignore[misc]
        """A Trainer that takes this process's share of the planned batches."""

        def get_train_dataloader(self) -> DataLoader[Any]:
            """Return the planned batches of this process."""
            return DataLoader(
                makes.plan,  # type: ignore[arg-type]
                batch_sampler=makes.plan.batches[self.args.process_index :: self.args.world_size],
                collate_fn=makes,
                pin_memory=self.args.dataloader_pin_memory,
            )

        def get_decay_parameter_names(self, model: Any) -> list[str]:
            """Return the names of the parameters that weight decay applies to."""
            names: list[str] = super().get_decay_parameter_names(model)
            return [name for name in names if not name.endswith(UNDECAYED)]

        def training_step(self, model: Any, inputs: dict[str, Any], *args: Any) -> Any:
            """Train on a batch, a piece at a time."""
            total = 0.0
            for piece in inputs["pieces"]:
                moved = to_device(piece, str(self.args.device))
                total += super().training_step(model, moved, *args)
            return total

        def compute_loss(self, model: Any, inputs: dict[str, Any], **_: Any) -> Any:
            """Return the loss of a piece, weighted by its share of the labels."""
            head, share = inputs.pop("head"), inputs.pop("share")
            loss = model(head, **inputs) * share
            dev.add_loss(head, loss.detach(), share)
            return loss

    trainer = Planned(model=model, args=arguments, train_dataset=makes.plan, callbacks=[dev])
    trainer.remove_callback(PrinterCallback)
    trainer.model_accepts_loss_kwargs = False  # compute_loss weights losses by their shares alone
    return trainer
