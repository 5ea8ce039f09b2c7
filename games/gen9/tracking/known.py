"""What the lines of a battle have said: mutable, of Pokémon, sides and the field.

Times are counted in *ends of turn*: ``began`` is the number of those that were over when a
condition began (one that begins in the residual phase counts as begun after it), ``length`` after
how many it ends; None: not known, or never.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from plywise.games.gen9.evidence.highest_stat import Highest
from plywise.games.gen9.evidence.hit import Hit
from plywise.games.gen9.evidence.speed_order import Order
from plywise.games.gen9.infostate import ANY_SPEED, HISTORY_LENGTH, Previewed


@dataclass
class Effect:
    """A condition of a Pokémon, a slot, a side or the field.

    Attributes:
        began, length: see the module.
        count: layers, stages or uses.
        move: id of the move concerned (Encore, Disable, a charge, a lock); "" none.
        source: number of the Pokémon that made it, in its side's list; None: not known.
        source_side: that side, where it is not the opposite of whom it concerns; else None.
    """

    began: int
    length: int | None = None
    count: int = 0
    move: str = ""
    source: int | None = None
    source_side: int | None = None

    def left(self, ends: int) -> int | None:
        """Return after how many ends of turn it ends."""
        return None if self.length is None else self.length - (ends - self.began)


@dataclass
class KnownMon:
    """One Pokémon.

    Attributes:
        name: from the wire; it stays in this room.
        species: at the start of the battle, or after a permanent change of forme; ``forme``: now.
        hp, max_hp: as said: percent of 100 for the opponent's; ``first_max_hp``: of the player's
            own before any change of forme, 0 of others.
        poisoned: ends of turn when bad poison began to count; ``slept``: turns lost to sleep.
        rested: asleep by Rest.
        uses: move of its set -> PP spent as far as known.
        full_pp: of the player's own moves whose most PP are not the usual ones.
        copied_uses: the same of moves that it has copied by Transform; ``copied_moves``: the
            player's own by slot.
        item: held; "" none, None not known.  ``first_item``: that of its set, None not known.
        last_item: what it used up last, as Recycle asks.
        ability: None not known; ``base_ability``: that of its set.
        attacked: times hit (Rage Fist).
        away: "" its HP is as told; it has left since then with ``regenerator``, or with an ability
            that is not known (``unknown``): then it may have more.
        appeared: it came in under its own name.
        stats, moves: of the player's own: without boosts, and ids by slot; ``stats_forme``: the
            forme whose stats they are.
        done: what works once a battle: ``sword``, ``shield``, ``syrup``, ``hero``, ``bond``,
            ``berry`` (it has eaten one).
        excluded_items, excluded_abilities: of the opponent's: what its set does not have, as it
            would have been told (:mod:`~plywise.games.gen9.tracking.absences`); ascending.
        deduced_item: of the opponent's: that of its set, by what has not shown; "" none.
        speed: of the opponent's: bounds of its Speed stat times what its set's item makes of it
            (:mod:`~plywise.games.gen9.tracking.turn_order`).
        orders: of the opponent's: who acted first, where its ability may play a part.
        hits: of the opponent's: hits that it has taken or dealt, the last ones.
        doubt: its stays since it was last certainly what it looked like; None: there are none.
        highest: of the opponent's: stats that Protosynthesis or Quark Drive has raised.
        odds: of the opponent's: item or ability of its set -> how many times as likely with it is
            what has come, or not come, by chance (:mod:`~plywise.games.gen9.tracking.reactions`).
    """

    name: str
    species: str
    level: int = 100
    gender: str = "N"
    forme: str = ""
    hp: int = 100
    max_hp: int = 100
    first_max_hp: int = 0
    status: str = ""
    poisoned: int = 0
    slept: int = 0
    rested: bool = False
    uses: dict[str, int] = field(default_factory=dict)
    full_pp: dict[str, int] = field(default_factory=dict)
    copied_uses: dict[str, int] = field(default_factory=dict)
    copied_moves: tuple[str, ...] = ()
    item: str | None = None
    first_item: str | None = None
    last_item: str = ""
    ability: str | None = None
    base_ability: str | None = None
    tera_type: str | None = None
    terastallized: bool = False
    attacked: int = 0
    away: str = ""
    appeared: bool = False
    stats: tuple[int, ...] | None = None
    stats_forme: str = ""
    moves: tuple[str, ...] = ()
    done: set[str] = field(default_factory=set)
    excluded_items: tuple[str, ...] = ()
    excluded_abilities: tuple[str, ...] = ()
    deduced_item: str = ""
    speed: tuple[int, int] = ANY_SPEED
    orders: tuple[Order, ...] = ()
    hits: tuple[Hit, ...] = ()
    highest: tuple[Highest, ...] = ()
    odds: dict[str, float] = field(default_factory=dict)
    doubt: Doubt | None = None

    @property
    def fainted(self) -> bool:
        """Whether it has no HP left."""
        return self.hp <= 0

    def learn_item(self, item: str) -> None:
        """Note the item that it holds, or held until now."""
        if self.item is None and self.first_item is None:
            self.first_item = item
        self.item = item

    def lose_item(self, item: str) -> None:
        """Note that it no longer holds ``item``."""
        self.learn_item(item)
        self.item = ""

    def learn_ability(self, ability: str, *, own: bool = True) -> None:
        """Note its present ability; ``own``: it is that of its set unless another is known."""
        if own and self.base_ability is None:
            self.base_ability = ability
        self.ability = ability

    def exclude(self, items: Iterable[str] = (), abilities: Iterable[str] = ()) -> None:
        """Note what its set does not have."""
        for name, more in (("excluded_items", items), ("excluded_abilities", abilities)):
            known = getattr(self, name)
            if not set(more) <= set(known):
                setattr(self, name, tuple(sorted({*known, *more})))

    def snapshot(self) -> KnownMon:
        """Return an independent copy."""
        made = KnownMon.__new__(KnownMon)
        made.__dict__.update(self.__dict__)
        made.uses, made.copied_uses = dict(self.uses), dict(self.copied_uses)
        made.full_pp, made.done = dict(self.full_pp), set(self.done)
        made.odds = dict(self.odds)
        return made


@dataclass
class EntryNotes:
    """What is known of an entry, for who asks whether an Illusion came in.

    Attributes:
        hp, status, silent, signs, places: as in ``infostate.Entrance``.
        genuine: it is certainly what it looks like.
    """

    hp: int
    status: str
    silent: tuple[str, ...] = ()
    signs: tuple[tuple[str, str], ...] = ()
    places: tuple[str, ...] = ()
    genuine: bool = False


@dataclass
class Doubt:
    """Stays that may have been an Illusion's: what was known before, and of the entries."""

    before: KnownMon
    notes: EntryNotes

    @classmethod
    def of(cls, entry: KnownMon, notes: EntryNotes) -> Doubt | None:
        """Return a stay that ends, with those before it; None: it was genuine."""
        if notes.genuine:
            return None
        if entry.doubt is None:
            return cls(entry, notes)
        first = entry.doubt.notes
        more = tuple(sign for sign in notes.signs if sign not in first.signs)
        silent = tuple(sorted({*first.silent, *notes.silent}))
        return cls(entry.doubt.before, replace(first, silent=silent, signs=first.signs + more))


@dataclass
class KnownSide:
    """One side.

    Attributes:
        mons: Pokémon in order of appearance; the player's own: by team index.
        active: number of the active one; None: none yet.
        boosts: stages of the active one, zeros left out.
        effects: volatile conditions of the active one.
        conditions: side and slot conditions (``wish``, ``futuremove``, ``healingwish``,
            ``lunardance``).
        types, added_type: of the active one if changed; (), "".
        copy: whom the active one has transformed into, as it was then; None: it has not.
        last_move: last move chosen by the active one; ``last_used``: last one used, called ones
            too.
        turns, actions: turns that the active one has started, and moves that it has tried.
        acted: it has moved, or was sent out, this turn.
        loafing: if it has Truant, it will not move next time.
        item_lost: the active one has lost its item since it came in.
        item_started: its item has begun; not where it came in during Magic Room.
        streak: the move that it tried last, and how often in succession before; -1: Magic
            Room has ended the counting (item Metronome).
        stat_moves: moves that have changed its stats since then (``STAT_MOVES``), with the number
            of the Pokémon opposite, oldest first.
        moves_used: moves that it has used since then (Last Resort).
        chosen: of the opponent's: the first move that it has chosen since it came in and to which a
            Choice item would have bound it; "" none.
        fainted_now, fainted_before: number of the Pokémon that fainted last in this turn, and in
            the one before (Retaliate); None: none.
        failed_now, failed_before: its move has failed in this turn, and in the one before (Stomping
            Tantrum).
        fallen: Pokémon that have fainted, those revived since included; ``down``: without them.
        tera_used: a Pokémon has terastallized.
        entry: what was known of the active one before it came in (Illusion); ``notes``: of that
            entry.
        places: base species by place in the team, as in ``infostate.Entrance``, now.
        buried: name of a fainted Pokémon -> what was known of it before its last entry.
        previewed: the whole team as Team Preview showed it.
    """

    mons: list[KnownMon] = field(default_factory=list)
    size: int = 6
    active: int | None = None
    boosts: dict[str, int] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    conditions: dict[str, Effect] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    added_type: str = ""
    copy: KnownMon | None = None
    last_move: str = ""
    last_used: str = ""
    turns: int = 0
    actions: int = 0
    acted: bool = False
    loafing: bool = False
    item_lost: bool = False
    item_started: bool = True
    streak: tuple[str, int] = ("", 0)
    stat_moves: tuple[tuple[str, int | None], ...] = ()
    moves_used: tuple[str, ...] = ()
    chosen: str = ""
    fainted_now: int | None = None
    fainted_before: int | None = None
    failed_now: bool = False
    failed_before: bool = False
    fallen: int = 0
    down: int = 0
    tera_used: bool = False
    entry: KnownMon | None = None
    notes: EntryNotes | None = None
    places: tuple[str, ...] = ()
    buried: dict[str, KnownMon] = field(default_factory=dict)
    previewed: tuple[Previewed, ...] = ()

    @property
    def mon(self) -> KnownMon | None:
        """The active Pokémon."""
        return None if self.active is None else self.mons[self.active]

    @property
    def copied(self) -> str | None:
        """Name of the Pokémon that the active one has transformed into; None: it has not."""
        return None if self.copy is None else self.copy.name


@dataclass
class KnownBattle:
    """A battle.

    Attributes:
        turn: its number; ``ends``: ends of turn that are over; ``residual``: one is under way.
        weather, terrain: ids, "" none.
        conditions: weather, terrain and pseudo-weathers by id.
        last_move: last move of anybody.
        rooms: there has been a Magic Room, or a Court Change.
        unknown: kinds of lines that the reader does not know -> how often.
        unreadable: kinds of lines that could not be read -> how often.
        history: recent events as (side, words), oldest first; the words are ours, with no names.
        format: id of the format, if the engine can play it; else random battles'.
    """

    sides: tuple[KnownSide, KnownSide] = field(default_factory=lambda: (KnownSide(), KnownSide()))
    turn: int = 0
    ends: int = 0
    residual: bool = False
    weather: str = ""
    terrain: str = ""
    conditions: dict[str, Effect] = field(default_factory=dict)
    rooms: bool = False
    last_move: str = ""
    unknown: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    history: list[tuple[int, str]] = field(default_factory=list)
    format: str = "gen9randombattle"

    @property
    def now(self) -> int:
        """Ends of turn after which a condition that begins now has begun."""
        return self.ends + self.residual

    def snapshot(self) -> KnownBattle:
        """Return an independent copy."""
        copied: KnownBattle = pickle.loads(pickle.dumps(self, pickle.HIGHEST_PROTOCOL))
        return copied

    def note(self, side: int, words: str) -> None:
        """Add an event to the history, which keeps the last ``HISTORY_LENGTH``."""
        when = f"turn {self.turn}" if self.turn else "before turn 1"
        self.history.append((side, f"{when}: {words}"))
        del self.history[:-HISTORY_LENGTH]


class Channel(Protocol):
    """What is known of a battle by the lines of one channel, for who takes evidence from them.

    Attributes:
        player: side whose channel it is; None: a spectator's.
        exact: its lines tell the HP of both sides exactly.
        battle: what is known now.
    """

    player: int | None
    exact: bool
    battle: KnownBattle
