"""The live table of battles on a Showdown server, and the figures of the summary."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plywise.arena.play.guide_words import llm_long, llm_short
from plywise.arena.play.record import Clock
from plywise.arena.ratings.intervals import Tally
from plywise.games.showdown.session.ratings import RatingChange
from plywise.search.guide.protocol import GuideReport

TEAM = 6


@dataclass
class LiveBattle:
    """One battle as last seen by our side; no text chosen by the opponent is kept.

    Attributes:
        own_hp, foe_hp: summed HP of a side in Pokémon, 0 … ``size``; unseen ones count as 1.
        size: Pokémon of a side in the battle.
        value: our expected result in [-1, 1]; None: the agent gives none.
        opponent: id of the other user (letters and digits); "" unknown.
        rating, foe_rating: ratings before and after it; None: the server told none.
    """

    tag: str
    number: int
    turn: int = 0
    own: str = ""
    foe: str = ""
    own_hp: float = TEAM
    foe_hp: float = TEAM
    size: int = TEAM
    last_own: str = ""
    last_foe: str = ""
    value: float | None = None
    clock: Clock = field(default_factory=Clock)
    guide: GuideReport = field(default_factory=GuideReport)
    fallbacks: int = 0
    result: float | None = None
    finished: bool = False
    out_of_time: str = ""
    replay: str = ""
    opponent: str = ""
    rating: RatingChange | None = None
    foe_rating: RatingChange | None = None
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0


@dataclass
class MatchFigures:
    """Totals of a run so far.

    Attributes:
        reconnects: connections made again after a loss.
        rejoined: battles whose log was read again; ``resumed``: found under way at the start.
        rating: our rating before the first rated battle and after the last; None: none was told.
        answered: advice after which it was seen what the person played; ``followed``: the same.
    """

    tally: Tally = field(default_factory=Tally)
    clock: Clock = field(default_factory=Clock)
    guide: GuideReport = field(default_factory=GuideReport)
    fallbacks: int = 0
    own_timeouts: int = 0
    foe_timeouts: int = 0
    failures: int = 0
    lost_records: int = 0
    reconnects: int = 0
    rejoined: int = 0
    resumed: int = 0
    rating: RatingChange | None = None
    answered: int = 0
    followed: int = 0


def hp_bar(hp: float, color: str, size: int = TEAM) -> Text:
    """Return a bar with a cell for each Pokémon's worth of HP, with the number below."""
    full = round(hp)
    return Text.assemble(("█" * full, color), ("░" * (size - full), "dim"), f"\n{hp:.1f}")


def picture(
    battles: list[LiveBattle],
    figures: MatchFigures,
    *,
    total: int | None,
    uses_llm: bool,
    elapsed: float,
) -> RenderableType:
    """Return the live picture: running battles, then the state of the whole run.

    Two lines a battle, so that it fits into 80 columns.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    headings = ["#", "turn", "own", "HP", "foe", "HP", "value", "s/move"]
    if uses_llm:
        headings.append("LLM")
    for heading in headings:
        right = heading in ("turn", "value", "s/move")
        table.add_column(heading, justify="right" if right else "left", overflow="ellipsis")
    for battle in battles:
        value = "–" if battle.value is None else f"{battle.value:+.2f}"
        pace = f"{battle.clock.mean:.2f}" if battle.clock.decisions else "–"
        row: list[RenderableType] = [
            str(battle.number),
            str(battle.turn),
            f"{battle.own or '…'}\n{battle.last_own}",
            hp_bar(battle.own_hp, "green", battle.size),
            f"{battle.foe or '…'}\n{battle.last_foe}",
            hp_bar(battle.foe_hp, "red", battle.size),
            value,
            pace,
        ]
        if uses_llm:
            row.append(llm_short(battle.guide).replace(", ", "\n", 1))
        table.add_row(*row)
    state = Text()
    state.append(_of(figures.tally.games, total), style="bold")
    state.append(f"  won-drawn-lost {figures.tally}  {elapsed:.0f} s")
    if uses_llm:
        state.append(f"  LLM {llm_short(figures.guide)}")
    if figures.fallbacks:
        state.append(f"  fallbacks {figures.fallbacks}", style="yellow")
    return Group(table, state) if battles else state


def _of(battles: int, total: int | None) -> str:
    return f"{battles} of {total} battles" if total else f"{battles} battles"


def _doing(species: str, move: str) -> str:
    return f"{species}: {move}" if move else species or "…"


def battle_line(battle: LiveBattle, total: int | None) -> str:
    """Return the line that stays when a battle has ended; ``total`` None or 0: no number known."""
    result = {None: "no result", 1.0: "won", -1.0: "lost", 0.0: "drawn"}[battle.result]
    late = f", {battle.out_of_time} out of time" if battle.out_of_time else ""
    of = f" of {total}" if total else ""
    if battle.rating is not None:
        late += f", rating {battle.rating.before} to {battle.rating.after}"
    hp = f"{battle.own_hp:.1f} v {battle.foe_hp:.1f} of {battle.size} HP"
    return (
        f"Battle {battle.number}{of}: {result} on turn {battle.turn} after "
        f"{battle.seconds:.1f} s, {hp}{late}"
    )


def turn_line(battle: LiveBattle, uses_llm: bool) -> str:
    """Return one line of progress for output that is no terminal."""
    value = "" if battle.value is None else f", value {battle.value:+.2f}"
    llm = f", LLM {llm_short(battle.guide)}" if uses_llm else ""
    return (
        f"  battle {battle.number}, turn {battle.turn}: {_doing(battle.own, battle.last_own)} "
        f"({battle.own_hp:.1f}/{battle.size}) v {_doing(battle.foe, battle.last_foe)} "
        f"({battle.foe_hp:.1f}/{battle.size}){value}{llm}"
    )


def summary_table(
    figures: MatchFigures, *, names: tuple[str, str], total: int | None, uses_llm: bool
) -> Table:
    """Return the table printed at the end of a run."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    tally = figures.tally
    table.add_row("match", f"{names[0]} v {names[1]}, {_of(tally.games, total)}")
    interval = f"{tally.interval} (Wilson 95 %, draw = ½)" if tally.games else "none yet"
    table.add_row("score", interval)
    table.add_row("won-drawn-lost", str(tally))
    for count, label in (
        (tally.errors, "without result"),
        (figures.own_timeouts, "own time losses"),
        (figures.foe_timeouts, "opponent's time losses"),
        (figures.fallbacks, "fallback moves"),
        (figures.failures, "errors in poke-env"),
        (figures.lost_records, "lost records"),
        (figures.reconnects, "connections made again"),
        (figures.rejoined, "battles joined again"),
        (figures.resumed, "battles found again"),
    ):
        if count or label in ("fallback moves", "own time losses"):
            table.add_row(label, str(count))
    if figures.rating is not None:
        table.add_row("rating", f"{figures.rating.before} to {figures.rating.after}")
    if figures.answered:
        table.add_row("advice followed", f"{figures.followed} of {figures.answered}")
    clock = figures.clock
    if clock.decisions:
        table.add_row(
            "decisions",
            f"{clock.decisions}, {clock.mean:.2f} s mean, {clock.longest:.2f} s longest",
        )
    table.add_row("language model", llm_long(figures.guide) if uses_llm else "none")
    return table
