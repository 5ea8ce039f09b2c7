"""Computed facts about options: damage, knock-outs, order of moves, averaged over worlds.

Small models know no type chart but use stated facts (measured: a 1.5B model that guesses type
matchups answers four in five correctly when the prompt names them).  All figures come from the
engine's damage formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle.constants import CATEGORY_STATUS, MON_TERASTALLIZED, TRICK_ROOM
from plywise.engine.battle.damage_rolls import damage_rolls
from plywise.engine.battle.names import MOVE_ID
from plywise.engine.battle.tables import MOVES
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.infostate import SWITCH, TERA, InfoState, SideView
from plywise.games.gen9.replies import foe_action_name
from plywise.games.gen9.worlds import sample_worlds

_SWITCH_WORLDS = 2
_HITS = {(2, 5): 3}  # (least, most) hits of a move -> mean number of hits, rounded


@dataclass(frozen=True)
class OptionFacts:
    """Facts about one option; None where one does not apply.

    Attributes:
        low, high: least and most damage, as a fraction of the target's maximum HP.
        knock_out: probability that the damage roll knocks out the target, if it hits.
        first: fraction of worlds in which the user acts before the foe's moves of priority 0.
        taken: for a switch, damage of the foe's strongest move (mean roll), as a fraction.
        accuracy: percent; None: it cannot miss.
        hp: for a switch, HP left, as a fraction.
        dealt: at Team Preview, damage of its strongest move, as a fraction, on average over the
            other team; ``taken`` likewise of the other team's.
        outspeeds: at Team Preview, how many of the other team it is faster than, and their number.
        outlook: verdict on the position some turns later (``lookahead.verdicts``); "" none.
    """

    low: float | None = None
    high: float | None = None
    knock_out: float | None = None
    first: float | None = None
    taken: float | None = None
    accuracy: int | None = None
    hp: float | None = None
    dealt: float | None = None
    outspeeds: tuple[int, int] | None = None
    outlook: str = ""

    def words(self) -> str:
        """Return the facts as a short phrase."""
        parts = []
        if self.low is not None and self.high is not None:
            damage = f"{100 * self.low:.0f}-{100 * self.high:.0f}%"
            parts.append(damage if self.high > 0 else "no damage")
        if self.knock_out:
            sure = self.knock_out > 0.995
            parts.append("KO" if sure else f"KO {100 * self.knock_out:.0f}%")
        if self.accuracy is not None and self.accuracy < 100:
            parts.append(f"hits {self.accuracy}%")
        if self.first is not None:
            tie = 0.4 < self.first < 0.6
            parts.append("even speed" if tie else "faster" if self.first > 0.5 else "slower")
        if self.hp is not None:
            parts.append(f"HP {100 * self.hp:.0f}%")
        if self.dealt is not None:
            parts.append(f"deals {100 * self.dealt:.0f}%")
        if self.taken is not None:
            parts.append(f"takes {100 * self.taken:.0f}%")
        if self.outspeeds is not None:
            parts.append(f"faster than {self.outspeeds[0]} of {self.outspeeds[1]}")
        facts = ", ".join(parts)
        # The verdict comes last, where small models use it best.
        return f"({facts}) {self.outlook}" if self.outlook and facts else self.outlook or facts


def _attack_facts(worlds: NDArray[Any], side: int, move: int) -> OptionFacts:
    """Return the facts about a move of side ``side``'s active Pokémon."""
    row = MOVES[move]
    accuracy = int(row["accuracy"]) or None
    first = float(np.mean([_moves_first(w, side, move) for w in worlds]))
    if int(row["category"]) == CATEGORY_STATUS:
        return OptionFacts(first=first, accuracy=accuracy)
    lows, highs, knock_outs = [], [], []
    for rolls, target in hits_on_target(worlds, side, move):
        most = max(1, int(target["max_hp"]))
        lows.append(float(rolls.min()) / most)
        highs.append(float(rolls.max()) / most)
        knock_outs.append(float(np.mean(rolls >= int(target["hp"]))))
    return OptionFacts(
        low=float(np.mean(lows)),
        high=float(np.mean(highs)),
        knock_out=float(np.mean(knock_outs)),
        first=first,
        accuracy=accuracy,
    )


def hits_on_target(
    worlds: NDArray[Any], side: int, move: int
) -> Iterator[tuple[NDArray[np.int32], Any]]:
    """Yield for each world the damage rolls of all hits of a move, and the target."""
    row = MOVES[move]
    hits = _HITS.get((int(row["hits_min"]), int(row["hits_max"])), int(row["hits_max"]) or 1)
    for k, world in enumerate(worlds):
        foe = world["sides"][1 - side]
        yield damage_rolls(worlds, k, side, move) * hits, foe["mons"][int(foe["active"])]


def _moves_first(world: Any, side: int, move: int) -> float:
    """Return 1 if the move comes before the foe's moves of priority 0, 0.5 for a tie, else 0."""
    priority = int(MOVES[move]["priority"])
    if priority:
        return float(priority > 0)
    own, foe = int(world["sides"][side]["speed"]), int(world["sides"][1 - side]["speed"])
    if own == foe:
        return 0.5
    return float((own > foe) != bool(world["pseudo_weather"][TRICK_ROOM]))


def own_option_facts(
    info: InfoState, worlds: NDArray[Any], belief: SetBelief
) -> dict[int, OptionFacts]:
    """Return facts for each of the player's legal actions."""
    found = {}
    mon = info.own.active_mon
    for action in info.legal:
        facts = OptionFacts()
        if action < SWITCH and mon is not None and action % 4 < len(mon.usable):
            pool = worlds if action < TERA else terastallized(worlds, info.player)
            facts = _attack_facts(pool, info.player, MOVE_ID[mon.usable[action % 4].id])
        elif SWITCH <= action < SWITCH + len(info.own.mons) and not info.reviving:
            facts = _switch_facts(info, action - SWITCH, belief)
        found[action] = facts
    return found


def terastallized(worlds: NDArray[Any], side: int) -> NDArray[Any]:
    """Return worlds in which the active Pokémon of ``side`` has Terastallized."""
    pool = worlds.copy()
    for world in pool:
        own = world["sides"][side]
        mon = own["mons"][int(own["active"])]
        mon["flag_bits"] |= MON_TERASTALLIZED
    return pool


def _switch_facts(info: InfoState, index: int, belief: SetBelief) -> OptionFacts:
    """Return the facts about a switch: HP, and the damage of the foe's strongest move."""
    foe = info.foe.active_mon
    hp = info.own.mons[index].hp_fraction
    if foe is None or foe.fainted:
        return OptionFacts(hp=hp)
    before = info.own
    own = SideView(  # whoever comes in has nothing of what the one before had
        before.mons,
        index,
        conditions=before.conditions,
        size=before.size,
        fainted_now=before.fainted_now,
        fainted_before=before.fainted_before,
        fallen=before.fallen,
        can_tera=before.can_tera,
    )
    after = replace(info, own=own, request="move", trapped=False)
    worlds = sample_worlds(after, _SWITCH_WORLDS, seed=info.turn, belief=belief)
    side = 1 - info.player
    worst = []
    for k, world in enumerate(worlds):
        attacker = world["sides"][side]
        target = world["sides"][info.player]["mons"][index]
        moves = [int(m) for m in attacker["mons"][int(attacker["active"])]["moves"] if m]
        hits = [float(np.mean(damage_rolls(worlds, k, side, m))) for m in moves]
        worst.append(max(hits, default=0.0) / max(1, int(target["max_hp"])))
    return OptionFacts(hp=hp, taken=float(np.mean(worst)))


def foe_options(info: InfoState) -> list[tuple[str, int]]:
    """Return (name, action) of the opponent's options that are known.

    These are its revealed moves (the first slots in all worlds, in this order) and switches to
    revealed Pokémon; unrevealed options differ between worlds.  At Team Preview it may name whoever
    that shows.
    """
    foe = info.foe
    if info.previewing:
        actions = (SWITCH + index for index in range(len(foe.previewed)))
        return [(foe_action_name(info, action), action) for action in actions]
    active = foe.active_mon
    if info.request != "move" or active is None or active.fainted or foe.active is None:
        return []
    moves = [(m.id, slot) for slot, m in enumerate(active.moves[:4]) if MOVE_ID.get(m.id)]
    others = [(i, m) for i, m in enumerate(foe.mons) if i != foe.active and not m.fainted]
    return [*moves, *((f"switch {mon.species}", SWITCH + index) for index, mon in others)]


def foe_option_facts(info: InfoState, worlds: NDArray[Any]) -> list[tuple[str, int, OptionFacts]]:
    """Return (name, action, facts) of the opponent's options that are known."""
    options: list[tuple[str, int, OptionFacts]] = []
    for name, action in foe_options(info):
        if action < SWITCH:
            facts = _attack_facts(worlds, 1 - info.player, MOVE_ID[name])
        else:
            facts = OptionFacts(hp=info.foe.mons[action - SWITCH].hp_fraction)
        options.append((name, action, facts))
    return options


def damage_done(worlds: NDArray[Any], player: int) -> float:
    """Return the foe's lost HP in units of maximal HP (a ``search.one_step.Measure``)."""
    mons = worlds["sides"][:, 1 - player]["mons"]
    left = (mons["hp"] / np.maximum(mons["max_hp"], 1)).sum(axis=1)
    return -float(left.mean())
