"""Modules of the harness import each other without a circle, at their top and within functions."""

import ast
from collections.abc import Iterator
from pathlib import Path

from support.places import ROOT

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "harness").rglob("*.py"))
}


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the modules of the harness that a piece of code imports, but for types alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (name.name for name in child.names if name.name in MODULES)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: a relative import"
            for name in child.names:
                inner = f"{child.module}.{name.name}"
                yield from [found for found in [inner, child.module] if found in MODULES][:1]
        yield from imported(child)


def graph_of(modules: dict[str, Path]) -> dict[str, set[str]]:
    """Return what each module imports, without the package harness itself."""
    return {
        name: set(imported(ast.parse(path.read_text("utf-8")))) - {"harness"}
        for name, path in modules.items()
        if name != "harness"
    }


def reached(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return all that importing a module may come to import."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = graph[todo.pop()] - found
        found |= new
        todo += new
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the sets of modules that come back to themselves, each once."""
    reach = {name: reached(graph, name) for name in graph}
    rounds = {tuple(o for o in reach if o in reach[n] and n in reach[o]) for n in reach}
    return sorted(list(one) for one in rounds if one)


def test_circles_are_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a", "d"}, "e": {"a"}}
    assert circles(graph) == [["b", "c"], ["d"]]


def test_imports_wherever_they_stand_are_seen() -> None:
    code = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from harness.results import Results
import harness.errors
from harness import places, cli
from harness.recipes import Settings
def late():
    class Inner:
        from harness.data import memory
"""
    names = ["harness.errors", "harness.places", "harness.cli", "harness.recipes"]
    assert list(imported(ast.parse(code))) == [*names, "harness.data.memory"]


def test_there_is_no_circle() -> None:
    graph = graph_of(MODULES)
    assert len(graph) > 80 and sum(map(len, graph.values())) > 200
    assert circles(graph) == []
