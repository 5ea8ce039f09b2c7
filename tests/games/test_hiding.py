"""Where to hide ships: what a hint says against hunts played out by the rules."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from plywise.engine.boards.battleship_hunt import Hunter
from plywise.games.battleship.game import Battleship, BattleshipState
from plywise.games.battleship.hiding import shots_until_found
from plywise.games.battleship.sea import Ship

View = Callable[[int, int], tuple[int, int]]
"""Row and column of the sea for those that the hunter sees."""


def views(game: Battleship) -> list[View]:
    last, right = game.rows - 1, game.columns - 1
    turned: list[View] = [
        lambda r, c: (r, c),
        lambda r, c: (last - r, c),
        lambda r, c: (r, right - c),
        lambda r, c: (last - r, right - c),
    ]
    if game.rows == game.columns:
        turned += [lambda r, c, v=v: v(c, r) for v in turned[:]]  # type: ignore[misc]
    return turned


def seen(game: Battleship, fleet: list[Ship], view: View) -> BattleshipState:
    """Return a position by the rules in which the second player's fleet lies as the view has it."""
    places = {
        view(r, c)[0] * game.columns + view(r, c)[1]: r * game.columns + c
        for r in range(game.rows)
        for c in range(game.columns)
    }
    state = game.new_initial_state()
    while state.placing(0):
        state.apply_action(state.legal_actions()[0])
    for ship in fleet:
        squares = sorted(places[s] for s in ship)
        standing = len(ship) > 1 and squares[1] - squares[0] != 1
        state.apply_action(squares[0] + game.squares * standing)
        assert state.fleets[1][-1] == tuple(squares)
    return state


def hunt(state: BattleshipState, hunter: Hunter) -> list[tuple[int, bool, int | None]]:
    """Let the first player hunt the second one's fleet to the end."""
    while not state.is_terminal():
        if state.current_player() == 0:
            state.apply_action(hunter.choose(state.results(0))[0])
        else:  # misses, as long as there is water
            own = {s for ship in state.fleets[0] for s in ship}
            state.apply_action(min(state.legal_actions(), key=lambda s: (s in own, s)))
    return state.results(0)


@pytest.mark.parametrize(
    ("game", "first"),
    [
        (Battleship(5, 6, (3, 2)), "b2 down"),
        (Battleship(5, 5, (3, 2)), "c1 across"),
        (Battleship(6, 5, (3, 3), touching=False), "d4 down"),
    ],
)
def test_values_are_those_of_hunts_by_the_rules(game: Battleship, first: str) -> None:
    # With one ship left to place nothing is drawn: one hunt in each view is all there is.
    state = game.new_initial_state()
    state.apply_action(state.string_to_action(first))
    hunter = Hunter(game.rows, game.columns, game.fleet, game.touching)
    turned = views(game)
    found = shots_until_found(state, 0, hunter, seed=1, hunts=len(turned))
    assert sorted(found) == state.legal_actions()
    for action, value in list(found.items())[::4]:
        ship = game.sea.squares(action, game.fleet[1])
        shots = []
        for view in turned:
            seen_state = seen(game, [state.fleets[0][0], ship], view)
            target = set(seen_state.fleets[1][1])
            results = hunt(seen_state, hunter)
            shots.append(next(n for n, (s, _, _) in enumerate(results, 1) if s in target))
        assert value == pytest.approx(np.mean(shots))


def test_every_placement_has_a_value_however_tight_the_sea() -> None:
    game = Battleship(5, 5, (5, 4, 3, 2, 2, 1, 1))
    hunter = Hunter(game.rows, game.columns, game.fleet)
    state, rng = game.new_initial_state(), Random(3)
    while state.placing(0):
        found = shots_until_found(state, 0, hunter, seed=2, hunts=1)
        assert sorted(found) == state.legal_actions()
        assert all(1 <= shots <= game.squares for shots in found.values())
        assert found == shots_until_found(state, 0, hunter, seed=2, hunts=1)
        state.apply_action(rng.choice(state.legal_actions()))


@pytest.mark.slow
def test_fleets_hidden_by_the_hint_last_longer() -> None:
    # Random fleets: 44.0 shots.  Hidden with twice as many hunts, 30 fleets lasted 58.5.
    game, hunter = Battleship(), Hunter()
    lasted = []
    for seed in range(2):
        state = game.new_initial_state()
        while state.placing(0):
            found = shots_until_found(state, 0, hunter, seed, hunts=8)
            state.apply_action(max(found, key=lambda a: found[a]))
        for view in views(game):
            lasted.append(len(hunt(seen(game, state.fleets[0], view), hunter)))
    assert np.mean(lasted) > 54
