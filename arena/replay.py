"""A recorded game once more: its states in order, from the seed and the actions alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from plywise.datasets.errors import PlywiseError
from plywise.games.base import CHANCE, SIMULTANEOUS, Game, State


class ReplayError(PlywiseError):
    """The recorded actions are not a game of these rules: they were another version's."""


def states_of(game: Game, seed: int, actions: Sequence[tuple[int, int]]) -> Iterator[State]:
    """Yield the state before each ply, then the last one; they are one object that changes.

    Raises:
        ReplayError: an action is not legal where it stands.
    """
    state, chance = game.new_initial_state(seed), Random(f"{seed}/chance")
    _resolve(state, chance)
    for ply, pair in enumerate(actions):
        yield state
        try:
            if state.current_player() == SIMULTANEOUS:
                state.apply_actions(pair)
            else:
                state.apply_action(pair[state.current_player()])
        except (ValueError, IndexError) as error:
            raise ReplayError(
                f"seed {seed}, ply {ply}: {error}; the record was played by other rules"
            ) from error
        _resolve(state, chance)
    yield state


def _resolve(state: State, chance: Random) -> None:
    """Draw what chance decides, as the match did (``match.play_game``)."""
    while state.current_player() == CHANCE:
        outcomes, weights = zip(*state.chance_outcomes(), strict=True)
        state.apply_action(chance.choices(outcomes, weights)[0])
