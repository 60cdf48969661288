"""States that a killed training resumes from; a damaged state is not used."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness.data.files import digest, write_text
from harness.errors import HarnessError

MANIFEST = "state.json"  # line 2 describes the state, line 1 is the SHA-256 of line 2
KEPT = 2  # states on disk, so that there is a second if one is damaged

log = logging.getLogger("harness")


@dataclass
class History:
    """The dev checks of a training run, kept with each state to resume from.

    Attributes:
        steps: Updates done at each check.
        scores: The headline score, in percent; of several sets the mean.
        each: The score of each set, by name.
        losses: The mean loss of each set over its last few updates before the check, by name.
    """

    steps: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    each: list[dict[str, float]] = field(default_factory=list)
    losses: list[dict[str, float]] = field(default_factory=list)

    def best(self) -> int:
        """Return the index of the best check, the earliest of equals; -1 without any."""
        return max(range(len(self.scores)), key=lambda i: (self.scores[i], -i), default=-1)

    def chosen(self, choose: str) -> int:
        """Return the index of the check whose weights count; -1 without any.

        Args:
            choose: ``best`` or ``last``, as the setting of that name.
        """
        return len(self.steps) - 1 if choose == "last" else self.best()

    def chosen_update(self, choose: str) -> int:
        """Return the update of the check whose weights count (``chosen``); -1 without any."""
        return self.steps[self.chosen(choose)] if self.steps else -1

    def until(self, step: int) -> History:
        """Return the checks up to an update."""
        end = sum(one <= step for one in self.steps)
        return History(self.steps[:end], self.scores[:end], self.each[:end], self.losses[:end])


@dataclass(frozen=True)
class State:
    """A state that a training resumes from.

    Attributes:
        step: Updates done.
        folder: Folder that the Trainer has saved; None at the start.
        history: The dev checks up to the state.
    """

    step: int = 0
    folder: Path | None = None
    history: History = field(default_factory=History)


def seal(work: Path, step: int, history: History, choose: str) -> None:
    """Write a state's manifest: its checks, the hashes of its files and of the weights that count.

    It is written last. A state without it, or one that differs from it, is not used.
    """
    folder = state_folder(work, step)
    files = [*_files(folder), *_files(best_folder(work, history.chosen_update(choose)))]
    value = {
        "step": step,
        "history": asdict(history),
        "files": {str(path.relative_to(work)): digest(path) for path in files},
    }
    text = json.dumps(value)
    write_text(f"{_sha256(text)}\n{text}", folder / MANIFEST)


def last_state(work: Path) -> State:
    """Return the last undamaged state, or the start; remove the states after it."""
    for step in sorted(states(work), reverse=True):
        history = _history(work, step)
        if history is not None:
            return State(step, state_folder(work, step), history)
        log.warning("the state after %d updates is not whole: the one before it is taken", step)
        shutil.rmtree(state_folder(work, step), ignore_errors=True)
    return State()


def best_folder(work: Path, update: int) -> Path:
    """Return the folder for the weights of the check after an update."""
    return work / f"best-{update}"


def states(work: Path) -> Iterator[int]:
    """Yield the updates of all states on disk, damaged or not."""
    for folder in work.glob("checkpoint-*"):
        if folder.name.removeprefix("checkpoint-").isdigit():
            yield int(folder.name.removeprefix("checkpoint-"))


def state_folder(work: Path, step: int) -> Path:
    """Return where the Trainer saves a state."""
    return work / f"checkpoint-{step}"


def _history(work: Path, step: int) -> History | None:
    """Return the checks in a state's manifest, None if the state is damaged."""
    try:
        line, _, text = (state_folder(work, step) / MANIFEST).read_text().partition("\n")
        value = json.loads(text)
        intact = (
            line == _sha256(text)
            and value["step"] == step
            and all(digest(work / name) == sha256 for name, sha256 in value["files"].items())
        )
        return History(**value["history"]) if intact else None
    except (OSError, ValueError, KeyError, TypeError, HarnessError):
        return None


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
