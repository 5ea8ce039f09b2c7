"""Shapes: figures of ``1`` in a field of ``0``, to be named.

Published sizes (``main_shapes.py``, ``scripts_games/shapes.py``): squares of side 2 to 7, triangles
of 3 to 6 rows (row ``k`` has ``2k + 1`` cells), crosses of arm 2 or 3; a circle is offered as an
answer and never drawn.  The fair version draws it as well, and all figures can lie anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from random import Random

SIZE = 15
DRAWN_V1 = ("square", "triangle", "cross")
OPTIONS = (*DRAWN_V1, "circle")

Cells = frozenset[tuple[int, int]]
"""Marked cells as (row, column)."""


@dataclass(frozen=True)
class ShapeItem:
    """A figure and the answers in the order offered; ``right`` is the position of the true one."""

    rows: tuple[str, ...]
    options: tuple[str, ...]
    right: int


def figure(kind: str, size: int) -> Cells:
    """Return a figure in the corner: a square's side, a triangle's rows, an arm, or a radius."""
    if kind == "square":
        return frozenset((r, c) for r in range(size) for c in range(size))
    if kind == "triangle":
        return frozenset((r, size - 1 + c) for r in range(size) for c in range(-r, r + 1))
    span = range(2 * size + 1)
    if kind == "cross":
        return frozenset((r, c) for r in span for c in span if size in (r, c))
    if kind == "circle":
        reach = size * (size + 1)  # between the radii size and size + 1: round on a coarse grid
        return frozenset(
            (r, c) for r in span for c in span if (r - size) ** 2 + (c - size) ** 2 <= reach
        )
    raise ValueError(f"no figure is called {kind!r}; there are {', '.join(OPTIONS)}")


_SIZES = {"square": range(2, 8), "triangle": range(3, 7), "cross": (2, 3), "circle": range(2, 6)}


def recognise(rows: Iterable[str]) -> str | None:
    """Return the kind of the figure in a field, or None where it is none of the four."""
    marked = [(r, c) for r, row in enumerate(rows) for c, mark in enumerate(row) if mark == "1"]
    if not marked:
        return None
    top, left = min(r for r, _ in marked), min(c for _, c in marked)
    return _figures().get(frozenset((r - top, c - left) for r, c in marked))


@cache
def _figures() -> dict[Cells, str]:
    return {figure(kind, size): kind for kind, sizes in _SIZES.items() for size in sizes}


def shape_item(number: int, seed: int, fair: bool) -> ShapeItem:
    """Return one item; kinds take turns, so that each is drawn equally often."""
    rng = Random(f"{seed}/shapes/{number}")
    kinds = OPTIONS if fair else DRAWN_V1
    kind = kinds[number % len(kinds)]
    if fair:
        size = rng.choice([s for s in _SIZES[kind] if s > 2 or kind != "square"])
        cells = figure(kind, size)
        height, width = (1 + max(cell[k] for cell in cells) for k in (0, 1))
        top, left = rng.randint(0, SIZE - height), rng.randint(0, SIZE - width)
    else:
        cells, top, left = _published(kind, rng)
    options = list(OPTIONS)
    rng.shuffle(options)
    return ShapeItem(_field(cells, top, left), tuple(options), options.index(kind))


def _published(kind: str, rng: Random) -> tuple[Cells, int, int]:
    """Return a figure with the published distribution of sizes and places."""
    if kind == "square":
        side = rng.randint(2, SIZE // 2)
        return figure(kind, side), rng.randint(0, SIZE - side), rng.randint(0, SIZE - side)
    if kind == "triangle":
        side = rng.randint(4, SIZE // 2)
        rows = int(side * 3**0.5 / 2)
        apex = rng.randint(side, SIZE - side)
        return figure(kind, rows), rng.randint(0, SIZE - 2 * side), apex - rows + 1
    arm = rng.randint(2, SIZE // 4)
    centre = [rng.randint(arm, SIZE - arm - 1) for _ in range(2)]
    return figure(kind, arm), centre[0] - arm, centre[1] - arm


def _field(cells: Cells, top: int, left: int) -> tuple[str, ...]:
    return tuple(
        "".join("01"[(r - top, c - left) in cells] for c in range(SIZE)) for r in range(SIZE)
    )
