"""Showdown's tables as frozen NumPy records that kernels read as constants.

One row per id of :mod:`names` (row 0 is *none*).  Every number comes from the exported tables; the
zero of a column is Showdown's default for an absent field.  The few columns that no declarative
field holds (which type an item boosts) name their source.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from plywise.engine.battle import constants, names
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    BOOST_NAMES,
    DATA,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_ID,
    SPECIES_NAMES,
    STAT_NAMES,
    STATUS_ID,
    TYPE_ID,
    TYPE_NAMES,
    to_id,
)

CATEGORIES = {
    "Physical": constants.CATEGORY_PHYSICAL,
    "Special": constants.CATEGORY_SPECIAL,
    "Status": constants.CATEGORY_STATUS,
}

TARGETS = {
    name: number
    for number, name in enumerate(
        [
            "normal",
            "any",
            "randomNormal",
            "adjacentFoe",
            "allAdjacentFoes",
            "allAdjacent",
            "scripted",
            "self",
            "adjacentAllyOrSelf",
            "allies",
            "adjacentAlly",
            "allySide",
            "allyTeam",
            "foeSide",
            "all",
        ]
    )
}
"""Showdown's move targets; in singles 0-6 aim at the foe, 7-9 at the user, 10 at nobody."""
TARGET_SELF = TARGETS["self"]
TARGET_ADJACENT_ALLY = TARGETS["adjacentAlly"]
TARGET_ALLIES = TARGETS["allies"]
TARGET_ALLY_SIDE = TARGETS["allySide"]
TARGET_ALLY_TEAM = TARGETS["allyTeam"]
TARGET_FOE_SIDE = TARGETS["foeSide"]
TARGET_ALL = TARGETS["all"]

SLOT_CONDITIONS = ["healingwish", "lunardance", "revivalblessing", "wish"]
OWN_CODE_VOLATILES = {"sparklingaria"}
"""Volatiles that never outlive a move: their move does it all in code."""

# Those that have a name below; another release's tables may lack one.
_NAMED_FLAGS = frozenset(
    """bite bullet bypasssub cantusetwice charge contact dance defrost failcopycat failencore
    failinstruct failmimic futuremove gravity heal minimize mustpressure noparentalbond
    nosketch nosleeptalk powder protect pulse punch recharge reflectable slicing sound
    wind""".split()
)
FLAG_NAMES = sorted(_NAMED_FLAGS.union(*(move["flags"] for move in DATA["moves"].values())))


def _flag(name: str) -> int:
    return 1 << FLAG_NAMES.index(name)


F_BITE = _flag("bite")
F_BULLET = _flag("bullet")
F_BYPASS_SUB = _flag("bypasssub")
F_CANT_USE_TWICE = _flag("cantusetwice")
F_CHARGE = _flag("charge")
F_CONTACT = _flag("contact")
F_DANCE = _flag("dance")
F_DEFROST = _flag("defrost")
F_FAIL_COPYCAT = _flag("failcopycat")
F_FAIL_ENCORE = _flag("failencore")
F_FAIL_INSTRUCT = _flag("failinstruct")
F_FAIL_MIMIC = _flag("failmimic")
F_FUTURE = _flag("futuremove")
F_GRAVITY = _flag("gravity")
F_HEAL = _flag("heal")
F_MINIMIZE = _flag("minimize")
F_MUST_PRESSURE = _flag("mustpressure")
F_NO_PARENTAL_BOND = _flag("noparentalbond")
F_NO_SKETCH = _flag("nosketch")
F_NO_SLEEP_TALK = _flag("nosleeptalk")
F_POWDER = _flag("powder")
F_PROTECT = _flag("protect")
F_PULSE = _flag("pulse")
F_PUNCH = _flag("punch")
F_RECHARGE = _flag("recharge")
F_REFLECTABLE = _flag("reflectable")
F_SLICING = _flag("slicing")
F_SOUND = _flag("sound")
F_WIND = _flag("wind")

BOOSTS = ("i1", (7,))
"""Stages for atk def spa spd spe accuracy evasion."""

EFFECT_DTYPE = np.dtype(
    (
        np.record,
        [
            ("chance", "u1"),  # percent; 0 where Showdown leaves it undefined (always)
            ("has_boosts", "u1"),
            ("boosts", *BOOSTS),
            ("status", "u1"),
            ("volatile", "u1"),  # 1 + V_* of constants, 0 none
            ("self_has_boosts", "u1"),
            ("self_boosts", *BOOSTS),
            ("has_on_hit", "u1"),  # an onHit callback of its own
        ],
    )
)
"""One secondary effect of a move."""

MOVE_DTYPE = np.dtype(
    (
        np.record,
        [
            ("move_flags", "u8"),  # bits F_*; not `flags`: np.void hides that name without JIT
            ("power", "i2"),
            ("type", "u1"),
            ("category", "u1"),
            ("accuracy", "u1"),  # percent; 0 = Showdown's `true` (never checks)
            ("pp", "u1"),
            ("no_pp_boosts", "u1"),
            ("priority", "i1"),
            ("target", "u1"),
            ("crit_ratio", "u1"),
            ("will_crit", "u1"),
            ("hits_min", "u1"),  # multihit; 0 where the move has none
            ("hits_max", "u1"),
            ("multi_accuracy", "u1"),
            ("drain_num", "u1"),
            ("drain_den", "u1"),
            ("recoil_num", "u1"),
            ("recoil_den", "u1"),
            ("heal_num", "u1"),
            ("heal_den", "u1"),
            ("has_boosts", "u1"),
            ("boosts", *BOOSTS),
            ("status", "u1"),
            ("volatile", "u1"),
            ("side_condition", "u1"),  # 1 + number in constants
            ("slot_condition", "u1"),  # 1 + index in SLOT_CONDITIONS
            ("weather", "u1"),
            ("terrain", "u1"),
            ("pseudo_weather", "u1"),  # 1 + number in constants
            ("has_self", "u1"),
            ("self_chance", "u1"),
            ("self_has_boosts", "u1"),
            ("self_boosts", *BOOSTS),
            ("self_volatile", "u1"),
            ("self_has_on_hit", "u1"),
            ("has_self_boost", "u1"),  # Showdown's `selfBoost`: once, after all hits
            ("self_boost", *BOOSTS),
            ("n_secondaries", "u1"),
            ("secondaries", EFFECT_DTYPE, (2,)),
            ("self_switch", "u1"),  # 1 plain, 2 Baton Pass, 3 Shed Tail
            ("force_switch", "u1"),
            ("self_destruct", "u1"),  # 1 always, 2 if it hits
            ("breaks_protect", "u1"),
            ("ohko", "u1"),  # 1 any, 2 Sheer Cold
            ("level_damage", "u1"),
            ("offense_stat", "u1"),  # overrideOffensiveStat: 1 + index in STAT_NAMES
            ("defense_stat", "u1"),
            ("foe_offense", "u1"),  # overrideOffensivePokemon is the target
            ("ignore_evasion", "u1"),
            ("ignore_defensive", "u1"),
            ("ignore_ability", "u1"),
            ("ignore_immunity", "u1"),
            ("thaws_target", "u1"),
            ("sleep_usable", "u1"),
            ("smart_target", "u1"),
            ("crash", "u1"),
            ("stalling", "u1"),
            ("struggle_recoil", "u1"),
            ("mind_blown_recoil", "u1"),
            ("chloroblast_recoil", "u1"),
            ("sheer_force_boost", "u1"),  # hasSheerForceBoost
            ("tracks_target", "u1"),
            ("calls_move", "u1"),
            ("has_power_callback", "u1"),  # basePowerCallback
            ("has_after_hit", "u1"),  # onAfterHit
            ("has_on_hit", "u1"),  # onHit, onHitField or onHitSide
        ],
    )
)

SPECIES_DTYPE = np.dtype(
    (
        np.record,
        [
            ("num", "u2"),
            ("base_species", "u2"),  # id of the base forme
            ("types", "u1", (2,)),
            ("base_stats", "u1", (6,)),  # hp atk def spa spd spe
            ("weight_hg", "u2"),
            ("abilities", "u2", (4,)),  # slots 0, 1, H, S
            ("gender", "u1"),  # 0 either, 1 male, 2 female, 3 none
            ("can_evolve", "u1"),  # Showdown's nfe, which Eviolite asks
            ("paradox", "u1"),
            ("max_hp", "u1"),  # Shedinja's 1
        ],
    )
)

ABILITY_DTYPE = np.dtype(
    (
        np.record,
        [
            ("breakable", "u1"),
            ("cant_suppress", "u1"),
            ("fail_role_play", "u1"),
            ("fail_skill_swap", "u1"),
            ("no_entrain", "u1"),
            ("no_receiver", "u1"),
            ("no_trace", "u1"),
            ("no_transform", "u1"),
        ],
    )
)

ITEM_DTYPE = np.dtype(
    (
        np.record,
        [
            ("berry", "u1"),
            ("edible", "u1"),  # a berry that does something when it is eaten (onEat)
            ("restorative", "u1"),  # one of RESTORATIVE_BERRIES
            ("gem", "u1"),
            ("choice", "u1"),
            ("pokeball", "u1"),
            ("ignore_klutz", "u1"),
            ("boost_type", "u1"),  # damaging moves of this type get x4915/4096
            ("resist_type", "u1"),  # halves a super effective (Chilan: any) hit of this type
            ("plate_type", "u1"),  # Judgment's type
            ("memory_type", "u1"),
            ("user_num", "u2"),  # species number that it cannot be taken from
            ("fling_power", "u1"),
            ("fling_status", "u1"),
            ("fling_volatile", "u1"),
        ],
    )
)

# Type-boosting items hold their type in code only (items.js, onBasePower -> chainModify
# [4915, 4096]); plates and masks carry it in `onPlate` and the species.
BOOST_TYPES = {
    "blackbelt": "Fighting",
    "blackglasses": "Dark",
    "charcoal": "Fire",
    "dragonfang": "Dragon",
    "fairyfeather": "Fairy",
    "hardstone": "Rock",
    "magnet": "Electric",
    "metalcoat": "Steel",
    "miracleseed": "Grass",
    "mysticwater": "Water",
    "nevermeltice": "Ice",
    "poisonbarb": "Poison",
    "sharpbeak": "Flying",
    "silkscarf": "Normal",
    "silverpowder": "Bug",
    "softsand": "Ground",
    "spelltag": "Ghost",
    "twistedspoon": "Psychic",
}


# sim/pokemon.js: RESTORATIVE_BERRIES, which the Endless Battle Clause asks for
RESTORATIVE_BERRIES = frozenset(
    "leppaberry aguavberry enigmaberry figyberry iapapaberry magoberry sitrusberry wikiberry "
    "oranberry".split()
)


def _boosts(values: dict[str, int]) -> list[int]:
    return [values.get(name, 0) for name in BOOST_NAMES]


def _number(value: str | None, known: list[str] | tuple[str, ...], what: str) -> int:
    """Return 1 + the index of an effect's name, 0 for none."""
    if value is None:
        return 0
    name = to_id(value)
    if name not in known:
        raise ValueError(f"{what} {name!r} of the exported tables is not in constants.py")
    return 1 + known.index(name)


def _volatile(effect: dict[str, Any]) -> int:
    name = effect.get("volatileStatus")
    if name in OWN_CODE_VOLATILES:
        return 0
    return _number(name, constants.VOLATILE_NAMES, "volatile status")


def _fill_effect(row: Any, effect: dict[str, Any]) -> None:
    row["chance"] = effect.get("chance", 0)
    if "boosts" in effect:
        row["has_boosts"], row["boosts"] = 1, _boosts(effect["boosts"])
    row["status"] = STATUS_ID[effect.get("status", "")]
    row["volatile"] = _volatile(effect)
    own = effect.get("self", {})
    if "boosts" in own:
        row["self_has_boosts"], row["self_boosts"] = 1, _boosts(own["boosts"])
    row["has_on_hit"] = bool(effect.get("has_on_hit")) or (
        effect.get("volatileStatus") in OWN_CODE_VOLATILES
    )


def _fill_move(row: Any, move: dict[str, Any]) -> None:
    callbacks = set(move.get("cb", ()))
    row["move_flags"] = sum(_flag(flag) for flag in move["flags"])
    row["power"] = move["basePower"]
    row["type"] = TYPE_ID[move["type"]]
    row["category"] = CATEGORIES[move["category"]]
    row["accuracy"] = 0 if move["accuracy"] is True else move["accuracy"]
    row["pp"] = move["pp"]
    row["priority"] = move["priority"]
    row["target"] = TARGETS[move["target"]]
    row["crit_ratio"] = move.get("critRatio", 1)
    hits = move.get("multihit", 0)
    row["hits_min"], row["hits_max"] = hits if isinstance(hits, list) else (hits, hits)
    for field in ("drain", "recoil", "heal"):
        if field in move:
            row[field + "_num"], row[field + "_den"] = move[field]
    if "boosts" in move:
        row["has_boosts"], row["boosts"] = 1, _boosts(move["boosts"])
    row["status"] = STATUS_ID[move.get("status", "")]
    row["volatile"] = _volatile(move)
    for field, key, known in (
        ("side_condition", "sideCondition", constants.SIDE_CONDITION_NAMES),
        ("slot_condition", "slotCondition", SLOT_CONDITIONS),
        ("pseudo_weather", "pseudoWeather", constants.PSEUDO_WEATHER_NAMES),
        ("weather", "weather", constants.WEATHER_NAMES[1:]),  # 1 + index there is the number
        ("terrain", "terrain", constants.TERRAIN_NAMES[1:]),
    ):
        row[field] = _number(move.get(key), known, key)
    own = move.get("self") or {}
    row["has_self"] = bool(own) or any(c.startswith("self.") for c in callbacks)
    row["self_chance"] = own.get("chance", 0)
    if "boosts" in own:
        row["self_has_boosts"], row["self_boosts"] = 1, _boosts(own["boosts"])
    row["self_volatile"] = _volatile(own)
    row["self_has_on_hit"] = "self.onHit" in callbacks
    if "selfBoost" in move:
        row["has_self_boost"], row["self_boost"] = 1, _boosts(move["selfBoost"]["boosts"])
    secondaries = move.get("secondaries") or [s for s in (move.get("secondary"),) if s is not None]
    row["n_secondaries"] = len(secondaries)
    for k, secondary in enumerate(secondaries):
        own_code = k == 0 and "secondary.onHit" in callbacks
        _fill_effect(row["secondaries"][k], secondary | {"has_on_hit": own_code})
    switch = move.get("selfSwitch", 0)
    row["self_switch"] = {"copyvolatile": 2, "shedtail": 3}.get(switch, int(bool(switch)))
    row["self_destruct"] = {"always": 1, "ifHit": 2}.get(move.get("selfdestruct", ""), 0)
    row["ohko"] = 2 if move.get("ohko") == "Ice" else int(bool(move.get("ohko")))
    row["level_damage"] = move.get("damage") == "level"
    for field, key in (
        ("offense_stat", "overrideOffensiveStat"),
        ("defense_stat", "overrideDefensiveStat"),
    ):
        row[field] = 1 + STAT_NAMES.index(move[key]) if key in move else 0
    row["foe_offense"] = move.get("overrideOffensivePokemon") == "target"
    row["ignore_immunity"] = bool(move.get("ignoreImmunity", move["category"] == "Status"))
    row["calls_move"] = bool(move.get("callsMove"))
    row["has_power_callback"] = "basePowerCallback" in callbacks
    row["has_after_hit"] = "onAfterHit" in callbacks
    row["has_on_hit"] = bool({"onHit", "onHitField", "onHitSide"} & callbacks)
    for field, key in (
        ("no_pp_boosts", "noPPBoosts"),
        ("will_crit", "willCrit"),
        ("multi_accuracy", "multiaccuracy"),
        ("force_switch", "forceSwitch"),
        ("breaks_protect", "breaksProtect"),
        ("ignore_evasion", "ignoreEvasion"),
        ("ignore_defensive", "ignoreDefensive"),
        ("ignore_ability", "ignoreAbility"),
        ("thaws_target", "thawsTarget"),
        ("sleep_usable", "sleepUsable"),
        ("smart_target", "smartTarget"),
        ("crash", "hasCrashDamage"),
        ("stalling", "stallingMove"),
        ("struggle_recoil", "struggleRecoil"),
        ("mind_blown_recoil", "mindBlownRecoil"),
        ("chloroblast_recoil", "chloroblastRecoil"),
        ("sheer_force_boost", "hasSheerForceBoost"),
        ("tracks_target", "tracksTarget"),
    ):
        row[field] = bool(move.get(key))


def _fill_species(row: Any, name: str) -> None:
    entry = DATA["species"][name]
    base_name = to_id(entry.get("baseSpecies", entry["name"]))
    base = DATA["species"].get(base_name, entry)
    full = base | entry  # formes that differ in looks only leave the rest out
    row["num"] = full["num"]
    row["base_species"] = SPECIES_ID.get(base_name, SPECIES_ID[name])
    types = [TYPE_ID[t] for t in full["types"]]
    row["types"] = types if len(types) == 2 else [types[0], 0]
    row["base_stats"] = [full["baseStats"][s] for s in ("hp", *STAT_NAMES)]
    row["weight_hg"] = round(full["weightkg"] * 10)
    for k, slot in enumerate("01HS"):
        if slot in full["abilities"]:
            row["abilities"][k] = names.ABILITY_ID.get(to_id(full["abilities"][slot]), 0)
    row["gender"] = {"": 0, "M": 1, "F": 2, "N": 3}[full.get("gender", "")]
    evolutions = entry.get("evos", []) if "baseStats" in entry else base.get("evos", [])
    row["can_evolve"] = any(to_id(evo) in SPECIES_ID for evo in evolutions)
    row["paradox"] = "Paradox" in full.get("tags", ())
    row["max_hp"] = full.get("maxHP", 0)


def _fill_ability(row: Any, ability: dict[str, Any]) -> None:
    for field, key in (
        ("breakable", "breakable"),
        ("cant_suppress", "cantsuppress"),
        ("fail_role_play", "failroleplay"),
        ("fail_skill_swap", "failskillswap"),
        ("no_entrain", "noentrain"),
        ("no_receiver", "noreceiver"),
        ("no_trace", "notrace"),
        ("no_transform", "notransform"),
    ):
        row[field] = key in ability["flags"]


def _fill_item(row: Any, name: str) -> None:
    item = DATA["items"][name]
    callbacks = set(item.get("cb", ()))
    row["berry"] = bool(item.get("isBerry"))
    row["edible"] = bool(item.get("isBerry")) and "onEat" in callbacks
    row["restorative"] = name in RESTORATIVE_BERRIES
    row["gem"] = bool(item.get("isGem"))
    row["choice"] = bool(item.get("isChoice"))
    row["pokeball"] = bool(item.get("isPokeball"))
    row["ignore_klutz"] = bool(item.get("ignoreKlutz"))
    plate = item.get("onPlate")
    row["plate_type"] = TYPE_ID[plate] if plate else 0
    if "onBasePower" in callbacks and (plate or name in BOOST_TYPES):
        row["boost_type"] = TYPE_ID[plate or BOOST_TYPES[name]]
    if "onSourceModifyDamage" in callbacks and "naturalGift" in item:
        row["resist_type"] = TYPE_ID[item["naturalGift"]["type"]]
    forme = (item.get("itemUser") or [item.get("forcedForme")])[0]
    if "onTakeItem" in callbacks and forme:
        row["user_num"] = DATA["species"][to_id(forme)]["num"]
    if item.get("isBerry"):
        row["fling_power"] = 10  # so dex-items.js, as for plates
    elif plate:
        row["fling_power"] = 90
    if item.get("fling"):
        row["fling_power"] = item["fling"]["basePower"]
        row["fling_status"] = STATUS_ID[item["fling"].get("status", "")]
        row["fling_volatile"] = _volatile(item["fling"])


def _rows(dtype: np.dtype[Any], count: int) -> npt.NDArray[Any]:
    return np.zeros(count, dtype)


def _move_table() -> npt.NDArray[Any]:
    table = _rows(MOVE_DTYPE, len(MOVE_NAMES))
    for k, name in enumerate(MOVE_NAMES[1:], 1):
        _fill_move(table[k], DATA["moves"][name])
    return table


def _species_table() -> npt.NDArray[Any]:
    table = _rows(SPECIES_DTYPE, len(SPECIES_NAMES))
    for k, name in enumerate(SPECIES_NAMES[1:], 1):
        _fill_species(table[k], name)
    return table


def _ability_table() -> npt.NDArray[Any]:
    table = _rows(ABILITY_DTYPE, len(ABILITY_NAMES))
    for k, name in enumerate(ABILITY_NAMES[1:], 1):
        _fill_ability(table[k], DATA["abilities"][name])
    return table


def _item_table() -> npt.NDArray[Any]:
    table = _rows(ITEM_DTYPE, len(ITEM_NAMES))
    for k, name in enumerate(ITEM_NAMES[1:], 1):
        _fill_item(table[k], name)
    return table


def _type_chart() -> npt.NDArray[np.int8]:
    """Return ``[attack type, defending type]``: 0 neutral, 1 weak, -1 resist, 2 immune."""
    chart = np.zeros((len(TYPE_NAMES), len(TYPE_NAMES)), np.int8)
    for defender, entry in DATA["typechart"].items():
        for attacker, taken in entry["damageTaken"].items():
            if attacker in TYPE_ID:
                code = {0: 0, 1: 1, 2: -1, 3: 2}[taken]
                chart[TYPE_ID[attacker], TYPE_ID[defender.capitalize()]] = code
    return chart


def _effect_immunity() -> npt.NDArray[np.uint16]:
    """Return per type the bits ``IMMUNE_*`` of effects other than attacks that it is immune to."""
    immune = np.zeros(len(TYPE_NAMES), np.uint16)
    for defender, entry in DATA["typechart"].items():
        for bit, effect in enumerate(IMMUNITIES):
            if entry["damageTaken"].get(effect) == 3:
                immune[TYPE_ID[defender.capitalize()]] |= 1 << bit
    return immune


IMMUNITIES = [*names.STATUS_NAMES, "powder", "prankster", "sandstorm", "trapped"]
"""Bit k of :data:`TYPE_IMMUNE` is the immunity to ``IMMUNITIES[k]`` (statuses under their id)."""
IMMUNE_POWDER = 1 << IMMUNITIES.index("powder")
IMMUNE_PRANKSTER = 1 << IMMUNITIES.index("prankster")
IMMUNE_SANDSTORM = 1 << IMMUNITIES.index("sandstorm")
IMMUNE_TRAPPED = 1 << IMMUNITIES.index("trapped")


def _natures() -> dict[str, tuple[int, int]]:
    """Return nature id -> indices of the raised and the lowered stat, (-1, -1) for neutral ones."""
    return {
        name: (STAT_NAMES.index(n["plus"]), STAT_NAMES.index(n["minus"]))
        if "plus" in n
        else (-1, -1)
        for name, n in DATA["natures"].items()
    }


class Table(np.ndarray[Any, np.dtype[Any]]):
    """A constant array that prints as its shape: numba prints every global of every kernel."""

    def __str__(self) -> str:
        return f"table{self.shape}"


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a read-only view of a table for kernels to freeze."""
    table = array.view(Table)
    table.flags.writeable = False
    return table


MOVES = frozen(_move_table())
SPECIES = frozen(_species_table())
ABILITIES = frozen(_ability_table())
ITEMS = frozen(_item_table())
TYPE_CHART = frozen(_type_chart())
TYPE_IMMUNE = frozen(_effect_immunity())
_BINDING = [0, *np.flatnonzero(MOVES["volatile"] == 1 + constants.V_PARTIALLYTRAPPED).tolist()]
BINDING_MOVES = frozen(np.array(_BINDING, np.uint16))
"""Moves that trap for some turns, by the number that the state keeps of them; 0: unknown."""
BINDING_NUMBER = frozen(
    np.array([_BINDING.index(k) if k in _BINDING else 0 for k in range(len(MOVES))], np.uint8)
)
"""By number of a move: its place in :data:`BINDING_MOVES`, 0 for all that do not bind."""
NATURES = _natures()
