"""Battles of one of our agents on a Pokémon Showdown server, watched from the main thread.

poke-env runs both players on its own event loop in a background thread.  The main thread waits,
draws, and watches for what poke-env would let pass in silence: a dead server, a lost connection, a
login that does not come, battles that stand still.
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
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType

from plywise.arena.agents.catalog import CATALOG
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.spec import Agent
from plywise.arena.output.files import RecordWriter, write_summary
from plywise.arena.output.screen import Screen, near
from plywise.arena.showdown.players import (
    BattleServerLostError,
    Seat,
    leave,
    listen,
    log_in,
    make_player,
    probe,
    result_of,
)
from plywise.arena.showdown.view import (
    Figures,
    LiveBattle,
    battle_line,
    picture,
    summary_table,
    turn_line,
)
from plywise.conf.schemas.showdown import ShowdownConfig
from plywise.datasets.errors import PlywiseError
from plywise.datasets.sums import add_fields
from plywise.search.guide.protocol import GuideReport

if TYPE_CHECKING:
    from poke_env.battle import AbstractBattle
    from poke_env.player import Player

    from plywise.games.showdown.player import DecisionRecord

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_TURNS_PER_LINE = 5  # of progress, where the output is no terminal


class BattlesStalledError(PlywiseError):
    """Nothing has happened for longer than ``stall_seconds``."""


class ShowdownMatch:
    """One run: its battles as they stand, and everything that is written about them.

    ``record`` and ``failed`` are called from poke-env's thread, the rest from the main thread.
    """

    def __init__(self, config: ShowdownConfig, folder: Path, console: Console | None) -> None:
        self.config = config
        self.folder = folder
        self.names = (config.agent.title, config.opponent.title)
        self.uses_llm = config.llm.name != "none" and any(
            CATALOG[a.name].llm for a in (config.agent, config.opponent)
        )
        self.battles: dict[str, LiveBattle] = {}
        self.figures = Figures()
        self.started = time.monotonic()
        self.last_sign = time.monotonic()
        self.screen = Screen(self._picture, console)
        self.replays = folder / "replays"
        self._decisions = RecordWriter(folder / "decisions.jsonl")
        self._results = RecordWriter(folder / "battles.jsonl")
        self._lock = threading.Lock()
        self._progress: dict[str, tuple[int, int]] = {}

    # -- called while battles run -----------------------------------------------------------

    def record(self, record: DecisionRecord) -> None:
        """Take in one decision of ours."""
        with self._lock:
            battle = self._battle(record.battle)
            new_turn = record.turn != battle.turn
            battle.turn = record.turn
            battle.own, battle.foe = record.own_species, record.foe_species
            battle.own_hp, battle.foe_hp = record.own_hp, record.foe_hp
            battle.last_own, battle.last_foe = record.last_own, record.last_foe
            battle.clock.tick(record.seconds)
            self.figures.clock.tick(record.seconds)
            notes = {} if record.decision is None else record.decision.notes
            if record.fallback or "fallback" in notes:
                battle.fallbacks += 1
                self.figures.fallbacks += 1
            if record.decision is not None:
                battle.value = record.decision.value if record.decision.values else None
                report = record.decision.notes.get("guide")
                if isinstance(report, GuideReport):
                    add_fields(battle.guide, report)
                    add_fields(self.figures.guide, report)
            self.last_sign = time.monotonic()
            self._decisions.write(record)
            line = turn_line(battle, self.uses_llm)
        if new_turn and record.turn % _TURNS_PER_LINE == 0:
            self.screen.tell(line)

    def failed(self, what: str) -> None:
        """Count an exception that poke-env met while it handled a message."""
        with self._lock:
            self.figures.failures += 1
        log.error("poke-env: %s", what)

    def observe(self, player: Player) -> None:
        """Bring the picture up to date with what poke-env knows; count battles that ended."""
        for tag, seen in list(player.battles.items()):
            ended = ""
            with self._lock:
                battle = self._battle(tag)
                if battle.finished:
                    continue
                mark = (seen.turn, len(seen._replay_data))
                if self._progress.get(tag) != mark:
                    self._progress[tag] = mark
                    self.last_sign = time.monotonic()
                if not self.figures.clock.decisions:
                    _look(battle, seen)  # a baseline plays for us: it sends no records
                if seen.finished:
                    self._finish(battle, seen, player)
                    ended = battle_line(battle, self.config.battles)
            if ended:
                self.screen.say(ended)

    def _battle(self, tag: str) -> LiveBattle:
        if tag not in self.battles:
            self.battles[tag] = LiveBattle(tag, number=len(self.battles) + 1)
        return self.battles[tag]

    def _finish(self, battle: LiveBattle, seen: AbstractBattle, player: Player) -> None:
        _look(battle, seen)
        battle.result = result_of(seen)
        battle.out_of_time = _who_ran_out_of_time(seen, player.username)
        battle.finished = True
        battle.seconds = time.monotonic() - battle.started
        replay = self.replays / f"{player.username} - {battle.tag}.html"
        battle.replay = str(replay) if replay.exists() else ""
        self.figures.tally.add(battle.result)
        self.figures.own_timeouts += battle.out_of_time == "we were"
        self.figures.foe_timeouts += battle.out_of_time == "the opponent was"
        self._results.write(
            {
                "battle": battle.tag,
                "number": battle.number,
                "agent": self.names[0],
                "opponent": self.names[1],
                "result": battle.result,
                "turns": battle.turn,
                "seconds": battle.seconds,
                "decisions": battle.clock,
                "guide": battle.guide,
                "fallbacks": battle.fallbacks,
                "out_of_time": battle.out_of_time,
                "replay": battle.replay,
                "seed": self.config.seed,
            }
        )

    def _picture(self) -> RenderableType:
        with self._lock:
            running = [b for b in self.battles.values() if not b.finished]
            return picture(
                running,
                self.figures,
                total=self.config.battles,
                uses_llm=self.uses_llm,
                elapsed=time.monotonic() - self.started,
            )

    # -- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """Write ``summary.json``, close the files and print the summary."""
        with self._lock:
            for battle in self.battles.values():
                if not battle.finished:
                    self.figures.tally.add(None)
            self._decisions.close()
            self._results.close()
        tally = self.figures.tally
        paths = {"results": self._results.path}
        if any(b.replay for b in self.battles.values()):
            paths["replays"] = self.replays
        if self._decisions.count:
            paths["decision log"] = self._decisions.path
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
        write_summary(self.folder / "summary.json", summary)
        paths["summary"] = self.folder / "summary.json"
        if not self.battles:
            return
        self.screen.say(
            summary_table(
                self.figures,
                names=self.names,
                total=self.config.battles,
                uses_llm=self.uses_llm,
            )
        )
        for label, path in paths.items():
            self.screen.say(f"{label}: {near(path)}")


def _look(battle: LiveBattle, seen: AbstractBattle) -> None:
    """Read turn, HP and who is out from poke-env's battle; species only, never nicknames."""
    battle.turn = seen.turn
    own, foe = list(seen.team.values()), list(seen.opponent_team.values())
    battle.own_hp = sum(mon.current_hp_fraction for mon in own)
    unseen = max(0, 6 - len(foe))
    battle.foe_hp = sum(mon.current_hp_fraction for mon in foe) + unseen
    battle.own = next((mon.species for mon in own if mon.active), "")
    battle.foe = next((mon.species for mon in foe if mon.active), "")


def _who_ran_out_of_time(seen: AbstractBattle, username: str) -> str:
    for event in seen._replay_data:
        text = event[2] if len(event) > 2 and event[1] == "-message" else ""
        if text.endswith("lost due to inactivity."):
            return (
                "we were" if text == f"{username} lost due to inactivity." else "the opponent was"
            )
    return ""


# --- running ---------------------------------------------------------------------------------


def run_showdown(config: ShowdownConfig, folder: Path, console: Console | None = None) -> int:
    """Play the battles; results, decisions and replays go into ``folder``.

    Returns 0 when all battles ended with a result.

    Raises:
        ConfigError: the agents do not play on a server, or need a model that is not there.
        PlywiseError: no server, no login, or the server died in mid-battle; what had finished is
            kept and printed.
    """
    match = ShowdownMatch(config, folder, console)
    factory = AgentFactory(
        config.game, config.search, config.llm, on_server=True, progress=match.screen.say
    )
    try:
        entrants = (config.agent, config.opponent)
        specs = [factory.check(entrant) for entrant in entrants]
        agents = [
            None if spec.make is None else factory.build(entrant)
            for spec, entrant in zip(specs, entrants, strict=True)
        ]
        with _server(config, folder, match) as (url, died):
            _play(config, match, agents, url, died)
    finally:
        with contextlib.ExitStack() as stack:
            stack.callback(factory.close)
            stack.callback(match.close)
    return 0 if match.figures.tally.games == config.battles else 1


@contextlib.contextmanager
def _server(
    config: ShowdownConfig, folder: Path, match: ShowdownMatch
) -> Iterator[tuple[str, list[str]]]:
    """Give the server's address, and a list that receives the reason if our own server dies."""
    died: list[str] = []
    if config.server.url is not None:
        match.screen.say(f"Connecting to {config.server.url}")
        probe(config.server.url)
        yield config.server.url, died
        return
    from plywise.games.showdown.server import ShowdownServer

    with ShowdownServer(
        log_path=folder / "server.log",
        start_seconds=config.server.start_timeout,
        on_progress=match.screen.say,
    ) as server:
        server.on_death(died.append)
        yield server.url, died


def _play(
    config: ShowdownConfig,
    match: ShowdownMatch,
    agents: list[Agent | None],
    url: str,
    died: list[str],
) -> None:
    from poke_env.concurrency import POKE_LOOP

    seats: list[Seat] = []
    running: Future[Any] | None = None
    try:
        for who, agent in zip((config.agent, config.opponent), agents, strict=True):
            ours = not seats
            player = make_player(
                config,
                who,
                ours=ours,
                url=url,
                agent=agent,
                replays=match.replays if ours else None,
                on_decision=match.record if ours else None,
                on_error=match.failed,
            )
            seats.append(Seat(player, listen(player)))
        own, rival = (seat.player for seat in seats)
        with match.screen:
            log_in(seats, died)
            match.screen.say(f"{match.names[0]} v {match.names[1]}: {config.battles} battles")
            match.last_sign = time.monotonic()
            running = asyncio.run_coroutine_threadsafe(
                own.battle_against(rival, n_battles=config.battles), POKE_LOOP
            )
            while not running.done():
                time.sleep(_POLL_SECONDS)
                match.observe(own)
                _check_life(config, match, seats, died)
            match.observe(own)
            try:
                running.result()
            except CancelledError:
                raise BattleServerLostError("the battles were broken off") from None
    finally:
        if running is not None:
            running.cancel()
        for seat in seats:
            leave(seat)


def _check_life(
    config: ShowdownConfig, match: ShowdownMatch, seats: list[Seat], died: list[str]
) -> None:
    kept = f"{match.figures.tally.games} finished battles are kept"
    if not all(seat.connected for seat in seats):
        # Our own server's death is noticed a moment after the connection's.
        deadline = time.monotonic() + 2.0
        while config.server.url is None and not died and time.monotonic() < deadline:
            time.sleep(0.05)
        why = died[0] if died else "The connection to the Showdown server is lost."
        raise BattleServerLostError(f"{why} ({kept})")
    if died:
        raise BattleServerLostError(f"{died[0]} ({kept})")
    if time.monotonic() - match.last_sign > config.stall_seconds:
        raise BattlesStalledError(
            f"nothing has happened for {config.stall_seconds:.0f} s ({kept}; "
            f"{match.figures.failures} errors in poke-env: see {match.folder / 'showdown.log'})"
        )
