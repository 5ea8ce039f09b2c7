"""Advice to a person in a battle on a server, for the terminal."""

from __future__ import annotations

from rich.console import Console

from plywise.arena.output.screen import text_line
from plywise.arena.play.explain import explanation, show_explanation
from plywise.games.gen9.infostate import MonView, from_json
from plywise.games.gen9.state import InfoStateView
from plywise.games.showdown.player import DecisionRecord


def show_advice(console: Console, number: int, record: DecisionRecord) -> None:
    """Print what the agent would play, its chance to win, and why.

    Nothing that the opponent can write is in a record.

    Args:
        console: prints it.
        number: the battle's number in this run.
        record: the advice.
    """
    info = from_json(record.infostate)
    head = f"Battle {number}, Team Preview:"
    if not info.previewing:
        out = f"{_shown(info.own.active_mon)} v {_shown(info.foe.active_mon)}"
        head = f"Battle {number}, turn {record.turn}, {out}:"
    decision = record.decision
    if decision is None:
        console.print(text_line(f"{head} no advice ({record.fallback})"), soft_wrap=True)
        return
    chance = ""
    if decision.values:  # expected results lie in [-1, 1]
        chance = f", win chance {(1 + decision.value) / 2:.0%}"
    words = (f"{record.action}{chance}", "bold")
    console.print(text_line(f"{head} ", words, f"  [{record.seconds:.1f} s]"), soft_wrap=True)
    if len(info.legal) > 1:
        found = explanation(InfoStateView(info), info.player, decision)
        show_explanation(console, found)


def _shown(mon: MonView | None) -> str:
    return "nobody" if mon is None else f"{mon.species} {mon.hp_fraction:.0%}"
