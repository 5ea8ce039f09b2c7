"""Plays whole games between two agents in this process, for any game."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from plywise.arena.agents.spec import Agent
from plywise.arena.play.record import GameRecord, Side, two_sides
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.games.base import CHANCE, NO_ACTION, SIMULTANEOUS, Game, State
from plywise.search.decision import Decision

log = logging.getLogger(__name__)

_MOST_OPENINGS = 1000  # that may end the game before one is found that does not


class IllegalDecisionError(RuntimeError):
    """An agent named an action that is not legal: a bug in that agent."""


class EndlessGameError(RuntimeError):
    """A game went on beyond its own ``max_game_length``: a bug in that game."""


class Watcher(Protocol):
    """Sees every decision of a game as it is made."""

    def thinking(self, ply: int, player: int) -> None:
        """Take note that ``player`` is about to decide."""

    def decided(self, ply: int, player: int, decision: Decision) -> None:
        """Take note of the decision, legal or not."""


@dataclass
class _Course:
    """A game under way."""

    state: State
    chance: Random
    actions: list[tuple[int, int]] = field(default_factory=list)
    sides: tuple[Side, Side] = field(default_factory=two_sides)
    thinking: int | None = None


def decision_seed(game_seed: int | str, ply: int, player: int) -> int:
    """Return the 63-bit seed of one decision, a function of its place in the game alone."""
    return Random(f"{game_seed}/{ply}/{player}").getrandbits(63)


def play_game(
    game: Game,
    agents: Sequence[Agent],
    seed: int,
    on_ply: Callable[[State, int], None] | None = None,
    watcher: Watcher | None = None,
    openings: int = 0,
) -> GameRecord:
    """Play one game; ``agents[p]`` decides for player p.

    ``on_ply`` sees the state after each ply, ``watcher`` each decision.  The first ``openings``
    plies are nobody's decisions and not seen: legal actions at random that do not end the game, the
    same in both games of a pair.

    An exception in an agent ends the game without a result: it is logged with its traceback and
    written into the record, never counted as a loss.  A :class:`PlywiseError` (something outside
    is wrong) is raised.

    Raises:
        ConfigError: random games do not last as long as the opening.
    """
    start = time.perf_counter()
    course = _opened(game, seed, openings)
    seats = [agent.for_one_game() for agent in agents]
    error, at_fault = "", None
    try:
        while not course.state.is_terminal():
            _advance(game, course, seats, seed, watcher)
            if on_ply is not None:
                on_ply(course.state, len(course.actions))
    except PlywiseError:
        raise
    except Exception as failure:
        at_fault = course.thinking
        error = f"{type(failure).__name__}: {failure}"
        who = "the game" if at_fault is None else agents[at_fault].name
        log.exception("game %s seed %d aborted (%s)", game.info.name, seed, who)
    returns = None if error else course.state.returns()
    return GameRecord(
        game=game.info.name,
        seed=seed,
        players=(agents[0].name, agents[1].name),
        returns=None if returns is None else (float(returns[0]), float(returns[1])),
        plies=len(course.actions),
        actions=tuple(course.actions),
        sides=course.sides,
        seconds=time.perf_counter() - start,
        error=error,
        at_fault=at_fault,
    )


def _opened(game: Game, seed: int, plies: int) -> _Course:
    """Return a game after ``plies`` random plies, drawn again as long as they end it."""
    for attempt in range(_MOST_OPENINGS):
        course = _Course(game.new_initial_state(seed), Random(f"{seed}/chance"))
        while len(course.actions) < plies and not course.state.is_terminal():
            if not _chance(course):
                _open(course, f"{seed}/{attempt}" if attempt else seed)
        if not course.state.is_terminal():
            return course
    raise ConfigError(
        f"openings={plies}: {_MOST_OPENINGS} random games of {game.info.name} were over by then"
    )


def _chance(course: _Course) -> bool:
    """Resolve a chance node; return whether it was one."""
    if course.state.current_player() != CHANCE:
        return False
    course.state.apply_action(course.state.draw_chance(course.chance))
    return True


def _open(course: _Course, seed: int | str) -> None:
    """Apply one ply of legal actions at random."""
    state, mover = course.state, course.state.current_player()
    ply = len(course.actions)
    chosen = [NO_ACTION, NO_ACTION]
    for player in (0, 1) if mover == SIMULTANEOUS else (mover,):
        legal = state.legal_actions(player)
        if legal:
            chosen[player] = Random(decision_seed(seed, ply, player)).choice(legal)
    _apply(course, mover, chosen)


def _apply(course: _Course, mover: int, chosen: list[int]) -> None:
    if mover == SIMULTANEOUS:
        course.state.apply_actions(chosen)
    else:
        course.state.apply_action(chosen[mover])
    course.actions.append((chosen[0], chosen[1]))


def _advance(
    game: Game, course: _Course, agents: Sequence[Agent], seed: int, watcher: Watcher | None
) -> None:
    """Resolve a chance node, or let the players of one node decide and apply it."""
    if _chance(course):
        return
    state, mover = course.state, course.state.current_player()
    ply = len(course.actions)
    if ply >= game.max_game_length():
        raise EndlessGameError(f"{game.info.name} did not end within {ply} decisions")
    due = (0, 1) if mover == SIMULTANEOUS else (mover,)
    chosen = [NO_ACTION, NO_ACTION]
    for player in due:
        legal = state.legal_actions(player)
        if not legal:
            continue
        agent = agents[player]
        course.thinking = player
        if watcher is not None:
            watcher.thinking(ply, player)
        start = time.perf_counter()
        decision = agent.decide(state, player, decision_seed(seed, ply, player))
        course.sides[player].note(time.perf_counter() - start, decision.notes)
        if watcher is not None:
            watcher.decided(ply, player, decision)
        if decision.action not in legal:
            course.sides[player].illegal += 1
            raise IllegalDecisionError(f"{agent.name} chose {decision.action}, legal are {legal}")
        chosen[player] = decision.action
        course.thinking = None
    _apply(course, mover, chosen)
