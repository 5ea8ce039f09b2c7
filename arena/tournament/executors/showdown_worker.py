"""Plays the games of a tournament as battles on a Showdown server, in a worker process.

Each game gets two fresh connections, so that nothing of an aborted battle reaches the next one, and
a seed: the server draws the dice and both sides' teams from it (``server_seeds.js``).  All
decisions of agents run one after another in one thread, as in every other tournament: a clock then
measures the same however many requests come at once.

Against an external account (a program of others on the same server) only our player is made here:
it challenges the account, and what the account does is known by the battle's log alone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from poke_env.battle import Battle
from poke_env.concurrency import POKE_LOOP
from poke_env.player import Player as ServerSide

from plywise.arena.agents.catalog import CATALOG
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.spec import Agent
from plywise.arena.play.record import GameRecord
from plywise.arena.play.stepper import decision_seed
from plywise.arena.showdown.challenges import ChallengeRejectedError
from plywise.arena.showdown.connections import (
    BattleServerLostError,
    LoginError,
    ServerUnreachableError,
    log_in,
    out_of_time,
    player_options,
    probe,
    result_of,
    silence,
)
from plywise.arena.showdown.course import UNNAMED, Choice, Course, Failure
from plywise.arena.showdown.external import external
from plywise.arena.showdown.watch import (
    BattlesStalledError,
    BattleWatch,
    RefusedByServerError,
)
from plywise.arena.tournament.executors.external_side import (
    ABSENT,
    ForeignSide,
    challenge,
    give_up,
)
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.worker import GameOutcome, Setup, outcome_of
from plywise.datasets.errors import PlywiseError
from plywise.datasets.teams.files import packed_text
from plywise.games.base import State
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import action_name
from plywise.games.gen9.state import InfoStateView
from plywise.games.showdown.baselines import BaselineChoice, ObservedBaseline, baseline
from plywise.games.showdown.login import Account
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.player import REFUSED, PlywisePlayer
from plywise.games.showdown.server import keep_loopback_direct
from plywise.games.showdown.translate import events_seen
from plywise.search.decision import Decision

log = logging.getLogger(__name__)

STALL_SECONDS = 120.0
SERVER_SECONDS = 120.0
_POLL_SECONDS = 0.005
_GRACE_SECONDS = 0.5
_LONGEST_TURN = 330.0  # of the server's timer in challenges, with its grace


class SeedRefusedError(PlywiseError):
    """The server played a battle without its seed: it is not a server of ours."""


class _LastWarning(logging.Handler):
    """Keeps the last warning: a server that refuses something warns and goes on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = " ".join(record.getMessage().split())[:200]


class _RecordedAgent(Agent):
    """An agent of ours in one battle: decides in the common thread, and is recorded."""

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
        choice = Choice(action, f"action {action}", "", {}, decision)
        with self._course.losses.guard():
            names = {str(a): action_name(info, a) for a in info.legal}
            words, view = names.get(str(action), choice.words), state.observation_string(player)
            choice = replace(choice, words=words, view=view, names=names)
        self._course.add(place, self._index, choice, seconds)
        return decision


class _BaselineRecorder:
    """Records the decisions of a baseline of poke-env in one battle."""

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
        made = Choice(number, words, view, {})
        self._course.add(events_seen(battle), self._index, made, choice.seconds)
        self._course.end(self._index)

    def raised(self, error: Exception, *, in_player: bool) -> None:
        text = f"{type(error).__name__}: {error}"
        self._course.fail(Failure("exception", text, self._index if in_player else None, error))
        self._course.end(self._index)


class ServerPlayer:
    """Plays games of agents of ours and poke-env's players on a local server.

    Args:
        setup: settings of a worker.
        url: websocket address of the server.
        stall_seconds: time without an event, while nobody decides, after which it is a fault.
        timer: whether the server's timer runs in battles against external accounts.
    """

    def __init__(
        self,
        setup: Setup,
        *,
        url: str,
        stall_seconds: float = STALL_SECONDS,
        timer: bool = True,
    ) -> None:
        keep_loopback_direct()
        self._setup = setup
        self._game = Gen9Battle(setup.game.battle_format, setup.game.teams)
        self._url = url
        self._stall_seconds = stall_seconds
        self._timer = timer
        self._factory = AgentFactory(setup.game, setup.search, setup.llm, on_server=True)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="plywise-think")
        self._agents: list[Agent | None] = []
        self._baselines: dict[int, ServerSide] = {}
        self._server_up = False  # whether the last game had a server
        for index, entrant in enumerate(setup.entrants):
            if external(entrant) is not None:
                self._agents.append(None)
            elif CATALOG[entrant.name].make is None:
                self._agents.append(None)
                asked = baseline(
                    entrant.name, battle_format=setup.game.battle_format, start_listening=False
                )
                silence(asked)
                self._baselines[index] = asked
            else:
                # Agents prepare things of a thread, so they are made in the one that decides.
                self._agents.append(self._pool.submit(self._factory.build, entrant).result())

    def play(self, task: GameTask, thinking: Callable[[int], None]) -> GameOutcome:
        """Return how the battle ended.

        Raises:
            PlywiseError: something outside is wrong, or the server is none of ours.
        """
        course = Course(thinking, keep=self._setup.trace)
        start = time.perf_counter()
        result: float | None = None
        try:
            if not self._server_up:
                self._wait_for_server()
            self._server_up = False
            result = self._battle(task, course)
            self._server_up = True
        except (
            BattleServerLostError,
            ServerUnreachableError,
            LoginError,
            RefusedByServerError,
        ) as error:
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
            error=failure.text if failure else "",
            at_fault=failure.player if failure else None,
        )
        return outcome_of(task, record, course.trace(), kind=failure.kind if failure else "")

    def close(self) -> None:
        """Close the agents and the language model."""
        self._pool.shutdown()
        self._factory.close()

    # --- one battle -------------------------------------------------------------------------

    def _wait_for_server(self) -> None:
        """Return when the server answers; after its death the executor starts it again."""
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
            BattleServerLostError: the connection has ended.
            ServerUnreachableError: the server closed it before the login.
            LoginError: the server did not let a player in.
            RefusedByServerError: the server refused the battle.
            SeedRefusedError: the server did not take the seed.
        """
        last = _LastWarning()
        errors: list[str] = []
        foreign = self._foreign(task)
        stall = self._stall_seconds
        if foreign is not None and self._timer:
            stall += _LONGEST_TURN  # the server ends a battle in which nothing happens
        watch = BattleWatch(stall, on_error=errors.append)
        name = f"plywise {secrets.token_hex(3)}"
        try:
            for index in (0, 1):
                if foreign is not None and foreign.index == index:
                    continue
                player = self._side(task, index, f"{name} {index + 1}", course)
                silence(player)
                player.logger.propagate = False  # the watch and `last` see what matters
                player.logger.addHandler(last)
                watch.connect(player)
            own, *rivals = (connection.player for connection in watch.connections)
            log_in(watch.connections, ())
            if foreign is None:
                meeting = _meet(own, rivals[0], task.seed)
            else:
                meeting = challenge(own, foreign.account.id, task.seed, second=foreign.index == 0)
            running = asyncio.run_coroutine_threadsafe(meeting, POKE_LOOP)
            try:
                self._watch(running, watch, course, last, errors, foreign)
            finally:
                running.cancel()
                if foreign is not None and own.running:
                    give_up(own)
            if course.failure is not None:
                return None
            return self._result(own, task.seed, course, foreign)
        finally:
            watch.close()
            for connection in watch.connections:
                # Every name is new: its logger would stay for ever.
                logging.Logger.manager.loggerDict.pop(connection.player.username, None)

    def _foreign(self, task: GameTask) -> ForeignSide | None:
        """Return the side that an external account plays; None: both are played here."""
        for index, who in enumerate(task.players):
            account = external(self._setup.entrants[who])
            if account is not None:
                return ForeignSide(index, account, time.monotonic() + account.patience)
        return None

    def _side(self, task: GameTask, index: int, name: str, course: Course) -> CheckedPlayer:
        who = task.players[index]
        options = player_options(self._url, Account(name), self._setup.game.battle_format)
        if not self._game.rules.generator:
            options["team"] = packed_text(self._game.teams(task.seed)[index])
        if self._foreign(task) is not None:
            options["start_timer_on_battle_start"] = self._timer
        agent = self._agents[who]
        if agent is None:
            watcher = _BaselineRecorder(index, task.seed, course)
            return ObservedBaseline(self._baselines[who], watcher, **options)
        recorded = _RecordedAgent(agent, index, task.seed, course, self._pool)
        recorded.player = PlywisePlayer(recorded, **options)
        return recorded.player

    def _watch(
        self,
        running: Future[None],
        watch: BattleWatch,
        course: Course,
        last: _LastWarning,
        errors: list[str],
        foreign: ForeignSide | None,
    ) -> None:
        """Return when the battle has ended or failed.

        Raises:
            BattleServerLostError: the connection has ended.
        """

        def goes_on() -> bool:
            for index, connection in enumerate(watch.connections):
                if isinstance(connection.player, PlywisePlayer):
                    for reason in set(connection.player.fallbacks) - {REFUSED}:
                        # An agent's own failure came first; this is about reading the battle.
                        text = f"no decision of player {index}: {reason}"
                        course.fail(Failure("exception", text))
            if course.deciding:
                watch.touch()
            if foreign is not None:
                foreign.look(watch, course)
            return course.failure is None and not errors

        try:
            watch.wait(running, _POLL_SECONDS, goes_on)
        except RefusedByServerError as error:
            if foreign is None or foreign.begun:
                raise
            course.fail(Failure(ABSENT, f"cannot be challenged: {error}"))
        except BattlesStalledError as error:
            if foreign is not None and foreign.stalls(self._url, course, str(error)):
                return
            said = f" (last message: {last.text})" if last.text else ""
            course.fail(Failure("stalled", f"{error}{said}"))
        if running.done() and course.failure is None:
            try:
                running.result()
            except ChallengeRejectedError:
                course.fail(Failure(ABSENT, "has rejected our challenges"))
            except Exception as error:  # whatever poke-env met while it began or ended the battle
                errors.append(f"{type(error).__name__}: {error}")
        if errors and course.failure is None:
            time.sleep(_GRACE_SECONDS)  # a lost connection shows in many ways
            watch.require_connections()
            course.fail(Failure("exception", f"poke-env: {errors[0]}"))

    def _result(
        self, own: ServerSide, seed: int, course: Course, foreign: ForeignSide | None
    ) -> float | None:
        """Return player 0's result of a battle that was played from its seed; None: no result."""
        battle = _battle_of(own)
        mark = ["", "debug", f"plywise seed {seed}"]
        if mark not in battle._replay_data:
            raise SeedRefusedError(
                f"the server at {self._url} played a battle without the seed that it was given: "
                "is it another program's?"
            )
        result = result_of(battle, own)
        if result is None:
            course.fail(Failure("server", "the server names a winner who does not play"))
        elif foreign is not None:
            foreign.judge(result, out_of_time(battle, own.username), course)
            result = -result if foreign.index == 0 else result
        return result


def _battle_of(player: ServerSide) -> Battle:
    battle: Any = next(iter(player.battles.values()))
    assert isinstance(battle, Battle)
    return battle


async def _meet(own: ServerSide, rival: ServerSide, seed: int) -> None:
    """Let the first player seed a battle and challenge the other one."""
    client: Any = own.ps_client  # its coroutines are not typed
    await client.send_message(f"/plywiseseed {seed}")
    await own.battle_against(rival, n_battles=1)
