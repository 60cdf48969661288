"""A command's arguments on the command line, from its typed parameters, by argparse."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from types import NoneType
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from harness.bounds import Bounds
from harness.errors import HarnessError


@dataclass(frozen=True)
class Option:
    """Marks a parameter as an option; a bool is a switch.

    Attributes:
        name: Its name; by default ``--`` and the parameter's name.
        help: Its description.
        bounds: The allowed numbers.
    """

    name: str = ""
    help: str = ""
    bounds: Bounds | None = None


@dataclass(frozen=True)
class Argument:
    """Marks a parameter as positional; a list takes one or several.

    Attributes:
        help: Its description.
        metavar: Its name; by default the parameter's name in capitals.
    """

    help: str
    metavar: str = ""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Refuse the arguments in one line."""
        raise HarnessError(f"{message} (see {self.prog} --help)")


def run(name: str, command: Callable[..., None], words: list[str]) -> None:
    """Call a command with the arguments in some words.

    Raises:
        HarnessError: They do not fit its parameters.
        SystemExit: They ask for its help, which is printed.
    """
    parser = _Parser(prog=f"harness {name}", description=command.__doc__, allow_abbrev=False)
    hints = get_type_hints(command, include_extras=True)
    for parameter in signature(command).parameters.values():
        kind, annotation = get_args(hints[parameter.name])[:2]
        _add(parser, parameter.name, kind, annotation, parameter.default)
    command(**vars(parser.parse_intermixed_args(words)))


def _add(
    parser: argparse.ArgumentParser, name: str, kind: Any, given: Option | Argument, default: Any
) -> None:
    """Declare a parameter to the parser."""
    required = default is Parameter.empty
    options: dict[str, Any] = {"help": given.help.replace("%", "%%")}
    if not required and default not in (None, "", False) and "[" not in given.help:
        options["help"] += f" [default: {default}]".replace("%", "%%")
    if isinstance(given, Argument):
        nargs = "+" if get_origin(kind) is list else None if required else "?"
        options |= {"nargs": nargs, "metavar": given.metavar or name.upper(), "type": _type(kind)}
        parser.add_argument(name, **options, **({} if required else {"default": default}))
        return
    options |= {"action": "store_true"} if kind is bool else {"type": _type(kind, given.bounds)}
    option = given.name or f"--{name.replace('_', '-')}"
    parser.add_argument(
        option, dest=name, required=required, default=None if required else default, **options
    )


def _type(kind: Any, bounds: Bounds | None = None) -> Callable[[str], Any]:
    """Return the converter of a word: to a path for ``Path | None``, a text for ``list[str]``."""
    plain: Callable[[str], Any] = next(k for k in (*get_args(kind), kind) if k is not NoneType)
    if bounds is None:
        return plain

    def number(text: str) -> Any:
        try:
            value = plain(text)
        except ValueError:
            value = text
        if value not in bounds:
            raise argparse.ArgumentTypeError(f"{text!r:.60}: expected {bounds}")
        return value

    return number
