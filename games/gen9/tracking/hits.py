"""Hits between the active Pokémon, with what decides their damage (``evidence/hit``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plywise.datasets.showdown_data import load, to_id
from plywise.engine.battle.constants import PSEUDO_WEATHER_NAMES
from plywise.games.gen9.evidence.hit import Fighter, Hit
from plywise.games.gen9.tracking.absences import may_be_disguised
from plywise.games.gen9.tracking.known import Channel, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import (
    ProtocolLine,
    condition_of,
    effect_of,
    place_of,
    shown_hp,
)

KEPT = 8
"""Hits of one Pokémon that are kept, the last ones."""
_HARMLESS = frozenset(
    """aquaring attract banefulbunker beakblast burningbulwark confusion curse destinybond disable
    dragoncheer eaten encore endure focusenergy focuspunch followme furycutter healblock imprison
    ingrain leechseed lockedmove magnetrise mustrecharge nightmare noretreat partiallytrapped
    perishsong protean protect rollout saltcure silktrap spikyshield stall stockpile syrupbomb taunt
    throatchop torment trapped truant twoturnmove uproar yawn""".split()
)
"""Conditions of a Pokémon that change no damage."""
_ACTING = frozenset(
    """charge defensecurl flashfire gastroacid glaiverush minimize protosynthesis quarkdrive roost
    slowstart smackdown tarshot""".split()
)
"""Conditions that may, and that the engine's state has."""
_ROOMS = frozenset(PSEUDO_WEATHER_NAMES) - {"echoedvoice"}
_CONDITIONS = frozenset(["auroraveil", "lightscreen", "reflect", "tailwind"])
_UNSURE_SIDES = frozenset(["firepledge", "grasspledge", "waterpledge"])
_OF_THE_MOMENT = frozenset(
    """assurance avalanche beatup bide comeuppance counter doomdesire echoedvoice endeavor
    falseswipe ficklebeam finalgambit firepledge fling furycutter fusionbolt fusionflare
    futuresight grasspledge holdback iceball lashout magnitude mefirst metalburst
    mirrorcoat naturalgift naturesmadness payback pursuit present retaliate revenge
    rollout round ruination spitup stompingtantrum struggle superfang temperflare
    trumpcard uproar waterpledge wringout""".split()
)
"""Moves whose damage depends on what the two Pokémon's state does not hold, or is no guide."""
_OUT_OF_REACH = frozenset(["bounce", "dig", "dive", "fly", "phantomforce", "shadowforce"])
_BY_THE_USERS_HP = frozenset(["dragonenergy", "eruption", "flail", "reversal", "waterspout"])
_BY_THE_TARGETS_HP = frozenset(["crushgrip", "hardpress"])
_ENDS = frozenset(["", "-ability", "-activate", "-enditem", "-heal", "switch", "drag", "cant"])
"""Kinds of lines after which the next damage may be another effect's."""
BEFORE = _ENDS | {"-crit", "-damage", "move"}
"""Kinds of lines that :meth:`Hits.before` takes."""


class Hits:
    """Notes hits of and on the opponent's Pokémon.

    Args:
        reader: of whose lines and knowledge it goes by; a spectator's notes nothing.
    """

    def __init__(self, reader: Channel) -> None:
        self._reader = reader
        self._side, self._move, self._critical, self._number = -1, "", False, 0

    def before(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has not read yet."""
        kind = line.kind
        if self._reader.player is None:
            return
        if kind == "move":
            self._side, self._move = place_of(line.arg(0))[0], to_id(line.arg(1))
            self._critical, self._number = False, 0
            if effect_of(line.tags.get("from", ""))[1] == "mefirst":
                self._move = ""
        elif kind == "-crit":
            self._critical = True
        elif kind == "-damage":
            if self._move and not line.tags and place_of(line.arg(0))[0] == 1 - self._side:
                self._number += 1
                self._hit(line)
                self._critical = False
            elif self._number:
                self._move = ""
        elif kind in _ENDS:
            self._move = ""

    def _hit(self, line: ProtocolLine) -> None:
        battle, player = self._reader.battle, self._reader.player
        assert player is not None
        move = load().moves.get(self._move)
        own, foe = battle.sides[player], battle.sides[1 - player]
        mine, theirs = own.mon, foe.mon
        if move is None or mine is None or theirs is None or mine.stats is None:
            return
        if mine.item is None or mine.ability is None or may_be_disguised(foe):
            return
        if mine.stats_forme not in ("", mine.forme):
            return  # the next request tells its stats
        # The next request tells which of the player's own has come in.
        if not own.turns and any(mon.base_ability == "illusion" for mon in own.mons):
            return
        dealt = self._side == player
        left = self._left(line, dealt=dealt)
        if left is None or not self._describable(move, own, foe, dealt=dealt):
            return
        hit = Hit(
            dealt,
            self._move,
            self._number,
            self._critical,
            _fighter(own, mine, attacks=dealt, known=True),
            _fighter(foe, theirs, attacks=not dealt, known=False),
            left,
            battle.weather,
            battle.terrain,
            tuple(n for n in battle.conditions if n in _ROOMS),
        )
        theirs.hits = (*theirs.hits, hit)[-KEPT:]

    def _left(self, line: ProtocolLine, *, dealt: bool) -> int | None:
        """Return the HP that a line tells are left; None: they do not tell the damage."""
        battle, player = self._reader.battle, self._reader.player
        assert player is not None
        now, most, _ = condition_of(line.arg(1))
        mon = battle.sides[1 - player if dealt else player].mon
        if mon is None or (now and most != mon.max_hp and not self._reader.exact):
            return None
        if dealt and mon.max_hp != 100:
            return None
        if dealt and self._reader.exact and most:
            now = shown_hp(now, most)
        return now if now != 1 else None  # with 1 HP left it may have endured

    def _describable(
        self, move: Mapping[str, Any], own: KnownSide, foe: KnownSide, *, dealt: bool
    ) -> bool:
        """Return whether the two Pokémon's state decides the damage."""
        if move["category"] == "Status" or self._move in _OF_THE_MOMENT or "ohko" in move:
            return False
        if move.get("damage") or "damageCallback" in move.get("cb", ()):
            return False
        if self._number > 1 and "multihit" not in move:
            return False  # a Parental Bond
        if self._move in (_BY_THE_TARGETS_HP if dealt else _BY_THE_USERS_HP):
            return False
        battle = self._reader.battle
        if any(
            name not in PSEUDO_WEATHER_NAMES and name not in (battle.weather, battle.terrain)
            for name in battle.conditions
        ):
            return False
        charge = (foe if dealt else own).effects.get("twoturnmove")
        if charge is not None and charge.move in _OUT_OF_REACH and not charge.count:
            return False  # what reaches it there may have twice the power
        for side in (own, foe):
            mon = side.mon
            if mon is None or side.copy is not None or side.stat_moves:
                return False
            if not _known_effects(side) or not _UNSURE_SIDES.isdisjoint(side.conditions):
                return False
            if mon.forme not in ("", mon.species) or mon.tera_type == "Stellar":
                return False
        return True


def _known_effects(side: KnownSide) -> bool:
    return all(n in _HARMLESS or n in _ACTING or n == "fallen" for n in side.effects)


def _fighter(side: KnownSide, mon: KnownMon, *, attacks: bool, known: bool) -> Fighter:
    effects = side.effects
    return Fighter(
        species=mon.species,
        level=mon.level,
        gender=mon.gender,
        hp=mon.hp,
        max_hp=mon.max_hp,
        status=mon.status,
        item=mon.item if known or mon.item is None or mon.item != mon.first_item else None,
        ability=mon.ability if known or mon.ability != mon.base_ability else None,
        types=side.types,
        added_type=side.added_type,
        tera_type=mon.tera_type or "" if mon.terastallized else "",
        stats=mon.stats or () if known else (),
        boosts=tuple(sorted(side.boosts.items())),
        effects=tuple(
            (name, effects[name].move if name in ("protosynthesis", "quarkdrive") else "")
            for name in effects
            if name in _ACTING
        ),
        conditions=tuple(name for name in side.conditions if name in _CONDITIONS),
        fallen=side.fallen,
        overlord=effects["fallen"].count if "fallen" in effects else 0,
        attacked=mon.attacked,
        turns=side.turns,
        waiting=not attacks and not side.acted,
        repeats=max(0, side.streak[1]) if attacks else 0,
    )
