"""What an analysis has found, as plain values: the table, the page and the JSON are made of it.

All chances are of winning, from 0 to 1, for the player who decided; a tie counts half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Measured:
    """A figure with its noise.

    Attributes:
        value: mean over the seeds.
        error: half of its 95 % interval; None: one seed, or a search that draws nothing.
    """

    value: float
    error: float | None = None


@dataclass(frozen=True)
class ActionWorth:
    """One action at a decision.

    Attributes:
        name: of the action.
        share: how often the search would play it, the mean over the seeds.
        win: the chance after it; None: it was not searched.
        drawn: the log does not show that the player had it: some seeds drew it.
        chosen: it was played.
    """

    name: str
    share: float
    win: Measured | None
    drawn: bool = False
    chosen: bool = False


@dataclass(frozen=True)
class BelievedMon:
    """What was believed of one of the opponent's Pokémon.

    Attributes:
        species: name for people.
        known: what had been told of its set by then.
        items, abilities, tera_types, moves: name -> share of the worlds, the largest first; told
            ones have 1.
    """

    species: str
    known: tuple[str, ...]
    items: Mapping[str, float]
    abilities: Mapping[str, float]
    tera_types: Mapping[str, float]
    moves: Mapping[str, float]


@dataclass(frozen=True)
class BelievedTeam:
    """The belief about the opponent's team at a decision.

    Attributes:
        mons: those that had been out.
        unseen: species of the others -> chance that it is among them.
        worlds: number of drawn worlds.
    """

    mons: tuple[BelievedMon, ...] = ()
    unseen: Mapping[str, float] = field(default_factory=dict)
    worlds: int = 0


@dataclass(frozen=True)
class AnalysedDecision:
    """One decision of one player.

    Attributes:
        moment: number of the decision in the game; both players' of one moment share it.
        turn: of the battle, 0 at Team Preview; of other games the number of the move.
        player: 0 or 1.
        before: the chance if the search plays on; None: it could not be searched (``failure``).
        after: the chance after what was played; None: that is not known.
        cost: what the choice cost: ``before`` less ``after``; None: not known.
        choice: what was played; "" not known, and ``unknown`` says why.
        best: what the search would most often play, and ``share`` how often.
        forced: nothing else could be chosen.
        reply: the opponent's choice at the same moment; "" none, or not known.
        actions: all, the most played first.
        belief: about the opponent.
        position: for the page (``positions.py``).
        failure: why it could not be searched; "" it was.
        blunder: it cost the threshold at least, and more than its noise.
    """

    moment: int
    turn: int
    player: int
    before: Measured | None = None
    after: Measured | None = None
    cost: Measured | None = None
    choice: str = ""
    unknown: str = ""
    best: str = ""
    share: float = 0.0
    forced: bool = False
    reply: str = ""
    actions: tuple[ActionWorth, ...] = ()
    belief: BelievedTeam | None = None
    position: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    blunder: bool = False


@dataclass
class GameAnalysis:
    """The analysis of a game, whole or as far as it came.

    Attributes:
        title: what was played.
        players: their names, of any text.
        analysed: the players whose decisions are here.
        result: in words; "" not known.
        decisions: in order of time.
        total: number of decisions that there are of these players.
        events: turn -> what happened in it, as (side or -1, words).
        notes: what a reader has to know of the figures, a sentence each.
        battle: of Pokémon; else a board game.
    """

    title: str
    players: tuple[str, str]
    analysed: tuple[int, ...]
    result: str = ""
    decisions: list[AnalysedDecision] = field(default_factory=list)
    total: int = 0
    events: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    battle: bool = True

    def of(self, player: int) -> list[AnalysedDecision]:
        """Return a player's decisions."""
        return [one for one in self.decisions if one.player == player]

    def costliest(self, player: int) -> AnalysedDecision | None:
        """Return the player's choice that cost most; None: no cost is known."""
        known = [one for one in self.of(player) if one.cost is not None]
        return max(known, key=lambda one: one.cost.value if one.cost else 0.0, default=None)
