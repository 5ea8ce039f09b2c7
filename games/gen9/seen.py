"""What each side of a battle has revealed, tracked from step to step.

A flat state holds hidden information; a player may know only what was revealed: Pokémon that
appeared, moves used, items and abilities announced, HP in percent, durations so far.
:func:`observe` derives it from the states before and after each step.  An opponent's
:class:`~plywise.games.gen9.infostate.InfoState` contains nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from plywise.engine.battle import constants as c
from plywise.engine.battle.border.teams import species_types
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    BOOST_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    STAT_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)
from plywise.games.gen9.infostate import HISTORY_LENGTH, MonView, MoveView, SideView
from plywise.games.gen9.reveals import (
    MonStep,
    Plain,
    field_conditions,
    hp_as_it_left,
    moves_used,
    name_of,
    volatiles_of,
    with_ability,
    with_item,
)

# Volatile conditions without a message.
_SILENT = frozenset(("choicelock", "unburden", "metronome", "lockedmove"))


@dataclass(frozen=True)
class SideSeen:
    """What the opponent has seen of one side.

    Attributes:
        view: the side as the opponent knows it; its Pokémon are in order of appearance.
        indices: team index of each of ``view.mons``.
        began: condition or volatile -> number of ends of turn in the battle before its start.
        behind: during Illusion, what was known of the imitated Pokémon before; None otherwise.
    """

    view: SideView = field(default_factory=lambda: SideView((), None))
    indices: tuple[int, ...] = ()
    began: Mapping[str, int] = field(default_factory=dict)
    behind: MonView | None = None

    def of(self, index: int) -> MonView | None:
        """Return what is known of the Pokémon with this team index; None: unseen."""
        return self.view.mons[self.indices.index(index)] if index in self.indices else None


@dataclass(frozen=True)
class Seen:
    """Everything revealed in a battle.

    Attributes:
        sides: what each side has revealed.
        began: weather, terrain or pseudo-weather -> as in :class:`SideSeen`.
        history: recent events as (side, words), oldest first.
    """

    sides: tuple[SideSeen, SideSeen] = (SideSeen(), SideSeen())
    began: Mapping[str, int] = field(default_factory=dict)
    history: tuple[tuple[int, str], ...] = ()


def ends_of_turn(b: Plain) -> int:
    """Return the number of ends of turn in the battle so far."""
    replacing = b.request == c.REQUEST_SWITCH and not b.residual_pending
    return max(0, int(b.turn) - 1 + replacing)


def gender_of(mon: Plain) -> str:
    """Return M, F or N."""
    return {c.MON_MALE: "M", c.MON_FEMALE: "F"}.get(mon.flag_bits & c.MON_GENDER, "N")


def shown_hp(hp: int, max_hp: int) -> int:
    """Return HP as Showdown shows them to opponents: percent rounded up, 100 only for full HP."""
    parts = -(-100 * hp // max_hp)
    return 99 if parts == 100 and hp < max_hp else parts


def observe(seen: Seen, before: Plain, after: Plain, actions: Sequence[int]) -> Seen:
    """Return what is revealed after a step by the sides' ``actions``.

    Before the first decision ``before`` is the battle without active Pokémon (turn 0).
    """
    events = _Events(int(before.turn))
    step = _Step(before, after, (_used(before, after, 0), _used(before, after, 1)))
    sides = tuple(_observe_side(seen.sides[s], step, s, actions[s], events) for s in range(2))
    present = field_conditions(after)
    began = {name: seen.began.get(name, ends_of_turn(before)) for name in present}
    history = (*seen.history, *events.in_order())[-HISTORY_LENGTH:]
    return Seen((sides[0], sides[1]), began, history)


@dataclass(frozen=True)
class _Step:
    """The battle before and after a step, and the moves ``used`` by each side's team index."""

    before: Plain
    after: Plain
    used: tuple[Mapping[int, tuple[str, ...]], Mapping[int, tuple[str, ...]]]

    @property
    def residual(self) -> bool:
        """Whether the step includes an end of turn."""
        return ends_of_turn(self.after) > ends_of_turn(self.before)


def _used(before: Plain, after: Plain, s: int) -> dict[int, tuple[str, ...]]:
    if before.turn == 0:
        return {}
    old, new = before.sides[s], after.sides[s]
    return {i: m for i in range(new.team_size) if (m := moves_used(old, new, i))}


class _Events:
    """The step's events in words: Pokémon sent out, then moves, then faints."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._found: list[tuple[int, int, str]] = []

    def add(self, rank: int, side: int, words: str) -> None:
        self._found.append((rank, side, f"turn {self._turn}: {words}"))

    def in_order(self) -> list[tuple[int, str]]:
        return [(side, words) for _, side, words in sorted(self._found, key=lambda e: e[0])]


def _came_in(before: Plain, after: Plain, s: int, action: int) -> list[int]:
    """Return the team indices sent out during a step, the active one last."""
    old, new = before.sides[s], after.sides[s]
    if before.turn == 0:
        return [new.active]
    # A switch swaps the first place of the order with another: a Pokémon that moved was active.
    came = [a for a, b in zip(old.order, new.order, strict=True) if a != b and a != old.active]
    reviving = old.flag_bits & c.SIDE_REVIVAL_BLESSING
    chosen = action - c.ACTION_SWITCH
    if c.ACTION_SWITCH <= action < c.ACTION_FORCED and not reviving:
        came = [chosen, *(i for i in came if i != chosen)]
    if came and (new.active in came or old.active == new.active):
        came = [*(i for i in came if i != new.active), new.active]
    return came


def _observe_side(seen: SideSeen, step: _Step, s: int, action: int, events: _Events) -> SideSeen:
    before, after = step.before, step.after
    old, new = before.sides[s], after.sides[s]
    out_before = old.active if before.turn > 0 else -1
    came = _came_in(before, after, s, action)
    shown = new.illusion - 1 if new.illusion else new.active
    # A Pokémon that was out only under Illusion stays unknown.
    unknown = {
        i
        for i in came
        if i != new.active and name_of(ABILITY_NAMES, old.mons[i].ability) == "illusion"
    }
    tracker = _SideTracker(seen, new)
    if came:
        tracker.behind = None  # an Illusion that was not found out
    for i in came:
        if i not in unknown:
            look_like = shown if i == new.active else i
            tracker.appear(look_like)
            events.add(0, s, f"{tracker.mons[look_like].species} came in")
    if new.illusion and came:
        tracker.behind = tracker.mons[shown]
    elif old.illusion and not new.illusion and not came:
        tracker.unmask(old.illusion - 1, new.active)

    foe_used = tuple(move for moves in step.used[1 - s].values() for move in moves)
    for i in sorted(range(new.team_size), key=lambda i: i == new.active):
        look_like = _looks_like(i, old, new, came)
        imitated = i == shown and i not in (new.active, out_before)
        if look_like not in tracker.mons or imitated or i in unknown:
            continue
        used = step.used[s].get(i, ())
        mon_step = MonStep(before, after, s, i, i in came, used, foe_used, step.residual)
        view = _update(tracker.mons[look_like], mon_step, masked=look_like != i)
        tracker.mons[look_like] = view
        for move in used:
            events.add(1, s, f"{view.species} used {move}")
        if mon_step.was.hp > 0 and mon_step.now.hp == 0:
            events.add(2, s, f"{view.species} fainted")
    return tracker.finish(before, after, shown, bool(came))


def _looks_like(i: int, old: Plain, new: Plain, came: Sequence[int]) -> int:
    """Return the team index of the Pokémon that ``i`` looked like in a step."""
    if i == new.active:
        return int(new.illusion) - 1 if new.illusion else i
    if i == old.active and old.illusion and came:
        return int(old.illusion) - 1
    return i


class _SideTracker:
    """Mutable copy of a ``SideSeen`` while a step is applied to it."""

    def __init__(self, seen: SideSeen, side: Plain) -> None:
        self.mons = dict(zip(seen.indices, seen.view.mons, strict=True))  # by team index
        self.behind = seen.behind
        self._began = seen.began
        self._side = side

    def appear(self, index: int) -> None:
        if index not in self.mons:
            mon = self._side.mons[index]
            species = SPECIES_NAMES[mon.base_species]
            self.mons[index] = MonView(species, species, mon.level, gender_of(mon))

    def unmask(self, shown: int, real: int) -> None:
        """End an Illusion: credit the moves of ``shown`` since its start to ``real``."""
        worn, kept = self.mons[shown], self.behind
        assert kept is not None  # set when it came in
        known = {m.id: m.used for m in kept.moves}
        own = [replace(m, used=m.used - known.get(m.id, 0)) for m in worn.moves]
        self.mons[shown] = kept
        self.appear(real)
        view = self.mons[real]
        for move in own:
            if move.used > 0:
                view = _with_move(view, move.id, move.used)
        self.mons[real] = replace(view, ability="illusion", base_ability="illusion")
        self.behind = None

    def finish(self, before: Plain, after: Plain, shown: int, came: bool) -> SideSeen:
        """Return the side after the step, with the state of the active Pokémon and of the side."""
        side, start, now = self._side, ends_of_turn(before), ends_of_turn(after)
        effects, layers = effects_of(side), conditions_of(side)
        began = {name: self._began.get(name, start) for name in layers}
        # Volatile conditions of a new active Pokémon start now.
        began |= {name: start if came else self._began.get(name, start) for name in effects}
        turns = {name: now - since for name, since in began.items()}
        view = SideView(
            mons=tuple(self.mons.values()),
            active=list(self.mons).index(shown),
            boosts={name: int(n) for name, n in zip(BOOST_NAMES, side.boosts, strict=True) if n},
            volatiles={name: count or turns[name] for name, count in effects.items()},
            conditions={name: count or turns[name] for name, count in layers.items()},
            types=_changed_types(side, masked=shown != side.active),
            size=int(side.team_size),
            transformed=bool(side.mons[side.active].flag_bits & c.MON_TRANSFORMED),
            last_move=name_of(MOVE_NAMES, side.last_move),
            turns_out=int(side.active_turns),
            can_tera=not side.flag_bits & c.SIDE_TERA_USED,
        )
        return SideSeen(view, tuple(self.mons), began, self.behind)


def _update(view: MonView, mon_step: MonStep, *, masked: bool) -> MonView:
    """Return ``view`` with what one Pokémon has revealed in one step.

    A ``masked`` one (Illusion) reveals HP, status and moves under another's name, and nothing else.
    """
    was, now = mon_step.was, mon_step.now
    if not masked:
        view = replace(view, species=SPECIES_NAMES[now.species])
        if mon_step.was_out or mon_step.is_out or mon_step.entered:
            view = with_ability(view, mon_step)
        view = with_item(view, mon_step)
        terastallized = bool(now.flag_bits & c.MON_TERASTALLIZED)
        if terastallized:
            view = replace(view, tera_type=TYPE_NAMES[now.tera_type])
        view = replace(view, terastallized=terastallized)
    revived = was.hp == 0 and now.hp > 0
    if mon_step.is_out or mon_step.entered or revived:
        view = replace(view, hp=shown_hp(int(now.hp), int(now.max_hp)))
    elif mon_step.was_out:
        view = replace(view, hp=shown_hp(hp_as_it_left(mon_step), int(now.max_hp)))
    view = replace(
        view, status=STATUS_NAMES[now.status], status_turns=_status_turns(view, mon_step)
    )
    for move in mon_step.used:
        view = _with_move(view, move, 1)
    return view


def _with_move(view: MonView, move: str, times: int) -> MonView:
    moves = {m.id: m.used for m in view.moves}
    moves[move] = moves.get(move, 0) + times
    return replace(view, moves=tuple(MoveView(name, used) for name, used in moves.items()))


def _status_turns(view: MonView, mon_step: MonStep) -> int:
    """Return the stage of bad poison, or the turns slept; the remaining turns are hidden."""
    was, now = mon_step.was, mon_step.now
    if now.status == c.TOX:
        return int(now.status_turns)
    if now.status != c.SLP:
        return 0
    if was.status != c.SLP or now.status_turns > was.status_turns:
        return 0
    return view.status_turns + int(was.status_turns) - int(now.status_turns)


def effects_of(side: Plain) -> dict[str, int]:
    """Return the active Pokémon's volatile conditions by the names of Showdown's messages.

    The value is the condition's count, 0 if the count is the turns since its start.
    """
    found = {}
    for name in volatiles_of(side):
        if name in ("protosynthesis", "quarkdrive"):
            found[f"{name}{STAT_NAMES[side.paradox_stat - 1]}"] = 0
        elif name == "perishsong":
            found[f"perish{side.perish_duration}"] = 0
        elif name == "stockpile":
            found[f"stockpile{side.stockpile_layers}"] = 0
        elif name == "stall":
            found[name] = int(side.stall_counter)
        elif name not in _SILENT:
            found[name] = 0
    ability = name_of(ABILITY_NAMES, side.mons[side.active].ability)
    if side.ability_counter and ability == "supremeoverlord":
        found[f"fallen{side.ability_counter}"] = 0
    elif side.ability_counter and ability == "slowstart":
        found[ability] = 0
    return found


def conditions_of(side: Plain) -> dict[str, int]:
    """Return a side's conditions: layers of hazards, 0 if it counts the turns since its start."""
    found = {
        name: int(count) if k >= c.FIRST_HAZARD else 0
        for k, (name, count) in enumerate(
            zip(c.SIDE_CONDITION_NAMES, side.conditions, strict=False)
        )
        if count
    }
    if side.wish_duration:
        found["wish"] = 0
    if side.future_duration:
        found[MOVE_NAMES[side.future_move]] = 0
    return found


def _changed_types(side: Plain, *, masked: bool) -> tuple[str, ...]:
    """Return the active Pokémon's types if a move or an ability changed them, else ()."""
    own = species_types(side.mons[side.active].species)
    if masked or tuple(side.types) == own or not side.types[0]:
        return ()
    return tuple(TYPE_NAMES[t] for t in side.types if t)
