"""The 16 rolls of a hit for the sets that the Pokémon may have whose set is not known.

The engine computes them on a state of the two Pokémon as they were, with a set's stats, item and
ability (``engine/battle/damage_rolls``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load
from plywise.engine.battle.border import codec
from plywise.engine.battle.damage_rolls import UNCHANGED, CandidateRolls
from plywise.engine.battle.names import ABILITY_ID, ITEM_ID, MOVE_ID
from plywise.games.gen9.evidence.hit import Fighter, Hit
from plywise.games.gen9.evidence.speed_order import ITEM_FACTORS

_OWN, _FOE = 0, 1  # sides of the state
_SPEED = 4
_METRONOME = "metronome"
_USUAL, _USUAL_HP = (200, 201, 202, 203), 300  # atk, def, spa, spd
_CHANGES = (0.1, 0.4, 2.5, 10.0)  # of a stat, to see whether it counts
_TELLING = 25  # damage from which on a change by a tenth is seen

_Dump = dict[str, Any]


class HitRolls:
    """The rolls of a hit.

    Attributes:
        counts: of atk, def, spa, spd, spe: 1 where the damage depends on it, else 0.
    """

    def __init__(self, hit: Hit) -> None:
        self._hit = hit
        self._rolls = _candidate_rolls(hit, repeating=hit.foe.item == _METRONOME)
        self._repeating: CandidateRolls | None = None
        self._usual = self._of_usual("", None)
        self.counts = tuple(
            int(any(self._of_usual("", None, k, factor) != self._usual for factor in _CHANGES))
            for k in range(_SPEED + 1)
        )
        self._plain: dict[tuple[str, str | None], bool] = {}
        self._by_hp: dict[tuple[str | None, str | None], bool] = {}

    def of(
        self, item: str | None, ability: str | None, hp: int, left: int, stats: Sequence[int]
    ) -> list[int]:
        """Return the 16 rolls, lowest first.

        Args:
            item, ability: None: as the hit has it.
            hp: the maximum; ``left``: before the hit.
            stats: atk, def, spa, spd, spe; any where they do not count.
        """
        rolls = self._rolls
        if item == _METRONOME and self._hit.foe.repeats:
            if self._repeating is None:
                self._repeating = _candidate_rolls(self._hit, repeating=True)
            rolls = self._repeating
        return rolls.of(
            [
                UNCHANGED if ability is None else ABILITY_ID.get(ability, 0),
                UNCHANGED if item is None else ITEM_ID.get(item, 0),
                hp,
                left,
                *stats,
            ]
        )

    def is_plain(self, item: str, ability: str | None) -> bool:
        """Return whether an item changes nothing with an ability (None: as the hit has it).

        The two go together: by Multitype a plate makes the type of Arceus.
        """
        found = self._plain.get((item, ability))
        if found is None:
            usual = self._of_usual("", ability)
            told = usual[-1] >= _TELLING and not (self.counts[_SPEED] and item in ITEM_FACTORS)
            found = told and self._of_usual(item, ability) == usual
            self._plain[item, ability] = found
        return found

    def is_by_hp(self, item: str | None, ability: str | None) -> bool:
        """Return whether it may count how much HP the Pokémon had of those that were shown.

        Overgrow begins at a third.
        """
        found = self._by_hp.get((item, ability))
        if found is None:
            shown = self._hit.foe.hp
            ends = (max(1, shown - 2), min(99, shown + 1))
            low, high = (self._of_usual(item, ability, left=_USUAL_HP * end // 100) for end in ends)
            found = self._by_hp[item, ability] = low != high
        return found

    def _of_usual(
        self,
        item: str | None,
        ability: str | None,
        changed: int | None = None,
        factor: float = 1.0,
        left: int = _USUAL_HP // 2,
    ) -> list[int]:
        # Powers by Speed go by the share of the two, whatever the level.
        usual = (*_USUAL, self._hit.own.stats[_SPEED])
        stats = [int(s * factor) if k == changed else s for k, s in enumerate(usual)]
        return self.of(item, ability, _USUAL_HP, left, stats)


def _candidate_rolls(hit: Hit, *, repeating: bool) -> CandidateRolls:
    """Return the rolls of a hit; ``repeating``: the opponent's repeats of its move count."""
    sides = (hit.own, hit.foe)
    dump: _Dump = {
        "turn": 1,
        "req": "move",
        "w": hit.weather,
        "ws": {},
        "t": hit.terrain,
        "ts": {},
        "pw": {name: {"duration": 2} for name in hit.rooms},
        "lm": "",
        "lsm": "",
        "q": [
            ["move", f"@p{s + 1}:0", "splash"] for s, fighter in enumerate(sides) if fighter.waiting
        ],
        "S": [_side(hit.own, hit.own.item == _METRONOME), _side(hit.foe, repeating)],
    }
    teams = tuple((_set(fighter),) for fighter in sides)
    pool = codec.decode(dump, codec.BattleSetup((teams[0], teams[1])))
    attacker = _OWN if hit.dealt else _FOE
    return CandidateRolls(
        pool, _FOE, attacker, MOVE_ID[hit.move], critical=hit.critical, hit=hit.number
    )


def _set(fighter: Fighter) -> PokemonSet:
    return PokemonSet(
        species=fighter.species,
        level=fighter.level,
        ability=fighter.ability or "",
        item=fighter.item or "",
        tera_type=fighter.tera_type or "Normal",
        moves=("splash",),
        evs=(0,) * 6,
        ivs=(31,) * 6,
        gender=fighter.gender,
    )


def _side(fighter: Fighter, repeating: bool) -> _Dump:
    species = load().species_id(fighter.species)
    # A line says of both kinds of As One that they are one; they change no damage.
    ability = fighter.ability if fighter.ability in ABILITY_ID else ""
    stats = list(fighter.stats) or [100] * 5  # the opponent's are the candidate's
    mon: _Dump = {
        "i": 0,
        "sp": species,
        "bsp": species,
        "L": fighter.level,
        "g": fighter.gender,
        "hp": fighter.hp,
        "mhp": fighter.max_hp,
        "ab": ability,
        "bab": ability,
        "it": fighter.item or "",
        "ty": list(fighter.types or load().species[species]["types"]),
        "tt": fighter.tera_type or "Normal",
        "mv": [["splash", 40, 40]],
        "st": stats,
        "act": 1,
        "spd": stats[_SPEED],
        "at_": fighter.turns,
        "ama": 1,
        "bo": dict(fighter.boosts),
        "ta": fighter.attacked,
        "as": {},
        "vo": {
            name: {"bestStat": stat} if stat else {"duration": 2}
            for name, stat in fighter.effects
            if name != "slowstart"
        },
    }
    if repeating and fighter.repeats:
        mon["vo"]["metronome"] = {"lastMove": "splash", "numConsecutive": fighter.repeats}
    if ("slowstart", "") in fighter.effects:
        mon["as"]["counter"] = 5
    if fighter.added_type:
        mon["at"] = fighter.added_type
    if fighter.tera_type:
        mon["tera"] = fighter.tera_type
    if fighter.status:
        mon["s"], mon["ss"] = fighter.status, {"time": 2, "stage": 1}
    if fighter.overlord:
        mon["as"]["fallen"] = fighter.overlord
    return {
        "left": 1,
        "fnt": fighter.fallen,
        "order": [0],
        "sc": {name: {"duration": 2} for name in fighter.conditions},
        "sl": [{}],
        "P": [mon],
    }
