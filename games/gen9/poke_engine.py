"""Translation of our battle states to poke-engine, the Rust engine of the strongest open bot.

What its published Python classes can represent is translated; the rest (Illusion, the source of a
bound or infatuated Pokémon, Imprison's moves, the durations of Disable and others) is left out.
The meaning of its counters was found by playing single turns.  Nothing here is taken from its
sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from plywise.datasets.battle_formats import names_asked
from plywise.datasets.errors import ConfigError
from plywise.datasets.showdown_data import load
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec, plain
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    STAT_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)
from plywise.games.gen9.tracking.request import nameable

INSTALL = (
    "pip install poke-engine --config-settings="
    '"build-args=--features poke-engine/terastallization --no-default-features"'
)
"""The build command for Gen 9 in its documentation; it needs Rust."""

_STATUS = {
    **{"": "none", "brn": "burn", "par": "paralyze", "psn": "poison", "tox": "toxic"},
    **{"slp": "sleep", "frz": "freeze"},
}
_WEATHER = {
    **{"sunnyday": "sun", "raindance": "rain", "sandstorm": "sand", "hail": "hail"},
    **{"snowscape": "snow", "desolateland": "harshsun", "primordialsea": "heavyrain"},
}
_CONDITION = {
    **{"lightscreen": "light_screen", "auroraveil": "aurora_veil", "toxicspikes": "toxic_spikes"},
    **{"stealthrock": "stealth_rock", "stickyweb": "sticky_web", "quickguard": "quick_guard"},
    "wideguard": "wide_guard",
}
# Volatile conditions that poke-engine represents otherwise or not at all.
_NOT_VOLATILE = frozenset(("choicelock", "stall", "twoturnmove", "trapped", "trapper"))
_TEAM_SIZE = 6  # of every side of poke-engine's
_SLEEP_TURNS = 4  # most turns of a sleep counter; poke-engine wakes a Pokémon at this count


def load_poke_engine() -> Any:
    """Return the package ``poke_engine``, which plays Gen 9 with Terastallization.

    Raises:
        ConfigError: it is not installed, or was built for another generation.
    """
    try:
        import poke_engine
    except ImportError as error:
        raise ConfigError(f"agent 'poke_engine' needs Rust and this: {INSTALL}") from error
    mon = poke_engine.Pokemon(moves=[poke_engine.Move("splash")], tera_type="fire")
    side = poke_engine.Side(pokemon=[mon])
    state = poke_engine.State(side, poke_engine.Side(pokemon=[mon]))
    found = poke_engine.monte_carlo_tree_search(state, iterations=10).side_one
    if not any(choice.move_choice == "splash-tera" for choice in found):
        raise ConfigError(f"poke-engine was built for another generation; for Gen 9: {INSTALL}")
    return poke_engine


class Translated(NamedTuple):
    """A battle as poke-engine's ``State``; side one decides, ``actions`` numbers its choices.

    ``named`` and ``to_name``: at Team Preview, indices of the Pokémon that side one has named, and
    how many it names in all; else () and 0.
    """

    state: Any
    actions: dict[str, int]
    named: tuple[int, ...] = ()
    to_name: int = 0


def translate(engine: Any, pool: np.ndarray[Any, Any], i: int, player: int) -> Translated:
    """Return state ``i`` of ``pool`` for poke-engine to decide as ``player``.

    Where both sides have a replacement to make, side one chooses and side two waits.  At Team
    Preview both choose who begins, of the whole team: poke-engine knows no bringing of some.
    ``engine`` is the package ``poke_engine``.
    """
    battle = plain.thaw(pool, i)
    preview = battle.request == c.REQUEST_PREVIEW
    named: tuple[int, ...] = ()
    to_name = 0
    if preview:
        own = battle.sides[player]
        named = tuple(int(k) for k in own.order[: own.active])
        to_name = names_asked(own.team_size, own.pokemon_left)
        _nobody_is_in(battle)
    state = BattleState(pool[i : i + 1])
    first, second = (
        _side(engine, battle, side, frozenset(state.legal_actions(side)))
        for side in (player, 1 - player)
    )
    weather = c.WEATHER_NAMES[battle.weather]
    there = engine.State(
        side_one=first,
        side_two=second,
        weather=_WEATHER.get(weather, "none"),
        weather_turns_remaining=battle.weather_duration & 15 or -1,
        terrain=c.TERRAIN_NAMES[battle.terrain] or "none",
        terrain_turns_remaining=battle.terrain_duration,
        trick_room=battle.pseudo_weather[c.TRICK_ROOM] > 0,
        trick_room_turns_remaining=battle.pseudo_weather[c.TRICK_ROOM],
        team_preview=preview,
    )
    return Translated(there, _actions(battle.sides[player]), named, to_name)


def best_action(there: Translated, shares: Mapping[int, float], legal: Sequence[int]) -> int | None:
    """Return the legal action with the largest of ``shares``; None: it names no legal one.

    At Team Preview the best lead begins, and where some are brought the next best leads come with
    it, named by ascending index as our engine asks for them.
    """
    if not there.named:
        return max(legal, key=lambda a: shares.get(a, 0.0)) if shares.keys() & set(legal) else None
    size = sum(action >= c.ACTION_SWITCH for action in there.actions.values())
    free = nameable(size, there.named, len(there.named) + 1)  # as if only one were missing
    found = sorted((c.ACTION_SWITCH + k for k in free), key=lambda a: -shares.get(a, 0.0))
    return min(found[: there.to_name - len(there.named)])


def _nobody_is_in(battle: SimpleNamespace) -> None:
    """Make the first Pokémon of each side the active one of poke-engine's state, in place.

    At Team Preview nobody is in, and ``active`` counts the Pokémon that a side has named.
    """
    for side in battle.sides:
        side.active = 0
        types = load().species[SPECIES_NAMES[side.mons[0].species]]["types"]
        side.types = [TYPE_NAMES.index(name) for name in types]


def _actions(side: SimpleNamespace) -> dict[str, int]:
    named = {}
    for slot, move in enumerate(side.mons[side.active].moves):
        if move:
            named[MOVE_NAMES[move]] = slot
            named[f"{MOVE_NAMES[move]}-tera"] = c.ACTION_TERA + slot
    for k, mon in enumerate(side.mons[: side.team_size]):
        named[f"switch {SPECIES_NAMES[mon.species]}"] = c.ACTION_SWITCH + k
    return named


def _side(engine: Any, battle: SimpleNamespace, s: int, legal: frozenset[int]) -> Any:
    side, foe = battle.sides[s], battle.sides[1 - s]
    active = side.mons[side.active]
    alive = active.hp > 0
    choosing = battle.request == c.REQUEST_MOVE and bool(legal)
    boosts = side.boosts
    leaving = MOVE_NAMES[side.switch_flag] if side.switch_flag < len(MOVE_NAMES) else ""
    must_leave = battle.request == c.REQUEST_SWITCH and side.switch_flag != 0
    marked = _tera_mark(side)
    has = frozenset(name for name in codec.VOLATILE_BIT if _has(side, name))
    return engine.Side(
        pokemon=[
            _mon(engine, side, k, legal if choosing else None, marked) for k in range(_TEAM_SIZE)
        ],
        active_index=str(side.active),
        baton_passing=must_leave and leaving == "batonpass",
        shed_tailing=must_leave and leaving == "shedtail",
        force_switch=must_leave or (battle.request == c.REQUEST_SWITCH and not alive),
        force_trapped=choosing and alive and _held(side, legal),
        switch_out_move_second_saved_move=_queued_move(battle, s),
        volatile_statuses=_volatiles(side, has) if alive else set(),
        volatile_status_durations=engine.VolatileStatusDurations(
            confusion=0,
            encore=_elapsed(3, side.encore_duration) if "encore" in has else 0,
            lockedmove=_elapsed(3, side.locked_move_duration) if "lockedmove" in has else 0,
            slowstart=side.ability_counter if _ability(active) == "slowstart" else 0,
            taunt=_elapsed(3, side.taunt_duration) if "taunt" in has else 0,
            yawn=_elapsed(2, side.yawn_duration) if "yawn" in has else 0,
        ),
        wish=(side.wish_duration, side.wish_hp // 2),
        # The future move that will hit this side: its duration and source.
        future_sight=(foe.future_duration, str(max(foe.future_source - 1, 0))),
        substitute_health=side.substitute_hp,
        attack_boost=boosts[0],
        defense_boost=boosts[1],
        special_attack_boost=boosts[2],
        special_defense_boost=boosts[3],
        speed_boost=boosts[4],
        accuracy_boost=boosts[5],
        evasion_boost=boosts[6],
        last_used_move=_last_used(side),
        side_conditions=_conditions(engine, side),
    )


def _held(side: SimpleNamespace, legal: frozenset[int]) -> bool:
    """Return whether a switch is impossible although a Pokémon on the bench could be sent out."""
    bench = any(m.hp > 0 for k, m in enumerate(side.mons[: side.team_size]) if k != side.active)
    return bench and not any(c.ACTION_SWITCH <= a < c.ACTION_FORCED for a in legal)


def _queued_move(battle: SimpleNamespace, s: int) -> str:
    """Return the queued move of a side while the opponent switches."""
    for entry in battle.queue[: battle.queue_length]:
        if codec.QUEUED_SIDE.get(entry) == s and entry.move:
            return str(MOVE_NAMES[entry.move])
    return "none"


def _elapsed(whole: int, left: int) -> int:
    """Return the turns since a condition's start, 0 without it: poke-engine's counters count up."""
    return max(whole - left, 0) if left else 0


def _last_used(side: SimpleNamespace) -> str:
    moves = side.mons[side.active].moves
    if side.active_move_actions and side.last_move in moves and side.last_move:
        return f"move:{moves.index(side.last_move)}"
    return f"switch:{side.active}"


def _tera_mark(side: SimpleNamespace) -> int:
    """Return the index of the Pokémon that is to keep its side from Terastallizing; -1: none.

    In poke-engine's state a side has Terastallized if one of its Pokémon bears the mark of it.
    Where none does (it has fainted, or Terastal Clause forbids it to all) one that has fainted or
    is not there gets the mark, else a living one with the type Stellar, which changes nothing but
    Tera Blast.
    """
    if not side.flag_bits & c.SIDE_TERA_USED:
        return -1
    if any(mon.flag_bits & c.MON_TERASTALLIZED for mon in side.mons):
        return -1

    def changed(k: int) -> int:
        mon = side.mons[k]
        if k >= side.team_size or mon.hp <= 0:
            return 0
        return 2 if "terablast" in (MOVE_NAMES[move] for move in mon.moves) else 1

    return min(range(_TEAM_SIZE), key=changed)


def _has(side: SimpleNamespace, name: str) -> bool:
    word, place = divmod(codec.VOLATILE_BIT[name], codec.VOLATILE_WORD_BITS)
    return bool(side.volatiles[word] >> place & 1)


def _volatiles(side: SimpleNamespace, has: frozenset[str]) -> set[str]:
    found = set()
    for name in has - _NOT_VOLATILE:
        if name in ("protosynthesis", "quarkdrive"):
            name += STAT_NAMES[side.paradox_stat - 1] if side.paradox_stat else ""
        elif name == "perishsong":
            name = f"perish{side.perish_duration}"
        elif name == "encore" and not _last_used(side).startswith("move:"):
            continue  # poke-engine refuses an Encore without a last move
        found.add(name)
    if "twoturnmove" in has:  # what is charged stands there longer than it lasts
        found.add(MOVE_NAMES[side.two_turn_move])
    active = side.mons[side.active]
    if _ability(active) == "slowstart" and side.ability_counter:
        found.add("slowstart")
    if set(_types(side.types)) != set(_species_types(active.species)):
        found.add("typechange")
    return found


def _conditions(engine: Any, side: SimpleNamespace) -> Any:
    active = side.mons[side.active]
    counts = {
        _CONDITION.get(name, name): number
        for name, number in zip(c.SIDE_CONDITION_NAMES, side.conditions, strict=False)
    }
    if STATUS_NAMES[active.status] == "tox":
        counts["toxic_count"] = active.status_turns
    counts["protect"] = side.stall_counter
    counts["healing_wish"] = int(side.flag_bits & c.SIDE_HEALING_WISH != 0)
    counts["lunar_dance"] = int(side.flag_bits & c.SIDE_LUNAR_DANCE != 0)
    return engine.SideConditions(**counts)


def _mon(
    engine: Any, side: SimpleNamespace, k: int, legal: frozenset[int] | None, marked: int
) -> Any:
    """Return a Pokémon; the moves of the active one that are not in ``legal`` are disabled.

    ``marked``: the index that :func:`_tera_mark` found.
    """
    if k >= side.team_size:
        if k == marked:
            return engine.Pokemon(id="none", hp=0, terastallized=True)
        return engine.Pokemon.create_fainted()
    mon = side.mons[k]
    active = k == side.active
    status = STATUS_NAMES[mon.status]
    rested = status == "slp" and not mon.flag_bits & c.MON_STATUS_BY_FOE
    base = _species_types(mon.species)
    return engine.Pokemon(
        id=SPECIES_NAMES[mon.species],
        level=mon.level,
        types=_types(side.types) if active and mon.hp > 0 else base,
        base_types=base,
        hp=mon.hp,
        maxhp=mon.max_hp,
        ability=_ability(mon),
        base_ability=ABILITY_NAMES[mon.base_ability],
        item=ITEM_NAMES[mon.held_item],
        attack=mon.stats[0],
        defense=mon.stats[1],
        special_attack=mon.stats[2],
        special_defense=mon.stats[3],
        speed=mon.stats[4],
        status=_STATUS[status],
        rest_turns=mon.status_turns if rested else 0,
        sleep_turns=_SLEEP_TURNS - mon.status_turns if status == "slp" and not rested else 0,
        weight_kg=float(load().species[SPECIES_NAMES[mon.species]]["weightkg"]),
        moves=[
            engine.Move(
                id=MOVE_NAMES[move],
                pp=mon.pp[j],
                disabled=active
                and legal is not None
                and c.ACTION_FORCED not in legal
                and j not in legal,
            )
            for j, move in enumerate(mon.moves)
            if move
        ],
        terastallized=bool(mon.flag_bits & c.MON_TERASTALLIZED) or k == marked,
        tera_type="stellar" if k == marked else TYPE_NAMES[mon.tera_type].lower(),
    )


def _ability(mon: SimpleNamespace) -> str:
    return str(ABILITY_NAMES[mon.ability])


def _types(numbers: list[int]) -> tuple[str, str]:
    return _two_types([TYPE_NAMES[t] for t in numbers if t and TYPE_NAMES[t] != "???"])


def _species_types(species: int) -> tuple[str, str]:
    return _two_types(load().species[SPECIES_NAMES[species]]["types"])


def _two_types(names: list[str]) -> tuple[str, str]:
    """Return up to two types by poke-engine's names."""
    first, second, *_ = [*(name.lower() for name in names), "typeless", "typeless"]
    return first, second
