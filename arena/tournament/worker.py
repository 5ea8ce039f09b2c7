"""Plays the games of a tournament one at a time, in whatever process: the same way everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

from plywise.arena.agents.catalog import Agent
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.play.match import GameRecord, IllegalDecisionError, play_game
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault, FinishedGame, Side, pack_actions, pack_trace
from plywise.conf.schema import AgentConfig, GameConfig, LLMGroup, SearchConfig
from plywise.search.decision import Decision
from plywise.search.guide.protocol import GuideReport

Outcome = FinishedGame | Fault


class Player(Protocol):
    """Plays single games; made once per process."""

    def play(self, task: GameTask, thinking: Callable[[int], None]) -> Outcome:
        """Return how the game ended; ``thinking`` is told which player (0 or 1) decides.

        It is told -1 where a game can go on without anybody deciding (on a server).

        Raises:
            PlywiseError: something outside is wrong, and no other game would end better.
        """

    def close(self) -> None:
        """Free everything."""


@dataclass(frozen=True)
class Setup:
    """All that a worker needs, as a plain value that travels to it.

    Attributes:
        make: builds its player; a function or class that can be imported by name.
        entrants: the agents, by index.
        trace: whether to keep each decision's values and advice.
        openings: random plies at the start of each game.
    """

    make: Callable[[Setup], Player]
    game: GameConfig
    search: SearchConfig
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

    def play(self, task: GameTask, thinking: Callable[[int], None]) -> Outcome:
        """Return how the game ended."""
        watch = Tracer(thinking, keep=self._setup.trace)
        seats = [self._agents[p] for p in task.players]
        openings = self._setup.openings
        record = play_game(self._game, seats, task.seed, watcher=watch, openings=openings)
        sides = sides_of(record)
        if record.error:
            culprit = watch.at if record.culprit else None
            return Fault(
                task,
                "illegal"
                if record.error.startswith(IllegalDecisionError.__name__)
                else "exception",
                record.error,
                None if culprit is None else task.players[culprit],
                time.time(),
                sides,
            )
        return finished(task, record, sides, watch.trace)

    def close(self) -> None:
        """Close the agents and the language model."""
        self._factory.close()


def finished(
    task: GameTask, record: GameRecord, sides: tuple[Side, Side], trace: Sequence[Mapping[str, Any]]
) -> FinishedGame:
    """Return a game that ended well as its row of the record."""
    assert record.returns is not None  # only an error leaves none
    return FinishedGame(
        number=task.number,
        players=task.players,
        seed=task.seed,
        result=record.returns[0],
        plies=record.plies,
        actions=pack_actions(record.actions),
        seconds=record.seconds,
        ended=time.time(),
        sides=sides,
        trace=pack_trace(trace),
    )


def sides_of(record: GameRecord) -> tuple[Side, Side]:
    """Return each player's part in a game."""
    first, second = (_side(record, player) for player in (0, 1))
    return first, second


def _side(record: GameRecord, player: int) -> Side:
    clock = record.clocks[player]
    guide = {f.name: getattr(record.guides[player], f.name) for f in fields(GuideReport)}
    del guide["latencies"]
    return Side(
        decisions=clock.decisions,
        seconds=clock.total,
        longest=clock.longest,
        fallbacks=record.fallbacks[player],
        illegal=record.illegal[player],
        **guide,
    )


class Tracer:
    """Notes who is deciding and, where wanted, what each search thought.

    Attributes:
        at: the player who decides or decided last, None before the first decision.
        trace: one mapping per decision that has values or advice: ``p`` ply, ``w`` player, ``v``
            value, ``s`` strategy, ``q`` values by action, ``d`` depth, ``n`` iterations, ``a``
            advice (``question``, ``status``, ``weights``), ``u`` how sure the search was where that
            decides whether to ask, ``f`` why it was no decision.  Actions
            are keys as text; numbers have three decimals; shares below 0.005 are left out.
    """

    def __init__(self, thinking: Callable[[int], None], *, keep: bool) -> None:
        self.at: int | None = None
        self.trace: list[dict[str, Any]] = []
        self._thinking = thinking
        self._keep = keep

    def thinking(self, ply: int, player: int) -> None:
        """Note who decides."""
        self.at = player
        self._thinking(player)

    def decided(self, ply: int, player: int, decision: Decision) -> None:
        """Note the decision's values and advice."""
        told = thought(decision) if self._keep else {}
        if told:
            self.trace.append({"p": ply, "w": player} | told)


def thought(decision: Decision) -> dict[str, Any]:
    """Return a decision's values and advice as a trace holds them; {} where there are none."""
    advice = [
        {"question": e.get("question", ""), "status": e.get("status", "")}
        | ({"weights": _numbers(e["weights"])} if "weights" in e else {})
        for e in decision.notes.get("transcript", ())
    ]
    entry: dict[str, Any] = {}
    if decision.values:
        strategy = {a: share for a, share in decision.strategy.items() if share >= 0.005}
        entry |= {
            "v": round(float(decision.value), 3),
            "s": _numbers(strategy),
            "q": _numbers(decision.values),
            "d": int(decision.depth),
            "n": int(decision.iterations),
        }
    if advice:
        entry["a"] = advice
    if sure := decision.notes.get("ask"):
        entry["u"] = str(sure)
    if fallback := decision.notes.get("fallback"):
        entry["f"] = str(fallback)[:200]
    return entry


def _numbers(values: Mapping[Any, float]) -> dict[str, float]:
    return {str(key): round(float(value), 3) for key, value in values.items()}
