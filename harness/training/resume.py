"""States that a killed training goes on from: whole to the last byte, or not used at all."""

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

MANIFEST = "state.json"  # its second line says all of a state, its first is the second's SHA-256
KEPT = 2  # states on disk, so that there is one to fall back on

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
        """Return the place of the best check, the earliest of equals; -1 without any."""
        return max(range(len(self.scores)), key=lambda i: (self.scores[i], -i), default=-1)

    def best_update(self) -> int:
        """Return the update of the best check; -1 without any."""
        return self.steps[self.best()] if self.steps else -1

    def until(self, step: int) -> History:
        """Return the checks up to an update."""
        kept = sum(one <= step for one in self.steps)
        return History(self.steps[:kept], self.scores[:kept], self.each[:kept], self.losses[:kept])


@dataclass(frozen=True)
class State:
    """Where a training goes on.

    Attributes:
        step: Updates done.
        folder: What the Trainer has saved; None at the start.
        history: The dev checks up to there.
    """

    step: int = 0
    folder: Path | None = None
    history: History = field(default_factory=History)


def seal(work: Path, step: int, history: History) -> None:
    """Write a state's manifest: its checks, the hashes of its files and of its best weights.

    It must come last. A state without it, or other than it says, is not gone on from.
    """
    folder = state_folder(work, step)
    files = [*_files(folder), *_files(best_folder(work, history.best_update()))]
    value = {
        "step": step,
        "history": asdict(history),
        "files": {str(path.relative_to(work)): digest(path) for path in files},
    }
    text = json.dumps(value)
    write_text(f"{_sha256(text)}\n{text}", folder / MANIFEST)


def last_state(work: Path) -> State:
    """Return the last state that is whole, or the start; those after it are removed."""
    for step in sorted(states(work), reverse=True):
        history = _history(work, step)
        if history is not None:
            return State(step, state_folder(work, step), history)
        log.warning("the state after %d updates is not whole: the one before it is taken", step)
        shutil.rmtree(state_folder(work, step), ignore_errors=True)
    return State()


def best_folder(work: Path, update: int) -> Path:
    """Return where the weights of the best check are kept, by the update it came after."""
    return work / f"best-{update}"


def states(work: Path) -> Iterator[int]:
    """Yield the updates after which there are states, whole or not."""
    for folder in work.glob("checkpoint-*"):
        if folder.name.removeprefix("checkpoint-").isdigit():
            yield int(folder.name.removeprefix("checkpoint-"))


def state_folder(work: Path, step: int) -> Path:
    """Return where the Trainer saves a state."""
    return work / f"checkpoint-{step}"


def _history(work: Path, step: int) -> History | None:
    """Return the checks that a state's manifest holds, None if the state is not whole."""
    try:
        line, _, text = (state_folder(work, step) / MANIFEST).read_text().partition("\n")
        value = json.loads(text)
        whole = (
            line == _sha256(text)
            and value["step"] == step
            and all(digest(work / name) == sha256 for name, sha256 in value["files"].items())
        )
        return History(**value["history"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError, HarnessError):
        return None


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
