"""What rows of a replay say, beside the state that the simulator was in at that decision.

``python -m tests.games.gen9.replay_truth CORPUS… limit=N`` reads corpora recorded with streams,
each battle as a spectator was sent it, and counts by name what is compared and what is wrong:
choices, legal actions, public facts, and what is inferred of the player's own sets.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from plywise.datasets.battle_corpus import RecordedBattle, RecordedStep, read_corpus
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.set_priors import base_species
from plywise.datasets.showdown_data import to_id
from plywise.games.gen9.infostate import InfoState, MonView, SideView, from_json
from plywise.games.gen9.replays.decisions import ReplayRow, replay_decisions
from plywise.games.gen9.tracking.wire import UNSHOWN_FORMES, shown_hp

from .replay_trials import based, log_of, rows_of, steps_of, true_name

_TOLD = frozenset(
    """substitute confusion leechseed taunt encore disable torment healblock yawn curse aquaring
    ingrain focusenergy throatchop saltcure magnetrise nightmare attract""".split()
)
"""Conditions of a Pokémon that lines begin and end."""


class TruthFact(NamedTuple):
    """One fact: its name, what the row says, what is true."""

    name: str
    said: object
    true: object


def true_facts(row: ReplayRow, step: RecordedStep) -> Iterator[TruthFact]:
    """Yield the facts of a row's state beside the simulator's state."""
    info, dump = from_json(row.state), step.before
    yield TruthFact("turn", info.turn, dump["turn"])
    yield TruthFact("request", info.request, dump["req"])
    yield TruthFact("weather", info.weather, dump["w"])
    yield TruthFact("terrain", info.terrain, dump["t"])
    rooms = info.field_conditions.keys() - {info.weather, info.terrain}
    yield TruthFact("rooms", sorted(rooms), sorted(dump["pw"]))
    unsure = bool({"unsure", "disguised"} & set(row.flags))
    for whose, side, truth in (
        ("own", info.own, dump["S"][row.player]),
        ("foe", info.foe, dump["S"][1 - row.player]),
    ):
        # What a Pokémon does while it poses as another is told of that one, until a line ends it.
        posing = ", with an Illusion in the team" if any(map(_poses, truth["P"])) else ""
        for fact in _of_side(side, truth, unsure=unsure and whose == "own"):
            yield fact._replace(name=f"{whose} {fact.name}{posing}")


def _of_side(side: SideView, truth: Mapping[str, Any], *, unsure: bool) -> Iterator[TruthFact]:
    told = {name: found.count for name, found in side.conditions.items()}
    for name, state in truth["sc"].items():
        if "layers" in state:
            yield TruthFact(f"layers of {name}", told.get(name), state["layers"])
        else:
            yield TruthFact("side conditions", name in told, True)
    mons = {base_species(_played(mon.get("bsp", mon["sp"]))): mon for mon in truth["P"]}
    out = truth["P"][0]
    posing = any("ill" in mon for mon in truth["P"]) or unsure
    active = side.active_mon
    if active is not None and not posing and "act" in out:
        yield from _of_active(side, active, out)
    if len(mons) < len(truth["P"]):
        return  # two of a species: a spectator cannot always tell them apart
    for mon in side.mons:
        real = mons.get(base_species(_played(mon.base_species)))
        if real is None or posing:
            continue
        yield TruthFact("fainted", mon.fainted, real["hp"] <= 0)
        if mon is not active and not mon.away and not mon.fainted:
            yield TruthFact("bench HP", _percent(mon), shown_hp(real["hp"], real["mhp"]))
        yield from _of_set(mon, real)


def _of_active(side: SideView, mon: MonView, real: Mapping[str, Any]) -> Iterator[TruthFact]:
    yield TruthFact("species", mon.species, _played(real["sp"]))
    yield TruthFact("HP", _percent(mon), shown_hp(real["hp"], real["mhp"]))
    if real["hp"] > 0:
        yield TruthFact("status", mon.status, real.get("s", ""))
        yield TruthFact("boosts", dict(side.boosts), real.get("bo", {}))
        conditions = real.get("vo", {}).keys() & _TOLD
        yield TruthFact("conditions", sorted(side.volatiles.keys() & _TOLD), sorted(conditions))
        yield TruthFact("terastallized", mon.terastallized, "tera" in real)
    if side.copy is None and mon.ability is not None and real["hp"] > 0:
        yield TruthFact("ability", mon.ability, real["ab"])


def _of_set(mon: MonView, real: Mapping[str, Any]) -> Iterator[TruthFact]:
    slots = {slot[0] for slot in real.get("bmv", real["mv"])}
    if mon.moves and "tr" not in real:
        yield TruthFact("moves of the set", {move.id for move in mon.moves} <= slots, True)
    if mon.item is not None:
        yield TruthFact("item", mon.item, real["it"])
    if mon.tera_type is not None:
        yield TruthFact("Tera type", mon.tera_type, real["tt"])


def _poses(mon: Mapping[str, Any]) -> bool:
    return "illusion" in (mon["ab"], mon.get("bab"))


def _played(species: str) -> str:
    return UNSHOWN_FORMES.get(species, species)


def _percent(mon: MonView) -> int:
    return mon.hp if mon.max_hp == 100 else shown_hp(mon.hp, mon.max_hp)


def set_facts(info: InfoState, team: tuple[PokemonSet, ...]) -> Iterator[TruthFact]:
    """Yield what is inferred of a player's own sets, beside its team."""
    sets = {base_species(_played(one.species)): one for one in team}
    if len(sets) < len(team):
        return
    for mon in info.own.mons:
        real = sets.get(base_species(_played(mon.base_species)))
        if real is None or mon.base_species != _played(real.species):
            continue  # of another forme, the ability is another
        yield TruthFact("set, moves", {m.id for m in mon.moves} <= set(real.moves), True)
        if mon.first_item is not None:
            yield TruthFact("set, item", mon.first_item, real.item)
        if mon.base_ability is not None:
            yield TruthFact("set, ability", mon.base_ability, to_id(real.ability))
        if mon.tera_type is not None:
            yield TruthFact("set, Tera type", mon.tera_type, real.tera_type)


def compare_with_truth(battle: RecordedBattle, facts: Counter[str]) -> list[str]:
    """Count what a battle's rows say by name; return what is wrong, a line each."""
    wrong: list[str] = []
    read = replay_decisions(log_of(battle))

    def note(where: str, fact: TruthFact) -> None:
        facts[fact.name] += 1
        if fact.said != fact.true:
            wrong.append(f"{fact.name}: {where}: {fact.said}, truly {fact.true}")

    for player in (0, 1):
        rows, steps = rows_of(read, player), steps_of(battle, player)
        note(f"{battle.number} p{player + 1}", TruthFact("rows", len(rows), len(steps)))
        team = battle.teams()[player]
        illusion = any(one.ability == "illusion" for one in team)
        posing = ", with an Illusion in the team" if illusion else ""
        for row, step in zip(rows, steps, strict=False):
            where = f"{battle.number} turn {row.turn} p{player + 1}"
            facts["decisions"] += 1
            choice = step.choices[player]
            assert choice is not None
            truth, doubt = true_name(choice, step, player), "unsure" in row.flags
            if row.action:
                note(where, TruthFact("the action is legal", row.action in row.legal, True))
                name = "action, marked unsure" if doubt else "action"
                note(where, TruthFact(name, based(row.action), truth))
            else:
                facts["action not known"] += 1
            for fact in true_facts(row, step):
                note(where, fact)
            if not doubt:
                for fact in set_facts(from_json(row.state), team):
                    note(where, fact._replace(name=f"{fact.name}{posing}"))
    return wrong


def main(words: list[str]) -> None:
    """Compare all battles of corpora; print counts, and the first wrong ones of each name."""
    options = dict(word.split("=") for word in words if "=" in word)
    facts: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    battles = 0
    for word in words:
        if "=" in word:
            continue
        for battle in read_corpus(Path(word), int(options.get("limit", 1_000_000))):
            battles += 1
            for line in compare_with_truth(battle, facts):
                name = line.partition(":")[0]
                wrong[name] += 1
                if wrong[name] <= int(options.get("examples", 3)):
                    print(f"{Path(word).name}: {line}")
    print(f"{battles} battles, {facts['decisions']} decisions, {facts.total()} facts")
    for name, count in sorted(facts.items()):
        print(f"  {name:32} {count:>9,} {wrong[name]:>6} wrong")


if __name__ == "__main__":
    main(sys.argv[1:])
