"""The likelihood of the damage of a hit, given the set of the Pokémon that is not known.

The engine computes the 16 rolls on a state of the two Pokémon as they were, with the set's stats,
item and ability (``engine/battle/damage_rolls``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load
from plywise.datasets.spreads import stats_of
from plywise.engine.battle.border import codec
from plywise.engine.battle.damage_rolls import UNCHANGED, CandidateRolls
from plywise.engine.battle.names import ABILITY_ID, ITEM_ID, MOVE_ID
from plywise.games.gen9.evidence.hit import Fighter, Hit

_OWN, _FOE = 0, 1  # sides of the state
_WIDTH = 0.15 / 0.925  # of the 16 rolls, as a share of their middle
_SPEED = 4

_Dump = dict[str, Any]


def hit_likelihood(hit: Hit, s: PokemonSet, species: str, item: str, ability: str) -> float:
    """Return the likelihood of what a hit did, relative to what an explaining set typically gives.

    Args:
        s: a set of the opponent's; ``item`` and ``ability``: of its set, told or ``s``'s own.
        species: whose stats it has.

    Returns:
        0: none of the 16 rolls does that.
    """
    stats = stats_of(species, s.level, s.nature, s.evs, s.ivs)
    held = item if hit.foe.item is None else None
    natural = ability if hit.foe.ability is None else None
    return _likelihood(hit, stats, held, natural)


@lru_cache(50_000)
def _likelihood(hit: Hit, stats: tuple[int, ...], item: str | None, ability: str | None) -> float:
    low, high = shown_range(hit.foe.hp, stats[0])
    values = [
        UNCHANGED if ability is None else ABILITY_ID.get(ability, 0),
        UNCHANGED if item is None else ITEM_ID.get(item, 0),
        stats[0],
        (low + high + 1) // 2,
        *stats[1:],
    ]
    rolls = _rolls(hit).of(values)
    if not hit.dealt:
        if hit.left:
            seen = hit.own.hp - hit.left
            typical = 1 / min(16, 1 + _WIDTH * seen)
            return rolls.count(seen) / 16 / typical
        return sum(roll >= hit.own.hp for roll in rolls) / 16
    left_low, left_high = shown_range(hit.left, stats[0])
    if not hit.left:
        left_low = -100_000
    agreeing = 0.0
    for roll in rolls:
        first, last = max(low, left_low + roll), min(high, left_high + roll)
        agreeing += max(0, last - first + 1) / (high - low + 1)
    percent = _WIDTH * (hit.foe.hp - hit.left)
    typical = 1 / min(1.5 + percent, 1 + percent * stats[0] / 100) if hit.left else 1
    return agreeing / 16 / typical


def shown_range(shown: int, most: int) -> tuple[int, int]:
    """Return the least and the most HP out of ``most`` that are shown as so many percent.

    Showdown's ``getHealth``: rounded up, but 99 where it is not full.
    """
    if shown <= 0:
        return 0, 0
    if shown >= 100:
        return most, most
    high = most - 1 if shown == 99 else most * shown // 100
    low = most * (shown - 1) // 100 + 1
    return min(low, high), high


@lru_cache(2000)
def _rolls(hit: Hit) -> CandidateRolls:
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
        "S": [_side(fighter) for fighter in sides],
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


def _side(fighter: Fighter) -> _Dump:
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
