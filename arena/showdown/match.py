"""Battles of one of our agents on a Pokémon Showdown server, watched from the main thread.

poke-env runs both players on its own event loop in a background thread.  The main thread waits,
draws, and watches for failures that poke-env does not report (see :mod:`.watch`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from poke_env.battle import AbstractBattle
from poke_env.concurrency import POKE_LOOP
from rich.console import Console, RenderableType

from plywise.arena.agents.catalog import CATALOG
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.spec import Agent
from plywise.arena.output.files import RecordWriter, file_stem, write_summary
from plywise.arena.output.screen import Screen, near
from plywise.arena.showdown.advice import show_advice
from plywise.arena.showdown.connections import (
    BattleServerLostError,
    log_in,
    out_of_time,
    probe,
    result_of,
)
from plywise.arena.showdown.external import Waiting, external_opponent
from plywise.arena.showdown.modes import (
    announcement,
    how_to_join,
    may_wait,
    opponent_title,
    player_title,
    run_battles,
    way_to_battles,
)
from plywise.arena.showdown.players import account, make_player
from plywise.arena.showdown.replay_page import write_battle_page
from plywise.arena.showdown.view import (
    TEAM,
    LiveBattle,
    MatchFigures,
    battle_line,
    picture,
    summary_table,
    turn_line,
)
from plywise.arena.showdown.watch import (
    BattlesStalledError,
    BattleWatch,
    RefusedByServerError,
)
from plywise.conf.schemas.showdown import ShowdownConfig
from plywise.datasets.errors import ConfigError
from plywise.datasets.processes.signals import uninterrupted
from plywise.datasets.recording import Losses
from plywise.datasets.sums import add_fields
from plywise.games.showdown.adviser import AdviceRecord
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.names import user_id
from plywise.games.showdown.player import DecisionRecord
from plywise.games.showdown.server import ShowdownServer
from plywise.games.showdown.session.battles import RATING_SECONDS
from plywise.search.guide.protocol import GuideReport

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_TURNS_PER_LINE = 5  # of progress, where the output is no terminal


class ShowdownMatch:
    """One run: its battles so far, and all files written about them.

    ``record``, ``advised``, ``answered`` and ``failed`` are called from poke-env's thread, the rest
    from the main thread.
    """

    def __init__(self, config: ShowdownConfig, folder: Path, console: Console | None) -> None:
        self.config = config
        self.folder = folder
        self.names = (player_title(config), opponent_title(config))
        self.external = external_opponent(config)
        second = config.mode == "local" and self.external is None
        self.entrants = [config.agent, *([config.opponent] if second else [])]  # those of ours
        self.uses_llm = config.llm.name != "none" and any(
            CATALOG[entrant.name].llm for entrant in self.entrants
        )
        self.battles: dict[str, LiveBattle] = {}
        self.figures = MatchFigures()
        self.started = time.monotonic()
        self.died: list[str] = []
        self._notices: list[str] = []  # printed by the main thread, outside the lock
        self.say = self._notices.append
        self._advice: list[tuple[int, DecisionRecord]] = []  # with battles' numbers; printed there
        self.watch = BattleWatch(
            config.stall_seconds,
            on_error=self.failed,
            died=None if config.server.url is not None else self.died,
            patience=config.server.patience,
            report=self.say,
        )
        self.screen = Screen(self._picture, console)
        self.replays = folder / "replays"
        self._finished: set[str] = set()  # tags of battles
        self._replays_written = False
        self.losses = Losses(f"what goes into {folder}", self.say)
        self._decisions = RecordWriter(folder / "decisions.jsonl", self.losses)
        self._results = RecordWriter(folder / "battles.jsonl", self.losses)
        self._lock = threading.Lock()

    # -- called while battles run -----------------------------------------------------------

    def record(self, record: DecisionRecord) -> None:
        """Record one decision of ours."""
        with self._lock:
            line = self._note(record)
            self._decisions.write(record)
        if line:
            self.screen.print_if_not_live(line)

    def advised(self, record: DecisionRecord) -> None:
        """Take advice, which is printed now and recorded when it has been answered."""
        with self._lock:
            self._note(record)
            if record.battle in self.battles:
                self._advice.append((self.battles[record.battle].number, record))

    def answered(self, record: AdviceRecord) -> None:
        """Record advice with what the person played."""
        with self._lock:
            if record.decision is not None and record.played:
                self.figures.answered += 1
                self.figures.followed += record.played == record.action
            self._decisions.write(record)

    def _note(self, record: DecisionRecord) -> str:
        """Take a decision into figures and picture; return a line of progress, "" none is due."""
        if record.battle in self._finished:  # the server ended it during the decision
            return ""
        battle = self._battle(record.battle)
        new_turn = record.turn != battle.turn
        battle.turn = record.turn
        battle.own, battle.foe = record.own_species, record.foe_species
        battle.own_hp, battle.foe_hp = record.own_hp, record.foe_hp
        battle.size = record.size
        battle.last_own, battle.last_foe = record.last_own, record.last_foe
        if record.turn == 0:  # Team Preview: nobody is out
            battle.last_own = record.action
        battle.clock.tick(record.seconds)
        self.figures.clock.tick(record.seconds)
        notes = {} if record.decision is None else record.decision.notes
        if record.fallback or "fallback" in notes:
            battle.fallbacks += 1
            self.figures.fallbacks += 1
        if record.decision is not None:
            battle.value = record.decision.value if record.decision.values else None
        report = notes.get("guide")
        if isinstance(report, GuideReport):
            add_fields(battle.guide, report)
            add_fields(self.figures.guide, report)
        self.watch.touch()
        due = new_turn and record.turn % _TURNS_PER_LINE == 0
        return turn_line(battle, self.uses_llm) if due else ""

    def failed(self, what: str) -> None:
        """Count an exception that poke-env met while it handled a message."""
        with self._lock:
            self.figures.failures += 1
        log.error("poke-env: %s", what)

    def observe(self, player: CheckedPlayer, *, last: bool = False) -> None:
        """Update the picture from our player's battles; record and let go those that ended.

        Args:
            player: ours.
            last: nothing more will come: ratings are not waited for.
        """
        while self._advice:
            with self.losses.guard():
                show_advice(self.screen.console, *self._advice.pop(0))
        for tag in list(player.lost):
            with self._lock:
                ended = self._end(tag, player.battles.get(tag), player)
            self.screen.print(ended)
        for tag, seen in list(player.battles.items()):
            ended = ""
            with self._lock:
                battle = self._battle(tag)
                if not self.figures.clock.decisions:
                    _look(battle, seen)  # a baseline plays for us: it sends no records
                if seen.finished and (last or player.settled(tag)):
                    ended = self._end(tag, seen, player)
            if ended:
                self.screen.print(ended)
        self.figures.resumed, self.figures.rejoined = player.resumed, player.rejoined
        self.figures.reconnects = sum(c.reconnects for c in self.watch.connections)
        while self._notices:
            self.screen.print(self._notices.pop(0))

    def _battle(self, tag: str) -> LiveBattle:
        if tag not in self.battles:
            number = len(self.battles) + len(self._finished) + 1
            self.battles[tag] = LiveBattle(tag, number)
        return self.battles[tag]

    def _end(self, tag: str, seen: AbstractBattle | None, player: CheckedPlayer) -> str:
        """Record an ended battle, drop its objects, and return the line that stays of it."""
        battle = self._battle(tag)
        if seen is not None:
            _look(battle, seen)
            battle.result = None if tag in player.lost else result_of(seen, player)
            battle.out_of_time = out_of_time(seen, player.username)
            battle.opponent = user_id(seen.opponent_username or "")
        battle.rating = player.rating(tag, player.id)
        battle.foe_rating = player.rating(tag, battle.opponent)
        self.figures.rating = player.own_rating
        self._finish(battle, list(seen._replay_data) if seen is not None else [], player.username)
        self._finished.add(tag)
        del self.battles[tag]
        player.let_go(tag)
        return battle_line(battle, self.config.battles)

    def _finish(self, battle: LiveBattle, lines: list[list[str]], username: str) -> None:
        battle.finished = True
        battle.seconds = time.monotonic() - battle.started
        path = self.replays / f"{file_stem(username)} - {file_stem(battle.tag)}.html"
        opponent = self.names[1]
        if self.config.mode != "local":
            opponent = battle.opponent or opponent
        title = f"Battle {battle.number}: {self.names[0]} v {opponent}"
        if lines:
            with self.losses.guard():
                write_battle_page(path, lines, title)
                battle.replay = str(path)
                self._replays_written = True
        self.figures.tally.add(battle.result)
        self.figures.own_timeouts += battle.out_of_time == "we were"
        self.figures.foe_timeouts += battle.out_of_time == "the opponent was"
        self._results.write(
            {
                "battle": battle.tag,
                "number": battle.number,
                "agent": self.names[0],
                "opponent": opponent,
                "result": battle.result,
                "turns": battle.turn,
                "seconds": battle.seconds,
                "decisions": battle.clock,
                "guide": battle.guide,
                "fallbacks": battle.fallbacks,
                "out_of_time": battle.out_of_time,
                "rating": battle.rating,
                "opponent_rating": battle.foe_rating,
                "replay": battle.replay,
                "seed": self.config.seed,
            }
        )

    def kept(self) -> str:
        """Return a few words about the results so far."""
        return f"{self.figures.tally.games} finished battles are kept"

    def _picture(self) -> RenderableType:
        with self._lock:
            return picture(
                list(self.battles.values()),
                self.figures,
                total=self.config.battles,
                uses_llm=self.uses_llm,
                elapsed=time.monotonic() - self.started,
            )

    # -- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """Close the files, print the summary and write ``summary.json``.

        Raises:
            RecordFileError: the disk refuses it.
        """
        with uninterrupted():
            self._close()

    def _close(self) -> None:
        with self._lock:
            for _ in self.battles:
                self.figures.tally.add(None)  # aborted
            self._decisions.close()
            self._results.close()
        tally = self.figures.tally
        paths = {"results": self._results.path}
        if self._replays_written:
            paths["replays"] = self.replays
        if self._decisions.count:
            paths["decision log"] = self._decisions.path
        paths["summary"] = self.folder / "summary.json"
        self.figures.lost_records = self.losses.count
        if self.battles or self._finished:
            self.screen.print(
                summary_table(
                    self.figures,
                    names=self.names,
                    total=self.config.battles,
                    uses_llm=self.uses_llm,
                )
            )
            for label, path in paths.items():
                self.screen.print(f"{label}: {near(path)}")
        summary = {
            "agent": self.names[0],
            "opponent": self.names[1],
            "battles": tally.games,
            "asked": self.config.battles,
            "score": tally.interval if tally.games else None,
            "interval": "Wilson 95 %, a draw as half a point",
            "figures": self.figures,
            "wall_seconds": time.monotonic() - self.started,
            "config": self.config,
        }
        # After the table: a full disk must not keep it from being printed.
        write_summary(paths["summary"], summary)


def _look(battle: LiveBattle, seen: AbstractBattle) -> None:
    """Copy turn, HP and active Pokémon from poke-env's battle; species only, never nicknames."""
    battle.turn = seen.turn
    asked = seen.last_request.get("side", {}).get("pokemon", [])
    brought = {entry.get("ident") for entry in asked}  # of a team of six, perhaps three
    own = [mon for ident, mon in seen.team.items() if ident in brought or not brought]
    foe = list(seen.opponent_team.values())
    battle.size = len(own) or TEAM
    battle.own_hp = sum(mon.current_hp_fraction for mon in own)
    unseen = max(0, battle.size - len(foe))
    battle.foe_hp = sum(mon.current_hp_fraction for mon in foe) + unseen
    battle.own = next((mon.species for mon in own if mon.active), "")
    battle.foe = next((mon.species for mon in foe if mon.active), "")


# --- running ---------------------------------------------------------------------------------


def run_showdown(config: ShowdownConfig, folder: Path, console: Console | None = None) -> int:
    """Play the battles; results, decisions and replays go into ``folder``.

    Returns 0 when all battles ended with a result.

    Raises:
        ConfigError: the agents do not play on a server, need a model that is not there, or the
            password is missing.
        PlywiseError: no server, no login, or the server died in mid-battle; what had finished is
            kept and printed.
        RecordFileError: the disk refuses ``summary.json``; all battles were played.
    """
    external_opponent(config)  # refused before anything is made
    account(config.server, ours=True)  # a missing password is an error now, not after a minute
    match = ShowdownMatch(config, folder, console)
    factory = AgentFactory(
        config.game, config.search, config.llm, on_server=True, progress=match.screen.print
    )
    with contextlib.ExitStack() as stack:
        stack.callback(factory.close)
        try:
            way_to_battles(config, match.say)  # an impossible name is refused first
            entrants = match.entrants
            specs = [factory.check(entrant) for entrant in entrants]
            if config.mode == "advise" and specs[0].make is None:
                raise ConfigError(
                    f"agent={config.agent.name} cannot advise: choose an agent of ours, for "
                    "example agent=search"
                )
            if match.external is not None:
                factory.check(match.external)
            agents = [
                None if spec.make is None else factory.build(entrant)
                for spec, entrant in zip(specs, entrants, strict=True)
            ]
            with _server(config, folder, match) as url:
                _play(config, match, agents, url)
        except BaseException:
            with match.losses.guard():
                match.close()
            raise
        match.close()
    return 0 if not config.battles or match.figures.tally.games >= config.battles else 1


@contextlib.contextmanager
def _server(config: ShowdownConfig, folder: Path, match: ShowdownMatch) -> Iterator[str]:
    """Yield the server's address; ``match.died`` receives the reason if our own server dies."""
    if config.server.url is not None:
        match.screen.print(f"Connecting to {config.server.url}")
        probe(config.server.url)
        yield config.server.url
        return
    with ShowdownServer(
        config.server.port,
        log_path=folder / "server.log",
        start_seconds=config.server.start_timeout,
        on_progress=match.screen.print,
    ) as server:
        server.on_death(match.died.append)
        yield server.url


def _play(
    config: ShowdownConfig, match: ShowdownMatch, agents: list[Agent | None], url: str
) -> None:
    watch = match.watch
    on_decision = match.advised if config.mode == "advise" else match.record
    running: Future[Any] | None = None
    try:
        for who, agent in zip(match.entrants, agents, strict=True):
            ours = not watch.connections
            player = make_player(
                config,
                who,
                ours=ours,
                url=url,
                agent=agent,
                on_decision=on_decision if ours else None,
                losses=match.losses if ours else None,
                on_answer=match.answered,
            )
            watch.connect(player)
        own, *rivals = (connection.player for connection in watch.connections)
        with match.screen:
            log_in(watch.connections, match.died)
            match.screen.print(announcement(config, own, match.names))
            waiting = None
            if match.external is not None:
                waiting = Waiting(match.external, url, own.format, match.say)
            if config.mode == "serve":
                match.screen.print(how_to_join(own, urlsplit(url).port or 0))
            rival = rivals[0] if rivals else None
            running = asyncio.run_coroutine_threadsafe(
                run_battles(config, own, rival, match.say), POKE_LOOP
            )

            def observe(*, last: bool = False) -> bool:
                match.observe(own, last=last)
                for player in (own, rival):
                    while player is not None and player.notices:
                        match.screen.print(player.notices.pop(0))
                if rival is not None:
                    for tag, seen in list(rival.battles.items()):
                        if (seen.finished and rival.settled(tag)) or tag in rival.lost:
                            rival.let_go(tag)
                if waiting is not None:
                    waiting.look(own, match.kept())
                if may_wait(config, own):
                    watch.touch()
                return True

            def settle() -> None:
                """Record what ended last: its ratings may still come."""
                until = time.monotonic() + RATING_SECONDS + 1.0
                while any(b.finished for b in list(own.battles.values())):
                    if time.monotonic() > until or not observe():
                        break
                    time.sleep(_POLL_SECONDS)

            try:
                try:
                    watch.wait(running, _POLL_SECONDS, observe)
                    settle()
                finally:
                    observe(last=True)
                running.result()
            except BattleServerLostError as error:
                raise BattleServerLostError(f"{error} ({match.kept()})") from error
            except RefusedByServerError as error:
                raise RefusedByServerError(f"{error} ({match.kept()})") from error
            except BattlesStalledError as error:
                hint = "" if match.external is None else "; server.timer=true ends such battles"
                raise BattlesStalledError(
                    f"{error}{hint} ({match.kept()}; {match.figures.failures} errors in poke-env: "
                    f"see {match.folder / 'showdown.log'})"
                ) from error
            except CancelledError:
                raise BattleServerLostError("the battles were aborted") from None
    finally:
        if running is not None:
            running.cancel()
        watch.close()
