"""From a command's typed parameters to its words on the command line, by argparse.

A command that calls a verb of ``harness.api`` has the verb's parameters, defaults and help (its
docstring's) for its options; only what the command line has of its own is said with the command.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from inspect import Parameter as Plain
from inspect import signature
from types import NoneType
from typing import Any, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from harness import api
from harness.bounds import BOUNDS, Bounds
from harness.docstrings import described
from harness.errors import HarnessError

Command = TypeVar("Command", bound=Callable[..., None])
REQUIRED = Plain.empty


@dataclass(frozen=True)
class Option:
    """Says of a parameter that it is an option; a bool is a switch.

    Attributes:
        name: What it is called; by default ``--`` and the parameter's name.
        help: What it is.
    """

    name: str = ""
    help: str = ""


@dataclass(frozen=True)
class Argument:
    """Says of a parameter that it is given by its place; a list takes one or several.

    Attributes:
        help: What it is.
        metavar: What it is called; by default the parameter's name in capitals.
    """

    help: str
    metavar: str = ""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Refuse the words in one line."""
        raise HarnessError(f"{message} (see {self.prog} --help)")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a command.

    Attributes:
        name: As the command takes it.
        kind: What its value is; of a list of names in one word ``listed``.
        given: How it is given.
        default: Its value where it is not given; ``REQUIRED`` where it must be.
    """

    name: str
    kind: Any
    given: Option | Argument
    default: Any


def options_of(verb: Callable[..., Any], *names: str) -> Callable[[Command], Command]:
    """Let a command take a verb's parameters, beside its own, as ``**options``.

    Args:
        verb: A function of ``harness.api``.
        names: The parameters to take; by default all that the command has not itself.
    """

    def mark(command: Command) -> Command:
        _VERBS[command] = (verb, names)
        return command

    return mark


_VERBS: dict[Callable[..., None], tuple[Callable[..., Any], tuple[str, ...]]] = {}


def run(name: str, command: Callable[..., None], words: list[str]) -> None:
    """Call a command with what the words say.

    Raises:
        HarnessError: They do not fit its parameters.
        SystemExit: They ask for its help, which is printed.
    """
    parser = _Parser(prog=f"harness {name}", description=command.__doc__, allow_abbrev=False)
    for parameter in parameters_of(command):
        _add(parser, parameter)
    command(**vars(parser.parse_intermixed_args(words)))


def parameters_of(command: Callable[..., None]) -> list[Parameter]:
    """Return a command's own parameters, and those of the verb that it calls."""
    hints, own = get_type_hints(command, include_extras=True), []
    for one in signature(command).parameters.values():
        if one.kind is not one.VAR_KEYWORD:
            kind, given = get_args(hints[one.name])[:2]
            own.append(Parameter(one.name, kind, given, one.default))
    verb, names = _VERBS.get(command, (None, ()))
    if verb is None:
        return own
    taken, helps = {one.name for one in own}, _helps(api.evaluate) | _helps(verb)
    return own + [
        Parameter(p.name, _kind(p.default), Option(help=helps[p.name]), p.default)
        for p in signature(verb).parameters.values()
        if p.default is not REQUIRED and p.name not in taken and p.name in (names or helps)
    ]


def _helps(verb: Callable[..., Any]) -> dict[str, str]:
    """Return what a verb's docstring says of each parameter; ``progress`` is Python's alone."""
    return {
        name: re.sub(r"; (?:None|\(\)|\"\") (?:for|means) (.*?)\.", r" [default: \1].", text)
        for name, text in described(verb, "Args").items()
        if name != "progress"
    }


def _kind(default: Any) -> Any:
    """Return what makes a value of a word, by the default of a verb's parameter."""
    if isinstance(default, tuple):
        return listed
    return str if default is None else type(default)


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated list, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _add(parser: argparse.ArgumentParser, parameter: Parameter) -> None:
    """Declare a parameter to the parser."""
    name, kind, given, default = vars(parameter).values()
    required = default is REQUIRED
    help_ = given.help
    if not required and default not in (None, "", False, ()) and "[" not in help_:
        help_ += f" [default: {default}]"
    more: dict[str, Any] = {"help": help_.replace("%", "%%")}
    more |= {"default": None if required else default}
    if isinstance(given, Argument):
        nargs = "+" if get_origin(kind) is list else None if required else "?"
        more |= {"nargs": nargs, "metavar": given.metavar or name.upper(), "type": _type(kind)}
        parser.add_argument(name, **more)
        return
    bounds = BOUNDS.get(name)
    more |= {"action": "store_true"} if kind is bool else {"type": _type(kind, bounds)}
    option = given.name or f"--{name.replace('_', '-')}"
    parser.add_argument(option, dest=name, required=required, **more)


def _type(kind: Any, bounds: Bounds | None = None) -> Callable[[str], Any]:
    """Return what makes a value of a word: of ``Path | None`` a path, of ``list[str]`` a text."""
    plain: Callable[[str], Any] = next(k for k in (*get_args(kind), kind) if k is not NoneType)
    if bounds is None:
        return plain

    def number(text: str) -> Any:
        with suppress(ValueError):
            if (value := plain(text)) in bounds:
                return value
        raise argparse.ArgumentTypeError(f"{text!r:.60}: expected {bounds}")

    return number
