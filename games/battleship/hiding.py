"""Average shot on which our hunter first hits a ship, for each placement of it.

One hunt tells this of all placements of a ship.  The hunter hunts a fleet from which that ship is
missing; until it shoots at a square of the ship, it has seen what it would have seen with the ship
there.  So the first shot at a placement is exactly the first hit on a ship that lies there.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.boards.battleship_hunt import Hunter
from plywise.games.battleship.game import BattleshipState
from plywise.games.battleship.sea import Ship


def shots_until_found(
    state: BattleshipState, player: int, hunter: Hunter, seed: int, hunts: int
) -> dict[int, float]:
    """Return the average shot on which the hunter first hits the next ship, by placement.

    Means over fleets in which the ships placed so far stay where they are and later ones are placed
    at random.  The sea is turned and mirrored from hunt to hunt, so that the
    square on which this hunter begins makes no difference.

    Args:
        state: a position in which ``player`` places a ship.
        hunter: hunter of this game.
        seed: seed of the fleets.
        hunts: number of fleets hunted; more if a placement fitted into none of them.
    """
    game, rng = state.game, Random(seed)
    ship = len(state.fleets[player])
    placements = {a: game.sea.squares(a, game.fleet[ship]) for a in state.legal_actions(player)}
    total, count = dict.fromkeys(placements, 0), dict.fromkeys(placements, 0)
    views = _views(game.rows, game.columns)
    done = 0
    while done < hunts or 0 in count.values():
        world = state.clone()
        # The others leave room for this ship: at first where it has been counted least.
        world.apply_action(min(placements, key=lambda a: (count[a], rng.random())))
        while world.placing(player):
            world.apply_action(rng.choice(world.legal_actions()))
        others = {n: s for n, s in enumerate(world.fleets[player]) if n != ship}
        taken = frozenset().union(*(game.sea.around(s) for s in others.values()))
        fitting = {a: squares for a, squares in placements.items() if taken.isdisjoint(squares)}
        for action, shot in _first_shots(hunter, others, fitting, views[done % len(views)]).items():
            total[action] += shot
            count[action] += 1
        done += 1
    return {action: total[action] / count[action] for action in placements}


def _views(rows: int, columns: int) -> list[list[int]]:
    """Return the ways to turn and mirror a sea: for each square of the view, the sea's own."""
    sea: NDArray[Any] = np.arange(rows * columns).reshape(rows, columns)
    turned = [np.rot90(side, k) for side in (sea, sea.T) for k in range(4)]
    return [view.ravel().tolist() for view in turned if view.shape == sea.shape]


def _first_shots(
    hunter: Hunter, fleet: dict[int, Ship], placements: dict[int, Ship], view: list[int]
) -> dict[int, int]:
    """Return the number of the first shot at each placement while ``fleet`` is hunted.

    Args:
        fleet: ships by their number in the game's fleet, one of which is missing.
        placements: placements of the missing ship that fit between the others.
        view: square of the sea for each square that the hunter sees.
    """
    left = {number: len(ship) for number, ship in fleet.items()}
    owner = {square: number for number, ship in fleet.items() for square in ship}
    at: dict[int, list[int]] = {}
    for action, squares in placements.items():
        for square in squares:
            at.setdefault(square, []).append(action)
    results: list[tuple[int, bool, int | None]] = []
    found: dict[int, int] = {}
    while len(found) < len(placements):
        seen, _ = hunter.choose(results)
        square = view[seen]
        number = owner.get(square)
        if number is not None:
            left[number] -= 1
        sunk = number if number is not None and left[number] == 0 else None
        results.append((seen, number is not None, sunk))
        for action in at.get(square, ()):
            found.setdefault(action, len(results))
    return found
