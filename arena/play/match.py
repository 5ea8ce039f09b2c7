"""Whole games between two agents in this process, for any game."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from random import Random

from plywise.arena.agents.spec import Agent
from plywise.arena.play.record import GameRecord
from plywise.arena.play.stepper import GameInProgress, Watcher, decision_seed
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.games.base import NO_ACTION, Game

log = logging.getLogger(__name__)

_MOST_OPENINGS = 1000  # that may end the game before one is found that does not


def play_game(
    game: Game,
    agents: Sequence[Agent],
    seed: int,
    watcher: Watcher | None = None,
    openings: int = 0,
) -> GameRecord:
    """Play one game; ``agents[p]`` decides for player p.

    ``watcher`` sees each decision.  The first ``openings`` plies are nobody's decisions and not
    seen: legal actions at random that do not end the game, the same in both games of a pair.

    An exception in an agent ends the game without a result: it is logged with its traceback and
    written into the record, never counted as a loss.  A :class:`PlywiseError` (something outside
    is wrong) is raised.

    Raises:
        ConfigError: random games do not last as long as the opening.
    """
    start = time.perf_counter()
    progress = _opened(game, seed, openings)
    seats = [agent.for_one_game() for agent in agents]
    error, at_fault = "", None
    try:
        while not progress.state.is_terminal():
            chosen = [NO_ACTION, NO_ACTION]
            for player in progress.due():
                chosen[player] = progress.decide(player, seats[player], watcher=watcher).action
            progress.apply(chosen)
    except PlywiseError:
        raise
    except Exception as failure:
        at_fault = progress.deciding
        error = f"{type(failure).__name__}: {failure}"
        who = "the game" if at_fault is None else agents[at_fault].name
        log.exception("game %s seed %d aborted (%s)", game.info.name, seed, who)
    returns = None if error else progress.state.returns()
    return GameRecord(
        game=game.info.name,
        seed=seed,
        players=(agents[0].name, agents[1].name),
        returns=None if returns is None else (float(returns[0]), float(returns[1])),
        plies=progress.ply,
        actions=tuple(progress.actions),
        sides=progress.sides,
        seconds=time.perf_counter() - start,
        error=error,
        at_fault=at_fault,
    )


def _opened(game: Game, seed: int, plies: int) -> GameInProgress:
    """Return a game after ``plies`` random plies, drawn again as long as they end it."""
    for attempt in range(_MOST_OPENINGS):
        progress = GameInProgress(game, seed)
        while progress.ply < plies and not progress.state.is_terminal():
            chosen = [NO_ACTION, NO_ACTION]
            for player in progress.due():
                place = f"{seed}/{attempt}" if attempt else seed
                drawing = Random(decision_seed(place, progress.ply, player))
                chosen[player] = drawing.choice(progress.state.legal_actions(player))
            progress.apply(chosen)
        if not progress.state.is_terminal():
            return progress
    raise ConfigError(
        f"openings={plies}: {_MOST_OPENINGS} random games of {game.info.name} were over by then"
    )
