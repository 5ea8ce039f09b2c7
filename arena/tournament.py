"""A round robin: every agent against every other, in pairs of games with sides swapped."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from plywise.arena.display import Screen, near
from plywise.arena.factory import AgentFactory
from plywise.arena.match import Clock, GameRecord, play_pair
from plywise.arena.records import RecordWriter, write_summary
from plywise.arena.stats import Tally
from plywise.conf.schema import AgentConfig, GameConfig, LLMGroup, SearchConfig, TournamentConfig
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.search.guide import GuideReport


class WorkerDiedError(PlywiseError):
    """A worker process ended without a result (killed, or out of memory)."""


@dataclass(frozen=True)
class PairTask:
    """Two games to play, as a plain value that travels to a worker process."""

    game: GameConfig
    search: SearchConfig
    llm: LLMGroup
    first: AgentConfig
    second: AgentConfig
    seed: int


@dataclass
class Standing:
    """One agent's results so far."""

    tally: Tally = field(default_factory=Tally)
    clock: Clock = field(default_factory=Clock)
    guide: GuideReport = field(default_factory=GuideReport)
    fallbacks: int = 0
    faults: int = 0


@dataclass
class Standings:
    """All agents' results, overall and by pairing."""

    agents: dict[str, Standing]
    pairings: dict[tuple[str, str], Tally] = field(default_factory=dict)
    games: int = 0

    def add(self, record: GameRecord) -> None:
        """Count one game; a pairing is counted for the one who stands first among the agents."""
        order = list(self.agents)
        first, second = sorted(record.players, key=order.index)
        self.pairings.setdefault((first, second), Tally()).add(record.result_of(first))
        for player, name in enumerate(record.players):
            standing = self.agents[name]
            standing.tally.add(record.result_of(name))
            standing.clock += record.clocks[player]
            standing.fallbacks += record.fallbacks[player]
            standing.guide.add(record.guides[player])
        if record.culprit:
            self.agents[record.culprit].faults += 1
        self.games += 1

    def table(self) -> Table:
        """Return the table of agents, best score first.

        LLM counts calls; errors are games broken off and moves made without thinking (fallbacks).
        """
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("agent", overflow="fold")
        for heading in ("score [95 %]", "W-D-L", "s/move", "max s", "LLM", "errors"):
            table.add_column(heading, justify="right", no_wrap=True)
        ranked = sorted(self.agents.items(), key=lambda item: -item[1].tally.interval.value)
        for name, standing in ranked:
            tally, clock = standing.tally, standing.clock
            table.add_row(
                name,
                str(tally.interval) if tally.games else "–",
                str(tally),
                f"{clock.mean:.3f}" if clock.decisions else "–",
                f"{clock.longest:.3f}" if clock.decisions else "–",
                str(standing.guide.calls) if standing.guide.calls else "–",
                str(standing.faults + standing.fallbacks),
            )
        return table

    def pairing_table(self) -> Table:
        """Return the table of pairings, seen from the first agent."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("pairing", overflow="fold")
        for heading in ("score [95 %]", "W-D-L", "no result"):
            table.add_column(heading, justify="right", no_wrap=True)
        for (first, second), tally in self.pairings.items():
            value = str(tally.interval) if tally.games else "–"
            table.add_row(f"{first} v {second}", value, str(tally), str(tally.errors))
        return table

    def summary(self) -> dict[str, object]:
        """Return everything as a plain value for the summary file."""

        def numbers(tally: Tally) -> dict[str, object]:
            return {
                "wins": tally.wins,
                "draws": tally.draws,
                "losses": tally.losses,
                "without_result": tally.errors,
                "score": tally.score,
                "interval": tally.interval,
            }

        return {
            "games": self.games,
            "interval": "Wilson 95 %, a draw as half a point",
            "agents": {
                name: numbers(s.tally)
                | {
                    "errors": s.faults,
                    "fallbacks": s.fallbacks,
                    "guide": s.guide,
                    "decisions": s.clock.decisions,
                    "seconds_per_decision": s.clock.mean,
                    "longest_decision_seconds": s.clock.longest,
                }
                for name, s in self.agents.items()
            },
            "pairings": [
                {"first": first, "second": second} | numbers(tally)
                for (first, second), tally in self.pairings.items()
            ],
        }


def tasks_of(config: TournamentConfig, entrants: Sequence[AgentConfig]) -> list[PairTask]:
    """Return all pairs of games; pairings take turns, so that an early stop is still balanced."""
    return [
        PairTask(config.game, config.search, config.llm, first, second, seed)
        for seed in range(config.tournament.seed, config.tournament.seed + config.tournament.pairs)
        for first, second in combinations(entrants, 2)
    ]


def play_here(tasks: Sequence[PairTask], factory: AgentFactory) -> Iterator[GameRecord]:
    """Play the tasks one after another in this process."""
    for task in tasks:
        first, second = factory.build(task.first), factory.build(task.second)
        yield from play_pair(factory.game, first, second, task.seed)


_worker_factory: AgentFactory | None = None


def _start_worker() -> None:
    # Ctrl-C goes to every process of the terminal; the parent alone handles it and ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _play_in_worker(task: PairTask) -> list[GameRecord]:
    global _worker_factory
    if _worker_factory is None:
        _worker_factory = AgentFactory(task.game, task.search, task.llm)
    return list(play_here([task], _worker_factory))


def play_in_processes(tasks: Sequence[PairTask], jobs: int) -> Iterator[GameRecord]:
    """Play the tasks in ``jobs`` processes; records come as games end.

    Raises:
        WorkerDiedError: a worker process ended without a result.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker)
    workers: list[multiprocessing.process.BaseProcess] = []
    try:
        waiting = [pool.submit(_play_in_worker, task) for task in tasks]
        workers = multiprocessing.active_children()
        for done in as_completed(waiting):
            yield from done.result()
    except BrokenProcessPool as error:
        raise WorkerDiedError(
            "a worker process died (out of memory?): try fewer tournament.jobs"
        ) from error
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def run_tournament(config: TournamentConfig, folder: Path, console: Console | None = None) -> int:
    """Play the tournament with live progress; write ``games.jsonl`` and ``summary.json``.

    Returns 0, or 1 where a game ended in an error.  Ctrl-C keeps and prints what was played.

    Raises:
        ConfigError: the agents do not fit the game or each other.
    """
    entrants = config.entrants()
    jobs = config.tournament.jobs
    console = console or Console(highlight=False)
    factory = AgentFactory(config.game, config.search, config.llm, progress=console.print)
    game = factory.game
    for entrant in entrants:
        info = factory.check(entrant)
        if jobs > 1 and info.llm and config.llm.name == "embedded":
            raise ConfigError(
                f"agent '{entrant.name}' with llm=embedded needs tournament.jobs=1: "
                "one embedded server serves one process"
            )
    for entrant in entrants:
        factory.build(entrant)  # compiles; workers then find it in the cache
    standings = Standings({entrant.label: Standing() for entrant in entrants})
    tasks = tasks_of(config, entrants)
    progress = Progress(
        TextColumn(game.info.name),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("games"),
        TimeRemainingColumn(),
    )
    bar = progress.add_task("games", total=2 * len(tasks))
    screen = Screen(lambda: Group(standings.table(), progress), console)
    started = time.perf_counter()
    interrupted = False
    with RecordWriter(folder / "games.jsonl") as writer:
        try:
            with screen:
                if jobs > 1:
                    records = play_in_processes(tasks, jobs)
                else:
                    records = play_here(tasks, factory)
                for record in records:
                    writer.write(record)
                    standings.add(record)
                    progress.advance(bar)
                    if record.error:
                        who = record.culprit or game.info.name
                        screen.say(f"error in {who}, seed {record.seed}: {record.error}")
                    screen.tell(_line(record, standings.games, 2 * len(tasks)))
        except KeyboardInterrupt:
            interrupted = True
            raise
        finally:
            factory.close()
            _report(screen.console, config, standings, folder, started, interrupted)
    return 1 if any(s.faults for s in standings.agents.values()) else 0


def _line(record: GameRecord, number: int, total: int) -> str:
    first, second = record.players
    if record.returns is None:
        outcome = "no result"
    else:
        outcome = {1: f"{first} wins", -1: f"{second} wins", 0: "draw"}[
            (record.returns[0] > 0) - (record.returns[0] < 0)
        ]
    return f"game {number}/{total}, seed {record.seed}: {first} v {second}: {outcome}"


def _report(
    console: Console,
    config: TournamentConfig,
    standings: Standings,
    folder: Path,
    started: float,
    interrupted: bool,
) -> None:
    summary = standings.summary() | {
        "complete": standings.games == 2 * len(tasks_of(config, config.entrants())),
        "wall_seconds": time.perf_counter() - started,
        "config": config,
    }
    write_summary(folder / "summary.json", summary)
    if standings.games:
        console.print(standings.table())
        if len(standings.agents) > 2:
            console.print(standings.pairing_table())
    if interrupted:
        console.print(f"Interrupted after {standings.games} games; they are kept.")
    for label, name in (("games", "games.jsonl"), ("summary", "summary.json")):
        console.print(f"{label}: {near(folder / name)}", soft_wrap=True)
