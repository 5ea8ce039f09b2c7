"""One player's information state in a Gen 9 singles battle, as plain values that JSON can store.

Ids are Showdown's (``knockoff``, ``heavydutyboots``).  No text that the opponent can choose enters:
no names, nicknames or chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from plywise.engine.battle import constants as c
from plywise.games.gen9.evidence.highest_stat import Highest
from plywise.games.gen9.evidence.hit import Hit
from plywise.games.gen9.evidence.speed_order import Order

# Actions, as the engine numbers them: moves, the same with Terastallization, switches to a team
# index, the single option of a forced move, and nothing to send in.
MOVE, TERA, SWITCH = c.ACTION_MOVE, c.ACTION_TERA, c.ACTION_SWITCH
FORCED, PASS = c.ACTION_FORCED, c.ACTION_PASS

ANY_SPEED = (0, 100_000)
"""Bounds of a Speed of which nothing is known."""
HISTORY_LENGTH = 12
"""Entries that ``InfoState.history`` keeps."""


@dataclass(frozen=True)
class Condition:
    """A condition of a Pokémon, a slot, a side or the field.

    Attributes:
        passed: ends of turn since it began.
        left: ends of turn until it ends, at its usual length; None: never, or not known.
        count: layers, stages, uses or hits.
        move: id of the move concerned (Encore, a charge); the stat of Protosynthesis; "" none.
        source: index of the Pokémon that made it, in its side's ``mons``; None: not known.
        source_side: that side, where it is not the opposite of whom it concerns; else None.
    """

    passed: int = 0
    left: int | None = None
    count: int = 0
    move: str = ""
    source: int | None = None
    source_side: int | None = None


@dataclass(frozen=True)
class MoveView:
    """One known move.

    Attributes:
        id: Showdown's id.
        used: PP spent on it as far as known.
        pp, max_pp: PP left and at most; None for the opponent's moves.
        disabled: the player may not choose it now.
    """

    id: str
    used: int = 0
    pp: int | None = None
    max_pp: int | None = None
    disabled: bool = False


@dataclass(frozen=True)
class MonView:
    """One Pokémon as a player knows it.

    Attributes:
        species: current forme; ``base_species``: forme at the start of the battle, or after a
            permanent change.
        hp, max_hp: HP for the player's Pokémon, percent (``max_hp`` = 100) for the opponent's.
        status_turns: turns lost to sleep, or the stage of bad poison; ``rested``: asleep by Rest.
        moves: those of its set, as far as known; the player's own by slot.
        copied: moves that it has by Transform, as far as known; () of one that has not transformed.
        item: item held; "" none, None unknown; ``first_item``: that of its set, the same way;
            ``last_item``: the item that it used up last, "" none.
        ability: current ability, None unknown; ``base_ability``: that of its set.
        tera_type: None unknown.
        stats: atk, def, spa, spd, spe without boosts; None unknown.
        revealed: the opponent has seen it.
        attacked: times that it was hit (Rage Fist).
        away: "" its HP is as told; it has left the field since then with ``regenerator``, or with
            an ability that is not known (``unknown``): then it may have more.
        done: what works once a battle and has: ``sword``, ``shield``, ``syrup``, ``hero``,
            ``bond``, ``berry`` (it has eaten one); ascending.
        excluded_items, excluded_abilities: of the opponent's: what its set does not have, as far as
            it would have shown (``tracking/absences``); ascending.
        deduced_item: of the opponent's: that of its set, by what has not shown; "" none.
        speed: of the opponent's: bounds of its Speed stat times what its set's item makes of it, by
            who moved first (``tracking/turn_order``).
        orders: of the opponent's: who acted first, where its ability may play a part.
        hits: of the opponent's: hits that it has taken or dealt, the last ones.
        highest: of the opponent's: stats that Protosynthesis or Quark Drive has raised.
        odds: of the opponent's: items and abilities of its set with how many times as likely with
            them is what has come, or not come, by chance (``tracking/reactions``); ascending.
    """

    species: str
    base_species: str
    level: int
    gender: str = "N"
    hp: int = 100
    max_hp: int = 100
    status: str = ""
    status_turns: int = 0
    rested: bool = False
    moves: tuple[MoveView, ...] = ()
    copied: tuple[MoveView, ...] = ()
    item: str | None = None
    first_item: str | None = None
    last_item: str = ""
    ability: str | None = None
    base_ability: str | None = None
    tera_type: str | None = None
    terastallized: bool = False
    stats: tuple[int, ...] | None = None
    revealed: bool = True
    attacked: int = 0
    away: str = ""
    done: tuple[str, ...] = ()
    excluded_items: tuple[str, ...] = ()
    excluded_abilities: tuple[str, ...] = ()
    deduced_item: str = ""
    speed: tuple[int, int] = ANY_SPEED
    orders: tuple[Order, ...] = ()
    hits: tuple[Hit, ...] = ()
    highest: tuple[Highest, ...] = ()
    odds: tuple[tuple[str, float], ...] = ()

    @property
    def fainted(self) -> bool:
        """Whether it has no HP left."""
        return self.hp <= 0

    @property
    def set_item(self) -> str | None:
        """The item of its set, told or deduced; None: not known."""
        return self.deduced_item or None if self.first_item is None else self.first_item

    @property
    def usable(self) -> tuple[MoveView, ...]:
        """The moves that it can use: those copied by Transform, else those of its set."""
        return self.copied or self.moves

    @property
    def hp_fraction(self) -> float:
        """HP left, as a fraction of the maximum."""
        return self.hp / self.max_hp if self.max_hp else 0.0

    def without_evidence(self) -> MonView:
        """Return what has been told of it alone."""
        return replace(
            self,
            excluded_items=(),
            excluded_abilities=(),
            deduced_item="",
            speed=ANY_SPEED,
            orders=(),
            hits=(),
            highest=(),
            odds=(),
        )


@dataclass(frozen=True)
class Entrance:
    """How the opponent's active Pokémon came in, and what has shown since that asks who it is.

    Another may be behind it: a Zoroark with Illusion looks like the last of its team.

    Attributes:
        before: what was known of the Pokémon that it looks like before it came in.
        hp, status: with which it came in: percent, and "" for none.
        silent: abilities that its entry would have told, and did not; ascending.
        signs: what has shown of its types, in order, in the words of Showdown's ``damageTaken``:
            (``immune``, to one of these at least), (``hurt``, by that), (``rock``, percent that
            Stealth Rock took).
        places: before the entry: base species of the opponent's Pokémon by their place in the team,
            the one that was out first; "" not known; (): none is.
        earlier: its stays before this one, as one, since it was last certainly what it looked like.
    """

    before: MonView
    hp: int = 100
    status: str = ""
    silent: tuple[str, ...] = ()
    signs: tuple[tuple[str, str], ...] = ()
    places: tuple[str, ...] = ()
    earlier: Entrance | None = None


@dataclass(frozen=True)
class Previewed:
    """A Pokémon as Team Preview shows it.

    Attributes:
        species: id; of a ``hidden`` forme, that of its base forme.
        hidden: which forme it is, is not shown.
    """

    species: str
    level: int = 100
    gender: str = "N"
    hidden: bool = False


@dataclass(frozen=True)
class SideView:
    """One side: its known Pokémon and all conditions.

    Attributes:
        mons: its known Pokémon, for the player by team index, else in order of appearance.
        active: index of the active Pokémon in ``mons``; None: none.
        boosts: stages of the active one (``names.BOOST_NAMES``), zeros left out.
        volatiles: volatile conditions of the active one, by Showdown's ids.
        conditions: conditions of the side and its slot (``wish``, ``futuremove`` …).
        types: current types of the active one if a move or ability changed them; () otherwise;
            ``added_type``: a third one, "" none.
        size: number of Pokémon in the team.
        copy: whom the active one has transformed into, as it was then; None: it has not.
        last_move: last move chosen by the active one since it came in; ``last_used``: last one
            used, called ones too; "" none.
        turns_out, actions: turns that the active one has started, and moves that it has tried.
        loafing: if it has Truant, it will not move next time.
        item_lost: it has lost its item since it came in (Unburden).
        item_started: its item has begun (``onStart``); not where it came in during Magic Room.
        streak: the move that it tried last, and how often in succession before; -1: Magic
            Room has ended the counting (item Metronome).
        stat_moves: moves that have changed its stats since then (Speed Swap, Power Split …), with
            the index of the Pokémon opposite, oldest first.
        moves_used: moves that it has used since then (Last Resort).
        fainted_now, fainted_before: index of the Pokémon that fainted last in this turn, and in the
            one before (Retaliate); None: none.
        acted: its action of this turn is over.
        failed_now, failed_before: its move has failed in this turn, and in the one before (Stomping
            Tantrum).
        fallen: Pokémon that have fainted, those revived since included.
        fainted_unseen: Pokémon that have fainted behind an Illusion, if it is not known which.
        can_tera: Terastallization has not been used.
        previewed: the whole team as Team Preview showed it; () without one.
        entrance: of the opponent's active one; None: it is what it looks like.
    """

    mons: tuple[MonView, ...]
    active: int | None
    boosts: Mapping[str, int] = field(default_factory=dict)
    volatiles: Mapping[str, Condition] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    added_type: str = ""
    size: int = 6
    copy: MonView | None = None
    last_move: str = ""
    last_used: str = ""
    turns_out: int = 0
    actions: int = 0
    loafing: bool = False
    item_lost: bool = False
    item_started: bool = True
    streak: tuple[str, int] = ("", 0)
    stat_moves: tuple[tuple[str, int | None], ...] = ()
    moves_used: tuple[str, ...] = ()
    fainted_now: int | None = None
    fainted_before: int | None = None
    acted: bool = False
    failed_now: bool = False
    failed_before: bool = False
    fallen: int = 0
    fainted_unseen: int = 0
    can_tera: bool = True
    previewed: tuple[Previewed, ...] = ()
    entrance: Entrance | None = None

    @property
    def active_mon(self) -> MonView | None:
        """The active Pokémon; None: none."""
        return None if self.active is None else self.mons[self.active]

    @property
    def left(self) -> int:
        """Number of Pokémon that have not fainted, unseen ones included."""
        return self.size - sum(m.fainted for m in self.mons) - self.fainted_unseen


@dataclass(frozen=True)
class InfoState:
    """The information state of ``player`` at one decision.

    Attributes:
        own, foe: the player's side and the opponent's.
        request: "move", "switch" (a replacement is due), "wait" or "preview" (Team Preview: the
            action ``SWITCH`` + index names the Pokémon that begins, then the others to bring).
        legal: the player's legal actions in the engine's numbering, ascending.
        weather, terrain: id, "" none.
        field_conditions: weather, terrain and pseudo-weathers (``trickroom`` …) by id.
        trapped: the player cannot switch; ``maybe_trapped``: possibly cannot.
        reviving: the switch requested is Revival Blessing's choice of a Pokémon to revive.
        ends: ends of turn that are over in the battle.
        last_move: the last move of anybody (Copycat); "" none.
        history: recent events in our own words, oldest first.
        format: id of the battle's format.
        named, to_name: at Team Preview, indices of the Pokémon that the player has named, and how
            many it has to name in all.
    """

    player: int
    turn: int
    own: SideView
    foe: SideView
    request: str
    legal: tuple[int, ...]
    weather: str = ""
    terrain: str = ""
    field_conditions: Mapping[str, Condition] = field(default_factory=dict)
    trapped: bool = False
    maybe_trapped: bool = False
    reviving: bool = False
    ends: int = 0
    last_move: str = ""
    history: tuple[str, ...] = ()
    format: str = "gen9randombattle"
    named: tuple[int, ...] = ()
    to_name: int = 0

    @property
    def mid_turn(self) -> bool:
        """Whether the turn is not over: a pivot, or a move that sent somebody away."""
        return self.request != "move" and self.ends < self.turn

    @property
    def foe_pending(self) -> bool:
        """Whether the opponent's action of this turn is still to come."""
        return self.mid_turn and not self.foe.acted

    def without_evidence(self) -> InfoState:
        """Return it with what has been told of the opponent's Pokémon alone."""
        told = tuple(mon.without_evidence() for mon in self.foe.mons)
        return replace(self, foe=replace(self.foe, mons=told, entrance=None))

    @property
    def previewing(self) -> bool:
        """Whether it is Team Preview."""
        return self.request == "preview"

    @property
    def naming(self) -> str:
        """The verb of an action at Team Preview: ``lead`` of who begins, ``bring`` of others."""
        return "bring" if self.named else "lead"

    def to_json(self) -> str:
        """Return one line of JSON that :func:`from_json` reads."""
        return msgspec.json.encode(self).decode()


def from_json(text: str) -> InfoState:
    """Return the information state that ``InfoState.to_json`` wrote.

    Raises:
        ValueError: the text is not an information state.
    """
    try:
        return msgspec.json.decode(text, type=InfoState)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an information state of gen9 singles: {error}") from error


def action_name(info: InfoState, action: int) -> str:
    """Return the action's name for people and prompts.

    ``earthquake``, ``earthquake tera``, ``switch garchomp``, at Team Preview ``lead garchomp`` and,
    where some of a team are brought, then ``bring garchomp``.
    """
    if action == PASS:
        return "pass"
    if action == FORCED:
        return "go on"
    if action >= SWITCH:
        verb = "revive" if info.reviving else info.naming if info.previewing else "switch"
        return f"{verb} {info.own.mons[action - SWITCH].species}"
    mon = info.own.active_mon
    slot = action % 4
    moves = () if mon is None else mon.usable
    name = moves[slot].id if slot < len(moves) else f"move {slot + 1}"
    return f"{name} tera" if action >= TERA else name
