"""Plays the games of a tournament as battles on a Showdown server: a player for worker processes.

Each game gets two fresh connections, so that nothing of a battle that broke off reaches the next
one, and a seed: the server draws the dice and both sides' teams from it (``server_seeds.js``).
All decisions of agents run one after another in one thread, as in every other tournament: a clock
then measures the same however many requests come at once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from poke_env import AccountConfiguration
from poke_env.battle import Battle
from poke_env.concurrency import POKE_LOOP
from poke_env.player import Player as ServerSide

from plywise.arena.agents.catalog import CATALOG
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.spec import Agent
from plywise.arena.play.record import GameRecord
from plywise.arena.play.stepper import decision_seed
from plywise.arena.showdown.course import UNNAMED, Choice, Course, Failure
from plywise.arena.showdown.players import (
    BattleServerLostError,
    ErrorCounter,
    LoginError,
    Seat,
    ServerUnreachableError,
    connection,
    hush,
    leave,
    listen,
    log_in,
    probe,
    result_of,
)
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault
from plywise.arena.tournament.worker import Outcome, Setup, finished
from plywise.datasets.errors import PlywiseError
from plywise.games.base import State
from plywise.games.gen9.infostate import action_name
from plywise.games.gen9.state import InfoStateView
from plywise.games.showdown.baselines import BaselineChoice, WatchedBaseline, baseline
from plywise.games.showdown.player import REFUSED, PlywisePlayer
from plywise.games.showdown.server import keep_loopback_direct
from plywise.games.showdown.translate import events_seen
from plywise.search.decision import Decision

log = logging.getLogger(__name__)

STALL_SECONDS = 120.0
SERVER_SECONDS = 120.0
_POLL_SECONDS = 0.005
_GRACE_SECONDS = 0.5


class SeedRefusedError(PlywiseError):
    """The server played a battle without its seed: it is not a server of ours."""


class _LastWords(logging.Handler):
    """Keeps the last warning: a server that refuses something says so and goes on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = " ".join(record.getMessage().split())[:200]


class _Thinker(Agent):
    """An agent of ours in one battle: decides in the common thread, and its course is told."""

    def __init__(
        self, agent: Agent, index: int, seed: int, course: Course, pool: ThreadPoolExecutor
    ) -> None:
        self.name = agent.name
        self.player: PlywisePlayer | None = None
        self._agent = agent.for_one_game()
        self._index = index
        self._seed = seed
        self._course = course
        self._pool = pool

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the agent's decision; its seed is the place's, not the one given."""
        return self._pool.submit(self._decide, state, player).result()

    def _decide(self, state: State, player: int) -> Decision:
        assert isinstance(state, InfoStateView)
        assert self.player is not None
        place = events_seen(_battle_of(self.player))
        self._course.begin(self._index)
        start = time.perf_counter()
        try:
            decision = self._agent.decide(
                state, player, decision_seed(self._seed, place, self._index)
            )
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            self._course.fail(Failure("exception", text, self._index, error))
            raise
        finally:
            self._course.end(self._index)
        seconds = time.perf_counter() - start
        action, info = int(decision.action), state.info
        if action not in info.legal:
            self._course.sides[self._index].illegal += 1
            text = f"{self.name} chose {action}, legal are {list(info.legal)}"
            self._course.fail(Failure("illegal", text, self._index))
        names = {str(a): action_name(info, a) for a in info.legal}
        words = names.get(str(action), f"action {action}")
        choice = Choice(action, words, state.observation_string(player), names, decision)
        self._course.add(place, self._index, choice, seconds)
        return decision


class _Watcher:
    """A baseline of poke-env's in one battle: its course is told."""

    def __init__(self, index: int, seed: int, course: Course) -> None:
        self._index = index
        self._seed = seed
        self._course = course

    def choosing(self, battle: Battle) -> int:
        self._course.begin(self._index)
        return decision_seed(self._seed, events_seen(battle), self._index)

    def chose(self, battle: Battle, choice: BaselineChoice) -> None:
        info, action = choice.info, choice.action
        words = choice.words if action is None else action_name(info, action)
        view = InfoStateView(info).observation_string(info.player)
        number = UNNAMED if action is None else action
        told = Choice(number, words, view, {})
        self._course.add(events_seen(battle), self._index, told, choice.seconds)
        self._course.end(self._index)

    def raised(self, error: Exception, *, in_player: bool) -> None:
        text = f"{type(error).__name__}: {error}"
        self._course.fail(Failure("exception", text, self._index if in_player else None, error))
        self._course.end(self._index)


class ServerPlayer:
    """Plays games of agents of ours and poke-env's players on a local server.

    Args:
        setup: what a worker gets.
        url: the server's websocket address.
        stall_seconds: so long without an event, while nobody decides, is a fault.
    """

    def __init__(self, setup: Setup, *, url: str, stall_seconds: float = STALL_SECONDS) -> None:
        keep_loopback_direct()
        self._setup = setup
        self._url = url
        self._stall_seconds = stall_seconds
        self._factory = AgentFactory(setup.game, setup.search, setup.llm, on_server=True)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="plywise-think")
        self._agents: list[Agent | None] = []
        self._baselines: dict[int, ServerSide] = {}
        self._sound = False  # whether the last game had a server
        for index, entrant in enumerate(setup.entrants):
            if CATALOG[entrant.name].make is None:
                self._agents.append(None)
                asked = baseline(entrant.name, battle_format=setup.game.name, start_listening=False)
                hush(asked)
                self._baselines[index] = asked
            else:
                # What an agent prepares for its thread it prepares for the one that it decides in.
                self._agents.append(self._pool.submit(self._factory.build, entrant).result())

    def play(self, task: GameTask, thinking: Callable[[int], None]) -> Outcome:
        """Return how the battle ended.

        Raises:
            PlywiseError: an agent says that something outside is wrong, or the server is none of
                ours.
        """
        course = Course(thinking, keep=self._setup.trace)
        start = time.perf_counter()
        result: float | None = None
        try:
            if not self._sound:
                self._wait_for_server()
            self._sound = False
            result = self._battle(task, course)
            self._sound = True
        except (BattleServerLostError, ServerUnreachableError, LoginError) as error:
            course.fail(Failure("server", str(error)))
        failure = course.failure
        if failure is not None and isinstance(failure.error, PlywiseError):
            raise failure.error
        actions = course.actions()
        first, second = (self._setup.entrants[p].title for p in task.players)
        record = GameRecord(
            game=self._setup.game.name,
            seed=task.seed,
            players=(first, second),
            returns=None if failure or result is None else (result, -result),
            plies=len(actions),
            actions=actions,
            sides=course.sides,
            seconds=time.perf_counter() - start,
        )
        if failure is not None:
            culprit = None if failure.player is None else task.players[failure.player]
            return Fault(task, failure.kind, failure.text, culprit, time.time(), course.sides)
        return finished(task, record, course.trace())

    def close(self) -> None:
        """Close the agents and the language model."""
        self._pool.shutdown()
        self._factory.close()

    # --- one battle -------------------------------------------------------------------------

    def _wait_for_server(self) -> None:
        """Return when the server answers; after its death the executor starts it again.

        Raises:
            ServerUnreachableError: it does not come.
        """
        deadline = time.monotonic() + SERVER_SECONDS
        while True:
            try:
                probe(self._url)
                return
            except ServerUnreachableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.25)

    def _battle(self, task: GameTask, course: Course) -> float | None:
        """Play to the end; returns player 0's result, None after a failure.

        Raises:
            BattleServerLostError: or another of ``showdown_players``: there is no server.
            SeedRefusedError: the server did not take the seed.
        """
        words = _LastWords()
        troubles: list[str] = []
        with self._seats(task, course, words, troubles) as (own, rival):
            log_in((own, rival), ())
            running = asyncio.run_coroutine_threadsafe(
                _meet(own.player, rival.player, task.seed), POKE_LOOP
            )
            try:
                self._watch(running, (own, rival), course, words, troubles)
            finally:
                running.cancel()
            if course.failure is not None:
                return None
            return self._result(_battle_of(own.player), task.seed)

    @contextmanager
    def _seats(
        self, task: GameTask, course: Course, words: _LastWords, troubles: list[str]
    ) -> Iterator[list[Seat]]:
        name = f"plywise {secrets.token_hex(3)}"
        seats: list[Seat] = []
        try:
            for index in (0, 1):
                player = self._side(task, index, f"{name} {index + 1}", course)
                hush(player)
                player.logger.propagate = False  # what matters is told by these two
                player.logger.addHandler(ErrorCounter(troubles.append))
                player.logger.addHandler(words)
                seats.append(Seat(player, listen(player)))
            yield seats
        finally:
            for seat in seats:
                leave(seat)
                # Every name is new: its logger would stay for ever.
                logging.Logger.manager.loggerDict.pop(seat.player.username, None)

    def _side(self, task: GameTask, index: int, name: str, course: Course) -> ServerSide:
        who = task.players[index]
        options = connection(self._url, AccountConfiguration(name, None), self._setup.game.name)
        agent = self._agents[who]
        if agent is None:
            watcher = _Watcher(index, task.seed, course)
            return WatchedBaseline(self._baselines[who], watcher, **options)
        thinker = _Thinker(agent, index, task.seed, course, self._pool)
        thinker.player = PlywisePlayer(thinker, **options)
        return thinker.player

    def _watch(
        self,
        running: Future[None],
        seats: tuple[Seat, Seat],
        course: Course,
        words: _LastWords,
        troubles: list[str],
    ) -> None:
        """Return when the battle has ended or failed.

        Raises:
            BattleServerLostError: the connection has ended.
        """
        seen, since = -1, time.monotonic()
        while not running.done() and course.failure is None and not troubles:
            time.sleep(_POLL_SECONDS)
            _require_connected(seats)
            for index, seat in enumerate(seats):
                for reason in set(getattr(seat.player, "fallbacks", {})) - {REFUSED}:
                    # An agent's own failure was noted before; this is about reading the battle.
                    course.fail(Failure("exception", f"no decision of player {index}: {reason}"))
            now = sum(len(b._replay_data) for s in seats for b in s.player.battles.values())
            if now != seen or course.deciding:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > self._stall_seconds:
                said = f" (last message: {words.text})" if words.text else ""
                text = f"nothing has happened for {self._stall_seconds:g} s{said}"
                course.fail(Failure("stalled", text))
        if running.done() and course.failure is None:
            try:
                running.result()
            except Exception as error:  # whatever poke-env met while it began or ended the battle
                troubles.append(f"{type(error).__name__}: {error}")
        if troubles and course.failure is None:
            time.sleep(_GRACE_SECONDS)  # a lost connection shows in many ways
            _require_connected(seats)
            course.fail(Failure("exception", f"poke-env: {troubles[0]}"))

    def _result(self, battle: Battle, seed: int) -> float:
        """Return player 0's result.

        Raises:
            SeedRefusedError: the battle was not played from its seed.
        """
        mark = ["", "debug", f"plywise seed {seed}"]
        if mark not in battle._replay_data:
            raise SeedRefusedError(
                f"the server at {self._url} played a battle without the seed that it was given: "
                "is it another program's?"
            )
        return result_of(battle)


def _battle_of(player: ServerSide) -> Battle:
    battle: Any = next(iter(player.battles.values()))
    assert isinstance(battle, Battle)
    return battle


def _require_connected(seats: tuple[Seat, Seat]) -> None:
    if not all(seat.connected for seat in seats):
        raise BattleServerLostError("the connection to the Showdown server is lost")


async def _meet(own: ServerSide, rival: ServerSide, seed: int) -> None:
    """Let the first player seed a battle and challenge the other one."""
    client: Any = own.ps_client  # its coroutines are not typed
    await client.send_message(f"/plywiseseed {seed}")
    await own.battle_against(rival, n_battles=1)
