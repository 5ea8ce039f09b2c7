"""LCL, the LEGO Connect Language: validity and construction of brick models.

A piece is ``(x, y, colour)``: four studs wide and one high, on the studs ``x … x+3`` of layer
``y``.  A construct is valid if it is not empty, no two pieces of a layer share a stud, and all hang
together, where two pieces are joined if they lie in neighbouring layers and share a stud.  There is
no ground and no gravity; touching sides join nothing.  Source: ``lcl.py`` of the published
repository (its last checker; two earlier versions of the file look at overlap only).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from random import Random

WIDTH = 4
COLOURS = ("blue", "yellow", "red")
PIECES_V1 = 5
MOST_PIECES = 200  # a reply with more is refused, so that no reply takes long to check

Piece = tuple[int, int, str]
Construct = tuple[Piece, ...]

OVERLAP, APART = "overlap", "apart"


class ConstructError(ValueError):
    """A text that describes no construct."""


def fault(pieces: Sequence[Piece]) -> str | None:
    """Return None for a valid construct, else what is wrong: ``empty``, OVERLAP or APART."""
    if not pieces:
        return "empty"
    for k, (x, y, _) in enumerate(pieces):
        if any(y == other_y and abs(x - other_x) < WIDTH for other_x, other_y, _ in pieces[:k]):
            return OVERLAP
    reached, waiting = {0}, [0]
    while waiting:
        x, y, _ = pieces[waiting.pop()]
        for k, (other_x, other_y, _) in enumerate(pieces):
            if k not in reached and abs(y - other_y) == 1 and abs(x - other_x) < WIDTH:
                reached.add(k)
                waiting.append(k)
    return None if len(reached) == len(pieces) else APART


def lcl_text(pieces: Sequence[Piece]) -> str:
    """Return the construct in LCL: ``[(0, 0, 'red'), …]``."""
    return str(list(pieces))


def read_construct(text: str, strict: bool = False) -> Construct:
    """Return the construct that a reply describes.

    Args:
        text: the reply.
        strict: as published: the text from the first ``[`` to the next ``]``, of tuples alone.
            Otherwise from the first ``[`` to the last ``]``, and pieces may be lists.

    Raises:
        ConstructError: there is none; says why.
    """
    found = re.search(r"\[.*?\]" if strict else r"\[.*\]", text, re.DOTALL)
    if found is None:
        raise ConstructError("the reply holds no list in square brackets")
    try:
        value = ast.literal_eval(found.group(0))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise ConstructError("the list cannot be read") from None
    if strict and len(value) == 1 and isinstance(value[0], tuple):
        nested = value[0]
        if nested and all(isinstance(part, tuple) for part in nested):
            value = list(nested)  # the published reader takes [((…), (…))] too
    if len(value) > MOST_PIECES:
        raise ConstructError(f"{len(value)} pieces are more than {MOST_PIECES}")
    return tuple(_piece(part, strict) for part in value)


def _piece(part: object, strict: bool) -> Piece:
    if (isinstance(part, tuple) or (isinstance(part, list) and not strict)) and len(part) == 3:
        x, y, colour = part
        if type(x) is int and type(y) is int and isinstance(colour, str):
            return (x, y, colour)
    raise ConstructError(f"{part!r:.60} is no piece (x, y, 'colour')")


# --- items ---------------------------------------------------------------------------------------


def published_valid(rng: Random) -> Construct:
    """Return a valid construct as published: from (0, 0) up, in steps of two studs."""
    pieces: list[Piece] = [(0, 0, rng.choice(COLOURS))]
    while len(pieces) < PIECES_V1:
        offsets = ((-4, 0), (4, 0), (0, 1), (-2, 0), (2, 0), (-2, 1), (2, 1))
        places = {(x + dx, y + dy) for x, y, _ in pieces for dx, dy in offsets}
        free = sorted(p for p in places if _published_place(*p, pieces))
        pieces.append((*rng.choice(free), rng.choice(COLOURS)))
    return tuple(pieces)


def _published_place(x: int, y: int, pieces: Sequence[Piece]) -> bool:
    """Return whether the published generator would put a piece there."""
    if any(y == py and abs(x - px) < WIDTH for px, py, _ in pieces):
        return False
    if y == 0:
        return not any(py == 0 and abs(x - px) == WIDTH for px, py, _ in pieces)
    return any(py == y - 1 and abs(x - px) < WIDTH for px, py, _ in pieces)


def published_invalid(rng: Random) -> Construct:
    """Return an invalid construct as published: pieces strewn over a wide field."""
    while True:
        pieces = tuple(
            (WIDTH * rng.randint(0, 10), rng.randint(0, 10), rng.choice(COLOURS))
            for _ in range(PIECES_V1)
        )
        if fault(pieces) is not None:
            return pieces


def fair_valid(rng: Random) -> Construct:
    """Return a valid construct anywhere, in any order, with any offsets."""
    pieces: list[Piece] = [(rng.randint(0, 12), rng.randint(0, 6), rng.choice(COLOURS))]
    while len(pieces) < PIECES_V1:
        x, y, _ = rng.choice(pieces)
        new = (
            x + rng.randint(1 - WIDTH, WIDTH - 1),
            y + rng.choice((-1, 1)),
            rng.choice(COLOURS),
        )
        if fault([*pieces, new]) is None:
            pieces.append(new)
    rng.shuffle(pieces)
    return tuple(pieces)


def spoil(pieces: Construct, kind: str, rng: Random) -> Construct:
    """Return the construct made invalid by moving one piece as little as possible.

    Args:
        pieces: a valid construct of two pieces at least.
        kind: OVERLAP, or APART (without any overlap).
        rng: chooses among the moves of the least length.

    Raises:
        ValueError: the construct is not valid, or no short move spoils it so.
    """
    if fault(pieces) is not None or len(pieces) < 2:
        raise ValueError("only a valid construct of two pieces or more can be spoilt")
    for length in range(1, 4 * WIDTH):
        moves = [(dx, s * (length - abs(dx))) for dx in range(-length, length + 1) for s in (-1, 1)]
        found = []
        for k, (x, y, colour) in enumerate(pieces):
            for dx, dy in sorted(set(moves)):
                changed = (*pieces[:k], (x + dx, y + dy, colour), *pieces[k + 1 :])
                if fault(changed) == kind:
                    found.append(changed)
        if found:
            return rng.choice(found)
    raise ValueError(f"no short move of one piece makes {lcl_text(pieces)} {kind}")


def validity_item(number: int, total: int, seed: int, fair: bool) -> Construct:
    """Return a construct to judge; half of ``total`` are valid.

    Published: the first half is valid.  Fair: items come in pairs, a valid construct and the same
    one spoilt, by overlap and by separation in turn.
    """
    if not fair:
        rng = Random(f"{seed}/lcl_validity/{number}")
        return published_valid(rng) if number < total / 2 else published_invalid(rng)
    pair = number // 2
    rng = Random(f"{seed}/lcl_validity/{pair}")
    while True:
        pieces = fair_valid(rng)
        try:
            spoilt = spoil(pieces, (OVERLAP, APART)[pair % 2], rng)
        except ValueError:
            continue  # rare: a construct without room for such a move
        return pieces if number % 2 == 0 else spoilt


def construction_item(number: int, seed: int) -> tuple[int, Piece]:
    """Return a fair building task: how many pieces, and one of them that must be used."""
    rng = Random(f"{seed}/lcl_construction/{number}")
    return 3 + number % 6, (rng.randint(-9, 9), rng.randint(0, 9), rng.choice(COLOURS))


def construction_fault(pieces: Sequence[Piece], count: int, given: Piece) -> str | None:
    """Return None where a construct solves a fair building task, else what is wrong with it."""
    if len(pieces) != count:
        return f"{len(pieces)} pieces in place of {count}"
    if given not in pieces:
        return f"the piece {given} is not used"
    return fault(pieces)
