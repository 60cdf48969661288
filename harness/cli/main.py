"""The command line: parse, call, print."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

from harness.cli.arguments import run
from harness.cli.eval_command import demo_command, evaluate_command
from harness.cli.look_commands import check_command, score_command, tasks_command
from harness.cli.store_commands import check_store_command, prune_command
from harness.cli.study_commands import plan_command, run_command, table_command
from harness.cli.train_command import train_command
from harness.errors import HarnessError, disk_trouble, unknown

ABOUT = "Cross-lingual transfer on XTREME: train on English, predict every language, score."
COMMANDS: Mapping[str, Callable[..., None]] = {
    "eval": evaluate_command,
    "train": train_command,
    "study plan": plan_command,
    "study run": run_command,
    "study table": table_command,
    "demo": demo_command,
    "score": score_command,
    "tasks": tasks_command,
    "data check": check_command,
    "store check": check_store_command,
    "store prune": prune_command,
}


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """Run the command line; what the user can mend ends in one line and exit code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: Slurm sends it first
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that is no UTF-8 is printed escaped
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _call(sys.argv[1:])
    except HarnessError as error:
        _fail(" ".join(str(error).split()))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        trouble, name = disk_trouble(error), _name_trouble(error)
        if trouble:
            again = "free or permit it and run the same command again: no finished step is lost"
            _fail(f"{trouble}; {again}")
        if name:
            _fail(f"{name}; name another place")
        raise


def _call(words: list[str]) -> None:
    """Call the command that the words begin with, or print which there are."""
    for count in (1, 2):
        name = " ".join(words[:count])
        if name in COMMANDS:
            run(name, COMMANDS[name], words[count:])
            return
    group = f"{words[0]} " if words else ""
    inside = [name for name in COMMANDS if name.startswith(group)]
    asked = words[1:2] if inside else words[:1]
    known = inside or list(COMMANDS)
    if asked and asked[0] not in ("-h", "--help"):
        raise unknown("command", " ".join(words[: 2 if inside else 1]), known, "see harness --help")
    print(f"Usage: harness COMMAND … (COMMAND --help says more)\n\n{ABOUT}\n")
    for name in known:
        print(f"  {name:12} {(COMMANDS[name].__doc__ or '').splitlines()[0]}")
    raise SystemExit(0 if asked else 2)


def _name_trouble(error: Exception) -> str:
    """Return what is wrong with a file whose name the system did not take; "" of other errors."""
    if isinstance(error, OSError) and isinstance(error.filename, (str, bytes)):
        return f"{os.fsdecode(error.filename):.300}: {error.strerror}"
    if isinstance(error, ValueError) and str(error).startswith("embedded null"):
        return "the name of a file holds a NUL character"
    return ""
