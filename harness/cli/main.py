"""The command line: parse, call, print."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Mapping

from harness.cli.arguments import run
from harness.cli.checklist_command import checklist_command
from harness.cli.compare_command import compare_command
from harness.cli.eval_command import demo_command, evaluate_command
from harness.cli.export_command import export_command
from harness.cli.import_command import import_command
from harness.cli.leaderboard_command import build_command
from harness.cli.look_commands import check_command, score_command, tasks_command
from harness.cli.mewslix_command import mewslix_command
from harness.cli.mine_command import mine_command
from harness.cli.pack_command import pack_command
from harness.cli.review_command import review_command
from harness.cli.store_commands import check_store_command, prune_command
from harness.cli.study_commands import (
    plan_command,
    power_command,
    run_command,
    submit_command,
    table_command,
)
from harness.cli.train_command import train_command
from harness.cli.validate_command import validate_command
from harness.cli.verify_command import verify_command
from harness.errors import HarnessError, disk_trouble, unknown

ABOUT = "Cross-lingual transfer on XTREME: train on English, predict every language, score."
COMMANDS: Mapping[str, Callable[..., None]] = {
    "eval": evaluate_command,
    "train": train_command,
    "study plan": plan_command,
    "study run": run_command,
    "study table": table_command,
    "study power": power_command,
    "study submit": submit_command,
    "compare": compare_command,
    "checklist": checklist_command,
    "demo": demo_command,
    "score": score_command,
    "mine": mine_command,
    "tasks": tasks_command,
    "data check": check_command,
    "data mewslix": mewslix_command,
    "submission validate": validate_command,
    "submission verify": verify_command,
    "submission review": review_command,
    "submission pack": pack_command,
    "submission import": import_command,
    "submission export": export_command,
    "leaderboard build": build_command,
    "store check": check_store_command,
    "store prune": prune_command,
}


def main() -> None:
    """Run the command line; errors that the user can fix end in one line and exit code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: Slurm sends it first
    if isinstance(sys.stdout, io.TextIOWrapper):  # names that are not UTF-8 are escaped
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _call(sys.argv[1:])
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        message = _message(error)
        if not message:
            raise
        from harness.display.findings_text import escape_terminal  # names may be hostile

        print(f"error: {escape_terminal(message)}", file=sys.stderr)
        raise SystemExit(2) from error


def _call(words: list[str]) -> None:
    """Call the command that the words begin with, or print the commands."""
    for count in (1, 2):
        name = " ".join(words[:count])
        if name in COMMANDS:
            run(name, COMMANDS[name], words[count:])
            return
    group = f"{words[0]} " if words else ""
    inner = [name for name in COMMANDS if name.startswith(group)]
    rest = words[1:2] if inner else words[:1]
    known = inner or list(COMMANDS)
    if rest and rest[0] not in ("-h", "--help"):
        raise unknown("command", " ".join(words[: 2 if inner else 1]), known, "see harness --help")
    print(f"Usage: harness COMMAND … (COMMAND --help says more)\n\n{ABOUT}\n")
    for name in known:
        print(f"  {name:19} {(COMMANDS[name].__doc__ or '').splitlines()[0]}")
    raise SystemExit(0 if rest else 2)


def _message(error: Exception) -> str:
    """Return the line for an error that the user can fix, "" for other errors."""
    if isinstance(error, HarnessError):
        return " ".join(str(error).split())
    if trouble := disk_trouble(error):
        remedy = "free or permit it and run the same command again: no finished step is lost"
        return f"{trouble}; {remedy}"
    if isinstance(error, OSError) and isinstance(error.filename, (str, bytes)):
        return f"{os.fsdecode(error.filename):.300}: {error.strerror}; name another place"
    if isinstance(error, ValueError) and str(error).startswith("embedded null"):
        return "the name of a file holds a NUL character; name another place"
    return ""
