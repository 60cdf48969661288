"""The board's pictures: SVG of our own, without a plotting library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness import registry
from harness.leaderboard.baselines import GROUPINGS
from harness.leaderboard.board import Board
from harness.leaderboard.figures.figure_rows import FigureFamily, figure_families, figure_sizes
from harness.leaderboard.figures.figure_style import page_rules
from harness.leaderboard.figures.forest import forest, forest_of_targets
from harness.leaderboard.figures.language_map import language_map
from harness.leaderboard.figures.picture import Picture
from harness.leaderboard.figures.scatter import gaps, sizes
from harness.leaderboard.figures.variance_bars import variance_bars

__all__ = ["Picture", "figures_of", "page_rules", "pictures_of"]


def pictures_of(board: Board) -> Mapping[str, Picture]:
    """Return all pictures of a board, by file name without its ending.

    Of each family ``forest-SLUG``, ``forests-SLUG`` (a panel a target), ``heat-SLUG`` (languages
    by family), ``heat-SLUG.by-script``, ``heat-SLUG.by-resources`` and ``heat-SLUG.TARGET``,
    ``gap-SLUG`` and ``runs-SLUG`` (of what the uncertainty is made), with the slug of its baseline;
    of each benchmark ``parameters-NAME``. A picture without anything to show is left out.

    Args:
        board: The board.
    """
    pictures = {name: one for family in figure_families(board) for name, one in _of_family(family)}
    for name, rows in figure_sizes(board).items():
        picture = sizes(registry.benchmark(name).title, rows)
        if picture is not None:
            pictures[f"parameters-{name}"] = picture
    return pictures


def _of_family(family: FigureFamily) -> Iterator[tuple[str, Picture]]:
    slug = family.slug
    yield f"forest-{slug}", forest(family)
    if len(family.targets) > 1:
        yield f"forests-{slug}", forest_of_targets(family)
    yield f"runs-{slug}", variance_bars(family)
    some = {f"heat-{slug}": language_map(family), f"gap-{slug}": gaps(family)}
    some |= {f"heat-{slug}.by-{way}": language_map(family, "", way) for way in GROUPINGS[1:]}
    some |= {f"heat-{slug}.{t}": language_map(family, t) for t in family.targets}
    for name, picture in some.items():
        if picture is not None:
            yield name, picture


def figures_of(board: Board) -> Mapping[str, str]:
    """Return all pictures of a board as files of their own: file name to SVG.

    Args:
        board: The board.
    """
    return {f"{name}.svg": one.standalone() for name, one in pictures_of(board).items()}
