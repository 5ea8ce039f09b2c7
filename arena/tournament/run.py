"""Runs a tournament: hands scheduled games to an executor and records each outcome at once."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from plywise.arena.agents.catalog import CATALOG, parse_agents
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.kinds.external import ExternalSettings
from plywise.arena.guidance.language_model import one_process
from plywise.arena.output.files import plain
from plywise.arena.output.screen import Screen, TextConsole, near
from plywise.arena.output.text import single_line
from plywise.arena.settings import check_team_files
from plywise.arena.tournament.executors.base import Executor, InlineExecutor, what_is_wrong
from plywise.arena.tournament.executors.local import LocalExecutor
from plywise.arena.tournament.executors.ray import RayExecutor
from plywise.arena.tournament.identity import identity_of, record_path
from plywise.arena.tournament.report.results import RunStatistics, write_results
from plywise.arena.tournament.schedule import GameTask, Schedule
from plywise.arena.tournament.sequential import SequentialStop
from plywise.arena.tournament.standings import Standings
from plywise.arena.tournament.store import Fault, FinishedGame, GameStore
from plywise.arena.tournament.worker import AgentPlayer, Setup
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.tournament import TournamentConfig
from plywise.datasets.errors import ConfigError
from plywise.datasets.processes.signals import uninterrupted

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.25
_LINES = 200  # of progress in all, where the output is no terminal


def run_tournament(config: TournamentConfig, folder: Path, console: Console | None = None) -> int:
    """Play the games that the record lacks; write summary, results and report.

    The same configuration again continues its record.  Returns 0, or 1 where a game has no result.
    Ctrl-C keeps and prints what was played.

    Raises:
        ConfigError: the agents do not fit the game or each other, or the record is another's.
        RecordError: the record is in use, or the disk refuses it; all games reported are kept.
    """
    console = console or TextConsole()
    factory = AgentFactory(
        config.game,
        config.search,
        config.llm,
        on_server=config.tournament.executor == "showdown",
        progress=console.print,
    )
    try:
        _check(config, factory)
        with GameStore.open(record_path(config), identity_of(config)) as store:
            return Tournament(config, store, factory, console, folder).run()
    finally:
        factory.close()


def _check(config: TournamentConfig, factory: AgentFactory) -> None:
    group = config.tournament
    entrants = parse_agents(config.agents)
    if group.executor == "showdown" and not config.game.battle_format:
        raise ConfigError(
            f"tournament.executor=showdown plays Pokémon battles, not game={config.game.name}"
        )
    check_team_files(config.game)
    for entrant in entrants:
        factory.check(entrant)
    _check_accounts(config, entrants)
    titles = [entrant.title for entrant in entrants]
    if group.anchor is not None and group.anchor not in titles:
        raise ConfigError(
            f"tournament.anchor={group.anchor}: no such agent; there are: {', '.join(titles)}"
        )
    if group.sequential_test() is not None and len(entrants) != 2:
        raise ConfigError(f"tournament.sprt compares two agents, there are {len(entrants)}")
    if why := _single_process(config):
        setting = why.partition(":")[0]
        if group.jobs not in (None, 1):
            raise ConfigError(f"tournament.jobs={group.jobs}: it must be 1 with {why}")
        if group.executor == "ray":
            raise ConfigError(f"{setting} needs tournament.executor=local or inline")


def _check_accounts(config: TournamentConfig, entrants: list[AgentConfig]) -> None:
    """Refuse a schedule with a game in which no player is ours, and an account given twice."""
    outside = {n: e for n, e in enumerate(entrants) if isinstance(e, ExternalSettings)}
    ids = [entrant.id for entrant in outside.values()]
    for entrant in outside.values():
        if ids.count(entrant.id) > 1:
            raise ConfigError(f"agents: the account '{entrant.id}' stands there twice")
    gauntlet = config.tournament.pairing == "gauntlet"
    if len(outside) > 1 and (0 in outside or not gauntlet):
        raise ConfigError(
            "agents: two external accounts cannot meet (one side of each battle is played here): "
            "name an agent of ours first, with tournament.pairing=gauntlet"
        )


def _single_process(config: TournamentConfig) -> str:
    """Return why all games must be played in this process; "" if they need not."""
    asked = any(CATALOG[entrant.name].llm for entrant in parse_agents(config.agents))
    return one_process(config.llm) if asked else ""


class Tournament:
    """One run of a tournament over an open record; results go into ``folder``."""

    def __init__(
        self,
        config: TournamentConfig,
        store: GameStore,
        factory: AgentFactory,
        console: Console,
        folder: Path,
    ) -> None:
        group = config.tournament
        self.config = config
        self.store = store
        self.schedule = Schedule(group.pairing, len(store.titles), group.pairs, group.seed)
        self.standings = Standings(store.titles)
        self._factory = factory
        self._done = store.numbers()
        self._attempts: dict[int, int] = {}
        self._tasks: dict[int, GameTask] = {}
        test = group.sequential_test()
        self._stop = None if test is None else SequentialStop(test)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("games"),
            TimeRemainingColumn(),
        )
        self._bar = self._progress.add_task(
            single_line(factory.game.info.name), total=self.schedule.total
        )
        self._screen = Screen(lambda: Group(self.standings.table(), self._progress), console)
        self._busy: float | None = None
        self._new = 0
        self._folder = folder

    def run(self) -> int:
        """Play, then write and print the results."""
        group, store = self.config.tournament, self.store
        for game in store.games():
            if game.number < self.schedule.total:
                self._count(game)
        where = near(store.path.absolute())
        begun = f"continues with {self.standings.games} games" if self._done else "is new"
        self._screen.print(f"record: {where} ({begun})")
        game_settings = {"name": self.config.game.name, **self.config.game.parameters()}
        store.set_plan({"total": self.schedule.total, "group": plain(group), "game": game_settings})
        started = time.monotonic()
        interrupted = False
        try:
            if self._missing():
                with self._screen:
                    self._play_all()
        except KeyboardInterrupt:
            interrupted = True
            raise
        finally:
            run = RunStatistics(
                wall_seconds=time.monotonic() - started,
                played=self._new,
                busy=self._busy,
                interrupted=interrupted,
            )
            with uninterrupted():
                write_results(
                    store, self.config, run, self._folder, self._screen.console, self._factory.game
                )
        without = sum(t.errors for t in self.standings.pairings.values())
        return 1 if without else 0

    def _missing(self) -> bool:
        return not self._decided() and any(n not in self._done for n in range(self.schedule.total))

    def _decided(self) -> bool:
        return self._stop is not None and self._stop.decided

    # --- playing ----------------------------------------------------------------------------

    def _play_all(self) -> None:
        executor = self._executor()
        try:
            # A ladder's round depends on the games of the rounds before, and on nothing else.
            past = Standings(self.store.titles)
            for index in range(self.schedule.rounds):
                tasks = self.schedule.round(index, past.shares())
                self._play_round(executor, [t for t in tasks if t.number not in self._done])
                if self._decided():
                    return
                if index + 1 < self.schedule.rounds:
                    for game in self.store.games(
                        numbers=range(tasks[0].number, tasks[-1].number + 1)
                    ):
                        past.add(game)
        finally:
            self._busy = executor.busy()
            executor.close()

    def _play_round(self, executor: Executor, tasks: list[GameTask]) -> None:
        self._tasks = {task.number: task for task in tasks}
        executor.submit(tasks)
        while self._tasks:
            outcomes = [self._checked(o) for o in executor.collect(_POLL_SECONDS)]
            games = [outcome for outcome in outcomes if isinstance(outcome, FinishedGame)]
            faults = [outcome for outcome in outcomes if isinstance(outcome, Fault)]
            again: list[GameTask] = []
            for fault in faults:
                attempts = self._attempts[fault.number] = self._attempts.get(fault.number, 0) + 1
                if attempts <= self.config.tournament.retries and not fault.lost:
                    again.append(fault.task)
                else:
                    games.append(self._abandoned(fault, attempts))
            if games or faults:
                self.store.add(games, faults)
            for game in games:
                del self._tasks[game.number]
                self._done.add(game.number)
                self._new += 1
                self._count(game)
                self._print(game)
            for fault in faults:
                self._screen.print(self._fault_line(fault))
            if self._decided():
                return  # games still under way would not count
            executor.submit(again)

    def _checked(self, outcome: FinishedGame | Fault) -> FinishedGame | Fault:
        """Return the outcome; a game that cannot be the task's as a fault of the worker."""
        task = self._tasks[outcome.number]
        if isinstance(outcome, FinishedGame):
            if wrong := what_is_wrong(task, outcome):
                return Fault(task, "nonsense", f"the worker {wrong}", None, time.time())
            outcome.attempts = self._attempts.get(task.number, 0) + 1
        return outcome

    def _abandoned(self, fault: Fault, attempts: int) -> FinishedGame:
        result = None
        loses = fault.lost or self.config.tournament.faults_lose
        if loses and fault.at_fault is not None:
            result = -1.0 if fault.task.players[0] == fault.at_fault else 1.0
        return FinishedGame(
            number=fault.task.number,
            players=fault.task.players,
            seed=fault.task.seed,
            result=result,
            ended=fault.ended,
            sides=fault.sides,
            attempts=attempts,
            error=f"{fault.kind}: {fault.text}",
            at_fault=fault.at_fault,
        )

    def _executor(self) -> Executor:
        """Return where the games are played; compile first, so that workers find it cached."""
        config, group = self.config, self.config.tournament
        entrants = tuple(parse_agents(config.agents))
        setup = Setup(
            make=AgentPlayer,
            game=config.game,
            search=config.search,
            llm=config.llm,
            entrants=entrants,
            trace=group.trace,
            openings=group.openings,
        )
        kind = group.executor
        alone = _single_process(config)
        if alone and kind == "local":
            kind = "inline"
            if group.timeout is not None:
                self._screen.print(
                    f"{alone.partition(':')[0]} plays in this process: tournament.timeout is "
                    "noticed when the game has ended"
                )
        if kind == "inline":
            player = AgentPlayer(setup, self._factory)
            return InlineExecutor(player, group.timeout)
        jobs = group.jobs or (1 if alone else os.cpu_count()) or 1
        setup = replace(setup, llm=replace(config.llm, budget=config.llm.budget.share(jobs)))
        without_model = NoLLMGroup()
        on_server = kind == "showdown"
        for entrant in entrants:
            compiled = AgentFactory(config.game, config.search, without_model, on_server=on_server)
            spec = CATALOG[entrant.name]
            if spec.make is not None and (spec.advised or not spec.llm):
                compiled.build(replace(entrant, llm={}))
        if on_server:
            from plywise.arena.tournament.executors.showdown import ShowdownExecutor

            return ShowdownExecutor(
                setup, jobs, group.timeout, self._folder, self._screen.print, group.server
            )
        if kind == "ray":
            return RayExecutor(setup, jobs, group.timeout, group.ray_address)
        return LocalExecutor(setup, jobs, group.timeout)

    # --- progress ----------------------------------------------------------------------------

    def _count(self, game: FinishedGame) -> None:
        self.standings.add(game)
        self._progress.update(self._bar, completed=self.standings.games)
        if self._stop is not None:
            self._stop.add(game)

    def _print(self, game: FinishedGame) -> None:
        number, total = self.standings.games, self.schedule.total
        if game.error or number == total or number % max(1, total // _LINES) == 0:
            self._screen.print_if_not_live(game_line(game, self.store.titles, number, total))

    def _fault_line(self, fault: Fault) -> str:
        who = "" if fault.at_fault is None else f" of {self.store.titles[fault.at_fault]}"
        tried = self._attempts[fault.task.number]
        again = tried <= self.config.tournament.retries
        next_ = "played again" if again else f"abandoned after {tried - 1} retries"
        next_ = "its loss" if fault.lost else next_
        return f"fault{who} in game {fault.task.number} ({fault.kind}): {fault.text}; {next_}"


def game_line(game: FinishedGame, titles: list[str], number: int, total: int) -> str:
    """Return one line about a game that ended."""
    first, second = (titles[p] for p in game.players)
    if game.result is None:
        outcome = "no result"
    elif game.result == 0:
        outcome = "draw"
    else:
        outcome = f"{first if game.result > 0 else second} wins"
    return f"game {number}/{total}, seed {game.seed}: {first} v {second}: {outcome}"
