"""Reads the lines of one channel of a battle, in order.

A player's channel shows exact HP of its own Pokémon and percent of the opponent's; a spectator's
shows percent of both.  What is read here is what Showdown's simulator wrote (``sim/battle.js``,
``data/*.js``); the names of the methods are those of the lines.
"""

from __future__ import annotations

from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.conditions import Conditions
from plywise.games.gen9.tracking.entries import Entries
from plywise.games.gen9.tracking.health import Health
from plywise.games.gen9.tracking.known import KnownSide
from plywise.games.gen9.tracking.moves import Moves
from plywise.games.gen9.tracking.wire import ProtocolLine, parse_line

_SILENT = frozenset(
    """chat c c: j l n J L N join leave name player gametype gen tier rated rule clearpoke poke
    teampreview start request inactive inactiveoff t: raw html uhtml uhtmlchange title init deinit
    expire error bigerror debug message -message -hint -block -notarget -miss -crit -resisted
    -supereffective -immune -hitcount -nothing -ohko -combine -waiting -center -fieldactivate
    -zpower -mega -burst -primal -candynamax -swap swap showteam noinit users updateuser split
    cantleave done win tie""".split()
)
"""Lines that tell nothing of the state, or only what their cause tells."""
_END_SILENTLY = (
    *tables.STREAKS,
    *"allyswitch lockon micleberry mustrecharge stall throatchop twoturnmove yawn".split(),
)


class Tracker(Entries, Moves, Health, Conditions):
    """What the lines of one channel have said of a battle.

    Args:
        player: side whose channel it is, 0 or 1; None: a spectator's.

    Attributes:
        battle: what is known now.
    """

    def read(self, text: str) -> None:
        """Read one line; a kind that is not known is counted in ``battle.unknown``."""
        line = parse_line(text)
        kind = line.kind
        if self._blank:
            # An empty line opens a phase: with a time stamp that of choices, else the end of turn.
            self._blank = False
            self.battle.residual = kind not in ("t:", "win", "tie")
        reader = self._readers.get(kind)
        if reader is not None:
            self._learn(line)
            reader(line)
        elif kind == "":
            self._blank = self.battle.turn > 0
        elif kind not in _SILENT:
            self.battle.unknown[kind] = self.battle.unknown.get(kind, 0) + 1
        else:
            self._learn(line)

    def _on_teamsize(self, line: ProtocolLine) -> None:
        self._side(line.arg(0) + ": ").size = int(line.arg(1))

    def _on_turn(self, line: ProtocolLine) -> None:
        battle = self.battle
        battle.turn, battle.residual = int(line.arg(0)), False
        for side in battle.sides:
            side.acted = False
            side.turns += 1

    def _on_upkeep(self, line: ProtocolLine) -> None:
        battle = self.battle
        battle.ends += 1
        battle.residual = False
        for side in battle.sides:
            self._expire(side)
            for name in ("wish", "futuremove"):  # they may find nobody, and no line says it
                slot = side.conditions.get(name)
                if slot is not None and slot.left(battle.ends) == 0:
                    del side.conditions[name]

    def _expire(self, side: KnownSide) -> None:
        """End the conditions without a line of their own whose time is over."""
        for name, effect in list(side.effects.items()):
            left = effect.left(self.battle.ends)
            if left is not None and left <= 0 and (effect.length == 1 or name in _END_SILENTLY):
                del side.effects[name]
