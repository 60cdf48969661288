"""What a docstring says of each argument or attribute, as help on the command line says it."""

import inspect
import re


def described(thing: object, section: str) -> dict[str, str]:
    """Return what a section of a docstring says of each name, in one line and without marks.

    Args:
        thing: A function or class.
        section: ``Args`` or ``Attributes``.
    """
    text = (inspect.getdoc(thing) or "").partition(f"{section}:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
    return {name: " ".join(text.replace("``", "").split()) for name, text in entries}
