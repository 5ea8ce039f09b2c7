"""Results of a tournament so far, overall and by pairing, as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.box import SIMPLE_HEAD
from rich.table import Table

from plywise.arena.output.screen import text_line
from plywise.arena.play.record import Side
from plywise.arena.ratings.intervals import Tally
from plywise.arena.tournament.store import FinishedGame


@dataclass
class Standing:
    """One agent's results so far; ``faults`` counts abandoned games with this agent at fault."""

    tally: Tally = field(default_factory=Tally)
    effort: Side = field(default_factory=Side)
    faults: int = 0


class Standings:
    """All agents' results in ``games``, by their indices."""

    def __init__(self, titles: Sequence[str], games: Iterable[FinishedGame] = ()) -> None:
        self.titles = list(titles)
        self.agents = [Standing() for _ in titles]
        self.pairings: dict[tuple[int, int], Tally] = {}
        self.games = 0
        for game in games:
            self.add(game)

    def add(self, game: FinishedGame) -> None:
        """Count one game; a pairing is counted for the agent with the lower index."""
        first, second = sorted(game.players)
        self.pairings.setdefault((first, second), Tally()).add(game.result_of(first))
        for agent, side in zip(game.players, game.sides, strict=True):
            standing = self.agents[agent]
            standing.tally.add(game.result_of(agent))
            standing.effort.add(side)
        if game.error and game.at_fault is not None:
            self.agents[game.at_fault].faults += 1
        self.games += 1

    def shares(self) -> list[float]:
        """Return each agent's share of its points, ½ without games."""
        return [s.tally.interval.value for s in self.agents]

    def table(self) -> Table:
        """Return the table of agents, best score first.

        LLM counts calls, used the answers that a search used; errors are abandoned games and
        fallback moves.
        """
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("agent", overflow="fold")
        for heading in ("score [95 %]", "W-D-L", "s/move", "max s", "LLM", "used", "errors"):
            table.add_column(heading, justify="right", no_wrap=True)
        ranked = sorted(
            zip(self.titles, self.agents, strict=True),
            key=lambda item: -item[1].tally.interval.value,
        )
        for name, standing in ranked:
            tally, effort = standing.tally, standing.effort
            table.add_row(
                text_line(name),
                str(tally.interval) if tally.games else "–",
                str(tally),
                f"{effort.mean:.3f}" if effort.decisions else "–",
                f"{effort.longest:.3f}" if effort.decisions else "–",
                str(effort.calls) if effort.calls else "–",
                str(effort.used) if effort.used else "–",
                str(standing.faults + effort.fallbacks),
            )
        return table

    def pairing_table(self) -> Table:
        """Return the table of pairings, seen from the first agent."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("pairing", overflow="fold")
        for heading in ("score [95 %]", "W-D-L", "no result"):
            table.add_column(heading, justify="right", no_wrap=True)
        for (first, second), tally in sorted(self.pairings.items()):
            value = str(tally.interval) if tally.games else "–"
            names = f"{self.titles[first]} v {self.titles[second]}"
            table.add_row(text_line(names), value, str(tally), str(tally.errors))
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
                title: numbers(s.tally)
                | {
                    "errors": s.faults,
                    "effort": s.effort,
                    "decisions": s.effort.decisions,
                    "seconds_per_decision": s.effort.mean,
                    "longest_decision_seconds": s.effort.longest,
                }
                for title, s in zip(self.titles, self.agents, strict=True)
            },
            "pairings": [
                {"first": self.titles[first], "second": self.titles[second]} | numbers(tally)
                for (first, second), tally in sorted(self.pairings.items())
            ],
        }
