"""Results of a tournament: tables, the text summary, ``summary.json``, ``results.csv``."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from plywise.arena.agents.catalog import CATALOG, parse_agents
from plywise.arena.guidance.trust import Trust, trust_line, trusts
from plywise.arena.output.files import write_summary, write_whole
from plywise.arena.output.screen import near, text_line
from plywise.arena.play.guide_words import asked, llm_long
from plywise.arena.ratings.command import print_ratings
from plywise.arena.ratings.command import summary as ratings_summary
from plywise.arena.ratings.rate import Ratings
from plywise.arena.settings import with_advice
from plywise.arena.tournament.identity import identity_digest
from plywise.arena.tournament.pool_ratings import rated_games, ratings_of
from plywise.arena.tournament.report.cutechess_text import match_lines, rank_lines
from plywise.arena.tournament.report.page import write_report
from plywise.arena.tournament.sequential import SequentialStop
from plywise.arena.tournament.standings import Standings
from plywise.arena.tournament.store import FinishedGame, GameStore
from plywise.conf.schemas.llm import AskedLLMGroup
from plywise.conf.schemas.tournament import TournamentConfig
from plywise.games.base import Game


@dataclass(frozen=True)
class RunStatistics:
    """Statistics of one run of a tournament.

    Attributes:
        wall_seconds: duration of the run.
        played: number of games played in it.
        busy: share of the workers' possible CPU time that they used; None: unknown.
        interrupted: whether Ctrl-C ended it.
    """

    wall_seconds: float = 0.0
    played: int = 0
    busy: float | None = None
    interrupted: bool = False


def write_results(
    store: GameStore,
    config: TournamentConfig,
    run: RunStatistics,
    folder: Path,
    console: Console,
    game: Game,
) -> None:
    """Print the results of all games that count and write them into ``folder``.

    ``game``: the rules that they were played by.

    Raises:
        RecordFileError: the disk refuses them.
    """
    total = int(store.plan()["total"])
    games = [g for g in store.games() if g.number < total]
    stop = None
    test = config.tournament.sequential_test()
    if test is not None:
        stop = SequentialStop(test, games)
        if stop.decided:
            total = stop.counted
            games = [g for g in games if g.number < total]
            store.set_plan(store.plan() | {"total": total})
    standings = Standings(store.titles, games)
    faults = store.faults()
    trust = trust_of(config)
    rated = ratings_of(games, store.titles, config.tournament)
    summary = standings.summary() | {
        "ratings": None if rated is None else ratings_summary(rated),
        "complete": len(games) == total,
        "sprt": None if stop is None else stop.summary(),
        "faults": len(faults),
        "record": str(store.path),
        "identity": store.identity,
        "configuration_hash": identity_digest(store.identity),
        "decisions": decisions_digest(store, total),
        "trust": trust,
        "run": run,
        "config": config,
    }
    if games:
        console.print(standings.table())
        if len(store.titles) > 2:
            console.print(standings.pairing_table())
        if rated is not None:
            print_ratings(console, rated)
        lines = text_summary(standings, games, rated)
        for title, standing in zip(standings.titles, standings.agents, strict=True):
            if asked(standing.effort):
                lines.append(f"language model of {title}: {llm_long(standing.effort)}")
        lines += [] if stop is None else stop.lines()
        lines += [trust_line(title, trusted) for title, trusted in trust.items()]
        for line in lines:
            console.print(text_line(line), soft_wrap=True)
    llm = config.llm
    if games and isinstance(llm, AskedLLMGroup) and (llm.record or llm.replay):
        console.print(f"decisions: {summary['decisions']} (equal digests: equal games and advice)")
    if faults:
        console.print(f"{len(faults)} games were aborted; see the table faults in the record.")
    if run.busy is not None:
        console.print(
            f"{run.played} games in {run.wall_seconds:.1f} s, workers {run.busy:.0%} busy"
        )
    # After the tables: a full disk must not keep them from being printed.
    write_summary(folder / "summary.json", summary)
    write_csv(folder / "results.csv", games, store.titles)
    write_report(store, folder / "report.html", game=game)
    if run.interrupted:
        console.print(
            f"Interrupted after {len(games)} of {total} games; the same command continues."
        )
    paths = {"record": store.path.absolute()}
    paths |= {"summary": folder / "summary.json", "results": folder / "results.csv"}
    paths["report"] = folder / "report.html"
    for label, path in paths.items():
        console.print(f"{label}: {near(path)}", soft_wrap=True)


def decisions_digest(store: GameStore, total: int) -> str:
    """Return 12 hex digits over the first ``total`` games: actions, values, advice."""
    h = hashlib.sha256()
    for game in store.games(trace=True, numbers=range(total)):
        h.update(repr(game.game()).encode())
        h.update(game.trace)
    return h.hexdigest()[:12]


def trust_of(config: TournamentConfig) -> dict[str, dict[str, Trust]]:
    """Return the trust of each advised agent in its model's guides."""
    if config.llm.name == "none":
        return {}
    return {
        entrant.title: trusts(with_advice(config.llm, entrant), config.game.name)
        for entrant in parse_agents(config.agents)
        if CATALOG[entrant.name].advised
    }


def text_summary(
    standings: Standings, games: list[FinishedGame], rated: Ratings | None
) -> list[str]:
    """Return the summary in the words of cutechess-cli and fastchess."""
    lines: list[str] = []
    if rated is not None and len(rated.players) > 2:
        tallies = dict(zip(standings.titles, (s.tally for s in standings.agents), strict=True))
        lines += rank_lines(
            [(p.player, p.rating, (p.high - p.low) / 2, tallies[p.player]) for p in rated.players]
        )
    for pairing in sorted(standings.pairings):
        mine = [game for game in games if tuple(sorted(game.players)) == pairing]
        lines += match_lines(standings.titles, pairing, mine)
    return lines


def write_csv(path: Path, games: list[FinishedGame], titles: list[str]) -> None:
    """Write the results as ``plywise ratings`` reads them; games without one are left out.

    Raises:
        RecordFileError: the disk refuses it.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["player_a", "player_b", "score_a", "first", "pair"])
    for game in rated_games(games, titles):
        score = f"{game.score_a:g}"
        writer.writerow([game.player_a, game.player_b, score, game.first, game.pair])
    write_whole(path, text.getvalue())
