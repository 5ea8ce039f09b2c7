"""Simple hits between the active Pokémon, and how much they did (:mod:`~..damage_range`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.damage_range import (
    Hit,
    attack_factors,
    defence_factor,
    is_plain,
    modified,
    staged,
)
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.absences import may_be_disguised, species_abilities
from plywise.games.gen9.tracking.known import Channel, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import ProtocolLine, condition_of, place_of, shown_hp

KEPT = 6
"""Hits of one Pokémon that are kept, the last ones."""
_HARMLESS = frozenset(
    """aquaring attract confusion curse destinybond disable eaten encore focusenergy healblock
    imprison ingrain leechseed lockedmove mustrecharge nightmare noretreat partiallytrapped
    perishsong saltcure stall taunt throatchop torment trapped uproar yawn""".split()
)
"""Conditions of a Pokémon that change no damage."""
_PLAIN_CALLBACKS = frozenset(
    """onAfterHit onAfterMove onAfterMoveSecondarySelf onAfterSubDamage onHit onMoveFail onTry
    onTryMove secondary.onHit self.onHit""".split()
)
_SPECIAL = frozenset(
    """damage ignoreAbility ignoreDefensive multihit ohko overrideDefensiveStat
    overrideOffensivePokemon overrideOffensiveStat""".split()
)
"""Fields of a move that goes by other rules."""
_TYPE_BY_ITEM = frozenset(["multitype", "rkssystem"])
"""Abilities whose holder has the type of its item."""
_SCREENS = frozenset(["auroraveil", "lightscreen", "reflect"])
_FIELDS = {
    "electricterrain": ["Electric"],
    "grassyterrain": ["Grass", "Ground"],
    "mistyterrain": ["Dragon"],
    "psychicterrain": ["Psychic"],
    "raindance": ["Fire", "Water"],
    "sunnyday": ["Fire", "Water"],
    "": [],
}
"""Weather or terrain -> types of attacks that it changes; another one is not simple."""


class Hits:
    """Notes simple hits of and on the opponent's Pokémon.

    Args:
        reader: of whose lines and knowledge it goes by; a spectator's notes nothing.
    """

    def __init__(self, reader: Channel) -> None:
        self._reader = reader
        self._side, self._move, self._critical = -1, "", False

    def before(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has not read yet."""
        kind = line.kind
        if self._reader.player is None:
            return
        if kind == "move":
            self._side, self._move = place_of(line.arg(0))[0], to_id(line.arg(1))
            self._critical = False
        elif kind == "-crit":
            self._critical = True
        elif kind == "-damage":
            if not line.tags and place_of(line.arg(0))[0] == 1 - self._side:
                self._hit(line)
            self._move = ""
        elif kind in ("", "-enditem", "-activate", "switch", "drag", "-heal"):
            self._move = ""

    def _hit(self, line: ProtocolLine) -> None:
        battle, player = self._reader.battle, self._reader.player
        assert player is not None
        move = load().moves.get(self._move)
        own, foe = battle.sides[player], battle.sides[1 - player]
        mine, theirs = own.mon, foe.mon
        if move is None or mine is None or theirs is None or mine.stats is None:
            return
        if may_be_disguised(foe):
            return
        # The next request tells which of the player's own has come in.
        if not own.turns and any(mon.base_ability == "illusion" for mon in own.mons):
            return
        dealt = self._side == player
        attacker, target = (own, foe) if dealt else (foe, own)
        if not self._simple(move, attacker, target) or mine.item is None or mine.ability is None:
            return
        if theirs.item != theirs.first_item or theirs.ability != theirs.base_ability:
            return
        if not is_plain(mine.ability) or not is_plain(theirs.ability or ""):
            return
        seen = self._damage(line, dealt=dealt)
        if seen is None:
            return
        physical = move["category"] == "Physical"
        effectiveness = sum(effect_on(t, move["type"]) for t in _types(target))
        attack, defence = ("atk", "def") if physical else ("spa", "spd")
        stat = attack if dealt else defence
        count = {"atk": 0, "def": 1, "spa": 2, "spd": 3}[stat]
        stages = {attack: attacker.boosts.get(attack, 0), defence: target.boosts.get(defence, 0)}
        if self._critical:
            stages = {attack: max(0, stages[attack]), defence: min(0, stages[defence])}
        if dealt:
            factors = attack_factors(mine.item, move["type"], effectiveness, physical=physical)
            factor = None if factors is None else factors[0]
        else:
            factor = defence_factor(mine.item, mine.species, physical=physical)
        if factor is None:
            return
        hit = Hit(
            dealt=dealt,
            physical=physical,
            level=(mine if dealt else theirs).level,
            power=self._power(move, mine if dealt else theirs),
            type=move["type"],
            own_stat=modified(staged(mine.stats[count], stages[stat]), factor),
            own_item=mine.item if dealt else "",
            stage=stages[defence if dealt else attack],
            critical=self._critical,
            burned=physical and (mine if dealt else theirs).status == "brn",
            stab=_stab(attacker, move["type"]),
            effectiveness=effectiveness,
            least=float(seen[0]),
            most=float(seen[1]),
        )
        if hit not in theirs.hits:
            theirs.hits = (*theirs.hits, hit)[-KEPT:]

    @staticmethod
    def _power(move: Mapping[str, Any], attacker: KnownMon) -> int:
        power, priority = int(move["basePower"]), int(move["priority"])
        same = attacker.terastallized and attacker.tera_type == move["type"]
        return 60 if same and power < 60 and priority <= 0 else power

    def _damage(self, line: ProtocolLine, *, dealt: bool) -> tuple[float, float] | None:
        """Return the least and the most damage that a line tells; None: too little."""
        battle, player = self._reader.battle, self._reader.player
        assert player is not None
        now, most, _ = condition_of(line.arg(1))
        mon = battle.sides[1 - player if dealt else player].mon
        if mon is None or (now and most != mon.max_hp and not self._reader.exact):
            return None
        if not dealt:
            if now == 1:
                return None  # it may have endured
            return (mon.hp - now, mon.hp - now if now else 1e9)
        if self._reader.exact and most:
            now = shown_hp(now, most)
        if mon.max_hp != 100 or now == 1:
            return None
        was_low, was_high = _percent(mon.hp)
        low, high = _percent(now)
        return (was_low - high, was_high - low if now else 1e9)

    def _simple(self, move: Mapping[str, Any], attacker: KnownSide, target: KnownSide) -> bool:
        battle = self._reader.battle
        callbacks = move.get("cb", ())
        if move["category"] == "Status" or not move["basePower"] or move["type"] == "Stellar":
            return False
        if _SPECIAL & move.keys() or not _PLAIN_CALLBACKS.issuperset(callbacks):
            return False
        if battle.conditions.keys() - {battle.weather, battle.terrain, "trickroom"}:
            return False
        for field in (battle.weather, battle.terrain):
            if field not in _FIELDS or move["type"] in _FIELDS[field]:
                return False
        if _SCREENS & target.conditions.keys() or target.conditions.keys() & {"futuremove"}:
            return False
        for side in (attacker, target):
            mon = side.mon
            if mon is None or side.copy is not None or side.stat_moves or side.types:
                return False
            if side.added_type or side.effects.keys() - _HARMLESS:
                return False
            if mon.forme not in ("", mon.species) or mon.tera_type == "Stellar":
                return False
            if _TYPE_BY_ITEM & species_abilities(mon.species):
                return False
        return True


def _percent(shown: int) -> tuple[float, float]:
    """Return the least and the most percent of HP that are shown as ``shown``."""
    if shown in (0, 100):
        return shown, shown
    return shown - 1, 100 if shown == 99 else shown


def _types(side: KnownSide) -> tuple[str, ...]:
    mon = side.mon
    if mon is None:
        return ()
    if mon.terastallized and mon.tera_type:
        return (mon.tera_type,)
    return tables.types_of_forme(mon.species)


def _stab(side: KnownSide, type: str) -> int:
    mon = side.mon
    if mon is None:
        return 4096
    natural = type in tables.types_of_forme(mon.species)
    if mon.terastallized and mon.tera_type == type:
        return 8192 if natural else 6144
    return 6144 if natural else 4096


@cache
def effect_on(target: str, attack: str) -> int:
    """Return 1 where a type is weak to an attack's, -1 where it resists it, else 0."""
    taken = load().typechart[to_id(target)]["damageTaken"]
    return {1: 1, 2: -1}.get(taken.get(attack, 0), 0)
