"""The analysis as a table in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plywise.arena.analysis.results import AnalysedDecision, BelievedMon, GameAnalysis, Measured
from plywise.arena.output.screen import text_line

_BELIEFS = 3  # blunders whose belief is printed
_LIKELY = 0.2  # shares that are printed
_UNCERTAIN = 0.98


def print_analysis(console: Console, found: GameAnalysis) -> None:
    """Print the tables of all players that were analysed, and what their figures mean."""
    console.print(text_line((found.title, "bold"), f": {found.result or 'no result'}"))
    for player in found.analysed:
        console.print()
        _player(console, found, player)
    for note in found.notes:
        console.print(text_line((note, "dim")), soft_wrap=True)


def _player(console: Console, found: GameAnalysis, player: int) -> None:
    decisions = found.of(player)
    console.print(text_line("for ", (found.players[player], "bold"), f" (player {player})"))
    if not decisions:
        console.print("no decision was analysed")
        return
    console.print(_table(found, decisions))
    worst = found.costliest(player)
    if worst is not None and worst.cost is not None and worst.cost.value > 0:
        console.print(
            text_line(
                "costliest: ",
                (f"{_when(found, worst)}, {worst.choice}", "bold"),
                f", {chance_in_words(worst.cost, sign=True)}; the search would play {_best(worst)}",
            ),
            soft_wrap=True,
        )
    marked = [one for one in decisions if one.blunder]
    for one in sorted(marked, key=_cost, reverse=True)[:_BELIEFS]:
        for line in _belief_lines(found, one):
            console.print(line, soft_wrap=True)


def _cost(one: AnalysedDecision) -> float:
    return one.cost.value if one.cost is not None else 0.0


def _when(found: GameAnalysis, one: AnalysedDecision) -> str:
    if found.battle and not one.turn:
        return "Team Preview"
    return f"{'turn' if found.battle else 'move'} {one.turn}"


def _table(found: GameAnalysis, decisions: list[AnalysedDecision]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("turn" if found.battle else "move", justify="right", no_wrap=True)
    table.add_column("before", justify="right", no_wrap=True)
    table.add_column("played", overflow="fold")
    table.add_column("after", justify="right", no_wrap=True)
    table.add_column("cost", justify="right", no_wrap=True)
    table.add_column("search plays", overflow="fold")
    for one in decisions:
        style = "bold red" if one.blunder else "dim" if one.forced else ""
        cost = (
            "–" if one.cost is None else "" if one.forced else chance_in_words(one.cost, sign=True)
        )
        table.add_row(
            str(one.turn),
            chance_in_words(one.before),
            text_line(played_words(one)),
            chance_in_words(one.after),
            f"{'?? ' if one.blunder else ''}{cost}",
            text_line(_best(one)),
            style=style,
        )
    return table


def played_words(one: AnalysedDecision) -> str:
    """Return what was played, or why that is not known."""
    if one.choice:
        return f"{one.choice} (forced)" if one.forced else one.choice
    return f"unknown ({one.unknown})" if one.unknown else "unknown"


def _best(one: AnalysedDecision) -> str:
    if one.failure:
        return one.failure
    if one.forced:
        return ""
    drawn = any(action.drawn and action.name == one.best for action in one.actions)
    return f"{one.best}{' ?' if drawn else ''} {one.share:.0%}"


def chance_in_words(found: Measured | None, *, sign: bool = False) -> str:
    """Return a chance in percent with its noise: ``56.1 ±3.0``; of a cost with its sign."""
    if found is None:
        return "–"
    value = 100 * found.value
    # What a choice costs is a loss; a cost below 0 is noise.
    shown = f"{-value:+.1f}".replace("-", "−") if sign else f"{value:.1f}"
    if sign and abs(value) < 0.05:
        shown = "0.0"
    error = "" if found.error is None else f" ±{100 * found.error:.1f}"
    return f"{shown}{error}"


def _belief_lines(found: GameAnalysis, one: AnalysedDecision) -> Iterator[Text]:
    if one.belief is None:
        return
    active = one.position.get("foe", {}).get("active")
    mons = one.position.get("foe", {}).get("mons", [])
    out = mons[active]["name"] if active is not None and active < len(mons) else ""
    for mon in one.belief.mons:
        if mon.species == out:
            yield text_line(
                (f"{_when(found, one)}: ", "bold"), f"believed of {mon.species}: {believed(mon)}"
            )


def believed(mon: BelievedMon) -> str:
    """Return the belief about a set in a line: what is likely, with its share where not sure."""
    parts = [_likely(mon.items), _likely(mon.abilities), _likely(mon.moves)]
    tera = _likely(mon.tera_types)
    return "; ".join(part for part in (*parts, f"Tera {tera}" if tera else "") if part)


def _likely(shares: Mapping[str, float]) -> str:
    return ", ".join(
        name if share >= _UNCERTAIN else f"{name} {share:.0%}"
        for name, share in shares.items()
        if share >= _LIKELY
    )
