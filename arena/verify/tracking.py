"""``plywise verify tracking CORPUS``: what a player's lines tell, against the simulator's state.

At every decision of both players the reader of the protocol (``games/gen9/tracking``), which has
read that player's channel alone, is compared with the recorded state.  Needs a corpus recorded with
``streams=true``.

What a player cannot know is left out by these rules:

- of the opponent's Pokémon only those that have been seen, and of their items, abilities and moves
  only what a line named (what is not known is no error, what is known wrongly is one);
- HP of the opponent's are percent, rounded as Showdown rounds them; on the bench they are those
  with which it left (Regenerator shows when it comes back);
- a Pokémon with an Illusion that nothing has betrayed, and the one that it imitates; so too in a
  world that imagines an Illusion of the opponent's (:mod:`plywise.games.gen9.illusions`);
- the lengths that an item extends (rocks, Light Clay) count as the usual ones, or three more;
- conditions without a line that follow from a hidden item, ability or draw (``HIDDEN``);
- what is deduced of the item and the stats of a Pokémon whose ability its species does not have
  (teams that mix all);
- Truant's turn of loafing that Baton Pass has handed to one without Truant: nothing reads it.

A world is drawn at every decision and compared with the same state (:mod:`.tracking_worlds`), and,
in a corpus of drawn ties, the information state with that of the engine's own game of the same seed
and choices (:mod:`.tracking_engine`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console
from rich.table import Table

from plywise.arena.verify.corpus_report import CorpusReport, count_battles
from plywise.arena.verify.tracking_engine import EngineGame
from plywise.arena.verify.tracking_worlds import EXTENDED, HIDDEN, SCREENS, Fact, world_facts
from plywise.conf.schemas.verify import VerifyConfig
from plywise.datasets.battle_corpus import Dump, RecordedBattle, RecordedStep
from plywise.datasets.errors import ConfigError
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.set_priors import base_species
from plywise.datasets.showdown_data import load
from plywise.datasets.spreads import stats_of
from plywise.datasets.sums import add_fields
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.evidence.highest_stat import explains_highest
from plywise.games.gen9.evidence.hit_likelihood import hit_likelihood
from plywise.games.gen9.evidence.speed_order import ITEM_FACTORS, LAST_ITEMS, explains_order
from plywise.games.gen9.infostate import InfoState
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.absences import species_abilities
from plywise.games.gen9.tracking.known import Effect, KnownBattle, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import UNSHOWN_FORMES, channel, details_of, shown_hp
from plywise.games.gen9.worlds import sample_worlds
from plywise.games.showdown.channel import BattleChannel

_BELIEF = SetBelief()
_ONCE = {"sword": "sb", "shield": "shb", "syrup": "syr", "hero": "hero", "bond": "bond"}


@dataclass
class TrackingReport(CorpusReport):
    """How what is known compares with what is.

    Attributes:
        decisions: compared; ``right``: those with every fact right.
        facts, wrong: by name, facts compared and those that are wrong.
        unknown: kinds of lines that the reader does not know or could not read.
        worlds: drawn, one at each decision; ``imagined``: those with an Illusion of the opponent's;
            ``worlds_wrong``: those that contradict the truth in what is known;
            ``facts_of_worlds``: by name, how often.
        engine: decisions compared with the engine's own game of the same seed and choices;
            ``engine_equal``: those of equal information states.
        examples: by name, the first wrong one: ``battle:step player``, of what, known, right.
    """

    decisions: int = 0
    right: int = 0
    facts: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    worlds: int = 0
    imagined: int = 0
    worlds_wrong: int = 0
    facts_of_worlds: Counter[str] = field(default_factory=Counter)
    engine: int = 0
    engine_equal: int = 0
    examples: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Share of decisions with every fact right; 0 without decisions."""
        return self.right / self.decisions if self.decisions else 0.0

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        return {
            "decisions": self.decisions,
            "decisions_right": self.right,
            "fields": self.facts.total(),
            "wrong": self.wrong.total(),
            "unknown_lines": self.unknown.total(),
            "worlds": self.worlds,
            "worlds_imagining_an_illusion": self.imagined,
            "worlds_wrong": self.worlds_wrong,
            "engine": self.engine,
            "engine_equal": self.engine_equal,
        }

    def merge(self, other: Self) -> None:
        """Add another part of the same corpus; the examples stay the first ones."""
        self.examples = other.examples | self.examples
        add_fields(self, other, without=("examples",))

    def add(self, battle: RecordedBattle) -> None:
        """Read a battle as both players.

        Raises:
            ConfigError: it was recorded without streams.
        """
        if not battle.start_raw:
            raise ConfigError(
                f"battle {battle.number} holds no streams; record a corpus with "
                "`plywise record engine OUT streams=true`"
            )
        for player in range(2):
            self._read(battle, player)

    def _read(self, battle: RecordedBattle, player: int) -> None:
        told, illusions, game = BattleChannel(), _Illusions(player), EngineGame.of(battle)
        for line in channel(battle.start_raw, player):
            told.read(line.split("|"))
        request = battle.start_requests[player]
        for step in battle.steps:
            illusions.look(step.before)
            if request is not None:
                info = told.information_state(request)
            if step.choices[player] is not None:
                where = f"{battle.number}:{step.number} p{player + 1}"
                self._note(where, facts(told.known, step.before, battle, player, illusions))
                foes = {
                    number: index
                    for number, index in _numbers(
                        told.known.sides[1 - player], battle, 1 - player
                    ).items()
                    if not illusions.concern(1 - player, index)
                }
                self._draw(where, info, step.before, foes)
                if game is not None:
                    self.engine += 1
                    self.engine_equal += game.same(info)
            if game is not None:
                game.play(step)
            for line in channel(step.raw, player):
                illusions.read(line)
                told.read(line.split("|"))
            illusions.look_back(step)
            request = step.requests[player]
        self.unknown.update(told.known.unknown)
        self.unknown.update(told.known.unreadable)

    def _draw(self, where: str, info: InfoState, dump: Dump, foes: Mapping[int, int]) -> None:
        """Compare a world drawn from an information state with the truth."""
        self.worlds += 1
        world = sample_worlds(info, 1, info.turn, _BELIEF)
        there = world[0]["sides"][1 - info.player]
        if there["illusion"]:
            self.imagined += 1
            hidden = {int(there["active"]), int(there["illusion"]) - 1}
            foes = {number: index for number, index in foes.items() if number not in hidden}
        right = True
        for fact in world_facts(info, world, dump, foes):
            if fact.known != fact.right:
                right = False
                name = f"in a world: {fact.name}"
                self.facts_of_worlds[name] += 1
                self.examples.setdefault(name, (where, fact.of, str(fact.known), str(fact.right)))
        self.worlds_wrong += not right

    def _note(self, where: str, found: Iterator[Fact]) -> None:
        before = self.wrong.total()
        for name, of, known, right in found:
            self.facts[name] += 1
            if known != right:
                self.wrong[name] += 1
                self.examples.setdefault(name, (where, of, str(known), str(right)))
        self.decisions += 1
        self.right += self.wrong.total() == before


class _Illusions:
    """Which Pokémon are concerned by an Illusion that was not found out, by entry.

    The player knows its own.
    """

    def __init__(self, player: int) -> None:
        self._player = player
        self._entries = [0, 0]
        self._doubtful: dict[tuple[int, int], set[int]] = {}
        self._shown: tuple[list[str], list[str]] = ([], [])  # who has come in during this step
        self._ended: set[tuple[int, int]] = set()

    def look(self, dump: Dump) -> None:
        """Note the Illusion of an active Pokémon and whom it imitates."""
        for s, side in enumerate(dump["S"]):
            mon = side["P"][0]
            if mon.get("act") and "ill" in mon:
                for i in (mon["i"], codec.mon_reference(mon["ill"])[1]):
                    self._doubtful.setdefault((s, i), set()).add(self._entries[s])

    def read(self, line: str) -> None:
        """Note that a Pokémon comes in, or that an Illusion ends."""
        kind, _, rest = line[1:].partition("|")
        if kind in ("switch", "drag"):
            self._entries[int(rest[1]) - 1] += 1
            self._shown[int(rest[1]) - 1].append(details_of(rest.split("|")[1])[0])
        elif kind == "replace":
            side = int(rest[1]) - 1
            self._ended.add((side, self._entries[side]))
            for (s, _), entries in self._doubtful.items():
                if s == side:
                    entries.discard(self._entries[s])

    def look_back(self, step: RecordedStep) -> None:
        """Note an Illusion that came in during a step, and may have fainted or left in it."""
        for s, shown in enumerate(self._shown):
            came: dict[int, Dump] = {}
            choice = step.choices[s] or ""
            if choice.startswith("switch "):
                came[0] = step.before["S"][s]["P"][int(choice.split()[1]) - 1]
            if "S" in step.after:
                came[len(shown) - 1] = step.after["S"][s]["P"][0]
            for k, mon in came.items():
                entry = self._entries[s] - len(shown) + 1 + k
                if not 0 <= k < len(shown) or (s, entry) in self._ended:
                    continue
                species = base_species(shown[k])
                if _base_of(mon) != species:
                    alike = [m for m in step.before["S"][s]["P"] if _base_of(m) == species]
                    for one in (mon, *alike):
                        self._doubtful.setdefault((s, one["i"]), set()).add(entry)
            shown.clear()

    def concern(self, side: int, index: int) -> bool:
        """Return whether a Pokémon is concerned."""
        return side != self._player and bool(self._doubtful.get((side, index)))


def _base_of(mon: Dump) -> str:
    return base_species(mon.get("bsp", mon["sp"]))


def facts(
    known: KnownBattle, dump: Dump, battle: RecordedBattle, player: int, illusions: _Illusions
) -> Iterator[Fact]:
    """Yield the facts that the lines have told, beside those of the simulator's state."""
    done = codec.residuals_done(dump)
    yield Fact("turn", "", known.turn, dump["turn"])
    yield Fact("ends of turn", "", known.ends, done)
    yield Fact("weather", "", known.weather, dump["w"])
    yield Fact("terrain", "", known.terrain, dump["t"])
    rooms = {name for name in dump["pw"] if name in tables.ROOMS}
    yield Fact("rooms", "", {n for n in known.conditions if n in tables.ROOMS}, rooms)
    for name, effect in known.conditions.items():
        state = dump["ws"] if name == dump["w"] else dump["ts"]
        state = dump["pw"].get(name, state)
        yield from _length("turns left in the field", name, effect, done, state)
    for s, side in enumerate(dump["S"]):
        yield from _side_facts(known, s, side, battle, player, illusions)


def _length(
    name: str, of: str, effect: Effect, ends: int, state: Mapping[str, Any], extended: bool = True
) -> Iterator[Fact]:
    left, right = effect.left(ends), state.get("duration")
    if left is not None and right:
        possible = extended and right == left + EXTENDED
        yield Fact(name, of, right if possible else left, right)


def _side_facts(
    known: KnownBattle,
    s: int,
    dump: Dump,
    battle: RecordedBattle,
    player: int,
    illusions: _Illusions,
) -> Iterator[Fact]:
    side, own = known.sides[s], s == player
    numbers = _numbers(side, battle, s)
    team = battle.teams()[s]
    whose = "own" if own else "foe"
    active = dump["P"][0] if dump["P"][0].get("act") else None
    if active is not None:
        if (
            side.active is not None
            and side.active in numbers
            and not illusions.concern(s, active["i"])
        ):
            yield Fact("active", whose, numbers[side.active], active["i"])
        if active["hp"] > 0:
            yield from _active_facts(side, active, known.ends, whose)
    yield Fact("fallen", whose, side.fallen, dump["fnt"])
    yield from _condition_facts(side, dump, known.ends, whose)
    by_index = {mon["i"]: mon for mon in dump["P"]}
    for number, mon in enumerate(side.mons):
        if number in numbers and not illusions.concern(s, numbers[number]):
            truth = by_index[numbers[number]]
            yield from _mon_facts(
                mon, truth, known.ends, f"{whose} {truth['sp']}", team[numbers[number]], own
            )


def _numbers(side: KnownSide, battle: RecordedBattle, s: int) -> dict[int, int]:
    """Return the team index of each known Pokémon of a side, of those that species tell apart."""
    data = load()
    found: dict[int, int] = {}
    team = [(data.species_id(member.species), member.level) for member in battle.teams()[s]]
    for number, mon in enumerate(side.mons):
        alike = [
            i for i, (name, level) in enumerate(team)
            if level == mon.level and base_species(name) == base_species(mon.species)
        ]  # fmt: skip
        if len(alike) > 1:
            alike = [i for i in alike if team[i][0] == data.species_id(mon.species)]
        if len(alike) == 1:
            found[number] = alike[0]
    return found


def _active_facts(side: KnownSide, dump: Dump, ends: int, of: str) -> Iterator[Fact]:
    yield Fact("boosts", of, side.boosts, dump.get("bo", {}))
    states = dump.get("vo", {})
    charging = states.get("twoturnmove", {}).get("move")
    names = {n for n in states if n in codec.VOLATILE_BIT and n not in HIDDEN and n != charging}
    for ability, key, name in (
        ("supremeoverlord", "fallen", "fallen"),
        ("slowstart", "counter", "slowstart"),
    ):
        if dump["ab"] == ability and dump.get("as", {}).get(key):
            names.add(name)
    if dump["ab"] != "truant":
        names.discard("truant")
    told = set(side.effects) - HIDDEN - {"mimicked", "eaten", "protean"}
    if dump["ab"] == "truant" and side.loafing:
        told.add("truant")
    for name in sorted(names | told):
        yield Fact(f"condition {name}", of, name in told, name in names)
    for name in sorted(names & set(side.effects)):
        effect, state = side.effects[name], states.get(name, {})
        yield from _length(f"turns left of {name}", of, effect, ends, state, extended=False)
        if effect.move and "move" in state:
            yield Fact(f"move of {name}", of, effect.move, state["move"])
        if name == "stall":
            yield Fact("uses of protection", of, 3**effect.count, state["counter"])
        elif name == "perishsong":
            yield Fact("perish count", of, effect.count, state["duration"])
    yield Fact("turns out", of, side.turns, dump["at_"])
    yield Fact("moves tried", of, side.actions, dump["ama"])
    yield Fact("last move", of, side.last_move, dump.get("lm", ""))
    yield Fact("its last move failed", of, side.failed_before, dump.get("mlr", True) is False)
    yield Fact("last move used", of, side.last_used, dump.get("lmu", ""))
    yield Fact("transformed", of, side.copied is not None, bool(dump.get("tr")))


def _condition_facts(side: KnownSide, dump: Dump, ends: int, of: str) -> Iterator[Fact]:
    counted = {*tables.HAZARDS, *tables.SIDE_LENGTHS}
    names = counted & set(dump["sc"])
    yield Fact("side conditions", of, counted & set(side.conditions), names)
    for name in sorted(names & set(side.conditions)):
        effect, state = side.conditions[name], dump["sc"][name]
        if name in tables.HAZARDS:
            yield Fact("layers", f"{of} {name}", effect.count, state.get("layers", 1))
        else:
            screen = name in SCREENS
            yield from _length("turns left of a side condition", of, effect, ends, state, screen)
    slots = {"wish", "futuremove", "healingwish", "lunardance"}
    there = slots & set(dump["sl"][0])
    yield Fact("slot conditions", of, slots & set(side.conditions), there)
    for name, left in (("wish", codec.wish_duration), ("futuremove", codec.future_duration)):
        if name in there and name in side.conditions:
            right = left(dump["sl"][0][name], ends)
            if right != c.NEVER:
                yield Fact(f"turns left of {name}", of, side.conditions[name].left(ends), right)


def _mon_facts(
    mon: KnownMon, dump: Dump, ends: int, of: str, of_set: PokemonSet, own: bool
) -> Iterator[Fact]:
    hp = (dump["hp"], dump["mhp"])
    if own:
        # The request tells the rest of the player's own Pokémon exactly.
        if dump.get("act"):
            yield Fact("HP", of, mon.hp, dump["hp"])
        return
    hidden = mon.away == "regenerator" or (mon.away and dump["ab"] == "regenerator")
    if dump.get("act") or not hidden:
        yield Fact("HP", of, (mon.hp, mon.max_hp), (shown_hp(*hp), mon.max_hp))
    if dump["hp"] <= 0:
        return
    state = dump.get("ss", {})
    yield Fact("status", of, mon.status, dump.get("s", ""))
    if dump.get("s") == "tox" and dump.get("act"):
        yield Fact("stage of poison", of, min(15, ends - mon.poisoned), state["stage"])
    if dump.get("s") == "slp" and "startTime" in state:
        counted = mon.slept * (2 if dump["ab"] == "earlybird" else 1)
        yield Fact("turns slept", of, counted, state["startTime"] - state["time"])
        if mon.rested:
            yield Fact("Rest's length", of, 3, state["startTime"])
    forme = load().species_id(mon.forme)
    yield Fact("forme", of, forme, UNSHOWN_FORMES.get(dump["sp"], load().species_id(dump["sp"])))
    yield Fact("times attacked", of, mon.attacked, dump.get("ta", 0))
    yield Fact("terastallized", of, mon.terastallized, bool(dump.get("tera")))
    if mon.item is not None:
        yield Fact("item", of, mon.item, dump["it"])
    yield Fact("item used up", of, mon.last_item, dump.get("li", ""))
    yield Fact("ate a berry", of, "berry" in mon.done, bool(dump.get("ate")))
    for mark, key in _ONCE.items():
        yield Fact(f"once a battle: {mark}", of, mark in mon.done, bool(dump.get(key)))
    if mon.ability not in (None, "asone") and "gastroacid" not in dump.get("vo", {}):
        yield Fact("ability", of, mon.ability, dump["ab"])
    if mon.base_ability is None:
        ability = dump.get("bab", dump["ab"])
        yield Fact("ability not excluded", of, ability in mon.excluded_abilities, False)
    of_forme = stats_of(mon.species, of_set.level, of_set.nature, of_set.evs, of_set.ivs)
    spread = of_forme[5] * ITEM_FACTORS.get(of_set.item, 1.0)
    # What is deduced rests on the abilities that a species may have.
    natural = of_set.ability in species_abilities(of_set.species)
    if natural:
        yield Fact("item not excluded", of, of_set.item in mon.excluded_items, False)
        if mon.deduced_item:
            yield Fact("item deduced", of, mon.deduced_item, of_set.item)
        item = of_set.item if mon.first_item is None else mon.first_item
        ability = of_set.ability if mon.base_ability is None else mon.base_ability
        for order in mon.orders:
            found = explains_order(order, of_forme[5], item, ability)
            yield Fact("orders explained", f"{of} {order}", found, True)
        for hit in mon.hits:
            likely = hit_likelihood(hit, of_set, mon.species, item, ability)
            yield Fact("hits explained", f"{of} {hit}", likely[0] > 0, True)
        for one in mon.highest:
            found, _ = explains_highest(one, of_forme)
            yield Fact("highest stats explained", f"{of} {one}", found, True)
    if of_set.item not in LAST_ITEMS and natural:
        yield Fact("Speed within bounds", of, mon.speed[0] <= spread <= mon.speed[1], True)
    slots = {slot[0]: slot for slot in dump.get("bmv", dump["mv"])}
    for move, used in mon.uses.items():
        yield Fact("moves of the set", of, move if move in slots else None, move)
        if move in slots:
            _, left, most = slots[move][:3]
            yield Fact("PP", f"{of} {move}", max(0, most - used), left)


def verify_tracking(config: VerifyConfig) -> TrackingReport:
    """Compare the players' knowledge at every decision of a corpus.

    Raises:
        ConfigError: the corpus was recorded without streams.
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    return count_battles(TrackingReport, config)


def print_tracking_report(console: Console, report: TrackingReport) -> None:
    """Print the facts that are wrong, each with its first example."""
    wrong = report.wrong + report.facts_of_worlds
    if wrong:
        table = Table("fact", "wrong", "compared", "first at (battle:step player)")
        for name, count in wrong.most_common():
            where, of, known, right = report.examples[name]
            compared = report.facts[name] or report.worlds
            table.add_row(name, str(count), str(compared), f"{where}, {of}: {known}, right {right}")
        console.print(table)
    for kind, count in report.unknown.most_common():
        console.print(f"unknown line {kind}: {count} times")
    console.print(
        f"{report.right} of {report.decisions} decisions with every fact right ({report.rate:.2%})"
    )
    console.print(
        f"{report.worlds - report.worlds_wrong} of {report.worlds} worlds agree with what is known"
    )
    if report.engine:
        console.print(
            f"{report.engine_equal} of {report.engine} information states are those of the "
            "engine's own game"
        )
