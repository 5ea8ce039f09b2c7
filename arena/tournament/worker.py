"""Plays the games of a tournament one at a time, the same way in every process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.spec import Agent
from plywise.arena.play.match import play_game
from plywise.arena.play.record import GameRecord
from plywise.arena.play.trace import Tracer
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault, FinishedGame, pack_actions, pack_trace
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchGroup

GameOutcome = FinishedGame | Fault


class Player(Protocol):
    """Plays single games; made once per process."""

    def play(self, task: GameTask, thinking: Callable[[int], None]) -> GameOutcome:
        """Return how the game ended; ``thinking`` is called with the player (0 or 1) that decides.

        It is called with -1 while nobody decides (on a server a game can go on without).

        Raises:
            PlywiseError: something outside is wrong, and no other game would end better.
        """

    def close(self) -> None:
        """Free everything."""


@dataclass(frozen=True)
class Setup:
    """Settings of a worker, as a plain value that travels to it.

    Attributes:
        make: builder of its player, a function or class that can be imported by name.
        entrants: agents, by index.
        trace: whether to keep each decision's values and advice.
        openings: number of random plies at the start of each game.
    """

    make: Callable[[Setup], Player]
    game: GameConfig
    search: SearchGroup
    llm: LLMGroup
    entrants: tuple[AgentConfig, ...]
    trace: bool = True
    openings: int = 0


class AgentPlayer:
    """Plays with the agents of a configuration."""

    def __init__(self, setup: Setup, factory: AgentFactory | None = None) -> None:
        self._setup = setup
        self._factory = factory or AgentFactory(setup.game, setup.search, setup.llm)
        self._game = self._factory.game
        self._agents: list[Agent] = [self._factory.build(e) for e in setup.entrants]

    def play(self, task: GameTask, thinking: Callable[[int], None]) -> GameOutcome:
        """Return how the game ended."""
        watch = Tracer(thinking, keep=self._setup.trace)
        seats = [self._agents[p] for p in task.players]
        openings = self._setup.openings
        record = play_game(self._game, seats, task.seed, watcher=watch, openings=openings)
        illegal = any(side.illegal for side in record.sides)
        return outcome_of(task, record, watch.trace, "illegal" if illegal else "exception")

    def close(self) -> None:
        """Close the agents and the language model."""
        self._factory.close()


def outcome_of(
    task: GameTask, record: GameRecord, trace: Sequence[Mapping[str, Any]], kind: str
) -> GameOutcome:
    """Return a game as its row of the record; an aborted one as a fault of ``kind``."""
    ended = time.time()
    if record.returns is None:
        return Fault(
            task=task,
            kind=kind,
            text=record.error,
            at_fault=None if record.at_fault is None else task.players[record.at_fault],
            ended=ended,
            sides=record.sides,
        )
    return FinishedGame(
        number=task.number,
        players=task.players,
        seed=task.seed,
        result=record.returns[0],
        plies=record.plies,
        actions=pack_actions(record.actions),
        seconds=record.seconds,
        ended=ended,
        sides=record.sides,
        trace=pack_trace(trace),
    )
