"""Worlds drawn from an information state, compared with the simulator's state.

What no player can know is left out by these rules: of the opponent, whatever the information state
does not tell of sets; what is drawn (lengths of sleep, confusion, binding, a lock; HP behind a
Substitute that was hit, and within a percent); what only hidden sets decide (``HIDDEN``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from numpy.typing import NDArray

from plywise.datasets.battle_corpus import Dump
from plywise.engine.battle.oracle.state_facts import dump_facts, state_facts
from plywise.games.gen9.infostate import InfoState, MonView
from plywise.games.gen9.tracking.wire import UNSHOWN_FORMES


class Fact(NamedTuple):
    """One fact of an information state or a world: its name, whose, as known, and as it is."""

    name: str
    of: str
    known: Any
    right: Any


_DRAWN = {
    "confusion": ("time",),
    "partiallytrapped": ("duration", "boundDivisor"),
    "lockedmove": ("trueDuration",),
    "substitute": ("hp",),
}
HIDDEN = frozenset(
    """allyswitch chillyreception choicelock counter flinch lockedmove metronome mirrorcoat
    rolloutstorage trapper unburden zenmode""".split()
)
"""Volatile conditions of the opponent's that no line tells."""
_NOT_COMPARED = frozenset(
    (
        "queue;last successful move;order;disabled;trapped;speed;sleep turns;this turn's result;"
        "last turn's result;hurt this turn;newly switched;stats raised;stats lowered;attackers;"
        "attack damage;request;switch flag;boosted by stellar;used item this turn;"
        "sleeps by own side;illusion;illusion kept;ability state checked;ability state busted;"
        "ability state resisted;volatile allyswitch;volatile flinch;volatiles by age;"
        "item state eject"
    ).split(";")
)
"""What is drawn, what lasts for a part of a turn, what the choices of both hide, the order in which
conditions of a Pokémon began, hidden ones among them (only ties of handlers ask for it), and an
Eject Pack that stays ready since there is nobody to make room for."""
_OF_SETS = frozenset(
    (
        "hp;max hp;ability;base ability;item;tera type;may terastallize;moves;pp;max pp;stats;"
        "types;gender;used moves"
    ).split(";")
)
EXTENDED = 3
"""Turns that a rock or Light Clay adds."""
SCREENS = ("reflect", "lightscreen", "auroraveil")
"""Conditions that Light Clay extends."""


def world_facts(
    info: InfoState, world: NDArray[Any], dump: Dump, foes: Mapping[int, int]
) -> Iterator[Fact]:
    """Yield the facts of a pool of one world, beside those of the truth.

    Args:
        info: from which the world was drawn.
        world: the pool.
        dump: the truth.
        foes: index of the opponent's Pokémon in ``info`` -> its team index, of those compared.
    """
    mine, theirs = state_facts(world, 0), dump_facts(dump)
    own, foe = f"p{info.player + 1}", f"p{2 - info.player}"
    places = {"battle": "battle", own: own, foe: foe}
    places |= {f"{own}:{i}": f"{own}:{i}" for i in range(len(info.own.mons))}
    places |= {f"{foe}:{n}": f"{foe}:{i}" for n, i in foes.items()}
    team: dict[int | None, int] = {i: n for n, i in foes.items()}
    truth: dict[str, dict[str, Any]] = {}
    for (where, what), value in theirs.items():
        truth.setdefault(where, {})[what] = value
    drawn: dict[str, dict[str, Any]] = {}
    for (where, what), value in mine.items():
        drawn.setdefault(where, {})[what] = value
    for here, there in places.items():
        got, right = drawn.get(here, {}), truth.get(there, {})
        whose = "own" if here.startswith(own) else "foe" if here.startswith(foe) else "field"
        known = _known(info, here, whose)
        for what in sorted({*got, *right} - _NOT_COMPARED):
            if what == "volatile choicelock" and not got.get("item", "").startswith("choice"):
                continue  # it ends when the next turn begins
            if what == "volatile metronome" and got.get("item") != "metronome":
                continue  # the next try of a move ends it, before it counts
            if what == "types" and known is not None and known.ability in _TYPE_BY_ITEM:
                continue  # what the state holds is not what counts
            if what == "stats" and (info.own.copy is not None or info.own.stat_moves):
                continue  # they depend on the opponent's
            fainted = what in _OF_STANDING and got.get("hp") == 0
            if fainted or _on_bench(what, known, info):
                continue
            value, truth_value = got.get(what), right.get(what)
            if whose == "foe" and what.startswith("fainted "):
                if truth_value is not None and truth_value not in team:
                    continue  # behind an Illusion
                truth_value = team.get(truth_value)
            if whose == "own" and isinstance(truth_value, dict) and "src" in truth_value:
                source = team.get(truth_value["src"])
                if isinstance(value, dict) and source is None:
                    value = value | {"src": None}  # behind an Illusion
                truth_value = truth_value | {"src": source}
            yield from _compared(what, whose, known, value, truth_value)


_TYPE_BY_ITEM = ("multitype", "rkssystem")
_OF_STANDING = ("status", "toxic stage")


def _on_bench(what: str, known: MonView | None, info: InfoState) -> bool:
    """Return whether a fact begins anew when the Pokémon, which is on the bench, comes in."""
    active = (info.own.active_mon, info.foe.active_mon)
    return what == "toxic stage" and not any(known is mon for mon in active)


def _known(info: InfoState, where: str, whose: str) -> MonView | None:
    view = {"own": info.own, "foe": info.foe}.get(whose)
    _, colon, index = where.partition(":")
    return view.mons[int(index)] if colon and view is not None else None


def _compared(what: str, whose: str, known: MonView | None, got: Any, right: Any) -> Iterator[Fact]:
    if what in ("species", "base species"):
        yield Fact(what, whose, UNSHOWN_FORMES.get(got, got), UNSHOWN_FORMES.get(right, right))
    elif what in ("weather", "terrain"):
        yield Fact(what, whose, got[0], right[0])
        yield Fact(f"turns of {what}", whose, _near(got[1], right[1]), right[1])
    elif what.startswith("side condition "):
        screen = what.split()[-1] in SCREENS
        value = _near(got, right) if screen and got and right else got
        yield Fact(what, whose, value, right)
    elif what == "slot condition futuremove":
        yield Fact(what, whose, got and got[:2], right and right[:2])
    elif what == "slot condition wish":
        yield Fact(what, whose, got and got[1], right and right[1])
    elif what.startswith("volatile "):
        name = what.split()[-1]
        if name == "chillyreception" or (whose == "foe" and name in HIDDEN):
            return
        if name == "truant" and known is not None and known.ability != name:
            return
        if got is None or right is None:
            yield Fact(what, whose, got is not None, right is not None)
            return
        for key in sorted({*got, *right} - set(_DRAWN.get(name, ()))):
            yield Fact(f"{what} {key}", whose, got.get(key), right.get(key))
    elif whose == "foe" and known is not None:
        yield from _of_opponent(what, known, got, right)
    else:
        yield Fact(what, whose, got, right)


def _of_opponent(what: str, known: MonView, got: Any, right: Any) -> Iterator[Fact]:
    if known.ability == "asone":
        known = replace(known, ability=None, base_ability=None)
    told = {"ability": known.ability, "base ability": known.base_ability, "item": known.item}
    if what in told:
        if told[what] is not None:
            yield Fact(what, "foe", got, right)
    elif what.startswith(("ability state", "item state")):
        return
    elif what not in _OF_SETS:
        yield Fact(what, "foe", got, right)


def _near(got: int, right: int) -> int:
    """Return ``right`` where only an item that nobody has seen makes the difference."""
    return right if abs(got - right) == EXTENDED else got
