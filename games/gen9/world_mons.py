"""The Pokémon of a sampled world, as dumps: a drawn set, overwritten by what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load, to_id
from plywise.engine.battle.border import codec, teams
from plywise.engine.battle.names import TYPE_ID
from plywise.games.gen9.infostate import Condition, MonView, SideView
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.information import COPIED_PP, usual_pp
from plywise.games.gen9.tracking.wire import UNSHOWN_FORMES

_DONE_KEYS = {
    "berry": "ate",
    "sword": "sb",
    "shield": "shb",
    "syrup": "syr",
    "hero": "hero",
    "bond": "bond",
}
_SPEED = 4  # place in a dump's stats
_SPLIT = {"powersplit": (0, 2), "guardsplit": (1, 3)}
_REGENERATED = 3  # a third of the maximal HP
_REST = 3  # turns
_DRAWN_SLEEP = (2, 3, 4)  # the turn counted as which it wakes: 1 to 3 turns asleep
_DRAWN_CONFUSION = (2, 3, 4, 5)
_DRAWN_BINDING = (5, 6)
# What an ability or item that works remembers from its start on (``abilityState``, ``itemState``).
_ABILITY_STARTED = {
    "unnerve": {"unnerved": True},
    "asoneglastrier": {"unnerved": True},
    "asonespectrier": {"unnerved": True},
    "gluttony": {"gluttony": True},
    "trace": {"seek": True},
}
_ITEM_STARTED = {"boosterenergy": {"started": True}}

_Dump = dict[str, Any]


def mon_dump(
    i: int, known: MonView | None, s: PokemonSet, side: int, *, can_tera: bool, rng: Random
) -> _Dump:
    """Return the Pokémon with team index ``i``: its drawn set, overwritten by what is known."""
    data = load()
    species = _told_by(s.ability, known.species if known else s.species)
    max_hp, _ = _strength(s, s.species)
    _, stats = _strength(s, species)
    mon: _Dump = {
        "i": i,
        "sp": species,
        "bsp": _told_by(s.ability, known.base_species if known else s.species),
        "L": s.level,
        "g": s.gender,
        "hp": max_hp,
        "mhp": max_hp,
        "ab": s.ability,
        "bab": s.ability,
        "it": s.item,
        "ty": list(data.species[species]["types"]),
        "tt": s.tera_type,
        "mv": _moves(known, s),
        "st": list(stats),
    }
    if can_tera:
        mon["ct"] = 1
    if known is not None:
        _write_known(mon, known, side, rng)
    return mon


@lru_cache(2_000)
def _told_by(ability: str, species: str) -> str:
    """Return the forme of a species id: lines do not tell some, which the ability does."""
    species = load().species_id(species)
    for forme, shown in UNSHOWN_FORMES.items():
        own = load().species[forme]["abilities"].values()
        if shown == species and ability in map(to_id, own):
            return forme
    return species


@lru_cache(20_000)
def _strength(s: PokemonSet, species: str) -> tuple[int, tuple[int, ...]]:
    """Return maximal HP and stats of a set in one of its formes."""
    number, spread = teams.species_number(species), teams.spread(s)
    stats = teams.stats(number, spread, s.level, s.nature)
    return teams.max_hp(number, spread[0], s.level), tuple(stats)


def _moves(known: MonView | None, s: PokemonSet) -> list[list[Any]]:
    seen = {m.id: m for m in known.moves} if known else {}
    out = []
    for name in s.moves:
        most = usual_pp(name)
        view = seen.get(name)
        if view is not None and view.max_pp is not None:
            most = view.max_pp
        left = most if view is None else view.pp if view.pp is not None else most - view.used
        out.append([name, max(0, left), most])
    return out


def _write_known(mon: _Dump, known: MonView, side: int, rng: Random) -> None:
    if known.stats is not None:
        mon["st"], mon["mhp"], mon["hp"] = list(known.stats), known.max_hp, known.hp
    else:
        mon["hp"] = _hp(known, mon["mhp"], rng)
    if known.item is not None:
        mon["it"] = known.item
    if known.last_item:
        mon["li"] = known.last_item
    if known.base_ability:
        mon["bab"] = _ability(known.base_ability, mon["bab"])
    mon["ab"] = _ability(known.ability, mon["bab"]) if known.ability else mon["bab"]
    if "regenerator" in (known.away, mon["bab"] if known.away else ""):
        mon["hp"] = min(mon["mhp"], mon["hp"] + mon["mhp"] // _REGENERATED)
    if known.fainted:
        mon["hp"], mon["fnt"] = 0, 1
    if known.terastallized and known.tera_type:
        mon["tera"] = mon["tt"] = known.tera_type
    if known.attacked:
        mon["ta"] = known.attacked
    for what in known.done:
        mon[_DONE_KEYS[what]] = 1
    if known.status:
        mon["s"] = known.status
    if known.status == "slp":
        lengths = (_REST,) if known.rested else _DRAWN_SLEEP
        counted = known.status_turns * (2 if mon["ab"] == "earlybird" else 1)
        length = rng.choice([t for t in lengths if t > counted] or [lengths[-1]])
        mon["ss"] = {"time": max(1, length - counted)}
        if known.rested:
            mon["ss"]["src"] = f"@p{side + 1}:{mon['i']}"
    elif known.status == "tox":
        mon["ss"] = {"stage": min(15, known.status_turns)}


def _ability(known: str, of_set: str) -> str:
    """Return an ability; a line says of both kinds of As One that they are one."""
    if known != "asone":
        return known
    return of_set if of_set in tables.AS_ONE else tables.AS_ONE[0]


def _hp(known: MonView, most: int, rng: Random) -> int:
    """Draw HP out of ``most`` that Showdown displays as in ``known``: percent, rounded up."""
    if known.hp >= known.max_hp:
        return most
    high = most - 1 if known.hp == known.max_hp - 1 else most * known.hp // known.max_hp
    low = most * (known.hp - 1) // known.max_hp + 1
    return max(1, rng.randint(min(low, high), high))


def write_copy(mon: _Dump, view: SideView, others: Sequence[_Dump], team: teams.Team) -> None:
    """Make the active Pokémon the copy that it has become of one of the opponent's, ``others``.

    Args:
        mon: its dump, changed in place.
        view: its side.
        others, team: the opponent's dumps and sets.
    """
    copy = view.copy
    assert copy is not None
    species = load().species_id(copy.species)
    alike = [m for m in others if m["bsp"] == load().species_id(copy.base_species)]
    model = next((m for m in alike if m["L"] == copy.level), others[0])
    mon["tr"], mon["sp"], mon["bmv"] = 1, species, mon["mv"]
    used = {m.id: m for m in view.active_mon.copied} if view.active_mon is not None else {}
    moves = [m for m in used if used[m].pp is not None] or [slot[0] for slot in model["mv"]]
    mon["mv"] = []
    for name in moves:
        most = min(usual_pp(name), COPIED_PP)
        seen = used.get(name)
        left = most if seen is None else seen.pp if seen.pp is not None else most - seen.used
        mon["mv"].append([name, max(0, left), most])
    stats = copy.stats or (
        model["st"] if model["sp"] == species else _strength(team[model["i"]], species)[1]
    )
    mon["st"] = list(stats)
    types = [t for t in view.types if t in TYPE_ID][:2]
    mon["ty"] = types or list(load().species[species]["types"])


def write_used_moves(mon: _Dump, view: SideView) -> None:
    """Note which of its moves the active one has used, and which one it is held to."""
    names = [slot[0] for slot in mon["mv"]]
    mon["us"] = [k for k, name in enumerate(names) if name in view.moves_used]
    chosen = view.last_move
    if chosen == "struggle" and view.moves_used:
        chosen = view.moves_used[-1]  # the lock is still there
    if chosen in names:
        if mon["it"] in tables.CHOICE_ITEMS:
            mon["vo"]["choicelock"] = {"move": chosen}
        if mon["ab"] == "gorillatactics":
            mon["as"]["choiceLock"] = chosen


def change_stats(mon: _Dump, view: SideView, others: Sequence[_Dump]) -> None:
    """Change the active one's stats as Speed Swap and its like did, with ``others`` as they are."""
    stats = list(mon["st"])
    for move, number in view.stat_moves:
        other = next((m["st"] for m in others if m["i"] == number), None)
        if other is None:
            continue
        for stat in _SPLIT.get(move, ()):
            stats[stat] = (stats[stat] + other[stat]) // 2
        if move == "speedswap":
            stats[_SPEED] = other[_SPEED]
    mon["st"] = stats


def active_facts(mon: _Dump, view: SideView, foe: str, rng: Random) -> None:
    """Add the state of the active Pokémon; ``foe`` refers to the opponent's."""
    types = [t for t in view.types if t in TYPE_ID][:2]
    mon |= {
        "act": 1,
        "spd": mon["st"][4],
        "at_": min(255, view.turns_out),
        "ama": min(255, view.actions),
        "bo": dict(view.boosts),
    }
    if types:
        mon["ty"] = types
    if view.added_type in TYPE_ID:
        mon["at"] = view.added_type
    if view.last_move:
        mon["lm"] = view.last_move
    if view.failed_before:
        mon["mlr"] = False
    if view.last_used:
        mon["lmu"] = view.last_used
    mon["as"] = dict(_ABILITY_STARTED.get(mon["ab"], {}))
    if "protean" in view.volatiles and mon["ab"] in ("protean", "libero"):
        mon["as"][mon["ab"]] = True
    if mon.get("tera") and mon["sp"].startswith("ogerpon"):
        mon["as"]["embodied"] = True
    mon["is"] = dict(_ITEM_STARTED.get(mon["it"], {})) if view.item_started else {}
    volatiles: _Dump = {}
    mon["vo"] = volatiles
    move, times = view.streak
    ignored = times < 0 or (move and mon["ab"] == "klutz")
    if mon["it"] == "metronome" and view.item_started and not ignored:
        volatiles["metronome"] = {"lastMove": move, "numConsecutive": times}
    if "powertrick" in view.volatiles:
        mon["st"][:2] = mon["st"][1::-1]
    for name, found in view.volatiles.items():
        _volatile(volatiles, mon, name, found, foe, rng)
    if view.loafing and mon["ab"] == "truant":
        volatiles["truant"] = {}
    if view.item_lost and mon["ab"] == "unburden":
        volatiles["unburden"] = {}


def _volatile(out: _Dump, mon: _Dump, name: str, found: Condition, foe: str, rng: Random) -> None:
    """Add a volatile condition, if the state has a place for it."""
    state: _Dump = {}
    if name in tables.PARADOX:
        state = {"bestStat": found.move}
        if found.count:
            state["fromBooster"] = True
    elif name == "perishsong":
        state = {"duration": found.count}
    elif name == "stockpile":
        # Of both stats, how far it will fall when the layers go: each layer raised it by one.
        state = {"layers": found.count, "def": -found.count, "spd": -found.count}
    elif name == "fallen":
        mon["as"]["fallen"] = found.count
        return
    elif name == "eaten":
        if mon["ab"] == "cudchew" and found.left:
            mon["as"] |= {"berry": found.move, "counter": found.left}
        return
    elif name == "slowstart":
        mon["as"]["counter"] = max(1, found.count)
        return
    elif name == "partiallytrapped":
        left = max(1, rng.choice(_DRAWN_BINDING) - found.passed)
        state = {"duration": left, "boundDivisor": 8}
    elif name == "substitute":
        most = max(1, mon["mhp"] // 4)
        state = {"hp": rng.randint(1, most) if found.count else most}
    elif name == "confusion":
        lengths = [t for t in _DRAWN_CONFUSION if t > found.count] or [found.count + 1]
        state = {"time": rng.choice(lengths) - found.count}
    elif name == "stall":
        state = {"counter": 3 ** max(1, found.count)}
    elif name == "lockedmove":
        # It lasts two or three turns; after the last one the user would be confused.
        left = rng.choice((1, 2)) if found.count <= 1 else 1
        state = {"trueDuration": left}
    elif name == "rollout":
        state = {"hitCount": found.count, "contactHitCount": found.count}
        state["duration"] = max(1, found.left or 1)
    elif name == "focuspunch":
        state = {"lostFocus": found.count > 0}
    elif name == "furycutter":
        state = {"multiplier": 1 << min(2, max(0, found.count - 1))}
        state["duration"] = max(1, found.left or 1)
    if name not in codec.VOLATILE_BIT:
        return
    if name == "twoturnmove" and found.move in codec.VOLATILE_BIT and not found.count:
        out[found.move] = {}  # out of reach while it charges
    keys = codec.VOLATILE_FIELDS.get(name, {})
    if "duration" in keys and "duration" not in state:
        state["duration"] = max(1, found.left if found.left is not None else 1)
    if "move" in keys:
        if not found.move:
            return  # which move it is about is not known
        state["move"] = found.move
    if "src" in keys:
        place, _, active = foe.partition(":")
        state["src"] = f"{place}:{active if found.source is None else found.source}"
    out[name] = state
