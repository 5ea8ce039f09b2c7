"""What of another Showdown release's tables the battle engine follows, and what it has no code for.

The engine was written for the tables of this package (the *pinned* ones).  Of another release it
follows what its tables are made of (powers, stats, types, chances …); what a record does in
functions, or in fields that no table holds, is code here.  All in plain records as
``datasets/showdown/export.js`` writes them, and digests as ``fingerprints.js`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plywise.datasets.showdown_data import to_id

Tables = Mapping[str, Any]

FOLLOWED = {
    "moves": frozenset(
        """accuracy basePower boosts breaksProtect callsMove category chloroblastRecoil critRatio
        drain flags forceSwitch hasCrashDamage hasSheerForceBoost heal ignoreAbility ignoreDefensive
        ignoreEvasion ignoreImmunity isNonstandard mindBlownRecoil multiaccuracy multihit noPPBoosts
        num ohko overrideDefensiveStat overrideOffensivePokemon overrideOffensiveStat pp priority
        pseudoWeather recoil secondaries secondary self selfBoost selfSwitch selfdestruct
        sideCondition sleepUsable slotCondition smartTarget stallingMove status struggleRecoil
        target terrain thawsTarget tracksTarget type volatileStatus weather willCrit""".split()
    ),
    "abilities": frozenset(("flags",)),
    "items": frozenset(
        """boosts fling forcedForme ignoreKlutz isBerry isChoice isGem isPokeball itemUser
        naturalGift onPlate""".split()
    ),
    "species": frozenset(
        """abilities baseSpecies baseStats evos gender maxHP num tags types weightkg""".split()
    ),
    "conditions": frozenset[str](),
}
"""Table -> fields that the engine's tables are made of (``engine/battle/tables.py``)."""
_NO_RULE = {
    # What neither a battle nor a belief asks for.
    "moves": frozenset(("name", "realMove", "maxMove", "zMove")),
    "abilities": frozenset(("name", "num", "shortDesc")),
    "items": frozenset(("name", "num", "gen", "spritenum", "isNonstandard")),
    "species": frozenset(
        """name forme baseForme formeOrder otherFormes cosmeticFormes prevo evoLevel evoType evoItem
        evoMove evoCondition evoRegion canHatch genderRatio gen mother tier placeholderFor
        isCosmeticForme cannotDynamax canGigantamax""".split()
    ),
    "conditions": frozenset(("name",)),
}
# A key of these names an effect, a type or a kind, wherever it stands; another name is not known.
_NAMES = {
    "status": None, "volatileStatus": None, "sideCondition": None, "slotCondition": None,
    "pseudoWeather": None, "weather": None, "terrain": None, "target": "normal",
    "type": "Normal", "category": "Status", "selfSwitch": None, "selfdestruct": None, "ohko": None,
    "overrideOffensiveStat": None, "overrideDefensiveStat": None,
}  # fmt: skip
_OF_TEAMS = ("onBegin", "onChangeSet", "onValidate")


@dataclass(frozen=True)
class UnknownPart:
    """Something of a release that the engine plays otherwise than the simulator may.

    Attributes:
        kind: move, ability, item, species, condition, rule or simulator.
        id: Showdown's id; of the simulator ``Class.method``.
        reason: what is not known of it.
    """

    kind: str
    id: str
    reason: str

    @property
    def name(self) -> str:
        """The kind and the id."""
        return f"{self.kind} {self.id}"


KINDS_OF_TABLES = {
    "moves": "move",
    "abilities": "ability",
    "items": "item",
    "species": "species",
    "conditions": "condition",
}
"""Table -> what one record of it is."""


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return path of a field (``secondary.chance``) -> value; lists are values."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            found[f"{prefix}{key}"] = {}
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return path -> value before and value now, of all that differ; None: it has none."""
    was, now = flat(old), flat(new)
    return {
        path: (was.get(path), now.get(path))
        for path in sorted(was.keys() | now.keys())
        if was.get(path) != now.get(path)
    }


def unknown_parts(
    pinned: Tables, new: Tables, pinned_code: Tables, new_code: Tables
) -> list[UnknownPart]:
    """Return what of a release the engine has no code for.

    Args:
        pinned, new: tables (``data.json``).
        pinned_code, new_code: digests of the code (``fingerprints.json``).
    """
    found = []
    names = _known_names(pinned)
    for table, kind in KINDS_OF_TABLES.items():
        before, digests = pinned[table], (pinned_code["functions"], new_code["functions"])
        for key, record in sorted(new[table].items()):
            codes = [digest.get(table, {}).get(key, {}) for digest in digests]
            if key in before:
                reasons = [*_changes(table, before[key], record), *_functions(*codes)]
            else:
                reasons = list(_novelties(table, record, pinned[table]))
            reasons += _foreign_names(record, names)
            if flags := sorted(set(record.get("flags", ())) - names.get(table, set())):
                reasons.append(f"flags {', '.join(flags)} are new")
            if reasons:
                found.append(UnknownPart(kind, key, "; ".join(dict.fromkeys(reasons))))
    return [*found, *_code(pinned_code, new_code)]


def _changes(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    aside = FOLLOWED[table] | _NO_RULE[table] | {"cb"}
    fields = [path for path in changed_fields(old, new) if path.partition(".")[0] not in aside]
    if fields:
        yield f"changed where the engine has code: {', '.join(fields)}"


def _functions(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for words, names in (
        ("changed functions", [n for n in sorted(old.keys() & new.keys()) if old[n] != new[n]]),
        ("new functions", sorted(new.keys() - old.keys())),
        ("functions that are gone", sorted(old.keys() - new.keys())),
    ):
        if names:
            yield f"{words}: {', '.join(names)}"


def _novelties(table: str, record: Mapping[str, Any], known: Tables) -> Iterator[str]:
    if callbacks := record.get("cb"):
        yield f"new, with functions: {', '.join(callbacks)}"
    aside = FOLLOWED[table] | _NO_RULE[table] | {"cb"}
    fields = [key for key in record if key not in aside]
    if table == "conditions" or fields:
        yield f"new, with {', '.join(fields) or 'an effect'}"


def _known_names(tables: Tables) -> dict[str, set[Any]]:
    """Return key -> all names that stand under it anywhere, and table -> all names of flags."""
    found: dict[str, set[Any]] = {key: set() for key in _NAMES}
    for table in ("moves", "items"):
        for record in tables[table].values():
            for key, value in _named(record):
                found[key].add(_plain_name(value))
    for table in ("moves", "abilities"):
        found[table] = {f for r in tables[table].values() for f in r.get("flags", ())}
    return found


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each key of ``_NAMES`` in a record with its value, at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _NAMES and not isinstance(inner, (Mapping, list)):
                yield key, inner
            elif key != "damageTaken":
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _plain_name(value: Any) -> Any:
    return to_id(value) if isinstance(value, str) else value


def _foreign_names(record: Mapping[str, Any], names: Mapping[str, set[Any]]) -> Iterator[str]:
    for key, value in _named(record):
        if _plain_name(value) not in names[key]:
            yield f"{key} {value} is new"


def _code(old: Tables, new: Tables) -> Iterator[UnknownPart]:
    for key, now in sorted(new["rules"].items()):
        before = old["rules"].get(key)
        if before is None:  # a format with a rule that is not known is refused by its name
            continue
        reasons = [
            name
            for name in sorted(before.keys() | now.keys())
            if before.get(name) != now.get(name) and not name.startswith(_OF_TEAMS)
        ]
        if reasons:
            yield UnknownPart("rule", key, f"changed functions: {', '.join(reasons)}")
    was, now = old["methods"], new["methods"]
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            what = "is gone" if name not in now else "is new" if name not in was else "has changed"
            yield UnknownPart("simulator", name, f"its code {what}")


def fitted(pinned: Tables, new: Tables) -> dict[str, Any]:
    """Return a release's tables as the engine can load them.

    Records that are gone stay, since the engine has code that names them: no team has them, and
    Metronome does not call them.  Names of effects that the engine does not know are left out.
    """
    tables = dict(new)
    names = _known_names(pinned)
    for table in (*KINDS_OF_TABLES, "typechart", "natures"):
        kept = {key: record for key, record in pinned[table].items() if key not in new[table]}
        if table == "moves":
            kept = {key: {**record, "isNonstandard": "Past"} for key, record in kept.items()}
        tables[table] = {**new[table], **kept}
    for table in ("moves", "items"):
        tables[table] = {key: _without(record, names) for key, record in tables[table].items()}
    return tables


def _without(value: Any, names: Mapping[str, set[Any]]) -> Any:
    """Return a record without the names that are not known."""
    if isinstance(value, list):
        return [_without(inner, names) for inner in value]
    if not isinstance(value, Mapping):
        return value
    found = {}
    for key, inner in value.items():
        if key in _NAMES and not isinstance(inner, (Mapping, list)):
            if _plain_name(inner) in names[key]:
                found[key] = inner
            elif _NAMES[key] is not None:
                found[key] = _NAMES[key]
        else:
            found[key] = _without(inner, names)
    return found
