"""The command line: parse, call, print."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from harness.cli.eval_command import demo_command, evaluate_command
from harness.cli.look_commands import check_command, score_command, tasks_command
from harness.cli.store_commands import check_store_command, prune_command
from harness.cli.study_commands import plan_command, run_command, table_command
from harness.cli.train_command import train_command
from harness.errors import HarnessError, disk_trouble


class _Light:
    """A command that does not convert a ``--help`` nobody gave: typer imports pydantic for it.

    That would be a third of the time ``harness tasks`` takes. For the same reason its NAME is
    read from the context, not from a typed argument.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option with a default that needs no conversion."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.default = False
        return option


class _LightGroup(_Light, TyperGroup):
    pass


class _LightCommand(_Light, TyperCommand):
    pass


app = typer.Typer(
    name="harness",
    cls=_LightGroup,
    help="Cross-lingual transfer on XTREME: train on English, predict every language, score.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data = typer.Typer(help="Look at data folders.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data, name="data")
study = typer.Typer(
    help="Compare intermediate tasks: plan, run and tabulate a study's file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(study, name="study")

store = typer.Typer(
    help="Look through the store of finished steps, and thin it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(store, name="store")

app.command("eval")(evaluate_command)
app.command("train")(train_command)
study.command("plan")(plan_command)
study.command("run")(run_command)
study.command("table")(table_command)
app.command("demo")(demo_command)
app.command("score")(score_command)
app.command(
    "tasks",
    cls=_LightCommand,
    options_metavar="[NAME] [OPTIONS]",
    context_settings={"allow_extra_args": True},
)(tasks_command)
data.command("check")(check_command)
store.command("check")(check_store_command)
store.command("prune")(prune_command)


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """Run the command line; what the user can mend ends in one line and exit code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: Slurm sends it first
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that is no UTF-8 is printed escaped
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)  # typer gives 130 for Ctrl-C, None when all is well
    except HarnessError as error:
        _fail(" ".join(str(error).split()))
    except (KeyboardInterrupt, typer.Abort):
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's usage errors, of a class it keeps private
            _usage(error)
        trouble, name = disk_trouble(error), _name_trouble(error)
        if trouble:
            again = "free or permit it and run the same command again: no finished step is lost"
            _fail(f"{trouble}; {again}")
        if name:
            _fail(f"{name}; name another place")
        raise
    if code:
        raise SystemExit(code)


def _name_trouble(error: Exception) -> str:
    """Return what is wrong with a file whose name the system did not take; "" of other errors."""
    if isinstance(error, OSError) and isinstance(error.filename, (str, bytes)):
        return f"{os.fsdecode(error.filename):.300}: {error.strerror}"
    if isinstance(error, ValueError) and str(error).startswith("embedded null"):
        return "the name of a file holds a NUL character"
    return ""


def _usage(error: Any) -> NoReturn:
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message)
        raise SystemExit(2)
    _fail(f"{message} (see {error.ctx.command_path if error.ctx else 'harness'} --help)")
