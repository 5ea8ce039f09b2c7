"""What is tracked as seen, against the protocol of real recorded battles, and the belief on it."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from plywise.datasets.battle_corpus import RecordedBattle, read_corpus
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import to_id
from plywise.engine.battle.border import codec, plain, teams
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.belief import RandomBattleBelief
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import MonView
from plywise.games.gen9.seen import (
    Seen,
    conditions_of,
    effects_of,
    observe,
    shown_hp,
)
from plywise.games.gen9.state import Gen9State

CORPUS = Path(__file__).parents[2] / "data" / "random.jsonl.gz"
MON = re.compile(r"(\[of\] )?p\d[a]?: ")
Pool = np.ndarray[Any, Any]
Key = tuple[int, str]
"""Side and name of a Pokémon in the protocol."""

# Shown by the forme, by the copied Pokémon or under a shorter name ("As One"), not by the ability's
# own name.
SHOWN_OTHERWISE = {"terashell", "gulpmissile", "asonespectrier", "asoneglastrier"}


class Protocol:
    """What the lines of a battle's log have said about each Pokémon."""

    def __init__(self) -> None:
        self.appeared: list[list[str]] = [[], []]
        self.used: dict[Key, Counter[str]] = defaultdict(Counter)
        self.items: dict[Key, set[str]] = defaultdict(set)
        self.abilities: dict[Key, set[str]] = defaultdict(set)
        self.hp: dict[Key, int] = {}
        self.out: dict[int, Key] = {}

    @staticmethod
    def key(text: str) -> Key:
        return int(text[1]) - 1, to_id(text.split(": ")[1])

    def read(self, line: str) -> None:
        kind, *args = line.split("|")[1:] or [""]
        concerned = [self.key(a.removeprefix("[of] ")) for a in args if MON.match(a)]
        for what, store in (("item", self.items), ("ability", self.abilities)):
            for arg in args:
                if named := re.match(rf"(?:\[from\] )?{what}: (.*)", arg):
                    for mon in concerned:
                        store[mon].add(to_id(named[1]))
        if not args or not MON.match(args[0]):
            return
        me = self.key(args[0])
        if kind in ("switch", "drag"):
            self.out[me[0]] = me
            if me[1] not in self.appeared[me[0]]:
                self.appeared[me[0]].append(me[1])
        elif kind == "move" and not any(a.startswith("[from]") for a in args):
            self.used[me][to_id(args[1])] += 1
        elif kind in ("-item", "-enditem"):
            self.items[me].add(to_id(args[1]))
            if "Trick" in line or "Switcheroo" in line:
                self.items[self.out[1 - me[0]]].add(to_id(args[1]))
        elif kind == "-ability":
            self.abilities[me].add(to_id(args[1]))
        elif kind in ("-activate", "-start"):  # Protosynthesis and such name themselves and a stat
            self.abilities[me] |= {re.sub("(atk|def|spa|spd|spe)$", "", to_id(a)) for a in args}
        if kind == "faint":
            self.hp[me] = 0
        elif kind in ("switch", "drag", "-damage", "-heal", "-sethp"):
            for found in re.finditer(r"(\d+)/(\d+)", line):
                self.hp[me] = shown_hp(int(found[1]), int(found[2]))


Position = tuple[RecordedBattle, Seen, Protocol, Pool]


@cache
def battles() -> tuple[RecordedBattle, ...]:
    return tuple(read_corpus(CORPUS))


def positions() -> Iterator[Position]:
    """Every decision of recorded battles: what was seen, what was said, and the whole state."""
    for battle in battles():
        setup = codec.BattleSetup.of(battle)
        unstarted = teams.unstarted(battle.teams(), battle.format, rng=random.Random(1))
        before = plain.thaw(unstarted, 0)
        pool = codec.decode(battle.steps[0].before, setup)
        after = plain.thaw(pool, 0)
        seen, said = observe(Seen(), before, after, (NO_ACTION, NO_ACTION)), Protocol()
        for line in battle.start_log:
            said.read(line)
        yield battle, seen, said, pool
        for step in battle.steps:
            pool = codec.decode(step.after, setup)
            before, after = after, plain.thaw(pool, 0)
            actions = [
                NO_ACTION if choice is None else codec.action_of(choice, step.before, s)
                for s, choice in enumerate(step.choices)
            ]
            seen = observe(seen, before, after, actions)
            for line in step.log:
                said.read(line)
            yield battle, seen, said, pool


def mons(position: Position) -> Iterator[tuple[Key, MonView, PokemonSet]]:
    """What is known of each Pokémon that has appeared, and the set that it really has."""
    battle, seen, *_ = position
    for s, team in enumerate(battle.teams()):
        if any(member.ability == "illusion" for member in team):
            continue  # its protocol names another Pokémon
        for index, view in zip(seen.sides[s].indices, seen.sides[s].view.mons, strict=True):
            yield (s, to_id(team[index].nickname)), view, team[index]


def test_only_what_the_protocol_announced_is_revealed_and_every_own_move_is() -> None:
    checked = 0
    for position in positions():
        said = position[2]
        for s in range(2):
            names = [key[1] for key, _, _ in mons(position) if key[0] == s]
            assert names in ([], said.appeared[s])
        for key, view, built in mons(position):
            assert view.hp == said.hp[key]
            used = {m: n for m, n in said.used[key].items() if m in built.moves}
            assert {m.id: m.used for m in view.moves} == used
            assert {view.item or "", view.lost_item} - {""} <= said.items[key]
            if view.base_species != "ditto":  # it copies an ability that the player knows
                known = {view.ability or "", view.base_ability or ""} - {""} - SHOWN_OTHERWISE
                assert known <= said.abilities[key]
            checked += 1
    assert checked > 3000


def test_the_belief_always_contains_the_true_set() -> None:
    belief = RandomBattleBelief()
    for position in positions():
        for _, view, built in mons(position):
            found = belief.candidates(view)
            sets = [belief.sets.sets[row] for row in found.rows]
            assert not found.relaxed
            assert any(
                (s.species, s.level, s.ability, s.item, s.tera_type, set(s.moves))
                == (
                    built.species,
                    built.level,
                    built.ability,
                    built.item,
                    built.tera_type,
                    set(built.moves),
                )
                for s in sets
            )


def test_worlds_agree_with_all_that_is_known_in_real_battles() -> None:
    Gen9Battle().kernels()
    for n, (_, seen, _, pool) in enumerate(positions()):
        if n % 3:
            continue
        state = Gen9State(BattleState(pool), seen)
        for player in range(2):
            world = state.resample_from_infostate(player, random.Random(n))
            assert world.information_state(player) == state.information_state(player)
            assert world.legal_actions(player) == state.legal_actions(player)
            assert world.current_player() == state.current_player()
            sides = zip(plain.thaw(pool, 0).sides, plain.thaw(world.flat(), 0).sides, strict=True)
            for true, drawn in sides:
                assert true.boosts == drawn.boosts
                assert true.wish_duration == drawn.wish_duration
                assert effects_of(true).keys() == effects_of(drawn).keys()
                assert conditions_of(true) == conditions_of(drawn)


def test_revealed_facts_survive_json() -> None:
    for n, (_, seen, *_) in enumerate(positions()):
        if n % 25 == 0:
            assert msgspec.json.decode(msgspec.json.encode(seen), type=Seen) == seen


@pytest.mark.parametrize(
    ("hp", "most", "shown"), [(0, 300, 0), (1, 300, 1), (299, 300, 99), (300, 300, 100)]
)
def test_hp_as_showdown_shows_it(hp: int, most: int, shown: int) -> None:
    assert shown_hp(hp, most) == shown
