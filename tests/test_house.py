"""What the house promises of its own code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from support.places import ROOT

FILES = sorted((ROOT / "harness").rglob("*.py"))
LONGEST_FUNCTION, MOST_ARGUMENTS, LONGEST_FILE = 60, 8, 400
# whose arguments are a user's options:
OUTER = ("harness/cli/", "harness/api.py", "harness/array_api.py", "harness/checklist_api.py")


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path.relative_to(ROOT).as_posix(), node


def length(node: ast.FunctionDef) -> int:
    """Lines of a function's body, less its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return node.end_lineno - body[0].lineno + 1 if body and node.end_lineno else 0


def test_functions_are_short_and_take_few_arguments() -> None:
    long, many = [], []
    for path, node in functions():
        given = node.args
        count = len([a for a in (*given.args, *given.kwonlyargs) if a.arg not in ("self", "cls")])
        if length(node) > LONGEST_FUNCTION:
            long.append(f"{path}: {node.name} has {length(node)} lines")
        if count > MOST_ARGUMENTS and not path.startswith(OUTER):
            many.append(f"{path}: {node.name} takes {count} arguments")
    assert not long and not many, "\n".join(long + many)


def test_files_are_short_and_no_name_is_used_twice() -> None:
    long = [str(path) for path in FILES if len(path.read_text("utf-8").splitlines()) > LONGEST_FILE]
    assert not long
    names = [path.name for path in FILES if path.name not in ("__init__.py", "__main__.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"\blayout(\.name)? (==|!=|in|not in) [\"'(\[]",  # a layout is an object
        r"\bhead (==|!=|in|not in) [\"'(\[]",
        r"__name__\.(endswith|startswith)",  # nor is a head told by its class's name
        r"\.to_tuple\(",  # answers go by name
        r"\"AutoModelFor\w+\" (==|in)|(==|in) \"AutoModelFor",
    ],
)
def test_nothing_compares_names_of_layouts_and_heads(pattern: str) -> None:
    places = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert places == []


def test_no_class_or_module_is_a_metaphor() -> None:
    words = "lesson course learner ingredient part watcher workbench known site slots here together"
    names = {path.stem for path in FILES}
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert {name for name in names if name.lower() in words.split()} == set()
